"""VPCs and subnets."""

from .record import Record, Tag


class State(Record, frozen=True, kw_only=True):
    """The state object of a CIDR association (S-VPC)."""

    state: str = "associated"


class CidrAssociation(Record, frozen=True, kw_only=True):
    cidr_block: str
    cidr_block_state: State = State()


class Ipv6Association(Record, frozen=True, kw_only=True):
    ipv6_cidr_block: str
    ipv6_cidr_block_state: State = State()
    ipv6_address_attribute: str | None = None
    ip_source: str | None = None


class BlockPublicAccessStates(Record, frozen=True, kw_only=True):
    internet_gateway_block_mode: str | None = None


class Vpc(Record, frozen=True, kw_only=True):
    vpc_id: str
    cidr_block: str | None = None
    owner_id: str | None = None
    is_default: bool = False
    cidr_block_association_set: tuple[CidrAssociation, ...] = ()
    ipv6_cidr_block_association_set: tuple[Ipv6Association, ...] = ()
    block_public_access_states: BlockPublicAccessStates | None = None
    tags: tuple[Tag, ...] = ()

    @property
    def cidrs(self) -> tuple[str, ...]:
        """All associated CIDR blocks, IPv4 then IPv6, each once."""
        ipv4 = [a.cidr_block for a in self.cidr_block_association_set if a.cidr_block_state.state == "associated"]
        if self.cidr_block and not any(a.cidr_block == self.cidr_block for a in self.cidr_block_association_set):
            ipv4.insert(0, self.cidr_block)
        ipv6 = [
            a.ipv6_cidr_block
            for a in self.ipv6_cidr_block_association_set
            if a.ipv6_cidr_block_state.state == "associated"
        ]
        return tuple(dict.fromkeys(ipv4 + ipv6))


class Subnet(Record, frozen=True, kw_only=True):
    subnet_id: str
    vpc_id: str
    cidr_block: str | None = None
    ipv6_cidr_block_association_set: tuple[Ipv6Association, ...] = ()
    availability_zone: str | None = None
    availability_zone_id: str | None = None
    owner_id: str | None = None
    outpost_arn: str | None = None
    block_public_access_states: BlockPublicAccessStates | None = None
    tags: tuple[Tag, ...] = ()

    @property
    def cidrs(self) -> tuple[str, ...]:
        """All CIDR blocks of the subnet, IPv4 then IPv6."""
        ipv6 = [
            a.ipv6_cidr_block
            for a in self.ipv6_cidr_block_association_set
            if a.ipv6_cidr_block_state.state == "associated"
        ]
        return tuple(([self.cidr_block] if self.cidr_block else []) + ipv6)
