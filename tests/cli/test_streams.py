"""Results to stdout or the file asked for, notes to stderr, colour only where it is wanted."""

import re
import shlex
from contextlib import nullcontext
from pathlib import Path

import pytest

from aws_endpoint import serving
from cli.running import PRIVATE, PUBLIC, STORY, process, sekisho
from collecting import credentials, empty
from sekisho.cli.main import COMMANDS, main
from sekisho.version import SEMANTICS_VERSION, __version__

ESCAPE = "\x1b["
QUESTION = ("explain", STORY, "--from", "internet", "--to", PUBLIC, "--protocol", "tcp", "--port", "22")


# Help and version -------------------------------------------------------------------------------------


def test_the_version_is_that_of_the_tool_and_of_its_semantics() -> None:
    ran = sekisho("--version")
    assert ran == (0, f"sekisho {__version__}, semantics {SEMANTICS_VERSION}\n", "")


def test_help_names_every_command() -> None:
    ran = sekisho("--help")
    assert (ran.code, ran.err) == (0, "")
    assert set(COMMANDS) <= set(re.findall(r"^  ([a-z-]+)  ", ran.out, re.MULTILINE))
    assert sekisho("-h") == ran


# `watch` goes on until it is interrupted; its own tests run it.
@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"watch"}))
def test_the_example_of_each_command_works(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The placeholders of the example stand for the story and its private server, AWS has nothing."""
    ran = sekisho(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    example = " ".join(ran.out.partition("Example: ")[2].split())
    program, *arguments = shlex.split(example)
    assert (program, arguments[0]) == ("sekisho", name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "snapshot").symlink_to(STORY)
    if ">" in arguments:
        arguments = arguments[: arguments.index(">")]
    arguments = [PRIVATE if a.startswith("i-") else a.replace("/tmp/", f"{tmp_path}/") for a in arguments]  # noqa: S108
    (tmp_path / PRIVATE).write_text("tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n", encoding="utf-8")
    credentials(monkeypatch)
    with serving(empty) if name == "collect" else nullcontext() as endpoint:
        outcome = sekisho(*arguments, *(("--endpoint-url", endpoint.url) if endpoint else ()))
    assert outcome.code in ({0, 1} if "--fail-on" in arguments else {0})
    assert outcome.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_says_what_it_does(name: str) -> None:
    command = main.get_command(None, name)  # type: ignore[arg-type]  # the group does not ask its context
    assert command is not None
    options = [p for p in command.params if p.param_type_name == "option"]
    assert [p.name for p in options if not getattr(p, "help", None)] == []


# Stdout, stderr, files --------------------------------------------------------------------------------


def test_demo_prints_the_table_and_says_where_the_reports_are(tmp_path: Path) -> None:
    ran = process("demo", cwd=tmp_path)
    assert ran.code == 0
    assert ran.out.startswith("1 address can be reached from the internet; 4 provably cannot.\n")
    assert ran.out.endswith("wrote sekisho-demo/report.html\nwrote sekisho-demo/assessment.json\n")
    assert ran.err == "assessing the example estate `story`: 4 network interfaces\n"
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert written == {"sekisho-demo", "sekisho-demo/report.html", "sekisho-demo/assessment.json"}


def test_demo_of_all_estates_has_a_folder_for_each(tmp_path: Path) -> None:
    ran = sekisho("demo", "--estate", "all", "--output-dir", tmp_path / "out")
    assert ran.code == 0
    assert (tmp_path / "out" / "story" / "report.html").stat().st_size > 0


def test_quiet_keeps_the_notes_back_and_verbose_adds_to_them(tmp_path: Path) -> None:
    plain = sekisho("demo", "--output-dir", tmp_path)
    assert sekisho("-q", "demo", "--output-dir", tmp_path) == (0, plain.out, "")
    table = sekisho("assess", STORY)
    assert table.err == ""
    assert sekisho("-v", "assess", STORY) == (0, table.out, f"reading {STORY}\n")
    assert sekisho("-q", "-v", "assess", STORY) == table


@pytest.mark.parametrize("output_format", ["table", "json", "html"])
def test_an_output_file_gets_what_stdout_would(output_format: str, tmp_path: Path) -> None:
    place = tmp_path / "new" / "folder" / "result"
    shown = sekisho("assess", STORY, "-o", output_format)
    assert sekisho("assess", STORY, "-o", output_format, "--output-file", place) == (0, "", "")
    assert place.read_bytes() == shown.out.encode()
    assert shown.out.startswith({"table": "1 address", "json": "{\n", "html": "<!DOCTYPE html>"}[output_format])


def test_an_explanation_can_go_to_a_file(tmp_path: Path) -> None:
    shown = sekisho(*QUESTION, "-o", "json")
    assert sekisho(*QUESTION, "-o", "json", "--output-file", tmp_path / "answer.json") == (0, "", "")
    assert (tmp_path / "answer.json").read_text(encoding="utf-8") == shown.out


def test_the_format_of_stdout_does_not_change_the_reports(tmp_path: Path) -> None:
    """With --output-dir the reports are written too; they are what -o json and -o html print."""
    table = sekisho("assess", STORY)
    assert sekisho("assess", STORY, "--output-dir", tmp_path) == table
    assert (tmp_path / "assessment.json").read_text(encoding="utf-8") == sekisho("assess", STORY, "-o", "json").out
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == sekisho("assess", STORY, "-o", "html").out


# Colour, width, encoding ------------------------------------------------------------------------------


def test_colour_is_only_where_it_is_wanted() -> None:
    plain = process("assess", STORY)
    assert ESCAPE not in plain.out
    coloured = process("assess", STORY, FORCE_COLOR="1", TERM="dumb")
    assert ESCAPE in coloured.out
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured.out) == plain.out
    assert process("assess", STORY, FORCE_COLOR="1", NO_COLOR="1").out == plain.out
    assert ESCAPE not in process(*QUESTION).out
    assert ESCAPE in process(*QUESTION, FORCE_COLOR="1").out


def test_json_is_never_coloured() -> None:
    assert process("assess", STORY, "-o", "json", FORCE_COLOR="1").out == sekisho("assess", STORY, "-o", "json").out


@pytest.mark.parametrize("columns", ["", "0", "-4", "wide", "9" * 5000])
def test_a_width_that_is_none_is_not_taken(columns: str) -> None:
    assert process("assess", STORY, COLUMNS=columns).out == process("assess", STORY).out


def test_a_table_is_as_wide_as_columns_says() -> None:
    narrow, wide = process("assess", STORY, COLUMNS="60"), process("assess", STORY, COLUMNS="120")
    assert max(len(line) for line in narrow.out.splitlines()) <= 60
    assert 60 < max(len(line) for line in wide.out.splitlines()) <= 120


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_files_and_pipes_get_utf_8_under_every_locale(encoding: str) -> None:
    assert process("assess", STORY, PYTHONIOENCODING=encoding).out == process("assess", STORY).out
