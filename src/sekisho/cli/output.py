"""Where results go: stdout or a file, as a table, JSON or HTML."""

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sekisho import exports

if TYPE_CHECKING:
    from rich.console import Console

    from sekisho.engine.answer import Explanation
    from sekisho.engine.certificate import Certificate
    from sekisho.findings.assessment import Assessment
    from sekisho.model.snapshot import Snapshot
    from sekisho.report.paper.brief import Brief

Document = Any
Command = TypeVar("Command", bound=Callable[..., Any])
#: Formats of other tools that an assessment can be had in.
EXPORTS = tuple(exports.FORMATS)
_WIDEST = 4  # digits of COLUMNS
_HEIGHT = 24
_BUFFER = 1 << 20


def options(*formats: str) -> Callable[[Command], Command]:
    """The options -o/--output and --output-file."""

    def add(command: Command) -> Command:
        command = click.option(
            "--output-file", type=click.Path(path_type=Path), help="Write the result there, not to stdout."
        )(command)
        return click.option(
            "-o",
            "--output",
            "output_format",
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
            help="Format of the result.",
        )(command)

    return add


def assessment(found: "Assessment") -> Document:
    from sekisho.report.document import assessment_document  # noqa: PLC0415

    return assessment_document(found, lazy=True)


def explanation(found: "Explanation") -> Document:
    from sekisho.report.document import explanation_document  # noqa: PLC0415

    return explanation_document(found)


def brief(
    found: "Assessment",
    document: Document,
    read: "Snapshot",
    lang: str,
    **more: Any,  # noqa: ANN401 - other members of the brief
) -> "Brief":
    """What the report of an assessment is made from, in that language."""
    from sekisho.analysis import traces  # noqa: PLC0415
    from sekisho.report.paper import catalogues  # noqa: PLC0415
    from sekisho.report.paper.brief import Brief  # noqa: PLC0415
    from sekisho.report.paper.estate import estate_document  # noqa: PLC0415
    from sekisho.report.paper.way import way_document  # noqa: PLC0415

    return Brief(
        document=document,
        words=catalogues()[lang].of(document["scope"]["direction"]),
        ways={key: way_document(trace) for key, trace in traces(read, found).items()},
        estate=estate_document(read),
        inputs=[i._asdict() for i in read.inputs],
        **more,
    )


def page(found: "Assessment", document: Document, read: "Snapshot") -> str:
    """The full report in English as one HTML page."""
    from sekisho.report.paper.build import paper  # noqa: PLC0415
    from sekisho.report.paper.html import to_html  # noqa: PLC0415

    return to_html(paper(brief(found, document, read, "en", kind="full")))


def render_assessment(document: Document, output_format: str, place: Path | None, html: Callable[[], str]) -> None:
    """Print or write the assessment; `html` makes its page, where that is asked for."""
    from sekisho.report.table import print_assessment  # noqa: PLC0415

    if output_format == "html":
        emit(html(), place)
        return
    emit(_render(document, output_format, print_assessment, place), place)


def render_explanation(document: Document, output_format: str, place: Path | None) -> None:
    from sekisho.report.table import print_explanation  # noqa: PLC0415

    emit(_render(document, output_format, print_explanation, place), place)


def render_difference(document: Document, output_format: str) -> None:
    """On stdout, at once: as a table, or as JSON on one line."""
    import msgspec  # noqa: PLC0415

    from sekisho.report.difference import print_difference  # noqa: PLC0415

    as_json = output_format == "json"
    _say(msgspec.json.encode(document) + b"\n" if as_json else _table(document, print_difference, None))
    if sys.stdout is not None:
        sys.stdout.flush()


def _render(
    document: Document, output_format: str, print_table: "Callable[[Document, Console], None]", place: Path | None
) -> str | bytes | Iterator[bytes]:
    from sekisho.report.json import pieces  # noqa: PLC0415

    if output_format == "json":
        return pieces(document)
    if output_format in EXPORTS:
        return exports.render(document, output_format)
    return _table(document, print_table, place)


def _table(document: Document, print_table: "Callable[[Document, Console], None]", place: Path | None) -> str:
    """The table as text: coloured where it goes to a terminal that wants colour, as wide as the terminal."""
    from rich.console import Console  # noqa: PLC0415

    terminal = place is None and sys.stdout is not None and sys.stdout.isatty()
    coloured = (terminal or bool(os.environ.get("FORCE_COLOR"))) and not os.environ.get("NO_COLOR")
    buffer = StringIO()
    console = Console(
        file=buffer,
        force_terminal=coloured,
        no_color=not coloured,
        # Colour that is forced does not ask what the terminal can do: there may be none.
        color_system=("auto" if terminal else "standard") if coloured else None,
        width=_width(terminal=terminal),
        # With both given, the console does not look into the environment itself.
        height=_HEIGHT,
        highlight=False,
        emoji=False,
    )
    print_table(document, console)
    return buffer.getvalue()


def _width(*, terminal: bool) -> int:
    """Columns of the terminal; elsewhere what COLUMNS says, else 80."""
    written = os.environ.get("COLUMNS", "")
    if written.isdecimal() and len(written) <= _WIDEST and int(written) > 0:
        return int(written)
    return shutil.get_terminal_size((80, 24)).columns if terminal else 80


def emit(text: str | bytes | Iterator[bytes], place: Path | None) -> None:
    """Write to the file, making its folder, or to stdout."""
    if place is None:
        _say(b"".join(text) if isinstance(text, Iterator) else text)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(text, Iterator):
        with place.open("wb", buffering=_BUFFER) as file:
            file.writelines(text)
    else:
        place.write_bytes(text.encode() if isinstance(text, str) else text)


def _say(text: str | bytes) -> None:
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), "standard output")
    # A terminal knows its own encoding; files and pipes get UTF-8 under every locale.
    if sys.stdout.isatty():
        click.echo(text.decode() if isinstance(text, bytes) else text, nl=False)
    else:
        click.echo(text.encode() if isinstance(text, str) else text, nl=False)


def write_reports(document: Document, html: str, directory: Path) -> tuple[Path, Path]:
    """Write report.html and assessment.json; their paths."""
    report, data = directory / "report.html", directory / "assessment.json"
    from sekisho.report.json import pieces  # noqa: PLC0415

    emit(html, report)
    emit(pieces(document), data)
    return report, data


def write_certificates(found: "list[Certificate]", snapshot: Path | str, place: Path) -> None:
    """Write one line for each certificate, with the digests of the records that it cites."""
    from sekisho.load.digests import digests  # noqa: PLC0415
    from sekisho.report.certificate import cited, lines  # noqa: PLC0415

    known = digests(snapshot, cited(found))
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines(found, known))
