"""A small assessment and an explanation made by hand: what reports and findings are tested on."""

from collections.abc import Iterable

from sekisho.engine.answer import Answer, Barrier, Explanation, Flow, Passage, Row, Verdict
from sekisho.engine.packet import Hop, Packet
from sekisho.engine.share import Share
from sekisho.findings.assessment import Assessment, Coverage, InterfaceFacts, MissingOrigin, Population, Run
from sekisho.findings.find import find
from sekisho.model.calls import CallState, CallStatus
from sekisho.model.record import Issue, Scope, Source
from sekisho.sets.flows import ALL_PORTS, FlowSet
from sekisho.sets.prefixes import Family, Range, internet, parse, subtract

TOKYO = Scope("111122223333", "ap-northeast-1")
VPC_CIDR = parse("203.0.113.0/28").range
WORLD = subtract(internet("ipv4"), [VPC_CIDR])
OFFICE = (parse("198.51.100.7/32").range,)
ACL = Source("ec2/describe-network-acls.json", "/NetworkAcls/0")
ROUTES = Source("ec2/describe-route-tables.json", "/RouteTables/1")
GROUPS = Source("ec2/describe-security-groups.json", "/SecurityGroups/2")


def box(
    protocol: int,
    ports: Iterable[int | Range] | None = None,
    remotes: Iterable[Range] = WORLD,
    family: Family = "ipv4",
) -> FlowSet:
    thirds = None if ports is None else [(p, p) if isinstance(p, int) else p for p in ports]
    return FlowSet.build(family, protocols=[(protocol, protocol)], remotes=remotes, thirds=thirds)


def share(flows: FlowSet, maybe: FlowSet | None = None) -> Share:
    return Share(flows, flows | maybe if maybe else flows)


def passage(
    via: str, delivered: FlowSet, answered: FlowSet | None = None, groups: dict[str, FlowSet] | None = None
) -> Passage:
    round_trip = delivered if answered is None else answered
    return Passage((via,), share(delivered), share(round_trip), groups or {"sg-1": delivered})


def tcp_flow(
    ports: Iterable[Range], sources: tuple[Range, ...] = WORLD, *, reply: bool = True, via: str = "igw-1"
) -> Flow:
    return Flow(
        family="ipv4",
        protocols=((6, 6),),
        sources=sources,
        source_ports=ALL_PORTS,
        destination_ports=tuple(ports),
        reply=reply,
        via=(via,),
    )


def row(interface: str, address: str, answer: str, origin: str = "internet", **more: str | None) -> Row:
    values = {"instance": interface.replace("eni", "i"), "public_address": None, **more}
    return Row(
        account=TOKYO.account,
        region=TOKYO.region,
        instance=values["instance"],
        interface=interface,
        address=address,
        public_address=values["public_address"],
        family="ipv6" if ":" in address else "ipv4",
        origin=origin,  # type: ignore[arg-type]
        answer=answer,
    )


def facts(interface: str, name: str | None, **more: str | None) -> InterfaceFacts:
    values = {
        "instance_state": "running",
        "kind": "interface",
        "description": "",
        "instance": interface.replace("eni", "i"),
        "subnet": "subnet-a",
        "subnet_name": "public-a",
        **more,
    }
    return InterfaceFacts(
        interface=interface,
        name=None,
        kind=values["kind"] or "",
        description=values["description"] or "",
        scope=TOKYO,
        instance=values["instance"],
        instance_name=name,
        instance_state=values["instance_state"],
        vpc="vpc-1",
        vpc_name="main",
        subnet=values["subnet"],
        subnet_name=values["subnet_name"],
        security_groups=("sg-1",),
        network_acl="acl-1",
        route_table="rtb-1",
    )


SSH = box(6, [22])
DNS = box(17, [53, 514])
BASTION = Answer(
    verdict=Verdict.REACHABLE,
    family="ipv4",
    passages=(passage("igw-1", box(6, [22, 443]) | DNS, box(6, [22, 443])),),
    flows=(
        tcp_flow([(22, 22), (443, 443)]),
        Flow(
            family="ipv4", protocols=((17, 17),), sources=WORLD, source_ports=ALL_PORTS,
            destination_ports=((53, 53), (514, 514)), reply=False, via=("igw-1",),
        ),
    ),
    depth=0,
    width="world",
)  # fmt: skip
OFFICE_ONLY = Answer(
    verdict=Verdict.REACHABLE,
    family="ipv4",
    passages=(passage("pcx-1", box(6, [5432], OFFICE)),),
    flows=(tcp_flow([(5432, 5432)], OFFICE, via="pcx-1"),),
    depth=0,
    width=1,
)
CLOSED = Answer(
    verdict=Verdict.UNREACHABLE,
    family="ipv4",
    barriers=(
        Barrier(
            code="IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", direction="forward", family="ipv4", component="eni-2",
            detail="10.0.2.10 is associated with no public address",
            evidence=(Source("ec2/describe-network-interfaces.json", "/NetworkInterfaces/1"),),
        ),
        Barrier(
            code="NO_ROUTE_TO_DESTINATION", direction="return", family="ipv4", component="rtb-2",
            detail="no route of rtb-2 holds an internet address", evidence=(ROUTES,),
        ),
    ),
    depth=2,
)  # fmt: skip
OPEN_QUESTION = Answer(
    verdict=Verdict.UNKNOWN,
    family="ipv4",
    reasons=("rtb-1 sends 10.9.0.0/16 to tgw-1, and transit gateways are not modelled",),
)
STOPPED = Answer(
    verdict=Verdict.UNREACHABLE,
    family="ipv4",
    barriers=(
        Barrier(
            code="BAD_STATE", direction="forward", family="ipv4", component="i-3", detail="the instance is stopped",
            evidence=(Source("ec2/describe-instances.json", "/Reservations/0/Instances/2"),),
        ),
    ),
    latent=Verdict.REACHABLE,
)  # fmt: skip

RUN = Run(
    version="0.1.0",
    semantics="1",
    input_digest="sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    collected=("2026-11-23T05:00:00Z", "2026-11-23T05:02:10Z"),
    target="all",
    origins=("internet", "peering"),
)


def coverage() -> Coverage:
    files = ("ec2/describe-instances.json",)
    return Coverage(
        calls=(
            CallState("DescribeInstances", TOKYO, CallStatus.READ, 3, files),
            CallState("DescribeVpnGateways", TOKYO, CallStatus.FAILED, 0, ("ec2/vgw.json",), "UnauthorizedOperation"),
        ),
        assumed_absent=(("DescribeTransitGateways", TOKYO),),
        not_read=(),
        population=(
            Population(scope=TOKYO, interfaces=4, interfaces_in_scope=3, addresses_in_scope=3, rows=5),
        ),
        unseen_interfaces=(),
        missing_origins=(MissingOrigin(vpc="vpc-1", origin="vgw", reason="no virtual private gateway is attached"),),
        unmodelled=(("tgw-1", "transit gateways are not modelled"),),
        issues=(Issue("notes.json", "", "is no answer of an AWS call", "it is ignored"),),
    )  # fmt: skip


def assessment(name: str = "bastion") -> Assessment:
    rows = (
        row("eni-1", "10.0.1.10", "a1", public_address="203.0.113.5"),
        row("eni-1", "10.0.1.10", "a4", "peering", public_address="203.0.113.5"),
        row("eni-2", "10.0.2.10", "a2"),
        row("eni-2", "10.0.2.10", "a3", "peering"),
        row("eni-3", "10.0.2.11", "a5"),
    )
    answers = {"a1": BASTION, "a2": CLOSED, "a3": OFFICE_ONLY, "a4": OPEN_QUESTION, "a5": STOPPED}
    interfaces = {
        "eni-1": facts("eni-1", name),
        "eni-2": facts("eni-2", "database", subnet="subnet-b", subnet_name="private-b"),
        "eni-3": facts("eni-3", None, subnet="subnet-b", subnet_name="private-b", instance_state="stopped"),
    }
    findings = find(rows, answers, interfaces, peerings={"pcx-1": ("vpc-9", "vpc-1")})
    return Assessment(
        run=RUN, rows=rows, answers=answers, interfaces=interfaces, findings=findings, coverage=coverage()
    )


def explanation() -> Explanation:
    there = Packet("198.51.100.7", "203.0.113.5", 6, 49152, 22)
    inside = there._replace(destination="10.0.1.10")
    back = Packet("10.0.1.10", "198.51.100.7", 6, 22, 49152)
    rule = {"rule_number": 100, "protocol": "tcp", "cidr": "0.0.0.0/0", "ports": (22, 22)}
    return Explanation(
        query={"from": "internet", "to": "eni-1", "protocol": "tcp", "port": "22", "family": None},
        answer=BASTION,
        example=inside,
        forward=(
            Hop("igw-1", "internet-gateway", "translate", None, there, ()),
            Hop("acl-1", "network-acl", "allow", rule, inside, (ACL,)),
            Hop("eni-1", "network-interface", "deliver", None, inside, ()),
        ),
        returned=(Hop("rtb-1", "route-table", "route", {"destination": "0.0.0.0/0"}, back, (ROUTES,)),),
    )
