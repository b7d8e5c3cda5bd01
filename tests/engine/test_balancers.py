"""Load balancers: what gets to targets by the sets, and that one packet at a time agrees on random estates."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from agreement import examples
from estates import acl, eni, igw, instance, perm, route, rtb, sg, snapshot, subnet, vpc
from random_balancers import balanced
from sekisho.engine.answer import Origin, Verdict
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Connection, Host
from sekisho.engine.packet import TCP, Delivered, Dropped, GatewayEntry, Packet, Stop, Unsettled
from sekisho.engine.population import hosts_of
from sekisho.engine.trace.balancer import relayed
from sekisho.engine.witness import disagreement, sent, stops_of
from sekisho.model.balancing import (
    Action,
    Attribute,
    BalancerState,
    BalancerZone,
    Listener,
    ListenerRules,
    Listeners,
    LoadBalancer,
    Target,
    TargetDescription,
    TargetGroup,
    TargetGroupAttributes,
    Targets,
)
from sekisho.model.record import Record
from sekisho.model.topology import Topology
from sekisho.sets.boxes import boxes, remotes_of
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import internet, parse

ARN = "arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:loadbalancer/net/front/50dc6c495c0c9188"
WEB = "arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:targetgroup/web/6d0ecf831eec9f09"
V = vpc("vpc-1", "10.0.0.0/16")
A, B = subnet("subnet-a", "vpc-1", "10.0.1.0/24"), subnet("subnet-b", "vpc-1", "10.0.2.0/24")
LOCAL = route("10.0.0.0/16", "local")
CLIENT, NODE, Y = "198.51.100.7", "10.0.1.40", "10.0.2.20"


def estate(kind: str = "network", *, kept: str = "true", y: str = "0.0.0.0/0", egress: str = "0.0.0.0/0") -> Topology:
    """A balancer in subnet a without groups on port 80, and Y in the private subnet b on port 8080."""
    arn = ARN if kind == "network" else ARN.replace("/net/", "/app/")
    protocol = "TCP" if kind == "network" else "HTTP"
    listener = Listener(
        listener_arn=f"{arn}/1",
        load_balancer_arn=arn,
        port=80,
        protocol=protocol,
        default_actions=(Action(type="forward", target_group_arn=WEB),),
    )
    node: dict[str, Any] = {"description": f"ELB {arn.partition(':loadbalancer/')[2]}", "interface_type": "interface"}
    records: list[Record] = [
        *(V, A, B, igw("igw-1", "vpc-1"), acl("acl-1", "vpc-1", ["subnet-a", "subnet-b"])),
        rtb("rtb-a", "vpc-1", ["subnet-a"], LOCAL, route("0.0.0.0/0", "igw-1")),
        rtb("rtb-b", "vpc-1", ["subnet-b"], LOCAL),
        sg("sg-y", "vpc-1", [perm("tcp", 8080, y)]),
        sg("sg-lb", "vpc-1", [perm("tcp", 80, "0.0.0.0/0")], [perm("tcp", 8080, egress)]),
        eni("eni-y", B, Y, groups=["sg-y"], instance="i-y"),
        instance("i-y"),
        eni("eni-lb", A, (NODE, "203.0.113.40"), groups=[] if kind == "network" else ["sg-lb"], **node),
        LoadBalancer(
            load_balancer_arn=arn,
            load_balancer_name="front",
            scheme="internet-facing",
            type=kind,
            vpc_id="vpc-1",
            state=BalancerState(code="active"),
            availability_zones=(BalancerZone(subnet_id="subnet-a"),),
        ),
        Listeners(load_balancer_arn=arn, listeners=(listener,)),
        ListenerRules(listener_arn=f"{arn}/1"),
        TargetGroup(target_group_arn=WEB, protocol=protocol, port=8080, vpc_id="vpc-1", load_balancer_arns=(arn,)),
        Targets(target_group_arn=WEB, targets=(TargetDescription(target=Target(id="i-y")),)),
        TargetGroupAttributes(
            target_group_arn=WEB, attributes=(Attribute(key="preserve_client_ip.enabled", value=kept),)
        ),
    ]
    return Topology(snapshot(*records))


def host(topology: Topology, name: str) -> Host:
    return hosts_of(topology.snapshot.interfaces[name])[0]


def through(topology: Topology, name: str = "eni-y", origin: Origin = "internet") -> Connection:
    """The one connection of the origin that goes by the balancer."""
    (found,) = (c for c in Assessor(topology).connections(host(topology, name), origin) if c.relay)
    return found


# The sets -------------------------------------------------------------------------------------------


def test_behind_a_network_balancer_the_target_sees_its_clients() -> None:
    found = through(estate(y="198.51.100.0/24"))
    (box,) = boxes(found.round_trip.sure)
    assert (box.protocols, box.remotes, box.thirds) == (((6, 6),), (parse("198.51.100.0/24").range,), ((8080, 8080),))
    (carried,) = found.carried
    assert (carried.passage.via, carried.entry_ports, carried.seen_as) == (("igw-1", ARN), ((80, 80),), ())
    assert carried.entry == (parse("203.0.113.40").range,)


def test_behind_an_application_balancer_the_target_sees_the_node() -> None:
    found = through(estate("application", y="10.0.1.0/24"))
    assert remotes_of(found.round_trip.sure) == internet("ipv4")
    assert [c.seen_as for c in found.carried] == [(parse(NODE).range,)]


def test_rules_of_the_node_are_read_on_the_target() -> None:
    closed = through(estate("application", y="10.0.1.0/24", egress="10.0.3.0/24"))
    assert closed.delivered.maybe.is_empty
    assert not through(estate("application", y="10.0.1.0/24", egress="10.0.2.0/24")).round_trip.sure.is_empty


def test_the_part_that_a_group_admits_is_known_behind_a_balancer() -> None:
    found = through(estate(y="198.51.100.0/24"))
    (carried,) = found.carried
    assert list(carried.passage.by_group) == ["sg-y"]
    assert carried.passage.by_group["sg-y"] & found.round_trip.sure == found.round_trip.sure


@pytest.mark.parametrize(("kept", "reached"), [("true", False), ("false", True)])
def test_whether_client_addresses_are_preserved_decides(kept: str, reached: bool) -> None:
    found = through(estate(kept=kept, y="10.0.0.0/16"))
    assert found.round_trip.sure.is_empty is not reached


def test_a_node_takes_its_listeners_ports_alone() -> None:
    topology = estate()
    assessor = Assessor(topology)
    found, _ = assessor.judge(host(topology, "eni-lb"), "internet")
    assert found.verdict is Verdict.REACHABLE
    assert {f.destination_ports for f in found.flows} == {((80, 80),)}


# One packet -----------------------------------------------------------------------------------------


FROM_INTERNET = GatewayEntry("igw-1", "vpc-1")
STOP = Stop(node="eni-lb", target="eni-y", address=Y, port=8080, source=NODE)


def one(topology: Topology, port: int = 80, source: str = CLIENT, stop: Stop = STOP) -> tuple[object, object]:
    packet = Packet(source, "203.0.113.40", TCP, 50000, port)
    found = relayed(topology, packet, FROM_INTERNET, (stop,))
    ends = [e if not isinstance(e, Dropped) else (e.code, e.component) for e in (found.outcome, found.reply_outcome)]
    return ends[0], ends[1]


def test_one_packet_gets_to_the_target_and_back() -> None:
    outcome, reply = one(estate(y="198.51.100.0/24"))
    assert outcome == Delivered("eni-y")
    assert getattr(reply, "gateway_id", None) == "igw-1"


@pytest.mark.parametrize(
    ("topology", "port", "stop", "expected"),
    [
        (estate(y="192.0.2.0/24"), 80, STOP, ("ENI_SG_RULES_MISMATCH", "sg-y")),
        (estate(), 81, STOP, ("ELBV2_LISTENERS_MISMATCH", ARN)),
        (estate(), 80, STOP._replace(port=9090), ("TARGET_ADDRESS_RESTRICTION", ARN)),
        (estate("application", egress="10.0.3.0/24"), 80, STOP, ("ENI_SG_RULES_MISMATCH", "sg-lb")),
    ],
    ids=["group of the target", "listener", "port of the target", "group of the node"],
)
def test_one_packet_is_dropped(topology: Topology, port: int, stop: Stop, expected: tuple[str, str]) -> None:
    assert one(topology, port, stop=stop) == (expected, None)


def test_a_client_of_its_own_target_gets_nothing() -> None:
    """A target whose packets would come back to it with its own address (S-NLB-04)."""
    topology = estate()
    y, node = host(topology, "eni-y"), host(topology, "eni-lb")
    connector = Assessor(topology).connectors["ipv4"]
    client = connector.between(y, node, FlowSet.full("ipv4"))
    assert not client.round_trip.sure.is_empty
    (found,) = Assessor(topology).relays.behind(y, lambda _: [client], FlowSet.full("ipv4"))
    assert found.delivered.maybe.is_empty


# Both, on random estates ------------------------------------------------------------------------------


def relays_of(assessor: Assessor, r: Random) -> Iterator[Connection]:
    """Some connections through balancers of every kind of question."""
    snapshot = assessor.facts.snapshot
    hosts = [h for i in snapshot.interfaces.values() for h in hosts_of(i)]
    origins: tuple[Origin, ...] = ("internet", "peering", "vgw")
    found = [c for h in hosts for origin in origins for c in assessor.connections(h, origin) if c.relay]
    sender = r.choice(hosts)

    def clients(node: Host) -> list[Connection]:
        connector, full = assessor.connectors[node.family], FlowSet.full(node.family)
        return [connector.between(sender, node, full)] if node.family == sender.family else []

    for balancer in assessor.facts.topology.balancers.all.values():
        whole = FlowSet.full(sender.family)
        found += [c for c in assessor.relays.to(balancer, clients, whole) if c.relay]
    found = [c for c in found if c.sender or (c.way and c.way.gateway)]
    yield from r.sample(found, min(len(found), 12))


@pytest.mark.parametrize("seed", range(60))
def test_the_sets_and_one_packet_at_a_time_agree(seed: int) -> None:
    topology, r = Topology(balanced(seed).snapshot()), Random(seed)
    for connection in relays_of(Assessor(topology), r):
        for example in dict.fromkeys(examples(connection, r, 2)):
            packet, entry, _ = sent(connection, example)
            traced = relayed(topology, packet, entry, stops_of(connection))
            assert disagreement(connection, example, traced) is None, (packet, entry, traced.outcome)


def test_random_estates_deliver_something() -> None:
    """The comparison above would be empty otherwise."""
    found = [
        c.round_trip.sure.is_empty
        for seed in range(12)
        for c in relays_of(Assessor(Topology(balanced(seed).snapshot())), Random(seed))
    ]
    assert False in found


def test_an_unread_listener_leaves_a_packet_unsettled() -> None:
    topology = estate()
    records = [r for page in topology.snapshot.pages for r in page.records if not isinstance(r, Listeners)]
    outcome, _ = one(Topology(snapshot(*records)))
    assert isinstance(outcome, Unsettled)
