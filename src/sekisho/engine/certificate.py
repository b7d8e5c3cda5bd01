"""One certificate for each verdict row: what is claimed of every way in, and the records that it rests on."""

from typing import NamedTuple

from sekisho.model.record import Source, Undecided

from .answer import Row, Verdict
from .assess import Judged
from .claims import Claimed, Passing, claimed, passing
from .facts import Facts


class Certificate(NamedTuple):
    """What is claimed of one row. Rows that share an answer share everything but `row` and `own`."""

    row: Row
    verdict: Verdict
    ways: tuple[Claimed, ...]
    witness: Passing | None
    relies_on_absent: tuple[str, ...]
    #: The records that all rows of the answer rest on, and those of this row alone.
    shared: tuple[Source, ...]
    own: tuple[Source, ...] = ()


def certificate(facts: Facts, judged: Judged) -> Certificate:
    """The certificate of the first row of an answer."""
    found, connections = judged.answer, judged.connections
    ways = claimed(facts, connections)
    proven = found.verdict in {Verdict.REACHABLE, Verdict.FORWARD_ONLY}
    witness = passing(facts.topology, connections) if proven else None
    places = dict.fromkeys(place for way in ways for place in way.sources)
    places.update(dict.fromkeys(_place(facts, judged.row)))
    return Certificate(judged.row, found.verdict, ways, witness, found.relies_on_absent, tuple(places))


def of_row(facts: Facts, shared: Certificate, row: Row) -> Certificate:
    """The certificate for another row of the same answer."""
    named = [("interfaces", row.interface), ("instances", row.instance or "")]
    own = tuple(place for table, name in named if (place := facts.source(table, name)))
    return shared._replace(row=row, own=own)


def _place(facts: Facts, row: Row) -> list[Source]:
    """The subnet, VPC, network ACL, route table and groups of the row's interface."""
    topology, interface = facts.topology, facts.snapshot.interfaces[row.interface]
    named = [("vpcs", interface.vpc_id), ("subnets", interface.subnet_id)]
    subnet = topology.subnet_of(interface)
    if not isinstance(subnet, Undecided):
        acl, table = topology.acl_of(subnet), topology.route_table_of(subnet)
        if not isinstance(acl, Undecided):
            named.append(("network_acls", acl.network_acl_id))
        if not isinstance(table, Undecided):
            named.append(("route_tables", table.route_table_id))
    named += [("security_groups", group) for group in interface.group_ids]
    return [place for table, name in named if name and (place := facts.source(table, name))]
