"""Cases: a situation in words, a snapshot, questions with their answers, and the documents that say so.

A case is one compact JSON file, or a folder of README.md, `aws/` and expect.json. Both read as a `Case`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from sekisho.errors import SekishoError

BASES = "bases"
_NUMBER = re.compile(r"\bS-[A-Z0-9]+(?:-[A-Z]*[0-9]+)?\b")
T = TypeVar("T")


class CaseError(SekishoError):
    """A case, or the corpus, cannot be read (exit 2)."""


class Flow(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, rename={"but": "except"}):
    """A box of packets; a member that is left out is as asked. `internet` is the whole internet of the family.

    `except` lists blocks that are taken from the sources.
    """

    family: str | None = None
    sources: tuple[str, ...] | str | None = None
    but: tuple[str, ...] = ()
    destinations: tuple[str, ...] | str | None = None
    protocols: tuple[str, ...] | None = None
    source_ports: tuple[str, ...] | None = None
    destination_ports: tuple[str, ...] | None = None
    icmp_types: tuple[str, ...] | None = None
    icmp_codes: tuple[str, ...] | None = None
    reply: bool = True


class Question(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Arguments of `explain` and what must hold of the answer; a member that is left out is not checked."""

    ask: tuple[str, ...]
    verdict: str | None = None
    exit: int = 0
    flows: tuple[Flow, ...] | None = None
    codes: tuple[str, ...] | None = None
    via: tuple[str, ...] | None = None
    assumptions: tuple[str, ...] | None = None
    reasons: tuple[str, ...] | None = None
    absent: tuple[str, ...] | None = None
    latent: str | None = None
    depth: int | None = None
    says: str | None = None
    # Of all that is answered, taken together.
    sources: tuple[str, ...] | str | None = None
    families: tuple[str, ...] = ()
    destinations: tuple[str, ...] | None = None
    source_ports: tuple[str, ...] | None = None
    destination_ports: tuple[str, ...] | None = None
    entry: tuple[str, ...] | None = None
    entry_ports: tuple[str, ...] | None = None
    seen_as: tuple[str, ...] | None = None
    unusual_source_port: bool | None = None

    def option(self, name: str) -> str | None:
        """The argument after the option of that name."""
        return next((self.ask[i + 1] for i, word in enumerate(self.ask[:-1]) if word == name), None)


class Row(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One row of the assessment; a member that is left out is not checked."""

    interface: str
    address: str
    origin: str
    verdict: str
    public_address: str | None = None
    depth: int | None = None
    width: int | str | None = None
    latent: str | None = None


class Finding(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One finding; a member that is left out is not checked."""

    type: str
    severity: str
    origin: str = "internet"
    interface: str | None = None
    protocol: str | None = None
    port: int | None = None
    service: str | None = None
    width: int | str | None = None
    reply: bool | None = None
    security_groups: tuple[str, ...] | None = None
    tcp_ports: tuple[str, ...] | None = None
    udp_ports: tuple[str, ...] | None = None


class Body(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A compact file as it is written."""

    title: str
    situation: str
    source: tuple[str, ...]
    semantics: tuple[str, ...]
    base: str | None = None
    without: tuple[str, ...] = ()
    aws: Mapping[str, Any] = {}
    listeners: Mapping[str, Any] | None = None
    questions: tuple[Question, ...] = ()
    assess: tuple[Row, ...] = ()
    egress: tuple[Row, ...] = ()
    findings: tuple[Finding, ...] | None = None


class Expectation(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """An expect.json as it is written; `explain` is what a compact file calls `ask`."""

    questions: tuple[Mapping[str, Any], ...]
    assess: tuple[Row, ...] = ()
    estate: str | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case of either format. `place` is its compact file or its folder, `estate` a bundled estate that it asks."""

    name: str
    place: Path
    body: Body
    estate: str | None = None

    @property
    def group(self) -> str:
        return self.name.rpartition("/")[0]


# Reading ----------------------------------------------------------------------------------------------


def cases(corpus: Path) -> list[Case]:
    """Every case below the directory, by name. CaseError where there is none or one cannot be read."""
    if not corpus.is_dir():
        raise CaseError(f"{corpus}: there is no such directory of cases")
    folders = {file.parent for file in corpus.rglob("expect.json")}
    compact = [file for file in corpus.glob("**/*.json") if _is_compact(file, corpus, folders)]
    found = [_folder(place, corpus) for place in folders] + [_compact(file, corpus) for file in compact]
    if not found:
        raise CaseError(f"{corpus}: no case in it; give the directory `conformance` of the project")
    return sorted(found, key=lambda case: case.name)


def _is_compact(file: Path, corpus: Path, folders: set[Path]) -> bool:
    return corpus / BASES not in file.parents and folders.isdisjoint(file.parents)


def _name(place: Path, corpus: Path) -> str:
    inside = place.relative_to(corpus).with_suffix("") if place.is_file() else place.relative_to(corpus)
    group = inside.parent.as_posix()
    return f"{corpus.resolve().name if group == '.' else group}/{inside.name}"


def _compact(file: Path, corpus: Path) -> Case:
    return Case(name=_name(file, corpus), place=file, body=read(file, Body))


def _folder(place: Path, corpus: Path) -> Case:
    expected = read(place / "expect.json", Expectation)
    questions = []
    for written in expected.questions:
        members = {"ask" if key == "explain" else key: value for key, value in written.items()}
        questions.append(_converted(members, Question, place))
    title, situation, source, semantics = _told(place / "README.md")
    body = Body(
        title=title,
        situation=situation,
        source=source,
        semantics=semantics,
        questions=tuple(questions),
        assess=expected.assess,
    )
    return Case(name=_name(place, corpus), place=place, body=body, estate=expected.estate)


def _told(readme: Path) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    """Title, situation, sources and semantics numbers of a README."""
    if not readme.is_file():
        raise CaseError(f"{readme}: a case is told in words; write it")
    heading, _, rest = readme.read_text(encoding="utf-8").partition("\n")
    story, _, source = rest.partition("\nSource")
    named = source.partition(":")[2].partition("\n\n")[0].replace("\n", " ")
    sources = tuple(part.strip() for part in named.split(";") if part.strip())
    numbers = tuple(dict.fromkeys(_NUMBER.findall(rest)))
    return heading.lstrip("# "), " ".join(story.split()), sources, numbers


def read(file: Path, kind: type[T]) -> T:
    """The JSON file as that type. CaseError where it is none."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError:
        raise CaseError(f"{file}: there is no such file") from None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise CaseError(f"{file}: {error}") from None


def _converted(value: Any, kind: type[T], place: Path) -> T:  # noqa: ANN401 - JSON data
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise CaseError(f"{place / 'expect.json'}: {error}") from None
