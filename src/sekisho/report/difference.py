"""What changed in the verdicts, as a document of plain data and for the terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from sekisho.engine.answer import Row
from sekisho.engine.verdict import Said
from sekisho.sets.prefixes import count, parse

from .english import ENGLISH
from .parts import Document, flow
from .view import SYMBOLS, far_side, opened, visible
from .words import Words

SCHEMA = "sekisho.change/1"
_ROWS_SHOWN = 12
_STYLES = {"reachable": "bold red", "unknown": "magenta", "forward-only": "yellow", "unreachable": "green"}

#: Rows that had one verdict with its flows and have another; None where there was, or is, no row.
Turn = tuple[tuple[Row, ...], Said | None, Said | None]


def difference_document(turns: tuple[Turn, ...], files: tuple[str, ...]) -> Document:
    """The changes under schema `sekisho.change/1`, with the files of the snapshot that changed."""
    return {
        "schema": SCHEMA,
        "files": list(files),
        "rows": sum(len(rows) for rows, _, _ in turns),
        "changes": [
            {"rows": [_row(row) for row in rows], "before": _said(before), "after": _said(after)}
            for rows, before, after in turns
        ],
    }


def _row(row: Row) -> Document:
    return {
        "account": row.account,
        "region": row.region,
        "instance": row.instance,
        "interface": row.interface,
        "address": row.address,
        "public_address": row.public_address,
        "origin": row.origin,
    }


def _said(said: Said | None) -> Document | None:
    if said is None:
        return None
    return {
        "verdict": said.verdict.value,
        "flows": [flow(f) for f in said.flows],
        "possible": [flow(f) for f in said.possible],
    }


def print_difference(document: Document, console: Console, words: Words = ENGLISH) -> None:
    """One paragraph for the rows that changed alike: who they are, what held before, and what holds now."""
    for change in document["changes"]:
        for row in change["rows"][:_ROWS_SHOWN]:
            console.print(_who(row, words), soft_wrap=True)
        hidden = len(change["rows"]) - _ROWS_SHOWN
        if hidden > 0:
            console.print(Text(words.count("more", hidden), "dim"))
        for mark, said, other in (("-", change["before"], change["after"]), ("+", change["after"], change["before"])):
            console.print(_line(mark, said, other, words), soft_wrap=True)
        console.print()


def _who(row: Document, words: Words) -> Text:
    names = " ".join(part for part in (row["instance"], row["interface"]) if part)
    text = Text(visible(row["address"]), "bold").append(f" {visible(names)}", "dim")
    return text.append(f" {words.origins[row['origin']].heading}", "default")


def _line(mark: str, said: Document | None, other: Document | None, words: Words) -> Text:
    """The verdict, and those of its flows that the other side does not have."""
    if said is None:
        return Text(f"  {mark} no such row", "dim")
    verdict = said["verdict"]
    text = Text(f"  {mark} {SYMBOLS[verdict]} {words.cells[verdict]}", _STYLES[verdict])
    for key, heading in (("flows", ""), ("possible", f"{words.text['possible']}: ")):
        for line in _flows([f for f in said[key] if other is None or f not in other[key]], words):
            text.append(f"\n      {heading}{line}", "default")
    return text


def _flows(flows: list[Document], words: Words) -> Iterator[str]:
    """A line for the flows of the same sources."""
    by_source: dict[tuple[tuple[str, ...], bool], list[Document]] = {}
    for each in flows:
        by_source.setdefault((tuple(far_side(each)), each["reply"]), []).append(each)
    for (sources, reply), same in by_source.items():
        size = count(parse(cidr).range for cidr in sources)
        whence = sources[0] if len(sources) == 1 else words.breadth(size)
        yield f"{opened(same, words)}; {whence}{'' if reply else '; ' + words.text['no_reply']}"
