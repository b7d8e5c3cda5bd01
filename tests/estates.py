"""A small builder of estates: model records by short calls, joined to a `Snapshot` as if every needed call was read.

Ids are given as they come; a target or a peer is recognised by how it is written (`igw-1`, `sg-1`, `pl-1`, a CIDR):

>>> A = subnet("subnet-a", "vpc-1", "10.0.1.0/24")
>>> estate = snapshot(
...     vpc("vpc-1", "10.0.0.0/16"), A, acl("acl-1", "vpc-1", ["subnet-a"]), igw("igw-1", "vpc-1"),
...     rtb("rtb-1", "vpc-1", ["subnet-a"], route("10.0.0.0/16", "local"), route("0.0.0.0/0", "igw-1")),
...     sg("sg-1", "vpc-1", [perm("tcp", 22, "0.0.0.0/0")]),
...     eni("eni-x", A, ("10.0.1.10", "203.0.113.5"), groups=["sg-1"], instance="i-x"), instance("i-x"))
>>> sorted(estate.interfaces)
['eni-x']
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sekisho.model.calls import Calls, CallState, CallStatus
from sekisho.model.filters import (
    AclAssociation,
    AclEntry,
    IcmpTypeCode,
    IpPermission,
    IpRange,
    Ipv6Range,
    NetworkAcl,
    PortRange,
    PrefixList,
    PrefixListId,
    SecurityGroup,
    UserIdGroupPair,
)
from sekisho.model.gateways import (
    BlockPublicAccessExclusion,
    BlockPublicAccessOptions,
    EgressOnlyInternetGateway,
    GatewayAttachment,
    InternetGateway,
    NatGateway,
    NatGatewayAddress,
    PeeringCidr,
    PeeringIpv6Cidr,
    PeeringSide,
    PeeringStatus,
    VpcPeeringConnection,
    VpnConnection,
    VpnGateway,
)
from sekisho.model.interface import (
    Association,
    Attachment,
    GroupIdentifier,
    Instance,
    InstanceState,
    Ipv4Prefix,
    Ipv6Address,
    Ipv6Prefix,
    NetworkInterface,
    PrivateAddress,
)
from sekisho.model.kinds import KIND_BY_TABLE, KINDS
from sekisho.model.record import Record, Scope
from sekisho.model.routing import AssociationState, Route, RouteTable, RouteTableAssociation
from sekisho.model.snapshot import Missing, Page, Snapshot
from sekisho.model.vpc import CidrAssociation, Ipv6Association, Subnet, Vpc

ACCOUNT, REGION = "111122223333", "ap-northeast-1"
HERE = Scope(ACCOUNT, REGION)

Ports = int | tuple[int | None, int | None] | None
Peer = str | UserIdGroupPair


# The snapshot ---------------------------------------------------------------------------------------


class Placed(NamedTuple):
    """Records of another account or region; see `at`."""

    scope: Scope
    records: tuple[Record, ...]


def at(*records: Record, account: str = ACCOUNT, region: str = REGION) -> Placed:
    """The records as those of another account or region."""
    return Placed(Scope(account, region), records)


def snapshot(
    *records: Record | Placed,
    read: Iterable[str] = (),
    absent: Iterable[str] = (),
    failed: Iterable[str] = (),
    incomplete: Iterable[str] = (),
    missing: Sequence[Missing] = (),
) -> Snapshot:
    """The estate of these records; the last four name tables (`interfaces`, `bpa_options`...).

    In every scope that has a record, each needed call and each call that answered a record is read whole,
    and so are those of `read`, but for `absent` (no call), `failed` and `incomplete`.
    """
    read, absent, failed, incomplete = set(read), set(absent), set(failed), set(incomplete)
    lists: dict[tuple[str, Scope], list[Record]] = defaultdict(list)
    scopes = [HERE]
    for item in records:
        placed = item if isinstance(item, Placed) else Placed(HERE, (item,))
        scopes.append(placed.scope)
        for record in placed.records:
            lists[_table_of(record), placed.scope].append(record)
    states, pages = [], []
    for scope in dict.fromkeys(scopes):
        for kind in KINDS:
            found = tuple(lists.get((kind.table, scope), ()))
            file = f"{scope.account}/{scope.region}/{kind.operation}.json"
            if found:
                pages.append(_page(kind.table, file, found, scope))
            if kind.table not in absent and (found or kind.needed or {kind.table} & (read | failed | incomplete)):
                status = CallStatus.FAILED if kind.table in failed else CallStatus.READ
                status = CallStatus.INCOMPLETE if kind.table in incomplete else status
                why = {CallStatus.FAILED: "AccessDenied", CallStatus.INCOMPLETE: "NextToken is left over"}.get(status)
                states.append(CallState(kind.call, scope, status, len(found), (file,), why or ""))
    return Snapshot(tuple(pages), calls=Calls(states), missing=tuple(missing))


def _table_of(record: Record) -> str:
    return next(kind.table for kind in KINDS if type(record) is kind.type)


def _page(table: str, file: str, records: tuple[Record, ...], scope: Scope) -> Page:
    single = table == "bpa_options"
    member = KIND_BY_TABLE[table].member
    pointer = f"/{member}/0/Instances" if table == "instances" else f"/{member}"
    return Page(table, file, pointer, records, (scope,) * len(records), single)


# VPC, subnet, interface, instance -------------------------------------------------------------------


def _is_ipv6(text: str) -> bool:
    return ":" in text


def vpc(vpc_id: str, *cidrs: str, ipv6: str = "public", owner: str = ACCOUNT) -> Vpc:
    """A VPC with its CIDR blocks of both families; `ipv6` is their Ipv6AddressAttribute."""
    ipv4 = [c for c in cidrs if not _is_ipv6(c)]
    return Vpc(
        vpc_id=vpc_id,
        owner_id=owner,
        cidr_block=ipv4[0] if ipv4 else None,
        cidr_block_association_set=tuple(CidrAssociation(cidr_block=c) for c in ipv4),
        ipv6_cidr_block_association_set=_ipv6_associations(cidrs, ipv6),
    )


def _ipv6_associations(cidrs: Iterable[str], attribute: str) -> tuple[Ipv6Association, ...]:
    return tuple(Ipv6Association(ipv6_cidr_block=c, ipv6_address_attribute=attribute) for c in cidrs if _is_ipv6(c))


def subnet(
    subnet_id: str, vpc_id: str, *cidrs: str, ipv6: str = "public", owner: str = ACCOUNT, az: str = "apne1-az1"
) -> Subnet:
    return Subnet(
        subnet_id=subnet_id,
        vpc_id=vpc_id,
        owner_id=owner,
        cidr_block=next((c for c in cidrs if not _is_ipv6(c)), None),
        ipv6_cidr_block_association_set=_ipv6_associations(cidrs, ipv6),
        availability_zone=f"{REGION}a",
        availability_zone_id=az,
    )


def eni(
    interface_id: str,
    where: Subnet,
    *addresses: str | tuple[str, str],
    groups: Iterable[str] = (),
    instance: str | None = None,
    check: bool = True,
    status: str = "in-use",
    **more: Any,
) -> NetworkInterface:
    """An interface in the subnet. An address is a string, a pair (private, public), an IPv6 address or a prefix.

    `instance` is the id of the instance that it is attached to, `check` the source/destination check.
    """
    pairs = [a if isinstance(a, tuple) else (a, None) for a in addresses]
    ipv4 = [(a, p) for a, p in pairs if not _is_ipv6(a) and "/" not in a]
    private = tuple(
        PrivateAddress(
            private_ip_address=address,
            primary=i == 0,
            association=Association(public_ip=public) if public else None,
        )
        for i, (address, public) in enumerate(ipv4)
    )
    attachment = Attachment(attachment_id=f"attach-{interface_id}", instance_id=instance, status="attached")
    fields: dict[str, Any] = {
        "network_interface_id": interface_id,
        "vpc_id": where.vpc_id,
        "subnet_id": where.subnet_id,
        "owner_id": ACCOUNT,
        "availability_zone": where.availability_zone,
        "status": status,
        "private_ip_address": ipv4[0][0] if ipv4 else None,
        "private_ip_addresses": private,
        "association": private[0].association if private else None,
        "ipv6_addresses": tuple(Ipv6Address(ipv6_address=a) for a, _ in pairs if _is_ipv6(a) and "/" not in a),
        "ipv4_prefixes": tuple(Ipv4Prefix(ipv4_prefix=a) for a, _ in pairs if not _is_ipv6(a) and "/" in a),
        "ipv6_prefixes": tuple(Ipv6Prefix(ipv6_prefix=a) for a, _ in pairs if _is_ipv6(a) and "/" in a),
        "groups": tuple(GroupIdentifier(group_id=g) for g in groups),
        "attachment": attachment if status == "in-use" else None,
        "source_dest_check": check,
    }
    return NetworkInterface(**{**fields, **more})


def instance(instance_id: str, state: str = "running") -> Instance:
    return Instance(instance_id=instance_id, state=InstanceState(name=state))


# Filters --------------------------------------------------------------------------------------------


def perm(protocol: str, ports: Ports, *peers: Peer) -> IpPermission:
    """One permission: peers are CIDRs, `pl-` ids, `sg-` ids, or pairs; `ports` is one port, a pair, or None."""
    first, last = ports if isinstance(ports, tuple) else (ports, ports)
    text = [p for p in peers if isinstance(p, str)]
    cidrs = [p for p in text if "/" in p]
    pairs = [UserIdGroupPair(group_id=p, user_id=ACCOUNT) for p in text if p.startswith("sg-")]
    return IpPermission(
        ip_protocol=protocol,
        from_port=first,
        to_port=last,
        ip_ranges=tuple(IpRange(cidr_ip=c) for c in cidrs if not _is_ipv6(c)),
        ipv6_ranges=tuple(Ipv6Range(cidr_ipv6=c) for c in cidrs if _is_ipv6(c)),
        prefix_list_ids=tuple(PrefixListId(prefix_list_id=p) for p in text if p.startswith("pl-")),
        user_id_group_pairs=tuple(pairs) + tuple(p for p in peers if isinstance(p, UserIdGroupPair)),
    )


def group_pair(group_id: str, **more: Any) -> UserIdGroupPair:
    """A reference to a group with its `vpc_id`, `vpc_peering_connection_id`, `peering_status`, `user_id`."""
    return UserIdGroupPair(**{"group_id": group_id, "user_id": ACCOUNT, **more})


ANYTHING = perm("-1", None, "0.0.0.0/0", "::/0")


def sg(
    group_id: str, vpc_id: str, ingress: Iterable[IpPermission] = (), egress: Iterable[IpPermission] = (ANYTHING,)
) -> SecurityGroup:
    """A security group; egress is open where it is not given."""
    return SecurityGroup(
        group_id=group_id,
        group_name=group_id,
        vpc_id=vpc_id,
        owner_id=ACCOUNT,
        ip_permissions=tuple(ingress),
        ip_permissions_egress=tuple(egress),
    )


def prefix_list(prefix_list_id: str, *cidrs: str) -> PrefixList:
    return PrefixList(prefix_list_id=prefix_list_id, cidrs=cidrs)


def entry(
    number: int,
    direction: str,
    action: str,
    cidr: str,
    protocol: str = "-1",
    ports: tuple[int, int] | int | None = None,
    icmp: tuple[int, int] | None = None,
) -> AclEntry:
    """An ACL entry: `direction` is "in" or "out", `action` "allow" or "deny", `icmp` its (type, code)."""
    first, last = ports if isinstance(ports, tuple) else (ports, ports)
    return AclEntry(
        rule_number=number,
        protocol=protocol,
        rule_action=action,
        egress=direction == "out",
        cidr_block=None if _is_ipv6(cidr) else cidr,
        ipv6_cidr_block=cidr if _is_ipv6(cidr) else None,
        port_range=PortRange(first=first, last=last) if first is not None and last is not None else None,
        icmp_type_code=IcmpTypeCode(type=icmp[0], code=icmp[1]) if icmp else None,
    )


OPEN = (
    entry(100, "in", "allow", "0.0.0.0/0"),
    entry(101, "in", "allow", "::/0"),
    entry(100, "out", "allow", "0.0.0.0/0"),
    entry(101, "out", "allow", "::/0"),
)
CLOSING = (
    entry(32767, "in", "deny", "0.0.0.0/0"),
    entry(32768, "in", "deny", "::/0"),
    entry(32767, "out", "deny", "0.0.0.0/0"),
    entry(32768, "out", "deny", "::/0"),
)


def acl(acl_id: str, vpc_id: str, subnets: Iterable[str] = (), *entries: AclEntry) -> NetworkAcl:
    """A network ACL of the subnets; open in both families where no entry is given. AWS's closing denials are added."""
    return NetworkAcl(
        network_acl_id=acl_id,
        vpc_id=vpc_id,
        owner_id=ACCOUNT,
        entries=(entries or OPEN) + CLOSING,
        associations=tuple(AclAssociation(subnet_id=s, network_acl_id=acl_id) for s in subnets),
    )


# Routing --------------------------------------------------------------------------------------------

_TARGETS = {
    "nat": "nat_gateway_id",
    "eni": "network_interface_id",
    "tgw": "transit_gateway_id",
    "pcx": "vpc_peering_connection_id",
    "eigw": "egress_only_internet_gateway_id",
    "cagw": "carrier_gateway_id",
    "lgw": "local_gateway_id",
    "arn": "core_network_arn",
}


def route(destination: str, target: str, state: str | None = "active", *, propagated: bool = False) -> Route:
    """A route to a CIDR or a `pl-` id; the target's member follows from how its id begins."""
    kind = "prefix_list_id" if destination.startswith("pl-") else "cidr_block"
    kind = "ipv6_cidr_block" if _is_ipv6(destination) else kind
    member = _TARGETS.get(target.partition("-")[0].partition(":")[0], "gateway_id")
    origin = "CreateRouteTable" if target == "local" else "CreateRoute"
    origin = "EnableVgwRoutePropagation" if propagated else origin
    return Route(**{f"destination_{kind}": destination, member: target, "origin": origin, "state": state})


def rtb(
    table_id: str, vpc_id: str, subnets: Iterable[str] = (), *routes: Route, main: bool = False, edge: str | None = None
) -> RouteTable:
    """A route table with its explicit associations; `edge` is the gateway that it is associated with."""
    associated = AssociationState(state="associated")
    associations = [RouteTableAssociation(subnet_id=s, association_state=associated) for s in subnets]
    if main:
        associations.append(RouteTableAssociation(main=True, association_state=associated))
    if edge:
        associations.append(RouteTableAssociation(gateway_id=edge, association_state=associated))
    return RouteTable(
        route_table_id=table_id,
        vpc_id=vpc_id,
        owner_id=ACCOUNT,
        routes=routes,
        associations=tuple(associations),
    )


# Gateways -------------------------------------------------------------------------------------------


def igw(gateway_id: str, vpc_id: str | None, state: str = "available") -> InternetGateway:
    attachments = (GatewayAttachment(vpc_id=vpc_id, state=state),) if vpc_id else ()
    return InternetGateway(internet_gateway_id=gateway_id, owner_id=ACCOUNT, attachments=attachments)


def eigw(gateway_id: str, vpc_id: str, state: str = "attached") -> EgressOnlyInternetGateway:
    attachments = (GatewayAttachment(vpc_id=vpc_id, state=state),)
    return EgressOnlyInternetGateway(egress_only_internet_gateway_id=gateway_id, attachments=attachments)


def vgw(gateway_id: str, vpc_id: str, state: str = "attached") -> VpnGateway:
    attachments = (GatewayAttachment(vpc_id=vpc_id, state=state),)
    return VpnGateway(vpn_gateway_id=gateway_id, state="available", vpc_attachments=attachments)


def vpn(connection_id: str, vgw_id: str) -> VpnConnection:
    return VpnConnection(vpn_connection_id=connection_id, state="available", vpn_gateway_id=vgw_id)


def nat(
    gateway_id: str,
    where: Subnet,
    private: str,
    public: str | None = None,
    interface: str | None = None,
    state: str = "available",
) -> NatGateway:
    """A NAT gateway: public where it has a public address, else private."""
    address = NatGatewayAddress(
        private_ip=private, public_ip=public, network_interface_id=interface, status="succeeded"
    )
    return NatGateway(
        nat_gateway_id=gateway_id,
        vpc_id=where.vpc_id,
        subnet_id=where.subnet_id,
        state=state,
        connectivity_type="public" if public else "private",
        nat_gateway_addresses=(address,),
    )


def peering_side(vpc: Vpc, account: str | None = None, region: str = REGION) -> PeeringSide:
    ipv4 = [c for c in vpc.cidrs if not _is_ipv6(c)]
    return PeeringSide(
        vpc_id=vpc.vpc_id,
        owner_id=account or vpc.owner_id,
        region=region,
        cidr_block=ipv4[0] if ipv4 else None,
        cidr_block_set=tuple(PeeringCidr(cidr_block=c) for c in ipv4),
        ipv6_cidr_block_set=tuple(PeeringIpv6Cidr(ipv6_cidr_block=c) for c in vpc.cidrs if _is_ipv6(c)),
    )


def pcx(
    connection_id: str, requester: Vpc | PeeringSide, accepter: Vpc | PeeringSide, status: str = "active"
) -> VpcPeeringConnection:
    return VpcPeeringConnection(
        vpc_peering_connection_id=connection_id,
        requester_vpc_info=requester if isinstance(requester, PeeringSide) else peering_side(requester),
        accepter_vpc_info=accepter if isinstance(accepter, PeeringSide) else peering_side(accepter),
        status=PeeringStatus(code=status),
    )


def bpa(mode: str, state: str = "update-complete") -> BlockPublicAccessOptions:
    return BlockPublicAccessOptions(
        aws_account_id=ACCOUNT, aws_region=REGION, state=state, internet_gateway_block_mode=mode
    )


def bpa_exclusion(resource_id: str, mode: str, state: str = "create-complete") -> BlockPublicAccessExclusion:
    """An exclusion of a `vpc-` or `subnet-`."""
    noun = "vpc" if resource_id.startswith("vpc-") else "subnet"
    return BlockPublicAccessExclusion(
        exclusion_id=f"vpcbpa-exclude-{resource_id}",
        internet_gateway_exclusion_mode=mode,
        resource_arn=f"arn:aws:ec2:{REGION}:{ACCOUNT}:{noun}/{resource_id}",
        state=state,
    )
