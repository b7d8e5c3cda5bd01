"""Endpoints that inspect what routes hand to them: Gateway Load Balancer endpoints and those of firewalls.

A packet goes into the endpoint's subnet, through what is behind it, and on by the routes of that subnet (S-GWLBE-02).
"""

from sekisho.engine.share import Share, assumed, doubtful
from sekisho.engine.transit import Awaited, Layer, Leg, Stated, Transit
from sekisho.engine.walk import Walker
from sekisho.model.inspection import Middlebox, middlebox_of
from sekisho.model.record import Undecided
from sekisho.model.vpc import Subnet
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import parse_ranges

from .firewall import FirewallRules


class Middleboxes:
    """The middleboxes of one walker."""

    def __init__(self, walker: Walker) -> None:
        self._w = walker
        self._facts = walker.facts

    def inspects(self, endpoint_id: str, vpc_id: str) -> bool:
        """Whether the endpoint surely is a middlebox: its subnet's ACL applies even to neighbours (S-GWLBE-03)."""
        return isinstance(middlebox_of(self._facts.topology, endpoint_id, vpc_id), Middlebox)

    def by_route(self, leg: Leg, t: Transit, subnet: Subnet) -> bool:
        """Hand the packets to the endpoint that the route names; False where it is an endpoint of another type."""
        found = middlebox_of(self._facts.topology, self._w.target(t), subnet.vpc_id)
        if found is None:
            return False
        if isinstance(found, Undecided):
            self._w.doubt(leg, t, found.reason)
        elif self._usable(leg, t, found, subnet.vpc_id):
            if found.subnet.subnet_id != subnet.subnet_id:
                self._w.check_acl(leg, t, found.subnet, egress=False)
            self._inspect(leg, t, found)
        return True

    def by_edge(self, leg: Leg, t: Transit, found: Middlebox, vpc_id: str) -> None:
        """Hand over what a gateway brings in, which its own route table leads to the endpoint (S-EDGE-01)."""
        if self._usable(leg, t, found, vpc_id):
            self._w.check_acl(leg, t, found.subnet, egress=False)
            self._inspect(leg, t, found)

    def _usable(self, leg: Leg, t: Transit, found: Middlebox, vpc_id: str) -> bool:
        name = found.endpoint_id
        if found.subnet.vpc_id != vpc_id:
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", f"leads to {name} in another VPC")
        elif found.closed:
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", f"cannot be used: {found.closed}")
        elif name in t.passed:
            self._w.stop_at_route(leg, t, "NO_ROUTE_TO_DESTINATION", f"leads back to {name}: a loop")
        else:
            if found.doubt:
                self._w.doubt(leg, t, found.doubt)
            return True
        return False

    def _inspect(self, leg: Leg, t: Transit, found: Middlebox) -> None:
        """Through the firewall by its rules, or through an appliance by assumption; then on from the subnet."""
        name = found.endpoint_id
        awaited = t.awaited
        if found.firewall is None:
            assumption = f"the appliance behind {name} forwards what it gets, with the header unchanged"
            leg.check(Layer.GATEWAY, t.region, assumed(t.region, assumption), Stated("", "", assumption))
        else:
            rules = FirewallRules(self._facts, found.firewall, self._w.family)
            if t.header.reply:
                share = rules.reply(t.header, known=name in t.crossed)
            else:
                share, kept = rules.forward(t.header)
                sure = kept.sure - (share.maybe - kept.maybe)
                awaited = (*awaited, Awaited(name, sure, kept.maybe, lost_reply(name)))
            self._check_rules(leg, t, share, found.firewall.firewall_arn)
        beyond = t._replace(
            peer_vpc=None,
            over_tgw=(),
            unreferenced=None,
            passed=(*t.passed, name),
            via=(*t.via, name),
            awaited=tuple(a for a in awaited if not (t.header.reply and a.middlebox == name)),
        )
        near, far = self._w.split(beyond, parse_ranges(found.subnet.cidrs, self._w.family))
        if near:
            self._w.deliver(leg, near, found.subnet.vpc_id, found.subnet.subnet_id)
        if far:
            self._w.leave_subnet(leg, far, found.subnet)

    def _check_rules(self, leg: Leg, t: Transit, share: Share, arn: str) -> None:
        place = self._facts.source("firewalls", arn)
        what = "replies" if t.header.reply else "packets"
        detail = f"the rules of {arn} do not let the {what} through"
        leg.check(Layer.GATEWAY, t.region, share, Stated("FIREWALL_RULES_RESTRICTION", arn, detail, (place,)))

    # Replies that are awaited --------------------------------------------------------------------

    def check_awaited(self, leg: Leg, t: Transit) -> None:
        """A reply is lost where a middlebox of the first packet needs it back and it went another way (S-NFW-07)."""
        for awaited in t.awaited:
            stopped = t.region & awaited.sure
            if not stopped.is_empty:
                self._w.stop(leg, t._replace(region=stopped), awaited.cause, Layer.RETURN_ROUTE)
            open_ = (t.region & awaited.maybe) - stopped
            if not open_.is_empty:
                reason = f"whether {awaited.middlebox} needs the reply back is not known"
                leg.check(Layer.RETURN_ROUTE, open_, doubtful(open_, reason), Stated("", "", reason))


def lost_reply(endpoint_id: str) -> Stated:
    detail = f"the reply does not come back through {endpoint_id}, whose firewall needs both directions"
    return Stated("FIREWALL_RULES_RESTRICTION", endpoint_id, detail)


def redirected(gateway: str, middlebox: str, vpc_id: str, family_full: FlowSet) -> Awaited:
    """What an edge route sends through a middlebox has to come back through it (S-EDGE-03)."""
    detail = f"{gateway} leads what it brings in through {middlebox}, and the way out does not pass it"
    cause = Stated("INGRESS_RTB_TRAFFIC_REDIRECTION", vpc_id, detail)
    return Awaited(middlebox, family_full, family_full, cause)
