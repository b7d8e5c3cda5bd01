"""Parts of a run, timed inside of a process: `python -m bench.parts PART SNAPSHOT` prints `[seconds, computed]`."""

import gc
import json
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from sekisho.analysis import assess, explain
from sekisho.cli import output
from sekisho.cli.pdf import to_pdf
from sekisho.engine.query import Query, parse_endpoint
from sekisho.findings.find import find
from sekisho.incremental import StandingAssessment
from sekisho.load import load
from sekisho.model.filters import AclEntry, IpPermission, IpRange, NetworkAcl, SecurityGroup
from sekisho.model.record import Record
from sekisho.model.routing import RouteTable
from sekisho.model.snapshot import Snapshot
from sekisho.report.document import assessment_document
from sekisho.report.json import pieces
from sekisho.report.paper.brief import Brief
from sekisho.report.paper.build import paper
from sekisho.report.paper.html import to_html

Times = tuple[float, float]
#: How many records are edited, one after the other, where the median of edits counts.
_EDITS = 25


def timed(work: Callable[[], object]) -> Times:
    clock, computed = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - computed


def loading(folder: Path) -> Times:
    """The snapshot from its files."""
    return timed(lambda: load(folder))


def telling(folder: Path) -> Times:
    """Everything after the engine: findings, document, JSON. What findings remember of the run before is forgotten."""
    found = assess(load(folder))
    modules = [module for name, module in sys.modules.items() if name.startswith("sekisho.findings.")]
    for remembered in (member for module in modules for member in vars(module).values()):
        if hasattr(remembered, "cache_clear"):
            remembered.cache_clear()
    gc.freeze()
    return timed(
        lambda: (
            find(found.rows, found.answers, found.interfaces),
            sum(map(len, pieces(assessment_document(found, lazy=True)))),
        )
    )


def judging(folder: Path) -> Times:
    """Interface eni-1 of a loaded snapshot, up to its verdicts and findings."""
    snapshot = load(folder)
    gc.freeze()
    return timed(lambda: assess(snapshot, target="eni-1"))


def setting_html(folder: Path) -> Times:
    """The findings report of a judged snapshot as HTML."""
    brief = _brief(folder)
    return timed(lambda: to_html(paper(brief)))


def setting_pdf(folder: Path) -> Times:
    """The same as PDF."""
    brief = _brief(folder)
    return timed(lambda: to_pdf(paper(brief)))


def _brief(folder: Path) -> Brief:
    snapshot = load(folder)
    found = assess(snapshot)
    brief = output.brief(found, assessment_document(found), snapshot, "en")
    gc.freeze()
    return brief


def asking_again(folder: Path) -> Times:
    """The second question that is asked of a loaded snapshot: the first has made what both need."""
    snapshot = load(folder)
    gc.freeze()
    first, second = _questions(snapshot)
    explain(snapshot, first)
    return timed(lambda: explain(snapshot, second))


def editing_a_group(folder: Path) -> Times:
    """The difference that a rule more makes in a security group that interfaces hold."""
    return _edited(folder, "security_groups")


def editing_an_acl(folder: Path) -> Times:
    """The difference that an entry more makes in a network ACL, as often as not one of all subnets of a VPC."""
    return _edited(folder, "network_acls")


def editing_a_table(folder: Path) -> Times:
    """The difference that a route less makes in a route table."""
    return _edited(folder, "route_tables")


def _edited(folder: Path, table: str) -> Times:
    """The median over records of the table, spread over the estate."""
    standing = StandingAssessment(load(folder), origins=("internet",))
    gc.collect()
    gc.freeze()
    edits = [edit for record in standing.snapshot.table(table).values() if (edit := _edit(record))]
    step = max(1, len(edits) // _EDITS)
    times = sorted(timed(partial(standing.update, [edit])) for edit in edits[::step])
    return times[len(times) // 2]


def _edit(record: Record) -> Record | None:
    match record:
        case SecurityGroup():
            rule = IpPermission(
                ip_protocol="tcp", from_port=8443, to_port=8443, ip_ranges=(IpRange(cidr_ip="8.8.8.0/24"),)
            )
            return replace(record, ip_permissions=(*record.ip_permissions, rule))
        case NetworkAcl():
            first = AclEntry(rule_number=1, protocol="-1", rule_action="deny", egress=False, cidr_block="8.8.8.0/24")
            return replace(record, entries=(first, *record.entries))
        case RouteTable():
            return replace(record, routes=record.routes[:-1]) if len(record.routes) > 1 else None
        case _:
            return None


def _questions(snapshot: Snapshot) -> list[Query]:
    """Two interfaces, in the middle of the estate: can the internet reach their SSH port?"""
    names = sorted(snapshot.interfaces)
    chosen = names[len(names) // 2], names[len(names) // 2 - 1]
    source = parse_endpoint("internet")
    return [Query(source=source, destination=parse_endpoint(n), protocol="tcp", ports=(22, 22)) for n in chosen]


PARTS: Mapping[str, Callable[[Path], Times]] = {
    part.__name__: part
    for part in (
        loading, telling, judging, setting_html, setting_pdf, asking_again,
        editing_a_group, editing_an_acl, editing_a_table,
    )
}  # fmt: skip

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](Path(sys.argv[2]))))
