"""docs/COVERAGE.md: every construct that can stand in a snapshot, how it is treated, and the cases that show it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from sekisho.model.kinds import KINDS, UNMODELLED_KINDS
from sekisho.model.routing import TargetKind

from .case import Case
from .overlay import files

EXACT, BOUNDED, UNKNOWN = "exact", "bounded", "unknown"
_SHOWN = 4  # cases named in a row; the number of all follows


class Construct(NamedTuple):
    """One thing that a snapshot or a question can hold. A case shows it where it holds one of the `marks`.

    A mark is a member (`NatGatewayId`, `Routes.NatGatewayId`, at the top of a file `.Vpcs`), a member with its
    value or how that begins (`GatewayId=igw`), an enveloped call (`ec2:DescribeVpcs`), or an end of a question
    (`from=pcx`).
    """

    name: str
    treatment: str
    how: str
    marks: tuple[str, ...]


#: Calls whose records bound the answer instead of settling it, with what stays open.
BOUNDED_CALLS: Mapping[str, str] = {
    "network-firewall:DescribeRuleGroup": "5-tuple rules exactly; Suricata options and domain lists stay open",
    "vpc-lattice:ListTargetGroups": "which targets a service may send to; who may call it is not read",
    "vpc-lattice:ListTargets": "likewise",
    "ec2:DescribeVerifiedAccessEndpoints": "where an endpoint leads; its access policy is not read",
    "ec2:DescribeTransitGatewayConnects": "up to the attachment; what lies behind it is not in a snapshot",
    "elbv2:DescribeTargetHealth": "who is registered; health changes by the minute and is not judged",
}
_REASON = "recognised; what depends on one is unknown, with its name"

ROUTE_TARGETS: tuple[tuple[TargetKind, Construct], ...] = (
    (TargetKind.LOCAL, Construct("local", EXACT, "S-RT-04, S-RT-10", ("GatewayId=local",))),
    (TargetKind.INTERNET_GATEWAY, Construct("internet gateway", EXACT, "S-IGW", ("GatewayId=igw",))),
    (
        TargetKind.EGRESS_ONLY_INTERNET_GATEWAY,
        Construct("egress-only internet gateway", EXACT, "S-EIGW", ("EgressOnlyInternetGatewayId=eigw",)),
    ),
    (TargetKind.NAT_GATEWAY, Construct("NAT gateway", EXACT, "S-NAT", ("Routes.NatGatewayId",))),
    (
        TargetKind.NETWORK_INTERFACE,
        Construct("network interface", BOUNDED, "S-APP: that it forwards is assumed", ("Routes.NetworkInterfaceId",)),
    ),
    (TargetKind.PEERING, Construct("peering connection", EXACT, "S-PCX", ("Routes.VpcPeeringConnectionId",))),
    (
        TargetKind.VPN_GATEWAY,
        Construct("virtual private gateway", BOUNDED, "S-VGW: as far as the gateway", ("GatewayId=vgw",)),
    ),
    (TargetKind.TRANSIT_GATEWAY, Construct("transit gateway", EXACT, "S-TGW", ("Routes.TransitGatewayId",))),
    (
        TargetKind.VPC_ENDPOINT,
        Construct(
            "VPC endpoint",
            BOUNDED,
            "S-GWLBE, S-NFW: what inspects is assumed to pass, or its rules decide",
            ("GatewayId=vpce",),
        ),
    ),
    (
        TargetKind.CARRIER_GATEWAY,
        Construct("carrier gateway", BOUNDED, "S-CAGW: as far as the gateway", ("Routes.CarrierGatewayId",)),
    ),
    (
        TargetKind.LOCAL_GATEWAY,
        Construct("local gateway", BOUNDED, "S-LGW: as far as the gateway", ("Routes.LocalGatewayId",)),
    ),
    (TargetKind.CORE_NETWORK, Construct("core network", UNKNOWN, "S-RT-11", ("Routes.CoreNetworkArn",))),
    (
        TargetKind.OTHER,
        Construct("any other target", UNKNOWN, "S-RT-11, with the route named", ("Routes.OdbNetworkArn",)),
    ),
)

RULES = (
    Construct("security group: IPv4 block", EXACT, "S-SG-02", ("CidrIp",)),
    Construct("security group: IPv6 block", EXACT, "S-SG-02, S-Q-04", ("CidrIpv6",)),
    Construct("security group: prefix list", EXACT, "S-SG-09", ("PrefixListIds",)),
    Construct("security group: reference in the VPC", EXACT, "S-SG-06", ("UserIdGroupPairs",)),
    Construct("security group: reference across peering", EXACT, "S-SG-07", ("PeeringStatus",)),
    Construct("security group: all protocols", EXACT, "S-SG-03", ("IpProtocol=-1",)),
    Construct("security group: ICMP type and code", EXACT, "S-SG-04", ("IpProtocol=icmp", "IpProtocol=58")),
    Construct("network ACL: IPv4 entry", EXACT, "S-ACL", ("Entries.CidrBlock",)),
    Construct("network ACL: IPv6 entry", EXACT, "S-ACL-03", ("Entries.Ipv6CidrBlock",)),
    Construct("network ACL: port range", EXACT, "S-ACL-05", ("PortRange",)),
    Construct("network ACL: ICMP type and code", EXACT, "S-ICMP", ("IcmpTypeCode",)),
    Construct("route: IPv4 block", EXACT, "S-RT-02", ("DestinationCidrBlock",)),
    Construct("route: IPv6 block", EXACT, "S-RT-02", ("DestinationIpv6CidrBlock",)),
    Construct("route: prefix list", EXACT, "S-RT-05", ("DestinationPrefixListId",)),
    Construct("route: propagated", EXACT, "S-RT-03, S-RT-04", ("Origin=EnableVgwRoutePropagation",)),
    Construct("route: blackhole", EXACT, "S-RT-06", ("State=blackhole",)),
    Construct("route: any other state", UNKNOWN, "S-RT-06", ("State=filtered",)),
    Construct("route table of a gateway", EXACT, "S-EDGE", ("Associations.GatewayId",)),
    Construct("Block Public Access and its exclusions", EXACT, "S-BPA", ("InternetGatewayBlockMode",)),
)

INTERFACES = (
    Construct("instance", EXACT, "S-ENI, S-INST", ("Attachment.InstanceId",)),
    Construct("interface that a service manages", EXACT, "as any interface: its group decides", ("RequesterManaged",)),
    Construct("Lambda function", EXACT, "as any interface", ("InterfaceType=lambda",)),
    Construct("NAT gateway", EXACT, "S-NAT-01: accepts no connection", ("InterfaceType=nat_gateway",)),
    Construct("delegated prefix", EXACT, "S-ENI-03", ("Ipv4Prefixes", "Ipv6Prefixes")),
    Construct(
        "load balancer",
        EXACT,
        "what its listeners take",
        ("InterfaceType=load_balancer", "InterfaceType=network_load_balancer"),
    ),
    Construct("interface endpoint", EXACT, "takes connections, starts none", ("InterfaceType=vpc_endpoint",)),
    Construct("Gateway Load Balancer", BOUNDED, "passes on what inspects", ("InterfaceType=gateway_load_balancer",)),
    Construct("transit gateway attachment", EXACT, "no destination of its own", ("InterfaceType=transit_gateway",)),
    Construct("accelerator", EXACT, "no destination of its own", ("InterfaceType=global_accelerator_managed",)),
    Construct("DenyAllIgwTraffic", EXACT, "S-ENI-05", ("DenyAllIgwTraffic",)),
)

ENDS = (
    Construct("internet, internet:CIDR", EXACT, "S-ADR", ("from=internet", "to=internet")),
    Construct("instance", EXACT, "each of its addresses", ("from=i", "to=i")),
    Construct("network interface", EXACT, "each of its addresses, or one", ("from=eni", "to=eni")),
    Construct("subnet, VPC", EXACT, "the interfaces in it", ("from=subnet", "to=subnet", "from=vpc", "to=vpc")),
    Construct("ip:ADDRESS", EXACT, "whoever holds it", ("from=ip", "to=ip")),
    Construct("internet gateway", EXACT, "S-IGW", ("from=igw", "to=igw")),
    Construct("egress-only internet gateway", EXACT, "S-EIGW", ("from=eigw", "to=eigw")),
    Construct("peering connection", EXACT, "S-PCX-04", ("from=pcx", "to=pcx")),
    Construct("virtual private gateway", BOUNDED, "S-VGW", ("from=vgw", "to=vgw")),
    Construct("transit gateway attachment", EXACT, "S-TGW", ("from=tgw", "to=tgw")),
    Construct("VPC endpoint, endpoint service", EXACT, "what it hands in", ("from=vpce", "to=vpce")),
    Construct("EC2 Instance Connect Endpoint", EXACT, "S-EICE", ("from=eice", "to=eice")),
    Construct(
        "load balancer",
        EXACT,
        "asked end to end",
        ("from=arn:aws:elasticloadbalancing", "to=arn:aws:elasticloadbalancing"),
    ),
    Construct("accelerator", EXACT, "S-GA", ("from=arn:aws:globalaccelerator",)),
    Construct("cloudfront", EXACT, "S-CFO", ("from=cloudfront",)),
    Construct(
        "local gateway, carrier gateway",
        BOUNDED,
        "as far as the gateway",
        ("from=lgw", "from=cagw", "to=lgw", "to=cagw"),
    ),
)


def calls() -> Iterator[Construct]:
    """Every call that a snapshot may hold, as the loader knows them."""
    for kind in KINDS:
        bounds = BOUNDED_CALLS.get(kind.call)
        absent = "never taken as empty" if kind.needed else "taken as absent where nothing refers to one"
        yield Construct(kind.call, BOUNDED if bounds else EXACT, bounds or absent, (kind.call, f".{kind.member}"))
    for other in UNMODELLED_KINDS:
        how = f"{other.noun}: {other.told_by or _REASON}"
        yield Construct(other.call, EXACT if other.told_by else UNKNOWN, how, (other.call, f".{other.member}"))


# What a case holds ------------------------------------------------------------------------------------


def marks_of(case: Case) -> frozenset[str]:
    """Every mark that the case's snapshot or its questions hold."""
    found: set[str] = set()
    for answer in _answers(case):
        found.update(_marks(answer, ""))
    for question in case.body.questions:
        for side in ("from", "to"):
            end = question.option(f"--{side}") or ""
            found.add(f"{side}={':'.join(end.split(':')[:3]) if end.startswith('arn:') else _kind_of(end)}")
    return frozenset(found)


def _answers(case: Case) -> Iterator[Any]:
    if case.place.is_file():
        yield from files(case).values()
        return
    for file in sorted((case.place / "aws").rglob("*.json")):
        try:
            yield msgspec.json.decode(file.read_bytes())
        except msgspec.MsgspecError:
            continue  # a case about a damaged file


def _marks(value: Any, inside: str) -> Iterator[str]:  # noqa: ANN401 - JSON data
    if isinstance(value, list):
        for item in value:
            yield from _marks(item, inside)
    elif isinstance(value, dict):
        if "service" in value and "operation" in value:
            yield f"{value['service']}:{value['operation']}"
        for member, held in value.items():
            if held not in (None, [], {}):
                yield from (member, f"{inside}.{member}")
                yield from _marks(held, member)
            if isinstance(held, str):
                yield from (f"{member}={held}", f"{member}={_kind_of(held)}")


def _kind_of(text: str) -> str:
    """`igw` of `igw-1` and of `igw-1:198.51.100.7`."""
    return text.partition(":")[0].partition("-")[0]


# The page ---------------------------------------------------------------------------------------------


def page(found: Iterable[Case]) -> str:
    """The page, made from the tables here and the cases given."""
    cases = list(found)
    held = {case.name: marks_of(case) for case in cases}
    own = {case.name: frozenset(_own(case)) for case in cases}
    sections = (
        ("Calls", "Each list of records by the call that answers it.", tuple(calls())),
        ("Targets of routes", "What a route hands its packets to.", tuple(c for _, c in ROUTE_TARGETS)),
        ("Rules", "What filters and routes are made of.", RULES),
        ("Interfaces", "What an interface belongs to.", INTERFACES),
        ("Ends of questions", "What can stand behind `--from` and `--to`.", ENDS),
    )
    lines = [_HEAD.format(cases=len(cases), questions=sum(len(c.body.questions) for c in cases)).rstrip()]
    for title, words, constructs in sections:
        lines += ["", f"## {title}", "", words, "", "| construct | treated | how | cases |", "|---|---|---|---|"]
        lines += [_row(construct, held, own) for construct in constructs]
    return "\n".join(lines) + "\n"


def _own(case: Case) -> Iterator[str]:
    """The marks of what the case itself writes, beside its base."""
    for answer in case.body.aws.values():
        yield from _marks(answer, "")


def _row(construct: Construct, held: Mapping[str, frozenset[str]], own: Mapping[str, frozenset[str]]) -> str:
    """One row: cases that write the construct themselves come first."""
    marks = frozenset(construct.marks)
    showing = [name for name, found in held.items() if marks & found]
    first = sorted(showing, key=lambda name: (marks.isdisjoint(own[name]), name))[:_SHOWN]
    more = f", {len(showing)} in all" if len(showing) > _SHOWN else ""
    return f"| {construct.name} | {construct.treatment} | {construct.how} | {', '.join(first) or 'none yet'}{more} |"


_HEAD = """# Coverage

Made by `sekisho conformance --coverage > docs/COVERAGE.md`; do not edit.
{cases} cases with {questions} questions.

- **exact**: the packets that pass are known exactly, wherever the snapshot holds what is needed.
- **bounded**: what certainly passes and what certainly does not are known; what lies between is `unknown` or rests on a
  named assumption, and is never a proof.
- **unknown**: recognised and named. Where packets could pass it, the answer is `unknown`.

A record of a kind that stands in none of these tables is an issue in the assessment's coverage, and a route, interface
or end of a question that leads to one is `unknown` with its name. Numbers such as S-ACL-02 are those of
[SEMANTICS.md](SEMANTICS.md); cases are those of [conformance](../conformance/README.md).
"""
