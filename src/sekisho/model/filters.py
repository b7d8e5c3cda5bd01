"""What filters packets: security groups, network ACLs, and the prefix lists that they name."""

import msgspec

from .record import Record, Tag


class IpRange(Record, frozen=True, kw_only=True):
    cidr_ip: str
    description: str = ""


class Ipv6Range(Record, frozen=True, kw_only=True):
    cidr_ipv6: str = ""
    description: str = ""


class PrefixListId(Record, frozen=True, kw_only=True):
    prefix_list_id: str
    description: str = ""


class UserIdGroupPair(Record, frozen=True, kw_only=True):
    """A security-group reference; account, VPC and peering are named only where they differ."""

    group_id: str = ""
    user_id: str | None = None
    vpc_id: str | None = None
    vpc_peering_connection_id: str | None = None
    peering_status: str | None = None


class IpPermission(Record, frozen=True, kw_only=True):
    """One rule object of a security group: a protocol with ports, and all the sources (or destinations) it names."""

    ip_protocol: str
    from_port: int | None = None
    to_port: int | None = None
    ip_ranges: tuple[IpRange, ...] = ()
    ipv6_ranges: tuple[Ipv6Range, ...] = ()
    prefix_list_ids: tuple[PrefixListId, ...] = ()
    user_id_group_pairs: tuple[UserIdGroupPair, ...] = ()


class SecurityGroup(Record, frozen=True, kw_only=True):
    group_id: str
    group_name: str = ""
    vpc_id: str | None = None
    owner_id: str | None = None
    ip_permissions: tuple[IpPermission, ...] = ()
    ip_permissions_egress: tuple[IpPermission, ...] = ()
    tags: tuple[Tag, ...] = ()


class PortRange(Record, frozen=True, kw_only=True):
    first: int = msgspec.field(name="From", default=0)
    last: int = msgspec.field(name="To", default=65535)


class IcmpTypeCode(Record, frozen=True, kw_only=True):
    type: int = -1
    code: int = -1


class AclEntry(Record, frozen=True, kw_only=True):
    rule_number: int
    protocol: str
    rule_action: str
    egress: bool
    cidr_block: str | None = None
    ipv6_cidr_block: str | None = None
    port_range: PortRange | None = None
    icmp_type_code: IcmpTypeCode | None = None


class AclAssociation(Record, frozen=True, kw_only=True):
    subnet_id: str
    network_acl_id: str | None = None


class NetworkAcl(Record, frozen=True, kw_only=True):
    network_acl_id: str
    vpc_id: str | None = None
    owner_id: str | None = None
    is_default: bool = False
    entries: tuple[AclEntry, ...] = ()
    associations: tuple[AclAssociation, ...] = ()
    tags: tuple[Tag, ...] = ()


class ManagedPrefixList(Record, frozen=True, kw_only=True):
    """A prefix list as DescribeManagedPrefixLists names it; its entries come from another call."""

    prefix_list_id: str
    prefix_list_name: str = ""
    address_family: str | None = None
    owner_id: str | None = None
    version: int | None = None


class PrefixList(Record, frozen=True, kw_only=True):
    """The entries of one prefix list: from GetManagedPrefixListEntries, or DescribePrefixLists for AWS's own."""

    prefix_list_id: str
    cidrs: tuple[str, ...]
