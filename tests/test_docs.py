"""What the documents say is so: commands run, options are named, rule numbers exist, links lead somewhere."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from sekisho.cli import main as cli
from sekisho.estates import estate
from sekisho.report.english import ENGLISH

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
COMMAND_PAGES = {name: ROOT / "docs" / "commands" / f"{name}.md" for name in sorted(cli.COMMANDS)}
SEMANTICS = ROOT / "docs" / "SEMANTICS.md"
SOURCES = sorted(
    path for folder in ("src", "tests") for pattern in ("*.py", "*.md") for path in (ROOT / folder).rglob(pattern)
)
#: Variables and settings of AWS Network Firewall, which are no barriers.
FIREWALL_WORDS = {"DROP_TO_ALERT", "EXTERNAL_NET", "HOME_NET", "STRICT_ORDER"}
RULE = re.compile(r"\bS-[A-Z]+(?:-[0-9]+)?\b")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: object) -> str:
    return str(path.relative_to(ROOT)) if isinstance(path, Path) else str(path)


# Commands ---------------------------------------------------------------------------------------------


class Shown(NamedTuple):
    """A command line as a document shows it, and the output under it."""

    page: str
    line: str
    output: tuple[str, ...]


def shown(page: Path) -> Iterator[Shown]:
    """The `$ ` lines of the page's console blocks; a line that ends with a backslash goes on."""
    for block in re.findall(r"^```console\n(.*?)^```", text_of(page), re.DOTALL | re.MULTILINE):
        joined = block.replace("\\\n", " ")
        for part in re.split(r"^\$ ", joined, flags=re.MULTILINE)[1:]:
            line, *output = part.rstrip("\n").split("\n")
            yield Shown(name_of(page), line, tuple(output))


EXAMPLES = [example for page in PAGES for example in shown(page) if example.line.startswith("sekisho")]


def pattern_of(output: tuple[str, ...]) -> str:
    """`...` stands for any lines; blanks at the end of a line do not count."""
    lines = (r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + r"\n" for line in output)
    return "".join(lines)


def shell(line: str, place: Path) -> tuple[int, str]:
    """Run the line with `sekisho` on the path; exit code and the result, or why there is none."""
    program = place / "bin" / "sekisho"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sekisho "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    plain = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "FORCE_COLOR", "NO_COLOR"}}
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        capture_output=True,
        check=False,
        encoding="utf-8",
        cwd=place,
        env=plain | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"},
    )
    said = done.stderr if done.returncode == cli.USAGE else done.stdout
    return done.returncode, "".join(f"{written.rstrip()}\n" for written in said.splitlines())


@pytest.mark.skipif(os.name != "posix", reason="the documents' commands are for a POSIX shell")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.page}: {example.line}")
def test_a_command_that_a_document_shows_runs_and_prints_what_is_shown(example: Shown, tmp_path: Path) -> None:
    shutil.copytree(str(estate("story")), tmp_path / "story")
    shutil.copytree(ROOT / "docs" / "examples", tmp_path / "examples")
    code, printed = shell(example.line, tmp_path)
    refused = any(line.startswith("sekisho: ") for line in example.output)
    assert code in ({cli.USAGE} if refused else {cli.DONE, cli.FINDINGS, cli.UNDECIDED}), printed
    if example.output:
        assert re.fullmatch(pattern_of(example.output), printed), printed


def test_documents_show_every_command() -> None:
    assert {example.line.split()[1] for example in EXAMPLES} >= set(cli.COMMANDS)


def params(command: click.Command) -> list[click.Parameter]:
    """Of the command, and of its own commands where it is a group."""
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return [p for one in (command, *below) for p in one.params]


@pytest.mark.parametrize("name", COMMAND_PAGES)
def test_the_page_of_a_command_names_its_options(name: str) -> None:
    page = text_of(COMMAND_PAGES[name])
    command = cli.main.get_command(click.Context(cli.main), name)
    assert command is not None
    options = [o for p in params(command) if isinstance(p, click.Option) for o in p.opts if o.startswith("--")]
    assert options
    assert [o for o in options if not re.search(rf"{o}(?![\w-])", page)] == []


@pytest.mark.parametrize("name", COMMAND_PAGES)
def test_the_page_of_a_command_names_no_option_that_it_lacks(name: str) -> None:
    """In the synopsis and the table of options, that is; other programs have options of their own."""
    page = text_of(COMMAND_PAGES[name])
    command = cli.main.get_command(click.Context(cli.main), name)
    assert command is not None
    known = {o for p in (*params(command), *cli.main.params) if isinstance(p, click.Option) for o in p.opts}
    written = re.findall(rf"^(?:\| `|sekisho {name} ).*", page, re.MULTILINE)
    assert {o for line in written for o in re.findall(r"(?<![\w-])--[a-z-]+", line)} - known <= {"--help"}


@pytest.mark.parametrize("name", COMMAND_PAGES)
def test_the_exit_codes_of_a_page_are_those_of_the_program(name: str) -> None:
    """A row of a table each, or a list with commas: `0 done, 2 usage`."""
    section = text_of(COMMAND_PAGES[name]).partition("## Exit codes\n")[2].partition("\n## ")[0]
    meanings = dict(re.findall(r"(?:^\|? ?|, )(\d+) (?:\| )?([^|,\n]+)", section, re.MULTILINE))
    own = {
        "assess": {cli.FINDINGS, cli.UNDECIDED},
        "collect": {cli.UNDECIDED},
        "conformance": {cli.FINDINGS},
        "explain": {cli.UNDECIDED},
        "report": {cli.UNDECIDED},
    }
    always = {cli.DONE, cli.USAGE, cli.IO_ERROR, cli.INTERRUPTED}
    assert {int(code) for code in meanings} == always | own.get(name, set())
    found = "missed" if name == "conformance" else "finding"
    words = {cli.FINDINGS: found, cli.USAGE: "usage", cli.UNDECIDED: "unknown", cli.IO_ERROR: "cannot be written"}
    assert {
        code: meanings[str(code)] for code, word in words.items() if word not in meanings.get(str(code), word)
    } == {}


# Rules and barriers -----------------------------------------------------------------------------------


def numbered() -> list[str]:
    """The rules that the semantics number: each opens an item of a list."""
    return re.findall(r"^- \*\*(S-[A-Z]+(?:-[0-9]+)?)\*\*", text_of(SEMANTICS), re.MULTILINE)


def test_every_rule_has_a_number_of_its_own() -> None:
    assert numbered()
    assert [rule for rule, times in Counter(numbered()).items() if times > 1] == []


def test_every_rule_that_is_cited_exists() -> None:
    """`S-NAT` alone cites the chapter, that is, every rule that begins so."""
    chapters = {rule.rsplit("-", 1)[0] for rule in numbered() if rule.count("-") > 1}
    known = {*numbered(), *chapters}
    cited = {rule: path for path in (*SOURCES, *PAGES) for rule in RULE.findall(text_of(path))}
    assert {rule: name_of(path) for rule, path in cited.items() if rule not in known} == {}


def test_every_barrier_of_the_engine_has_words() -> None:
    """Barriers are written in capitals with underscores; so are a few words of AWS Network Firewall."""
    engine = "\n".join(text_of(path) for path in (ROOT / "src" / "sekisho" / "engine").glob("*.py"))
    codes = set(re.findall(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"', engine))
    assert "SUBNET_ACL_RESTRICTION" in codes
    assert codes - FIREWALL_WORDS - set(ENGLISH.barriers) == set()


# Pages ------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The names that headings can be linked by."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_local_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'\b(?:src|srcset|href)="([^"]+)"', text)
    for link in (link for link in links if not re.match(r"[a-z]+:", link)):
        target, _, anchor = link.partition("#")
        place = (page.parent / target).resolve() if target else page
        assert place.is_relative_to(ROOT), link
        assert place.exists(), link
        assert not anchor or anchor in anchors(place), link


def test_readme_leads_to_the_page_of_every_command() -> None:
    readme = text_of(ROOT / "README.md")
    assert [name for name in cli.COMMANDS if f"docs/commands/{name}.md" not in readme] == []
