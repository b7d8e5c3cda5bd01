"""What is attached to which transit gateway, and which table decides what enters there: joins by id, three-valued.

Attachments are put together from every call that shows them: DescribeTransitGatewayAttachments alone is enough to
know of one, and interfaces of type `transit_gateway` show its subnets where DescribeTransitGatewayVpcAttachments
does not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from .record import Scope, Undecided
from .transit_gateway import (
    PEERING,
    PolicyEntry,
    PrefixListReference,
    TransitGatewayAssociation,
    TransitGatewayAttachment,
    TransitGatewayPeeringAttachment,
    TransitGatewayRoute,
    TransitGatewayVpcAttachment,
)
from .vpc import Subnet

if TYPE_CHECKING:
    from .topology import Topology

K = TypeVar("K")
V = TypeVar("V")

_ATTACHMENTS, _VPC_ATTACHMENTS = "transit_gateway_attachments", "transit_gateway_vpc_attachments"
REFERENCES_CALL = "ec2:GetTransitGatewayPrefixListReferences"
_SETTLING = {"modifying", "deleting", "rollingBack", None}


class Attached(NamedTuple):
    """One attachment of one transit gateway. `subnets` and the options are None where no call shows them."""

    id: str
    gateway: str
    kind: str
    resource: str | None
    state: str | None
    #: The table that holds its record, and the key there.
    place: tuple[str, str]
    owner: str | None = None
    subnets: tuple[str, ...] | None = None
    appliance_mode: bool | None = None
    referencing: bool | None = None
    #: What another call says of its state, where that is something else.
    otherwise: str | None = None

    @property
    def vpc(self) -> str | None:
        return self.resource if self.kind == "vpc" else None

    @property
    def in_force(self) -> bool | Undecided:
        """Whether it carries packets (S-TGW-02)."""
        if self.otherwise is not None:
            return Undecided(f"{self.id} is `{self.state}` by one call and `{self.otherwise}` by another")
        if self.state == "available":
            return True
        return Undecided(f"{self.id} is in state `{self.state}`") if self.state in _SETTLING else False


class Association(NamedTuple):
    """The table that decides what enters by an attachment: a policy table, or a route table."""

    table: str
    policy: bool = False


class TransitRoutes(NamedTuple):
    """The routes of one route table, and the prefix lists that it refers to."""

    routes: tuple[TransitGatewayRoute, ...]
    references: tuple[PrefixListReference, ...] = ()


class Transit:
    """The transit gateways of one snapshot."""

    def __init__(self, topology: "Topology") -> None:
        self._topology = topology
        self._snapshot = topology.snapshot

    # Attachments --------------------------------------------------------------------------------

    @cached_property
    def attached(self) -> Mapping[tuple[str, str], Attached]:
        """Every attachment, by transit gateway and id."""
        found: dict[tuple[str, str], Attached] = {}
        for key, a in self._snapshot.transit_gateway_attachments.items():
            if a.transit_gateway_id:
                found[a.transit_gateway_id, a.transit_gateway_attachment_id] = _listed(a, key)
        for v in self._snapshot.transit_gateway_vpc_attachments.values():
            if v.transit_gateway_id:
                place = v.transit_gateway_id, v.transit_gateway_attachment_id
                found[place] = _of_vpc(v, found.get(place))
        for p in self._snapshot.transit_gateway_peerings.values():
            for one in _sides(p):
                found[one.gateway, one.id] = _said_twice(found.get((one.gateway, one.id), one), one.state)
        for c in self._snapshot.transit_gateway_connects.values():
            if c.transit_gateway_id:
                own = c.transit_gateway_attachment_id
                one = Attached(own, c.transit_gateway_id, "connect", None, c.state, ("transit_gateway_connects", own))
                found[one.gateway, one.id] = _said_twice(found.get((one.gateway, one.id), one), one.state)
        return found

    @cached_property
    def named(self) -> Mapping[str, tuple[Attached, ...]]:
        """Attachments by id: two for a peering attachment of which both sides are known."""
        return _grouped((a.id, a) for a in self.attached.values())

    @cached_property
    def _of_vpc(self) -> Mapping[str, tuple[Attached, ...]]:
        return _grouped((a.vpc, a) for _, a in sorted(self.attached.items()) if a.vpc)

    def of_vpc(self, vpc_id: str) -> tuple[Attached, ...]:
        """The attachments of the VPC that are or may be in force, by transit gateway and id."""
        return tuple(a for a in self._of_vpc.get(vpc_id, ()) if a.in_force is not False)

    def of_gateway(self, gateway: str) -> tuple[Attached, ...]:
        """The attachments of the transit gateway, in any state."""
        return tuple(a for (name, _), a in sorted(self.attached.items()) if name == gateway)

    def joining(self, vpc_id: str, gateway: str) -> Attached | None | Undecided:
        """The attachment that joins the VPC to the transit gateway; None where there is provably none."""
        found = [a for a in self.of_vpc(vpc_id) if a.gateway == gateway]
        if len(found) == 1:
            force = found[0].in_force
            return force if isinstance(force, Undecided) else found[0]
        if found:
            names = ", ".join(a.id for a in found)
            return Undecided(f"{vpc_id} has several attachments to {gateway}: {names}")
        gap = self.gap(vpc_id, gateway)
        return Undecided(f"how {vpc_id} is attached to {gateway} is not known: {gap}") if gap else None

    def gap(self, vpc_id: str, *anchors: str) -> str | None:
        """Why the VPC may have attachments that the snapshot does not list, or None: one whole call is enough."""
        scope = self._topology.vpc_scope(vpc_id)
        if vpc_id not in self._snapshot.vpcs:
            return self._snapshot.why_missing("vpcs", vpc_id, Scope(None, None))
        gaps = [self._snapshot.gap(table, scope) for table in (_VPC_ATTACHMENTS, _ATTACHMENTS)]
        unusable = (m for m in self._snapshot.missing.values() if m.table in {_ATTACHMENTS, _VPC_ATTACHMENTS})
        wanted = {vpc_id, *anchors}
        lost = next((f"{m.id}: {m.why}" for m in unusable if not m.refers or not m.refers.isdisjoint(wanted)), None)
        return lost or (gaps[0] if all(gaps) else None)

    def zone_of(self, subnet: Subnet) -> str | None:
        return subnet.availability_zone_id or subnet.availability_zone

    def subnets_of(self, attached: Attached) -> tuple[Subnet, ...] | Undecided:
        """The subnets that a VPC attachment stands in, one for each zone of it (S-TGW-04)."""
        names = attached.subnets or self._shown_by_interfaces(attached)
        if not names:
            return Undecided(f"the subnets of {attached.id} are not in the snapshot")
        lost = next((n for n in names if n not in self._snapshot.subnets), None)
        if lost is not None:
            scope = self._topology.vpc_scope(attached.vpc)
            return Undecided(f"{attached.id}: {self._snapshot.why_missing('subnets', lost, scope)}")
        return tuple(self._snapshot.subnets[n] for n in sorted(names))

    def _shown_by_interfaces(self, attached: Attached) -> tuple[str, ...]:
        vpc_id = attached.vpc or ""
        if self._topology.interfaces_gap(vpc_id):
            return ()
        found = self._topology.interfaces_of_vpc.get(vpc_id, ())
        own = [i for i in found if i.interface_type == "transit_gateway" and attached.id in i.description.split()]
        return tuple(dict.fromkeys(i.subnet_id for i in own if i.subnet_id))

    def beyond(self, attached: Attached) -> Attached | None | Undecided:
        """The other side of a peering attachment; None where its transit gateway is not in the snapshot."""
        record = self._peering_of(attached.id)
        if record is None:
            sides = [a for a in self.named[attached.id] if a.gateway != attached.gateway]
            return sides[0] if len(sides) == 1 else None
        far = next((s for s in _sides(record) if (s.gateway, s.id) != (attached.gateway, attached.id)), None)
        if far is None:
            return None
        known = self.attached.get((far.gateway, far.id), far)
        listed = known.place[0] == _ATTACHMENTS
        seen = (
            listed
            or far.gateway in self._snapshot.transit_gateways
            or any(a.gateway == far.gateway and a.kind != "peering" for a in self.attached.values())
        )
        return known if seen else None

    def _peering_of(self, attachment_id: str) -> TransitGatewayPeeringAttachment | None:
        peerings = self._snapshot.transit_gateway_peerings
        accepted = (p for p in peerings.values() if p.accepter_transit_gateway_attachment_id == attachment_id)
        return peerings.get(attachment_id) or next(accepted, None)

    # Tables -------------------------------------------------------------------------------------

    def association(self, attached: Attached) -> Association | None | Undecided:
        """The one table that decides what enters by the attachment (S-TGW-03)."""
        key = attached.id if attached.kind != "peering" else f"{attached.id}@{attached.gateway}"
        record = self._snapshot.transit_gateway_attachments.get(key)
        said = record.association if record else None
        if said and said.state in {"associated", None}:
            if said.transit_gateway_policy_table_id:
                return Association(said.transit_gateway_policy_table_id, policy=True)
            if said.transit_gateway_route_table_id:
                return Association(said.transit_gateway_route_table_id)
        tables = [t for t in self._associated.get(attached.id, ()) if self._is_of(t, attached.gateway)]
        if len(tables) == 1:
            return tables[0]
        if tables or (said and said.state in {"associating", "disassociating"}):
            return Undecided(f"the association of {attached.id} is not settled")
        if record and self._tells_of_tables(record, key):
            return None
        return Undecided(f"which route table {attached.id} is associated with is not in the snapshot")

    def _tells_of_tables(self, record: TransitGatewayAttachment, key: str) -> bool:
        """Whether the record without an association shows that there is none: its transit gateway's owner sees it."""
        caller = self._snapshot.scope(_ATTACHMENTS, key).account
        return record.transit_gateway_owner_id in {None, caller} and caller is not None

    @cached_property
    def _associated(self) -> Mapping[str, tuple[Association, ...]]:
        by_route = self._snapshot.transit_gateway_associations.items()
        by_policy = self._snapshot.transit_gateway_policy_associations.items()
        pairs = [(Association(t), a) for t, r in by_route for a in r.associations]
        pairs += [(Association(t, policy=True), a) for t, r in by_policy for a in r.associations]
        return _grouped((a.transit_gateway_attachment_id, t) for t, a in pairs if _in_force(a))

    def _is_of(self, association: Association, gateway: str) -> bool:
        """Whether the table may be the transit gateway's: a peering attachment has one in each of two."""
        records = (
            self._snapshot.transit_gateway_policy_tables
            if association.policy
            else self._snapshot.transit_gateway_route_tables
        )
        record = records.get(association.table)
        return record is None or record.transit_gateway_id in {None, gateway}

    def routes(self, table: str) -> TransitRoutes | Undecided:
        """The routes of a route table, where a whole search shows them (S-TGW-05)."""
        found = self._snapshot.transit_gateway_routes.get(table)
        if found is None:
            return Undecided(self._unread(table, "the routes", "ec2:SearchTransitGatewayRoutes"))
        if not found.complete:
            return Undecided(f"the routes of {table} are not all in the snapshot")
        listed = self._snapshot.transit_gateway_prefix_lists.get(table)
        if listed is not None and not listed.complete:
            return Undecided(f"the prefix list references of {table} are not all in the snapshot")
        if listed is None and (gap := self._references_gap(table)):
            return Undecided(f"the prefix list references of {table} are not in the snapshot: {gap}")
        return TransitRoutes(found.routes, listed.transit_gateway_prefix_list_references if listed else ())

    def _references_gap(self, table: str) -> str | None:
        """Why a route table may have prefix list references, though none is shown (S-LOAD)."""
        calls, scope = self._snapshot.calls, self._snapshot.scope("transit_gateway_routes", table)
        asked = calls.state(REFERENCES_CALL, scope) is not None
        return calls.gap(REFERENCES_CALL, scope) if asked else None

    def policies(self, table: str) -> tuple[PolicyEntry, ...] | Undecided:
        """The entries of a policy table in the order in which they are tried (S-TGW-09)."""
        found = self._snapshot.transit_gateway_policies.get(table)
        if found is None:
            return Undecided(self._unread(table, "the entries", "ec2:GetTransitGatewayPolicyTableEntries"))
        if not found.complete:
            return Undecided(f"the entries of {table} are not all in the snapshot")
        return tuple(sorted(found.transit_gateway_policy_table_entries, key=lambda e: e.order))

    def _unread(self, table: str, what: str, call: str) -> str:
        lost = self._snapshot.missing.get(table)
        return f"{table}: {lost.why}" if lost else f"{what} of {table} are not in the snapshot ({call})"

    def judged_by_policy(self, vpc_id: str) -> bool:
        """Whether a policy table, which may tell addresses apart, decides on what the VPC sends."""
        found = (self.association(a) for a in self.of_vpc(vpc_id))
        return any(isinstance(a, Association) and a.policy for a in found)

    # References to groups -----------------------------------------------------------------------

    def references_hold(self, one: Attached, other: Attached) -> bool | Undecided:
        """Whether references to groups hold between two VPC attachments: transit gateway and both allow (S-TGW-08)."""
        if one.gateway != other.gateway or not (one.vpc and other.vpc):
            return False
        if False in {one.referencing, other.referencing}:
            return False
        gateway = self._snapshot.transit_gateways.get(one.gateway)
        if gateway is None:
            return Undecided(f"whether {one.gateway} supports references to groups is not in the snapshot")
        if gateway.options.security_group_referencing_support != "enable":
            return False
        unsaid = next((a for a in (one, other) if a.referencing is None), None)
        if unsaid:
            return Undecided(f"whether {unsaid.id} supports references to groups is not in the snapshot")
        return True


def _listed(a: TransitGatewayAttachment, key: str) -> Attached:
    return Attached(
        a.transit_gateway_attachment_id,
        a.transit_gateway_id or "",
        "peering" if a.resource_type in PEERING else a.resource_type,
        a.resource_id,
        a.state,
        (_ATTACHMENTS, key),
        a.transit_gateway_owner_id,
    )


def _of_vpc(a: TransitGatewayVpcAttachment, listed: Attached | None) -> Attached:
    own = a.transit_gateway_attachment_id
    found = Attached(
        own,
        a.transit_gateway_id or "",
        "vpc",
        a.vpc_id or (listed.resource if listed else None),
        a.state or (listed.state if listed else None),
        (_VPC_ATTACHMENTS, own),
        listed.owner if listed else None,
        a.subnet_ids,
        a.options.appliance_mode_support == "enable",
        a.options.security_group_referencing_support != "disable",
    )
    return _said_twice(found, listed.state if listed else None)


def _said_twice(known: Attached, state: str | None) -> Attached:
    """The attachment, of which another call says that it is in that state (S-TGW-02)."""
    return known if state in {None, known.state} else known._replace(otherwise=state)


def _sides(p: TransitGatewayPeeringAttachment) -> tuple[Attached, ...]:
    """Both sides of a peering attachment, which have one id or two."""
    own = p.transit_gateway_attachment_id
    other = p.accepter_transit_gateway_attachment_id or own
    pairs = ((own, p.requester_tgw_info), (other, p.accepter_tgw_info))
    place = ("transit_gateway_peerings", own)
    return tuple(
        Attached(name, side.transit_gateway_id, "peering", None, p.state, place, side.owner_id)
        for name, side in pairs
        if side.transit_gateway_id
    )


def _in_force(association: TransitGatewayAssociation) -> bool:
    return association.state in {"associated", None}


def _grouped(pairs: Iterable[tuple[K, V]]) -> Mapping[K, tuple[V, ...]]:
    groups: dict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return {key: tuple(values) for key, values in groups.items()}
