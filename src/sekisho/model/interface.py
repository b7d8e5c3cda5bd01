"""Network interfaces, the instances that they are attached to, and Elastic IP addresses."""

from .record import Record, Tag


class Association(Record, frozen=True, kw_only=True):
    """What translates a private address: a public, carrier or customer-owned address."""

    public_ip: str | None = None
    carrier_ip: str | None = None
    customer_owned_ip: str | None = None
    allocation_id: str | None = None


class PrivateAddress(Record, frozen=True, kw_only=True):
    private_ip_address: str
    primary: bool = False
    association: Association | None = None


class Ipv6Address(Record, frozen=True, kw_only=True):
    ipv6_address: str


class Ipv4Prefix(Record, frozen=True, kw_only=True):
    ipv4_prefix: str


class Ipv6Prefix(Record, frozen=True, kw_only=True):
    ipv6_prefix: str


class Attachment(Record, frozen=True, kw_only=True):
    attachment_id: str | None = None
    instance_id: str | None = None
    instance_owner_id: str | None = None
    device_index: int | None = None
    status: str | None = None


class GroupIdentifier(Record, frozen=True, kw_only=True):
    group_id: str
    group_name: str | None = None


class NetworkInterface(Record, frozen=True, kw_only=True):
    network_interface_id: str
    vpc_id: str | None = None
    subnet_id: str | None = None
    owner_id: str | None = None
    availability_zone: str | None = None
    status: str | None = None
    interface_type: str = "interface"
    description: str = ""
    private_ip_address: str | None = None
    private_ip_addresses: tuple[PrivateAddress, ...] = ()
    association: Association | None = None
    ipv6_addresses: tuple[Ipv6Address, ...] = ()
    ipv4_prefixes: tuple[Ipv4Prefix, ...] = ()
    ipv6_prefixes: tuple[Ipv6Prefix, ...] = ()
    groups: tuple[GroupIdentifier, ...] = ()
    attachment: Attachment | None = None
    source_dest_check: bool = True
    deny_all_igw_traffic: bool = False
    requester_id: str | None = None
    requester_managed: bool = False
    tag_set: tuple[Tag, ...] = ()

    @property
    def instance_id(self) -> str | None:
        """The instance that it is attached to, or None."""
        return self.attachment.instance_id if self.attachment else None

    @property
    def addresses(self) -> tuple[PrivateAddress, ...]:
        """Every private IPv4 address, with the association of each (S-ENI-02)."""
        if self.private_ip_addresses or self.private_ip_address is None:
            return self.private_ip_addresses
        return (PrivateAddress(private_ip_address=self.private_ip_address, primary=True, association=self.association),)

    def public_of(self, private: str) -> str | None:
        """The public address that is associated with the private one."""
        pairs = ((a.private_ip_address, a.association) for a in self.addresses)
        return next((found.public_ip for address, found in pairs if address == private and found), None)

    @property
    def has_public_address(self) -> bool:
        return any(a.association is not None and a.association.public_ip is not None for a in self.addresses)

    @property
    def group_ids(self) -> tuple[str, ...]:
        return tuple(sorted({group.group_id for group in self.groups}))


class InstanceState(Record, frozen=True, kw_only=True):
    name: str


class InstanceInterface(Record, frozen=True, kw_only=True):
    """The short form of an interface inside DescribeInstances."""

    network_interface_id: str


class Instance(Record, frozen=True, kw_only=True):
    instance_id: str
    state: InstanceState
    vpc_id: str | None = None
    subnet_id: str | None = None
    image_id: str | None = None
    network_interfaces: tuple[InstanceInterface, ...] = ()
    tags: tuple[Tag, ...] = ()


class Address(Record, frozen=True, kw_only=True):
    """An Elastic IP address."""

    public_ip: str
    allocation_id: str | None = None
    association_id: str | None = None
    network_interface_id: str | None = None
    private_ip_address: str | None = None
