"""Pools of public addresses that an internet gateway delivers to an interface as they are, without translation.

A route table of the gateway that is associated with a pool leads blocks of it to interfaces (S-POOL-01).
"""

from typing import TYPE_CHECKING, NamedTuple

from sekisho.engine.facts import Facts
from sekisho.model.entrances import gap_of
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.routing import RouteTable, TargetKind
from sekisho.sets.prefixes import Prefix, Range, merge, overlap, parse, subtract

if TYPE_CHECKING:
    from sekisho.engine.connected import Host

BYOIP_CALL = "ec2:DescribeByoipCidrs"


class Pool(NamedTuple):
    """Public addresses that a gateway delivers to an interface."""

    gateway: str
    table: str
    place: int
    interface: NetworkInterface
    ranges: tuple[Range, ...]


def pools_into(facts: Facts, vpc_id: str) -> tuple[Pool, ...]:
    """The pools whose addresses are delivered in the VPC, by route table and route."""
    attached = facts.topology.internet_gateway_of(vpc_id)
    if attached is None or isinstance(attached, Undecided):
        return ()
    gateway = attached.internet_gateway_id
    tables = sorted(facts.topology.edge_tables_of(gateway), key=lambda t: t.route_table_id)
    return tuple(p for t in tables for p in _of_table(facts, t, gateway, vpc_id))


def _of_table(facts: Facts, table: RouteTable, gateway: str, vpc_id: str) -> list[Pool]:
    named = [a.public_ipv4_pool for a in table.associations if a.public_ipv4_pool and a.in_force]
    if not named:
        return []
    within = _addresses(facts, named)
    own = facts.vpc_ranges(vpc_id, "ipv4")
    found = []
    for part in facts.routes(table, "ipv4"):
        if part.place is None or part.undecided:
            continue
        route = table.routes[part.place]
        interface = facts.snapshot.interfaces.get(route.target.id)
        if route.target.kind is not TargetKind.NETWORK_INTERFACE or interface is None or interface.vpc_id != vpc_id:
            continue
        ranges = subtract(part.ranges, () if isinstance(own, Undecided) else own)
        ranges = ranges if within is None else overlap(ranges, within)
        if ranges and route.state in {None, "active"}:
            found.append(Pool(gateway, table.route_table_id, part.place, interface, ranges))
    return found


def _addresses(facts: Facts, names: list[str]) -> tuple[Range, ...] | None:
    """The addresses of the pools; None where one is not described, for AWS accepts only routes within its pool."""
    records = [facts.snapshot.public_ipv4_pools.get(name) for name in names]
    if None in records:
        return None
    return merge(
        (parse(r.first_address).low, parse(r.last_address).low)
        for record in records
        if record is not None
        for r in record.pool_address_ranges
    )


def pools_of(facts: Facts, host: "Host") -> tuple[tuple[Pool, "Host"], ...]:
    """The pools that are delivered to the host, with the part meant: all of each for the interface's first address."""
    if host.family != "ipv4" or not host.interface.vpc_id:
        return ()
    found = [p for p in pools_into(facts, host.interface.vpc_id) if p.interface is host.interface]
    first = next((parse(a.private_ip_address).low for a in host.interface.addresses), None)
    asked = [(0, (1 << 32) - 1)] if host.address == first else [(host.address, host.last)]
    return tuple(
        (pool, host._replace(address=low, last=high)) for pool in found for low, high in overlap(pool.ranges, asked)
    )


def pools_gap(facts: Facts, host: "Host") -> str | None:
    """Why the interface of the host may get addresses of a pool that no route table of the snapshot shows."""
    return _pools_gap_of(facts, host.interface) if host.family == "ipv4" else None


def _pools_gap_of(facts: Facts, interface: NetworkInterface) -> str | None:
    vpc_id = interface.vpc_id
    if not vpc_id or interface.source_dest_check:
        return None
    attached = facts.topology.internet_gateway_of(vpc_id)
    if attached is None or isinstance(attached, Undecided):
        return attached.reason if attached else None
    table = facts.topology.edge_table_of(attached.internet_gateway_id, vpc_id)
    return table.reason if isinstance(table, Undecided) else None


def unseen_pool(facts: Facts) -> str | None:
    """Why any interface of the snapshot may get addresses of a pool, or None where no route table can be missing."""
    first = {i.vpc_id: i for i in facts.snapshot.interfaces.values() if not i.source_dest_check}
    gaps = (_pools_gap_of(facts, interface) for interface in first.values())
    return next((gap for gap in gaps if gap), None)


def pooled_within(facts: Facts, block: Prefix) -> tuple[tuple[NetworkInterface, Range], ...]:
    """The parts of the block that pools of any VPC deliver, with the interfaces that get them."""
    if block.family != "ipv4":
        return ()
    vpcs = {i.vpc_id for i in facts.snapshot.interfaces.values() if i.vpc_id}
    found = (pool for vpc_id in sorted(vpcs) for pool in pools_into(facts, vpc_id))
    return tuple((pool.interface, part) for pool in found for part in overlap(pool.ranges, [block.range]))


def is_pooled(facts: Facts, vpc_id: str, address: int) -> bool:
    """Whether the VPC's internet gateway carries the address as it is."""
    return any(low <= address <= high for p in pools_into(facts, vpc_id) for low, high in p.ranges)


BYOIP_CALL = "ec2:DescribeByoipCidrs"


def advertised(facts: Facts, host: "Host") -> bool | Undecided:
    """Whether the internet is told of the addresses; taken so where nothing says otherwise (S-POOL-02)."""
    for block in facts.snapshot.byoip_cidrs.values():
        cidr = parse(block.cidr)
        if cidr.family != "ipv4" or not overlap([cidr.range], [(host.address, host.last)]):
            continue
        if block.state == "advertised" or block.state is None:
            return True
        if block.state in {"provisioned", "provisioned-not-publicly-advertisable"}:
            return False
        return Undecided(f"{block.cidr} is in state `{block.state}`")
    gap = gap_of(facts.snapshot, BYOIP_CALL, facts.topology.vpc_scope(host.interface.vpc_id or ""))
    return Undecided(gap) if gap else True
