"""The program as an auditor runs it: on its own, from anywhere, with nothing but Python."""

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from check.test_certificates import PUBLIC, audit, case, true_one

SOURCE = Path(__file__).parents[2] / "src"
FILES = sorted((SOURCE / "sekisho_check").glob("*.py"))


def run(*arguments: object, program: tuple[str, ...] = ("-m", "sekisho_check")) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=SOURCE,
        env={"PYTHONPATH": ""},
        timeout=60,
    )


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    place = tmp_path / "snapshot"
    place.mkdir()
    for name, data in case(PUBLIC).files:
        (place / name).write_bytes(data)
    return place


@pytest.fixture
def line() -> str:
    return json.dumps(true_one(audit(PUBLIC))) + "\n"


def test_it_imports_nothing_but_itself_and_the_standard_library() -> None:
    assert len(FILES) > 15
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or "."] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.partition(".")[0]
                assert top == "sekisho_check" or top in sys.stdlib_module_names, f"{file.name}: {name}"


def test_all_hold(snapshot: Path, tmp_path: Path, line: str) -> None:
    (tmp_path / "c.jsonl").write_text(line + "\n")
    done = run(snapshot, tmp_path / "c.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "1 certificates, 1 hold, 0 faults",
        "  reachable 1, unknown 0, forward-only 0, unreachable 0",
        "  proven 1, resting on assumptions 0, undecided 0",
    ]


def test_a_fault_is_told_in_one_line(snapshot: Path, tmp_path: Path, line: str) -> None:
    (tmp_path / "c.jsonl").write_text(line.replace('"22"', '"22-23"'))
    done = run(snapshot, tmp_path / "c.jsonl")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[0] == (
        "refused: line 1: eni-a1 10.0.1.10 internet: 'internet-gateway igw-a': packets are in two boxes"
    )


def test_a_row_without_certificate_is_a_fault_unless_only_the_given_count(
    snapshot: Path, tmp_path: Path, line: str
) -> None:
    (tmp_path / "c.jsonl").write_text("")
    done = run(snapshot, tmp_path / "c.jsonl")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "refused: no certificate for eni-a1 10.0.1.10 internet"
    assert run("--only-given", snapshot, tmp_path / "c.jsonl").returncode == 1, "nothing was checked"
    (tmp_path / "c.jsonl").write_text(line)
    assert run("--only-given", snapshot, tmp_path / "c.jsonl").returncode == 0


def test_faults_are_told_of_until_they_are_many(snapshot: Path, tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text("{}\n" * 30)
    said = run(snapshot, tmp_path / "c.jsonl").stdout.splitlines()
    assert len([one for one in said if one.startswith("refused: line ")]) == 20
    assert "refused: 11 more" in said


@pytest.mark.parametrize("arguments", [(), ("a", "b", "c"), ("--what", "a"), ("/nowhere", "c"), (SOURCE, "/nowhere")])
def test_usage_and_what_cannot_be_read(arguments: tuple[object, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_one_file_of_evidence_checks_itself(snapshot: Path, tmp_path: Path, line: str) -> None:
    evidence = tmp_path / "evidence.zip"
    with zipfile.ZipFile(evidence, "w") as archive:
        archive.writestr("certificates.jsonl", line)
        for file in snapshot.iterdir():
            archive.write(file, f"snapshot/{file.name}")
        for file in FILES:
            archive.write(file, f"sekisho_check/{file.name}")
        archive.writestr(
            "__main__.py",
            "import sys\nfrom sekisho_check.__main__ import main\nsys.exit(main([sys.argv[0], *sys.argv[1:]]))\n",
        )
    own = run(program=("-I", "-S", str(evidence)))
    assert (own.returncode, own.stderr) == (0, "")
    assert own.stdout == run(evidence).stdout
    assert own.stdout.startswith("1 certificates, 1 hold")
