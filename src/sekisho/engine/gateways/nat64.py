"""IPv4 hosts as IPv6 sees them, under 64:ff9b::/96, and the NAT gateway that translates between the two (S-NAT-06)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sekisho.engine.facts import Facts
from sekisho.engine.share import Share, doubtful
from sekisho.engine.transit import AclCause, Check, Ending, Leg, Outside, Stated, Transit
from sekisho.engine.walk import Walker
from sekisho.model.gateways import NatGateway
from sekisho.model.routing import TargetKind
from sekisho.model.vpc import Subnet
from sekisho.sets.boxes import Box, boxes
from sekisho.sets.flows import ICMP, ICMPV6, TCP, UDP, FlowSet
from sekisho.sets.prefixes import Family, Range, overlap, parse

NAT64 = parse("64:ff9b::/96")
_ECHO, _ECHO6 = 8, 128


# Addresses and sets -----------------------------------------------------------------------------------


def embedded(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The IPv6 addresses that stand for those of IPv4."""
    return tuple((NAT64.low + low, NAT64.low + high) for low, high in ranges)


def extracted(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The IPv4 addresses that those of 64:ff9b::/96 stand for."""
    return tuple((low - NAT64.low, high - NAT64.low) for low, high in overlap(ranges, [NAT64.range]))


class _Writing(NamedTuple):
    """How packets are written on the one side, of what the other has."""

    family: Family
    #: The numbers of ICMP and the types of echo: there, here.
    icmp: tuple[int, int]
    echo: tuple[int, int]

    def of(self, box: Box, remotes: Iterable[Range]) -> Iterator[FlowSet]:
        for low, high in box.protocols:
            for number in (p for p in (TCP, UDP) if low <= p <= high):
                yield self._built(number, remotes, box.thirds or None, box.fourths)
            asks = not box.thirds or any(first <= self.echo[0] <= last for first, last in box.thirds)
            if low <= self.icmp[0] <= high and asks:
                yield self._built(self.icmp[1], remotes, ((self.echo[1], self.echo[1]),), box.fourths)

    def _built(
        self, number: int, remotes: Iterable[Range], thirds: tuple[Range, ...] | None, fourths: tuple[Range, ...]
    ) -> FlowSet:
        one = [(number, number)]
        return FlowSet.build(self.family, protocols=one, remotes=remotes, thirds=thirds, fourths=fourths or None)


_IPV4 = _Writing("ipv4", (ICMPV6, ICMP), (_ECHO6, _ECHO))
_IPV6 = _Writing("ipv6", (ICMP, ICMPV6), (_ECHO, _ECHO6))


def in_ipv4(flows: FlowSet) -> FlowSet:
    """TCP, UDP and echo towards 64:ff9b::/96, as the NAT gateway writes them."""
    found: list[FlowSet] = []
    for box in boxes(flows):
        inside = extracted(box.remotes)
        found += _IPV4.of(box, inside) if inside else ()
    return FlowSet.union_of("ipv4", found)


def in_ipv6(flows: FlowSet) -> FlowSet:
    """TCP, UDP and echo of IPv4, as their sender writes them to 64:ff9b::/96."""
    return FlowSet.union_of("ipv6", [part for box in boxes(flows) for part in _IPV6.of(box, embedded(box.remotes))])


class InIpv4:
    """A check that is made on the IPv4 side of packets told of as IPv6."""

    def of(self, flows: FlowSet) -> FlowSet:
        return in_ipv4(flows)


def told_in_ipv6(check: Check) -> Check:
    """The check of the IPv4 side, said of the packets as their sender writes them."""
    share = check.share.within(check.region)
    doubts = tuple(n._replace(region=in_ipv6(n.region)) for n in share.doubts)
    assumptions = tuple(n._replace(region=in_ipv6(n.region)) for n in share.assumptions)
    moved = Share(in_ipv6(share.sure), in_ipv6(share.maybe), doubts, assumptions)
    return check._replace(region=in_ipv6(check.region), share=moved, view=InIpv4())


def is_routed(facts: Facts, vpc_id: str) -> bool:
    """Whether some table of the VPC leads IPv6 to a NAT gateway, so that IPv4 hosts can be meant at all."""
    routes = (
        r for t in facts.topology.route_tables_of(vpc_id) for r in t.routes if r.target.kind is TargetKind.NAT_GATEWAY
    )
    return any(r.destination_ipv6_cidr_block or r.destination_prefix_list_id for r in routes)


def meant_in_ipv6(facts: Facts, vpc_id: str | None, ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The IPv4 addresses as IPv6 hosts of the VPC reach them; none where nothing leads there."""
    return embedded(ranges) if vpc_id and is_routed(facts, vpc_id) else ()


# At the gateway ---------------------------------------------------------------------------------------


def to_ipv4(w: Walker, leg: Leg, t: Transit, subnet: Subnet, nat: NatGateway) -> None:
    """IPv6 up to the NAT gateway: what goes on in IPv4 ends here, at the gateway."""
    name, home = nat.nat_gateway_id, w.facts.snapshot.subnets[nat.subnet_id or ""]
    if not w.into_ipv4:
        w.doubt(leg, t, f"what {name} does with IPv6 of this way is not modelled (NAT64)")
        return
    inside, rest = w.split(t, (NAT64.range,))
    if rest:
        w.doubt(leg, rest, f"what {name} does with IPv6 outside 64:ff9b::/96 is not in the documents")
    if inside is None or not (
        inside.entered or w.crossing.source_in_vpc(leg, inside, subnet.vpc_id, "NGW_REQUIRES_SOURCE_IN_VPC", name)
    ):
        return
    ports = FlowSet.build("ipv6", protocols=[(TCP, TCP), (UDP, UDP)])
    icmp = FlowSet.build("ipv6", protocols=[(ICMPV6, ICMPV6)])
    sure = ports | FlowSet.build("ipv6", protocols=[(ICMPV6, ICMPV6)], thirds=[(_ECHO6, _ECHO6)])
    why = f"what {name} makes of ICMPv6 other than echo is not in the documents"
    place = w.facts.source("nat_gateways", name)
    cause = Stated("PROTOCOL_RESTRICTION", name, f"{name} carries TCP, UDP and ICMP only", (place,))
    leg.check(leg.route_layer, inside.region, Share(sure, sure | icmp, doubtful(icmp - sure, why).doubts), cause)
    if home.subnet_id != subnet.subnet_id:
        noted = Leg(leg.direction)
        w.check_acl(noted, inside, home, egress=False)
        leg.checks += [as_asked(w.facts, check, home) for check in noted.checks]
    region = inside.region & sure
    if not region.is_empty:
        leg.endings.append(Ending(inside._replace(region=region), Outside(name, subnet.vpc_id)))


def as_asked(facts: Facts, check: Check, home: Subnet) -> Check:
    """The check of the gateway's own ACL: whether it is asked of IPv6 in a subnet without IPv6 is not documented."""
    acl = facts.topology.acl_of(home)
    if any(":" in cidr for cidr in home.cidrs) or not (isinstance(check.cause, AclCause) and check.cause.acl is acl):
        return check
    why = f"whether the network ACL of {home.subnet_id}, which has no IPv6, filters IPv6 is not in the documents"
    stopped = check.region - check.share.sure
    doubts = (*check.share.doubts, *doubtful(stopped, why).doubts)
    return check._replace(share=check.share._replace(maybe=check.share.maybe | stopped, doubts=doubts))
