"""What only a process of its own shows: pipes that close, discs that are full, and Ctrl-C."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from cli.running import COMMAND, STORY, environment, process

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and signals of POSIX")


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("assess", "--help"), ("--version",), ("demo",), ("assess", STORY), ("assess", STORY, "-o", "json")],
    ids=lambda arguments: " ".join(a for a in arguments if isinstance(a, str)),
)
def test_a_pipe_without_a_reader_ends_quietly(arguments: tuple[str | Path, ...], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*COMMAND, *(("-q", *arguments) if arguments[0] == "demo" else arguments)],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
            cwd=tmp_path,
            env=environment(),
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(("arguments", "taken"), [(("demo",), 40), (("assess", STORY, "-o", "json"), 10)])
def test_a_reader_that_has_enough_ends_it_quietly(
    arguments: tuple[str | Path, ...], taken: int, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [*COMMAND, "-q", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(),
        bufsize=0,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        start = running.stdout.read(taken)
        running.stdout.close()
        said = running.stderr.read()
    assert len(start) == taken
    assert (running.returncode, said) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [("assess", STORY), ("-q", "demo")], ids=["assess", "demo"])
def test_a_full_disc_ends_with_4(arguments: tuple[str | Path, ...], tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
            cwd=tmp_path,
            env=environment(),
        )
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
    assert done.stderr.startswith("sekisho: ")
    assert process("assess", STORY, "--output-file", "/dev/full").code == 4


def test_a_closed_stdout_ends_with_4() -> None:
    closed = ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "assess", str(STORY)]
    done = subprocess.run(closed, stderr=subprocess.PIPE, check=False, text=True, env=environment())
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
    assert done.stderr.startswith("sekisho: standard output: ")


def _heed_interrupts() -> None:
    """A suite that a shell runs in the background is told to ignore them, and so are its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_ends_with_130(tmp_path: Path) -> None:
    """A name longer than a pipe holds: after the first byte the process waits for a reader of the rest."""
    large = tmp_path / "story"
    shutil.copytree(STORY, large)
    instances = next(large.rglob("describe-instances.json"))
    instances.write_bytes(instances.read_bytes().replace(b'"web-private"', b'"' + b"w" * (1 << 20) + b'"'))
    with subprocess.Popen(
        [*COMMAND, "assess", large, "-o", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        bufsize=0,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509 - one line that takes no lock
    ) as running:
        assert running.stdout is not None
        assert running.stdout.read(1) == b"{"
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert said.strip() == b"sekisho: interrupted"
