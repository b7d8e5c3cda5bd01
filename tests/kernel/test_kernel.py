"""The Linux kernel as an oracle: what real sockets see on small networks is what the engine says.

`tests/kernel/run.py` does the same at full size.
"""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from agreement import ANSWERED, DROPPED, ONE_WAY
from estates import OPEN, acl, eni, entry, igw, instance, nat, pcx, perm, route, rtb, sg, snapshot, subnet, vpc
from kernel.exchange import exchanged
from kernel.flows import Flow
from kernel.flows import flows as drawn
from kernel.lab import lab
from kernel.namespaces import lacking
from kernel.networks import OUTSIDE, OUTSIDE6, network
from kernel.run import PATIENCE, Figures, figures
from sekisho.engine.assess import Assessor
from sekisho.engine.packet import ICMP, TCP, UDP, Dropped, InterfaceEntry, Packet
from sekisho.engine.trace import trace
from sekisho.model.filters import NetworkAcl
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Record
from sekisho.model.routing import RouteTable
from sekisho.model.topology import Topology

WHY_NOT = lacking()
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=f"no Linux kernel to ask: {WHY_NOT}")

CLIENT = "198.51.100.7"
PUBLIC = subnet("subnet-p", "vpc-1", "10.0.0.0/26")
PRIVATE = subnet("subnet-q", "vpc-1", "10.0.0.64/26")
FAR = subnet("subnet-r", "vpc-2", "10.1.0.0/26")
#: What the ways of the flows have to lead through.
CONSTRUCTS = {
    "appliance",
    "egress-only-internet-gateway",
    "internet-gateway",
    "nat-gateway",
    "network-acl",
    "route-table",
    "security-group",
    "virtual-private-gateway",
    "vpc-peering-connection",
}
ALL = [perm("-1", None, "0.0.0.0/0", "::/0")]


def estate(*more: Record) -> tuple[Record, ...]:
    """A public subnet with `eni-web`, a private one with `eni-db`, and a peer with `eni-far`; `more` replaces."""
    ends = (vpc("vpc-1", "10.0.0.0/24"), vpc("vpc-2", "10.1.0.0/24"))
    local = route("10.0.0.0/24", "local")
    records: tuple[Record, ...] = (
        *ends,
        *(PUBLIC, PRIVATE, FAR),
        igw("igw-1", "vpc-1"),
        pcx("pcx-1", *ends),
        rtb("rtb-p", "vpc-1", ["subnet-p"], local, route("0.0.0.0/0", "igw-1"), route("10.1.0.0/24", "pcx-1")),
        rtb("rtb-q", "vpc-1", ["subnet-q"], local, main=True),
        rtb("rtb-r", "vpc-2", (), route("10.1.0.0/24", "local"), route("10.0.0.0/24", "pcx-1"), main=True),
        acl("acl-p", "vpc-1", ["subnet-p"]),
        acl("acl-q", "vpc-1", ["subnet-q"]),
        acl("acl-r", "vpc-2", ["subnet-r"]),
        sg("sg-web", "vpc-1", [perm("tcp", 443, "0.0.0.0/0"), perm("icmp", (8, 0), "0.0.0.0/0")]),
        sg("sg-db", "vpc-1", [perm("tcp", 5432, "sg-web")]),
        sg("sg-far", "vpc-2", ALL),
        eni("eni-web", PUBLIC, ("10.0.0.4", "203.0.113.5"), groups=["sg-web"], instance="i-web"),
        eni("eni-db", PRIVATE, "10.0.0.68", groups=["sg-db"], instance="i-db"),
        eni("eni-far", FAR, "10.1.0.4", groups=["sg-far"], instance="i-far"),
        *(instance("i-web"), instance("i-db"), instance("i-far")),
    )
    replaced = {_id(r): r for r in more}
    kept = tuple(replaced.pop(_id(r), r) for r in records)
    return (*kept, *replaced.values())


def _id(record: Record) -> object:
    return getattr(record, record.__struct_fields__[0])


def tcp(source: str, port: int, destination: str, to: int) -> Packet:
    return Packet(source, destination, TCP, port, to)


def seen(records: tuple[Record, ...], *asked: tuple[str, str, Packet, str]) -> list[str]:
    """What happens to each packet, given as sender, receiver, header, and the address where it is to arrive."""
    flows = [
        Flow(n, sender, receiver, packet, there, "igw-1" if sender == "outside" else None, "", ())
        for n, (sender, receiver, packet, there) in enumerate(asked)
    ]
    with lab(snapshot(*records), (CLIENT,)) as built:
        found = exchanged(built, flows, PATIENCE)
    return [found[flow.number] for flow in flows]


# By hand --------------------------------------------------------------------------------------------


def test_a_group_admits_what_it_names_and_its_reply_needs_no_rule() -> None:
    assert seen(
        estate(),
        ("outside", "eni-web", tcp(CLIENT, 50000, "203.0.113.5", 443), "10.0.0.4"),
        ("outside", "eni-web", tcp(CLIENT, 50000, "203.0.113.5", 444), "10.0.0.4"),
        ("outside", "eni-web", Packet(CLIENT, "203.0.113.5", UDP, 50000, 443), "10.0.0.4"),
        ("outside", "eni-web", Packet(CLIENT, "203.0.113.5", ICMP, icmp_type=8, icmp_code=0), "10.0.0.4"),
        ("outside", "eni-web", Packet(CLIENT, "203.0.113.5", ICMP, icmp_type=13, icmp_code=0), "10.0.0.4"),
        ("outside", "eni-db", tcp(CLIENT, 50000, "10.0.0.68", 5432), "10.0.0.68"),
    ) == [ANSWERED, DROPPED, DROPPED, ANSWERED, DROPPED, DROPPED]


def test_a_reference_matches_members_and_nobody_else() -> None:
    assert seen(
        estate(),
        ("eni-web", "eni-db", tcp("10.0.0.4", 50000, "10.0.0.68", 5432), "10.0.0.68"),
        ("eni-far", "eni-db", tcp("10.1.0.4", 50000, "10.0.0.68", 5432), "10.0.0.68"),
    ) == [ANSWERED, DROPPED]


def test_an_acl_filters_the_reply_by_its_own_port() -> None:
    """Replies out of the subnet may go to ports 1024-49999 only, by the lowest number that matches."""
    entries = (
        entry(100, "in", "allow", "0.0.0.0/0"),
        entry(90, "out", "deny", "0.0.0.0/0", "6", (50000, 65535)),
        entry(100, "out", "allow", "0.0.0.0/0", "6", (1024, 65535)),
    )
    assert seen(
        estate(acl("acl-p", "vpc-1", ["subnet-p"], *entries)),
        ("outside", "eni-web", tcp(CLIENT, 49999, "203.0.113.5", 443), "10.0.0.4"),
        ("outside", "eni-web", tcp(CLIENT, 50000, "203.0.113.5", 443), "10.0.0.4"),
        ("outside", "eni-web", tcp(CLIENT, 1023, "203.0.113.5", 443), "10.0.0.4"),
        ("outside", "eni-web", Packet(CLIENT, "203.0.113.5", ICMP, icmp_type=8, icmp_code=0), "10.0.0.4"),
    ) == [ANSWERED, ONE_WAY, ONE_WAY, ONE_WAY]


def test_a_peer_needs_a_route_of_its_own() -> None:
    """`rtb-q` has no route to the peer, `rtb-p` has one."""
    web = estate(sg("sg-web", "vpc-1", ALL), sg("sg-db", "vpc-1", ALL))
    assert seen(
        web,
        ("eni-far", "eni-web", tcp("10.1.0.4", 50000, "10.0.0.4", 22), "10.0.0.4"),
        ("eni-far", "eni-db", tcp("10.1.0.4", 50000, "10.0.0.68", 22), "10.0.0.68"),
        ("eni-db", "eni-far", tcp("10.0.0.68", 50001, "10.1.0.4", 22), "10.1.0.4"),
    ) == [ANSWERED, ONE_WAY, DROPPED]


def test_a_nat_gateway_lets_out_and_nobody_in() -> None:
    gateway = (
        nat("nat-1", PUBLIC, "10.0.0.20", "203.0.113.9", "eni-nat"),
        eni("eni-nat", PUBLIC, ("10.0.0.20", "203.0.113.9"), interface_type="nat_gateway", check=False),
        rtb("rtb-q", "vpc-1", ["subnet-q"], route("10.0.0.0/24", "local"), route("0.0.0.0/0", "nat-1"), main=True),
    )
    assert seen(
        estate(*gateway),
        ("eni-db", "outside", tcp("10.0.0.68", 22, CLIENT, 443), CLIENT),
        ("eni-db", "outside", Packet("10.0.0.68", CLIENT, UDP, 22, 53), CLIENT),
        ("eni-db", "outside", Packet("10.0.0.68", CLIENT, ICMP, icmp_type=8, icmp_code=0), CLIENT),
        ("outside", "eni-nat", tcp(CLIENT, 50000, "203.0.113.9", 22), "10.0.0.20"),
        ("outside", "eni-db", tcp(CLIENT, 50000, "203.0.113.9", 5432), "10.0.0.68"),
    ) == [ANSWERED, ANSWERED, ANSWERED, DROPPED, DROPPED]


@pytest.mark.parametrize(("check", "expected"), [(False, ANSWERED), (True, DROPPED)])
def test_only_without_the_check_an_interface_forwards(check: bool, expected: str) -> None:
    """What `eni-db` sends to the peer is led to `eni-web`, and the peer's replies come back to it directly."""
    more = (
        sg("sg-web", "vpc-1", ALL),
        sg("sg-db", "vpc-1", ALL),
        eni("eni-web", PUBLIC, "10.0.0.4", groups=["sg-web"], instance="i-web", check=check),
        rtb("rtb-q", "vpc-1", ["subnet-q"], route("10.0.0.0/24", "local"), route("10.1.0.0/24", "eni-web"), main=True),
    )
    asked = ("eni-db", "eni-far", tcp("10.0.0.68", 50000, "10.1.0.4", 443), "10.1.0.4")
    assert seen(estate(*more), asked) == [expected]


def translated() -> tuple[Record, ...]:
    """`eni-web` sends to the public address of `eni-db`, whose replies are routed to `eni-web` as an appliance."""
    return estate(
        sg("sg-web", "vpc-1", []),
        sg("sg-db", "vpc-1", ALL),
        eni("eni-web", PUBLIC, ("10.0.0.4", "203.0.113.5"), groups=["sg-web"], instance="i-web", check=False),
        eni("eni-db", PRIVATE, ("10.0.0.68", "203.0.113.6"), groups=["sg-db"], instance="i-db"),
        rtb("rtb-q", "vpc-1", ["subnet-q"], route("10.0.0.0/24", "local"), route("0.0.0.0/0", "eni-web"), main=True),
    )


def test_what_a_filter_tracks_is_a_header_and_not_whoever_saw_it() -> None:
    """To `eni-web`, what goes from 10.0.0.68 to 203.0.113.5 answers nothing that it sent, and no rule admits it."""
    asked = ("eni-web", "eni-db", tcp("10.0.0.4", 50000, "203.0.113.6", 443), "10.0.0.68")
    assert seen(translated(), asked) == [ONE_WAY]


def test_the_engine_asks_the_groups_again_for_a_reply_under_another_header() -> None:
    traced = trace(
        Topology(snapshot(*translated())), tcp("10.0.0.4", 50000, "203.0.113.6", 443), InterfaceEntry("eni-web")
    )
    assert isinstance(traced.reply_outcome, Dropped)


# At random ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample() -> Figures:
    return figures(seed=3, networks=6, flows=270)


def test_the_kernel_does_what_the_engine_says(sample: Figures) -> None:
    assert sample["disagreements"] == []
    assert sample["networks"] >= 6
    assert sample["flows"] >= 270


def test_every_verdict_protocol_and_construct_is_met(sample: Figures) -> None:
    assert min(sample["verdicts"].values()) >= 30
    assert set(sample["protocols"]) == {f"{p} over {f}" for p in ("TCP", "UDP", "ICMP") for f in ("IPv4", "IPv6")}
    assert set(sample["met"]) >= CONSTRUCTS


# Mistakes -------------------------------------------------------------------------------------------


def reversed_order(record: Record) -> Record:
    if not isinstance(record, NetworkAcl):
        return record
    entries = tuple(replace(e, rule_number=40000 - e.rule_number) for e in record.entries if e.rule_number < 32767)
    return replace(record, entries=entries)


def no_check(record: Record) -> Record:
    return replace(record, source_dest_check=False) if isinstance(record, NetworkInterface) else record


def main_table_for_all(record: Record) -> Record:
    if not isinstance(record, RouteTable):
        return record
    return replace(record, associations=tuple(a for a in record.associations if a.main))


def no_replies_asked(record: Record) -> Record:
    """An ACL that lets everything out lets every reply out."""
    if not isinstance(record, NetworkAcl):
        return record
    return replace(record, entries=(*(e for e in record.entries if not e.egress), *(e for e in OPEN if e.egress)))


@pytest.mark.parametrize(
    ("mistake", "seed"), [(reversed_order, 1), (no_check, 7), (main_table_for_all, 1), (no_replies_asked, 1)]
)
def test_an_engine_that_reads_the_estate_wrongly_is_contradicted(
    mistake: Callable[[Record], Record], seed: int
) -> None:
    """The first network mostly shows it; which flows are drawn hangs on the engine's sets."""
    assert any(contradicted(mistake, n) for n in range(seed, seed + 6))


def contradicted(mistake: Callable[[Record], Record], seed: int) -> bool:
    true = network(seed)
    wrong = true._replace(records=tuple(map(mistake, true.records))).snapshot()
    asked = drawn(wrong, Assessor(Topology(wrong)), seed, 40)
    with lab(true.snapshot(), OUTSIDE + OUTSIDE6) as built:
        found = exchanged(built, asked, PATIENCE)
    return any(found[flow.number] != flow.expected for flow in asked)
