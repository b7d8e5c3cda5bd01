"""Security groups as shares of flows (S-SG-01 to S-SG-10).

A set is read on the address of the *other* end: the source of an ingress rule, the destination of an egress
rule. References stand for addresses of members; whether they match at all depends on where the packet
comes from (`peer_vpc`), which therefore is part of the question.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from sekisho.model.filters import IpPermission, SecurityGroup, UserIdGroupPair
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Scope, Undecided
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, Range, merge, parse_ranges, top

from .facts import Facts
from .filters import permission_flows
from .share import Share, decided, doubtful, nothing, union
from .transit import GroupQuestion, OverTgw


class Groups:
    """The rules of the snapshot's groups, each set made once."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._shares, self._unions = facts.shares, facts.unions

    def of_interface(self, interface: NetworkInterface, question: GroupQuestion) -> Share:
        """What the groups of the interface let through together (S-SG-01)."""
        ids = interface.group_ids
        if not ids:
            everything = ((0, top(question.family)),)
            return doubtful(
                permission_flows(_ALL, question.family, everything),
                f"{interface.network_interface_id} names no security group",
            )
        return self.of_groups(ids, question)

    def of_groups(self, ids: tuple[str, ...], question: GroupQuestion) -> Share:
        """What the groups let through together."""
        key = (ids, question)
        if key not in self._unions:
            self._unions[key] = union(question.family, (self.of_group(g, question) for g in ids))
        return self._unions[key]

    def by_group(self, interface: NetworkInterface, question: GroupQuestion) -> Mapping[str, Share]:
        return {g: self.of_group(g, question) for g in interface.group_ids}

    def by_reference(self, interface: NetworkInterface, question: GroupQuestion) -> Mapping[str, Share]:
        """What each group of the interface lets through by its references alone."""
        return {g: self._by_reference(g, question) for g in interface.group_ids}

    def _by_reference(self, group_id: str, question: GroupQuestion) -> Share:
        group = self._facts.snapshot.security_groups.get(group_id)
        rules = (group.ip_permissions_egress if question.egress else group.ip_permissions) if group else ()
        none: dict[str, tuple[()]] = {"ip_ranges": (), "ipv6_ranges": (), "prefix_list_ids": ()}
        referring = (msgspec.structs.replace(r, **none) for r in rules if r.user_id_group_pairs)
        return union(question.family, (self._permission(group_id, rule, question) for rule in referring))

    def of_group(self, group_id: str, question: GroupQuestion) -> Share:
        """What one group lets through by itself; everything perhaps, where its record is not to be had."""
        key = (group_id, question)
        if key not in self._shares:
            self._shares[key] = self._read(group_id, question)
        return self._shares[key]

    def _read(self, group_id: str, question: GroupQuestion) -> Share:
        snapshot = self._facts.snapshot
        group = snapshot.security_groups.get(group_id)
        if group is None:
            scope = self._facts.topology.vpc_scope(question.vpc)
            everything = permission_flows(_ALL, question.family, ((0, top(question.family)),))
            return doubtful(everything, snapshot.why_missing("security_groups", group_id, scope))
        rules = group.ip_permissions_egress if question.egress else group.ip_permissions
        return union(question.family, (self._permission(group_id, rule, question) for rule in rules))

    def _permission(self, group_id: str, rule: IpPermission, question: GroupQuestion) -> Share:
        family = question.family
        cidrs = [r.cidr_ip for r in rule.ip_ranges] if family == "ipv4" else [r.cidr_ipv6 for r in rule.ipv6_ranges]
        known: list[Range] = list(parse_ranges(cidrs, family))
        share = nothing(family)
        for listed in rule.prefix_list_ids:
            entries = self._facts.entries(listed.prefix_list_id)
            if isinstance(entries, Undecided):
                anywhere = permission_flows(rule, family, ((0, top(family)),), reply=question.reply)
                share = share | doubtful(anywhere, f"{group_id}: {entries.reason}")
            else:
                known += parse_ranges(entries, family)
        for pair in rule.user_id_group_pairs:
            members = self._members(pair, question)
            known += members.addresses
            if members.doubt:
                perhaps = permission_flows(rule, family, members.perhaps, reply=question.reply)
                share = share | doubtful(perhaps, f"{group_id}: {members.doubt}")
        return share | decided(permission_flows(rule, family, merge(known), reply=question.reply))

    def refer_beyond(self, interface: NetworkInterface) -> bool:
        """Whether a rule of the interface's groups names a group that is not known to be of the same VPC."""
        groups = (self._facts.snapshot.security_groups.get(g) for g in interface.group_ids)
        pairs = (pair for g in groups if g for rule in g.ip_permissions for pair in rule.user_id_group_pairs)
        named = (self._facts.snapshot.security_groups.get(pair.group_id) for pair in pairs)
        return any(g is None or g.vpc_id != interface.vpc_id for g in named)

    def unheld(self, interface: NetworkInterface, family: Family) -> FlowSet:
        """Flows of the rules that name a group of which no interface is shown: a service may be known by it."""
        groups = (self._facts.snapshot.security_groups.get(g) for g in interface.group_ids)
        rules = (rule for g in groups if g for rule in g.ip_permissions)
        held = self._facts.topology.members_of_group
        named = (r for r in rules if any(pair.group_id not in held for pair in r.user_id_group_pairs))
        anywhere: tuple[Range, ...] = ((0, top(family)),)
        return FlowSet.union_of(family, [permission_flows(rule, family, anywhere) for rule in named])

    def by_reference_anywhere(self, group: SecurityGroup, question: GroupQuestion) -> FlowSet:
        """What the group might let through if references held for members of every VPC."""
        others = tuple(OverTgw(name) for name in self._vpcs_to_note(group, question) if name != question.vpc)
        return self.of_group(group.group_id, question._replace(peer_vpc=question.vpc, over_tgw=others)).maybe

    def _vpcs_to_note(self, group: SecurityGroup, question: GroupQuestion) -> Iterable[str]:
        """The VPCs that hold, or may hold, members of a group that the group refers to."""
        pairs = [pair for rule in group.ip_permissions for pair in rule.user_id_group_pairs]
        noted = [self._noted(pair, question.family) for pair in pairs]
        return (name for name in self._facts.snapshot.vpcs if any(name in each for each in noted))

    def _noted(self, pair: UserIdGroupPair, family: Family) -> frozenset[str]:
        """The VPCs of the snapshot that hold, or may hold, members of the group."""
        key = (pair.group_id, pair.user_id, family)
        if key not in self._facts.noted:
            vpcs = self._facts.snapshot.vpcs
            if self._facts.topology.has_unusable_interfaces:
                found = frozenset(vpcs)
            else:
                unseen = (places for places in self._facts.vpcs_by_scope if self._unseen(pair, places[0]))
                held = self._facts.members(pair.group_id, family)
                found = frozenset(name for name in held if name is not None and name in vpcs).union(*unseen)
            self._facts.noted[key] = found
        return self._facts.noted[key]

    # References ---------------------------------------------------------------------------------

    def _members(self, pair: UserIdGroupPair, question: GroupQuestion) -> "_Members":
        """The addresses that a reference matches (S-SG-06 to S-SG-08)."""
        addresses: list[Range] = []
        doubt = self._peer_unread(pair, question)
        perhaps: list[Range] = [(0, top(question.family))] if doubt else []
        for vpc, in_force in self._places_of_members(pair, question):
            if in_force is False:
                continue
            found = self._facts.members(pair.group_id, question.family).get(vpc, ())
            why = in_force.reason if isinstance(in_force, Undecided) else self._unseen(pair, vpc)
            if why:
                doubt = why
                within = self._facts.vpc_ranges(vpc, question.family)
                perhaps += (*found, *(((0, top(question.family)),) if isinstance(within, Undecided) else within))
            if not isinstance(in_force, Undecided):
                addresses += found
        return _Members(tuple(addresses), merge(perhaps), doubt)

    def _peer_unread(self, pair: UserIdGroupPair, question: GroupQuestion) -> str | None:
        """Why the group may be one of a peer that the snapshot does not show, where packets leave for anywhere."""
        group = self._facts.snapshot.security_groups.get(pair.group_id)
        if not question.egress or (group is not None and group.vpc_id == question.vpc):
            return None
        return self._facts.topology.peerings_gap(question.vpc) if pair.peering_status in {None, "active"} else None

    def _places_of_members(
        self, pair: UserIdGroupPair, question: GroupQuestion
    ) -> Iterable[tuple[str, bool | Undecided]]:
        """VPCs that members may be in, and whether the reference holds for those there."""
        for vpc in self._vpcs_of_members(question):
            yield vpc, self._in_force(pair, question.vpc, vpc)
        noted, shown = self._noted(pair, question.family), self._facts.snapshot.vpcs
        for over in () if question.egress else question.over_tgw:  # S-TGW-08
            if over.doubt or over.vpc in noted or over.vpc not in shown:
                yield over.vpc, Undecided(over.doubt) if over.doubt else True

    def _vpcs_of_members(self, question: GroupQuestion) -> Iterable[str]:
        if not question.egress:
            return (question.peer_vpc,) if question.peer_vpc else ()
        peers = (p.far_side(question.vpc) for p in self._facts.topology.peerings_of(question.vpc))
        return dict.fromkeys([question.vpc, *(s.vpc_id for s in peers if s and s.vpc_id)])

    def _in_force(self, pair: UserIdGroupPair, vpc: str, member_vpc: str) -> bool | Undecided:
        """Whether a reference of a group in `vpc` holds for members in `member_vpc` (S-SG-07)."""
        if vpc == member_vpc:
            return True
        if pair.peering_status not in {None, "active"}:
            return False
        for peering in self._facts.topology.peerings_of(vpc):
            near, far = peering.side_of(vpc), peering.far_side(vpc)
            if near is None or far is None or far.vpc_id != member_vpc:
                continue
            if pair.vpc_peering_connection_id not in {None, peering.vpc_peering_connection_id}:
                continue
            if peering.status.code == "active":
                if near.region and far.region:
                    return near.region == far.region
                return Undecided(f"{peering.vpc_peering_connection_id} does not say whether it joins two Regions")
        gap = self._facts.topology.peerings_gap(vpc)
        return Undecided(gap) if gap else False

    def _unseen(self, pair: UserIdGroupPair, vpc: str) -> str | None:
        """Why the group may have members in the VPC that the snapshot does not show."""
        snapshot, owner = self._facts.snapshot, self._facts.topology.vpc_scope(vpc)
        topology = self._facts.topology
        gap = topology.interfaces_gap(vpc, pair.group_id) or topology.balancers.members_gap(pair.group_id)
        if gap is None and pair.user_id and pair.user_id != owner.account:
            gap = snapshot.gap("interfaces", Scope(pair.user_id, owner.region))
        return f"members of {pair.group_id} are not known: {gap}" if gap else None


class _Members(NamedTuple):
    addresses: tuple[Range, ...]
    perhaps: tuple[Range, ...]
    doubt: str | None


_ALL = IpPermission(ip_protocol="-1")
