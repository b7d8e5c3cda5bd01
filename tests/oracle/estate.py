"""The records of a snapshot joined by their ids, for the encoding alone: none of the engine's joins is used."""

from collections.abc import Iterator

from sekisho.model.filters import NetworkAcl, PrefixList, UserIdGroupPair
from sekisho.model.gateways import InternetGateway, VpcPeeringConnection, VpnGateway
from sekisho.model.interface import NetworkInterface
from sekisho.model.kinds import KIND_BY_TABLE
from sekisho.model.record import Scope
from sekisho.model.routing import RouteTable
from sekisho.model.snapshot import Snapshot
from sekisho.model.vpc import Subnet, Vpc


class NotEncoded(Exception):  # noqa: N818 - it is no error
    """The question meets something that the encoding does not speak of; the text is one of its stated limits."""


class Estate:
    """One snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def vpc(self, vpc_id: str | None) -> Vpc:
        found = self.snapshot.vpcs.get(vpc_id or "")
        if found is None:
            raise NotEncoded("a VPC is not in the snapshot")
        return found

    def subnet_of(self, interface: NetworkInterface) -> Subnet:
        found = self.snapshot.subnets.get(interface.subnet_id or "")
        if found is None:
            raise NotEncoded("a subnet is not in the snapshot")
        return found

    def table_of(self, subnet: Subnet) -> RouteTable | None:
        """The table that the subnet names, else the main one (S-RT-01); None where there are several or none."""
        tables = [t for t in self.snapshot.route_tables.values() if t.vpc_id == subnet.vpc_id]
        links = [(a, t) for t in tables for a in t.associations if a.association_state.state == "associated"]
        explicit = {t.route_table_id: t for a, t in links if a.subnet_id == subnet.subnet_id}
        main = {t.route_table_id: t for a, t in links if a.main}
        found = list((explicit or main).values())
        return found[0] if len(found) == 1 else None

    def edge_tables(self, gateway: str) -> list[RouteTable]:
        tables = self.snapshot.route_tables.values()
        return [t for t in tables if any(a.gateway_id == gateway and a.in_force for a in t.associations)]

    def acl_of(self, subnet: Subnet) -> NetworkAcl | None:
        """The one ACL that names the subnet (S-ACL-01)."""
        acls = self.snapshot.network_acls.values()
        found = [a for a in acls if any(x.subnet_id == subnet.subnet_id for x in a.associations)]
        return found[0] if len(found) == 1 else None

    def internet_gateway_of(self, vpc_id: str) -> InternetGateway | None:
        gateways = self.snapshot.internet_gateways.values()
        found = [g for g in gateways if any(a.vpc_id == vpc_id and a.in_force for a in g.attachments)]
        if len(found) > 1:
            raise NotEncoded("a VPC has several internet gateways")
        return found[0] if found else None

    def vpn_gateway_of(self, vpc_id: str) -> VpnGateway | None:
        found = [g for g in self.snapshot.vpn_gateways.values() if self.serves(g, vpc_id)]
        if len(found) > 1:
            raise NotEncoded("a VPC has several virtual private gateways")
        return found[0] if found else None

    def serves(self, gateway: VpnGateway, vpc_id: str) -> bool:
        return gateway.state != "deleted" and any(a.vpc_id == vpc_id and a.in_force for a in gateway.vpc_attachments)

    def active_peerings_of(self, vpc_id: str) -> list[VpcPeeringConnection]:
        peerings = self.snapshot.peerings.values()
        return [p for p in peerings if p.far_side(vpc_id) is not None and p.status.code == "active"]

    def was_read(self, table: str) -> bool:
        """Whether the table's call was made at all, so that what it does not list is not there (S-LOAD)."""
        call = KIND_BY_TABLE[table].call
        return any(state.call == call for state in self.snapshot.calls)

    def entries(self, prefix_list_id: str) -> PrefixList | None:
        return self.snapshot.prefix_lists.get(prefix_list_id)

    # Addresses, members -------------------------------------------------------------------------

    def addresses(self, interface: NetworkInterface) -> list[str]:
        """Every private and IPv6 address, and every delegated prefix (S-ENI-03)."""
        single = [a.private_ip_address for a in interface.addresses] + [
            a.ipv6_address for a in interface.ipv6_addresses
        ]
        return (
            single + [p.ipv4_prefix for p in interface.ipv4_prefixes] + [p.ipv6_prefix for p in interface.ipv6_prefixes]
        )

    def public_count(self, public: str) -> int:
        """How many private addresses the public one is associated with."""
        held = (a.association for i in self.snapshot.interfaces.values() for a in i.addresses if a.association)
        return sum(association.public_ip == public for association in held)

    def members(self, group: str, vpc_id: str) -> list[str]:
        """The addresses of the interfaces in the VPC that hold the group."""
        found = (i for i in self.snapshot.interfaces.values() if i.vpc_id == vpc_id and group in i.group_ids)
        return [address for interface in found for address in self.addresses(interface)]

    def in_force(self, pair: UserIdGroupPair, vpc_id: str, member_vpc: str) -> bool:
        """Whether a reference in the one VPC matches members in the other (S-SG-07)."""
        if vpc_id == member_vpc:
            return True
        return pair.peering_status in {None, "active"} and any(
            pair.vpc_peering_connection_id in {None, p.vpc_peering_connection_id}
            for p in self._joining(vpc_id, member_vpc)
        )

    def _joining(self, vpc_id: str, other: str) -> Iterator[VpcPeeringConnection]:
        for peering in self.active_peerings_of(vpc_id):
            near, far = peering.side_of(vpc_id), peering.far_side(vpc_id)
            if near and far and far.vpc_id == other and near.region == far.region:
                yield peering

    def peers(self, vpc_id: str) -> list[str]:
        far = (p.far_side(vpc_id) for p in self.active_peerings_of(vpc_id))
        return sorted({side.vpc_id for side in far if side and side.vpc_id})

    def shows_members_of(self, account: str | None) -> bool:
        """Whether that account's interfaces were read (S-SG-08); None is the account of the rule."""
        call = KIND_BY_TABLE["interfaces"].call
        read: set[Scope] = {state.scope for state in self.snapshot.calls if state.call == call}
        return account is None or any(scope.account == account for scope in read)
