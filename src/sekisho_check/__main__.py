"""Checks certificates of Sekisho against the raw answers of AWS.

  python -m sekisho_check SNAPSHOT [CERTIFICATES] [--only-given] [-v]

SNAPSHOT is a directory, .zip or .tar.gz of saved answers, or an
evidence file that holds both. Exit code: 0 all certificates hold, 1 some do not, 2 usage or unreadable input.

  --only-given  do not ask for a certificate of every row of the snapshot
  -v            also tell what holds beyond what is claimed
"""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from collections.abc import Iterator

from sekisho_check.audit import Audit
from sekisho_check.certificate import LINE, VERDICTS, RefusedError, certificate
from sekisho_check.estate import Estate
from sekisho_check.snapshot import UnreadableError, read

SHOWN = 20
"""So many refused certificates are told of; the others are counted."""


def main(arguments: list[str]) -> int:
    options = [one for one in arguments if one.startswith("-")]
    places = [one for one in arguments if not one.startswith("-")]
    if set(options) & {"-h", "--help"}:
        print(__doc__.strip())
        return 0
    if set(options) - {"--only-given", "-v"} or len(places) not in {1, 2}:
        print("usage: python -m sekisho_check SNAPSHOT [CERTIFICATES] [--only-given] [-v]", file=sys.stderr)
        return 2
    try:
        gc.set_threshold(100_000, 50, 50)  # what is read is kept, so that looking for what is not takes time alone
        snapshot = read(places[0])
        lines = _lines(places[1]) if len(places) > 1 else _carried(places[0], snapshot.certificates)
        return report(Audit(Estate(snapshot)), lines, only_given="--only-given" in options, verbose="-v" in options)
    except UnreadableError as problem:
        print(f"sekisho_check: {ascii(str(problem))[1:-1]}", file=sys.stderr)
        return 2
    except RecursionError:
        print(f"sekisho_check: {ascii(places[0])[1:-1]}: nests too deeply", file=sys.stderr)
        return 2


def _lines(place: str) -> Iterator[bytes]:
    try:
        with open(place, "rb") as file:  # noqa: PTH123 - as plain as it gets
            while line := file.readline(LINE + 1):
                if line.strip():
                    yield line
    except OSError as problem:
        raise UnreadableError(f"{place}: cannot be read: {problem.strerror}") from problem


def _carried(place: str, certificates: bytes | None) -> list[bytes]:
    if certificates is None:
        raise UnreadableError(f"{place}: carries no certificates: give them as a second argument")
    return [line for line in certificates.splitlines() if line.strip()]


def report(audit: Audit, lines: Iterator[bytes] | list[bytes], *, only_given: bool, verbose: bool) -> int:
    """What holds, in counts, and what does not, in a line each."""
    verdicts: Counter[str] = Counter()
    standings: Counter[str] = Counter()
    refused: list[str] = []
    count = 0
    for count, line in enumerate(lines, 1):
        said = f"line {count}"
        try:
            given = certificate(line)
            said += (
                ": " + ascii(" ".join(str(given.row[name]) for name in ("interface", "address", "origin"))[:160])[1:-1]
            )
            result = audit.check(given)
        except RefusedError as problem:
            refused.append(f"{said}: {problem}")
            continue
        verdicts[result.verdict] += 1
        standings[result.standing] += 1
        if verbose:
            for note in result.notes:
                print(f"note: {said}: {note}")
    if not only_given:
        refused += [f"no certificate for {ascii(' '.join(key)[:200])[1:-1]}" for key in audit.missing()]
    for one in refused[:SHOWN]:
        print(f"refused: {one}")
    if len(refused) > SHOWN:
        print(f"refused: {len(refused) - SHOWN:,} more")
    print(f"{count:,} certificates, {sum(verdicts.values()):,} hold, {len(refused):,} faults")
    for names, counted in ((VERDICTS, verdicts), (("proven", "resting on assumptions", "undecided"), standings)):
        print("  " + ", ".join(f"{name} {counted[name]:,}" for name in names))
    return 1 if refused or not count else 0


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
