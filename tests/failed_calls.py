"""A call that failed instead of answering, put into every saved answer of a case and into every random network.

What is not known proves nothing: a failed call makes no answer `unreachable` that was not so before, nor
`forward_only` (which proves that no reply comes back) what was open or answered (S-LOAD).
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from random_networks import Network, table_of
from sekisho.conformance.case import Case
from sekisho.conformance.overlay import snapshot_of
from sekisho.conformance.run import question_of
from sekisho.engine.answer import Answer, Verdict
from sekisho.engine.assess import Assessor
from sekisho.engine.explain import Explainer
from sekisho.engine.outbound import OutboundAssessor
from sekisho.errors import SekishoError
from sekisho.load import load
from sekisho.model.calls import CallState, CallStatus
from sekisho.model.kinds import KIND_BY_TABLE
from sekisho.model.snapshot import Snapshot
from sekisho.model.topology import Topology

ERROR = {"code": "UnauthorizedOperation", "message": "You are not authorized to perform this operation."}
#: Said of a route whose target is not listed by a call that was read whole.
_DANGLING = re.compile(r"(carrier gateway )?(pcx|cagw)-\S+ is not in the snapshot")
#: What each answer leaves open of what a failed call may come to show.
_PROVES = {Verdict.UNREACHABLE: 2, Verdict.FORWARD_ONLY: 1, Verdict.REACHABLE: 0, Verdict.UNKNOWN: 0}
Answers = dict[tuple[str, ...], Answer]


class Closed(NamedTuple):
    """A question whose answer proves more where a call failed."""

    failed: str
    question: tuple[str, ...]
    before: Verdict
    after: Verdict | None


def closed(failed: str, before: Answers, after: Answers, interfaces: set[str]) -> Iterator[Closed]:
    """What proves more after than before; a row that is gone, of an interface that is still there, does too.

    But for what was unknown because of something that a record names and the snapshot does not hold: where that
    record is gone, nothing speaks of it any more (S-LOAD).
    """
    for question, was in before.items():
        later = after.get(question)
        if was.reasons and all(map(_DANGLING.fullmatch, was.reasons)):
            continue
        if later is None:
            if question[0] in interfaces and was.verdict in {Verdict.REACHABLE, Verdict.FORWARD_ONLY}:
                yield Closed(failed, question, was.verdict, None)
        elif _PROVES[later.verdict] > _PROVES[was.verdict]:
            yield Closed(failed, question, was.verdict, later.verdict)


def rows(topology: Topology) -> Answers:
    """The verdict of every row, of both directions."""
    found: Answers = {}
    interfaces = list(topology.snapshot.interfaces.values())
    for direction, assessor in (("in", Assessor(topology)), ("out", OutboundAssessor(topology))):
        for judged in assessor.rows(interfaces):
            found[judged.row.interface, judged.row.address, judged.row.origin, direction] = judged.answer
    return found


# Random networks ------------------------------------------------------------------------------------


def closed_in(whole: Network, tables: list[str]) -> Iterator[Closed]:
    """What each of the calls closes in the network by failing."""
    before = rows(Topology(whole.snapshot()))
    for table in tables:
        snapshot = without(whole, table).snapshot()
        yield from closed(table, before, rows(Topology(snapshot)), set(snapshot.interfaces))


def tables_of(whole: Network) -> list[str]:
    """The tables that the network has records of, whose calls can fail."""
    return sorted({table_of(record) for record in whole.records})


def without(whole: Network, table: str) -> Network:
    """The network where the call of the table failed."""
    kept = tuple(r for r in whole.records if type(r) is not KIND_BY_TABLE[table].type)
    return whole._replace(records=kept, failed=(*whole.failed, table))


# Cases ----------------------------------------------------------------------------------------------


def closed_in_case(case: Case, chosen: int | None = None) -> Iterator[Closed]:
    """What each saved answer of the case (only the `chosen`, modulo their number) closes by having failed."""
    with TemporaryDirectory() as scratch:
        place = snapshot_of(case, Path(scratch))
        try:
            whole = load(place)
        except SekishoError:
            return
        before, chances = _answers(case, whole), list(_failures(whole, place))
        for state, files in [chances[chosen % len(chances)]] if chosen is not None and chances else chances:
            kept = {file: (place / file).read_bytes() for file in files}
            with TemporaryDirectory() as other:
                copy = Path(other, "snapshot")
                copytree(place, copy)
                for file in files:
                    (copy / file).write_bytes(_failed(state, kept[file]))
                left = load(copy)
                yield from closed(f"{state.call} in {files[0]}", before, _answers(case, left), set(left.interfaces))


def _failures(snapshot: Snapshot, place: Path) -> Iterator[tuple[CallState, tuple[str, ...]]]:
    """Calls that were read, with the files that would hold the error instead: all of one question at once."""
    held = Counter(file for state in snapshot.calls for file in state.files)
    for state in snapshot.calls:
        alone = all(held[f] == 1 and f.endswith(".json") and (place / f).is_file() for f in state.files)
        if state.status is CallStatus.READ and alone:
            asked: dict[str, list[str]] = defaultdict(list)
            for file in state.files:
                asked[json.dumps(_parameters((place / file).read_bytes()), sort_keys=True)].append(file)
            yield from ((state, tuple(files)) for files in asked.values())


def _parameters(text: bytes) -> Any:
    answer = json.loads(text)
    return (answer.get("parameters") if "service" in answer else None) or {}


def _failed(state: CallState, text: bytes) -> bytes:
    """The envelope of the call that failed, with the parameters of the answer where it names them."""
    service, _, operation = state.call.partition(":")
    scope = {"account": state.scope.account, "region": state.scope.region}
    envelope = {"service": service, "operation": operation, "parameters": _parameters(text), "error": ERROR, **scope}
    return json.dumps(envelope).encode()


def _answers(case: Case, snapshot: Snapshot) -> Answers:
    topology = Topology(snapshot)
    found = rows(topology)
    explainer = Explainer(Assessor(topology))
    for number, question in enumerate(case.body.questions, start=1):
        try:
            found["question", str(number)] = explainer.ask(question_of(question)).answer
        except SekishoError:
            continue  # what is asked for is not in the snapshot, which the command line says
    return found
