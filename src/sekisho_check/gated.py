"""What lets in authenticated callers: EC2 Instance Connect Endpoints, Verified Access and VPC Lattice."""

from __future__ import annotations

from sekisho_check.boxes import PORTS
from sekisho_check.choices import Leg, whichever
from sekisho_check.endpoints import NODE_ARN, TCP, internet_only, reached_by, stop_outside, stop_ports, vpc_of
from sekisho_check.estate import Estate, Json, Record, addresses, cidrs, listed, text, texts
from sekisho_check.filters import Sight, prefix_list
from sekisho_check.ranges import EMPTY, Ranges, block, blocks, everything, join, less, normal, span
from sekisho_check.senders import Sender, out_of_sender, sent, sent_back
from sekisho_check.walk import GATEWAY, Address, Pieces, Place, Walk, Way
from sekisho_check.ways import ENTRANCES, Entrance, Found

V4 = 4


def with_groups(name: str, groups: list[str]) -> Json:
    """What filters as an interface of the name with the groups would."""
    return {"NetworkInterfaceId": name, "Groups": [{"GroupId": group} for group in groups]}


# EC2 Instance Connect Endpoints

EICE = "ec2:DescribeInstanceConnectEndpoints"
EICE_PORTS = normal(((22, 22), (3389, 3389)))


def instance_connect(estate: Estate, address: Address) -> Found:
    """The endpoints of the VPC, but for their own interfaces (S-EICE-01)."""
    ways = []
    there = False
    for record in estate.all(EICE):
        if text(record.data, "VpcId") != address.vpc:
            continue
        there = True
        kind = text(record.data, "IpAddressType") or "ipv4"
        spoken = kind in {"dualstack", f"ipv{address.family}"}
        if spoken and address.interface.id not in texts(record.data, "NetworkInterfaceIds"):
            doubt = f"{record.id} is described in two ways" if record.disputed else ""
            ways.append(Way(("instance-connect-endpoint", record.id), everything(address.family), record, doubt))
    known = estate.whole(EICE, *estate.home(address.vpc))
    return Found(ways, there=there, open="" if known else f"{EICE} failed")


def from_instance_connect(walk: Walk, pieces: Pieces) -> Pieces:
    record = walk.way.record
    assert record is not None  # noqa: S101 - the way was found by it
    pieces = stop_outside(walk, pieces, internet_only(walk), record.id)
    state = text(record.data, "State") or ""
    if state != "create-complete" and not state.startswith("update-"):  # S-EICE-05
        pieces = walk.stop(pieces, GATEWAY, record.id)
    pieces = stop_ports(walk, pieces, TCP, EICE_PORTS, record.id)
    if record.data.get("PreserveClientIp") is not True:
        return sent(walk, pieces, instance_connect_sender(walk, record))
    sender = instance_connect_sender(walk, record)
    pieces = out_of_sender(walk, pieces, sender.egress)
    seen = unsettled(walk, pieces, egress=False)
    return walk.arrive(seen, Sight(groups=sender.sight.groups), crossing=False)


def unsettled(walk: Walk, pieces: Pieces, *, egress: bool) -> Pieces:
    """No document says whether the ACL sees these packets: what it would stop is open (S-EICE-04)."""
    if walk.wanted is not None:
        return pieces
    out: Pieces = []
    for piece in walk.acl([piece for piece in pieces if not piece.stop], walk.place.subnet, egress=egress):
        out.append(
            piece._replace(stop=None, open=piece.open or "whether the ACL is asked is not documented")
            if piece.stop
            else piece
        )
    return out + [piece for piece in pieces if piece.stop]


def instance_connect_sender(walk: Walk, record: Record) -> Sender:
    """The endpoint's interface, under its own address (S-EICE-02, S-EICE-03)."""
    groups = texts(record.data, "SecurityGroupIds")
    names = texts(record.data, "NetworkInterfaceIds")
    held = [one for name in names if (one := walk.estate.get("ec2:DescribeNetworkInterfaces", name))]
    near = [text(one.data, "SubnetId") for one in (record, *held)]
    subnet = walk.estate.get("ec2:DescribeSubnets", next((name for name in near if name), None))
    own = join(EMPTY, *(addresses(one.data, walk.address.family) for one in held)) if held else EMPTY
    own = own or (span(cidrs(subnet.data, walk.address.family)) if subnet else everything(walk.address.family))
    sight = Sight(vpcs=(walk.address.vpc,), groups=frozenset(groups))
    egress = with_groups(names[0] if names else record.id, groups)
    return Sender((record.id, str(walk.address.family)), Place(walk.address.vpc, subnet), own, sight, egress)


def back_to_instance_connect(walk: Walk, pieces: Pieces) -> Pieces:
    record = walk.way.record
    assert record is not None  # noqa: S101 - the way was found by it
    if record.data.get("PreserveClientIp") is not True:
        return sent_back(walk, pieces, instance_connect_sender(walk, record))
    walk.replying = True
    return unsettled(walk, pieces, egress=True)


# Verified Access

VERIFIED = "ec2:DescribeVerifiedAccessEndpoints"
OPTIONS = ("LoadBalancerOptions", "NetworkInterfaceOptions", "RdsOptions", "CidrOptions")


def verified_access(estate: Estate, address: Address) -> Found:
    """The endpoints that lead to the address (S-VA-01); they carry IPv4 alone."""
    ways, doubts = [], []
    there = False
    for record in estate.all(VERIFIED):
        if text(record.data, "Status", "Code") == "deleted":
            continue
        vpcs = _vpcs(estate, record)
        there = there or address.vpc in vpcs
        if text(record.data, "EndpointType") == "rds" and (not vpcs or address.vpc in vpcs):  # S-VA-02
            doubts.append(f"which interface {record.id} leads to is not known")
        elif address.family == V4 and _leads(estate, record, address):
            code = text(record.data, "Status", "Code")
            doubt = "" if code == "active" else f"the state of {record.id} is not known"
            ways.append(Way(("verified-access-endpoint", record.id), everything(address.family), record, doubt))
    if not estate.whole(VERIFIED, *estate.home(address.vpc)):
        doubts.append(f"{VERIFIED} failed")
    return Found(ways, there=there, open=doubts[0] if doubts else "")


def _options(record: Record) -> Json:
    return next((found for member in OPTIONS if isinstance(found := record.data.get(member), dict)), {})


def _leads(estate: Estate, record: Record, address: Address) -> bool:
    options = _options(record)
    name = text(options, "LoadBalancerArn") or text(options, "NetworkInterfaceId")
    if name is not None:
        return (address.interface.id, address.text) in reached_by(estate, name)
    cidr = block(text(options, "Cidr"))
    inside = cidr is not None and cidr.family == address.family and not less(address.ranges, cidr.ranges)
    return inside and address.vpc in _vpcs(estate, record)


def _vpcs(estate: Estate, record: Record) -> set[str]:
    """The VPCs that it connects into: of its subnets, else of what it leads to."""
    options = _options(record)
    subnets = [estate.get("ec2:DescribeSubnets", name) for name in texts(options, "SubnetIds")]
    found = {text(one.data, "VpcId") for one in subnets if one is not None}
    name = text(options, "LoadBalancerArn") or text(options, "NetworkInterfaceId") or ""
    found |= {vpc_of(estate, held) for held in reached_by(estate, name)}
    return {vpc for vpc in found if vpc}


def from_verified_access(walk: Walk, pieces: Pieces) -> Pieces:
    record = walk.way.record
    assert record is not None  # noqa: S101 - the way was found by it
    pieces = stop_outside(walk, pieces, internet_only(walk), record.id)
    options = _options(record)
    ranges = [(one.get("FromPort"), one.get("ToPort")) for one in listed(options, "PortRanges")]
    port = options.get("Port")
    known = [(low, high) for low, high in [*ranges, (port, port)] if isinstance(low, int) and isinstance(high, int)]
    pieces = stop_ports(walk, pieces, TCP, normal(known) if known else PORTS, record.id)
    pieces = pieces if known else walk.doubt(pieces, f"the ports of {record.id} are not known")
    return whichever(walk, pieces, _from_subnets(walk, record, back=False))


def back_to_verified_access(walk: Walk, pieces: Pieces) -> Pieces:
    record = walk.way.record
    assert record is not None  # noqa: S101 - the way was found by it
    return whichever(walk, pieces, _from_subnets(walk, record, back=True))


def _from_subnets(walk: Walk, record: Record, *, back: bool) -> list[Leg]:
    """From any address of any of its subnets, of the VPC where it names none (S-VA-02)."""
    estate = walk.estate
    names = texts(_options(record), "SubnetIds")
    subnets = (
        [estate.get("ec2:DescribeSubnets", name) for name in names]
        if names
        else list(estate.subnets_of_vpc[walk.address.vpc])
    )
    groups = texts(record.data, "SecurityGroupIds")
    legs: list[Leg] = []
    for subnet in subnets:
        own = span(cidrs(subnet.data, walk.address.family)) if subnet else EMPTY
        if subnet is None or not own:
            legs.append(lambda each, pieces: each.doubt(pieces, "a subnet was not read"))
            continue
        sight = Sight(groups=frozenset(groups))  # it has none of the addresses that members of other groups have
        egress = with_groups(record.id, groups) if groups else None
        key = (record.id, subnet.id, str(walk.address.family))
        place = Place(walk.address.vpc, subnet)
        legs.append(_leg(Sender(key, place, own, sight, egress, direct=True), back=back))
    return legs or [lambda each, pieces: each.doubt(pieces, "its subnets are not in the snapshot")]


def _leg(sender: Sender, *, back: bool) -> Leg:
    move = sent_back if back else sent
    return lambda walk, pieces: move(walk, pieces, sender)


# VPC Lattice

LATTICE = "vpc-lattice:ListTargetGroups"
LINK_LOCAL = {V4: blocks(("169.254.171.0/24",), V4), 6: EMPTY}


def lattice(estate: Estate, address: Address) -> Found:
    """The target groups that the address is a target of, for sure or perhaps (S-LAT-01, S-LAT-03)."""
    ways = []
    there = False
    for record in estate.all(LATTICE):
        if text(record.data, "vpcIdentifier") != address.vpc or text(record.data, "type") == "LAMBDA":
            continue
        there = True
        name = record.id.rpartition("/")[2] or text(record.data, "id") or ""
        targets = targets_of(estate, record)
        if targets is None or _held(estate, targets, address):
            doubt = "" if targets is not None else f"the targets of {name} were not read"
            ways.append(Way(("lattice-target-group", name), everything(address.family), record, doubt))
    home = estate.home(address.vpc)
    doubt = "" if estate.whole(LATTICE, *home) else f"{LATTICE} failed"
    used = any(
        text(one.data, "vpcId") == address.vpc for one in estate.all("vpc-lattice:ListServiceNetworkVpcAssociations")
    )
    if used and not estate.read(LATTICE, *home):  # S-LAT-04
        doubt = f"{LATTICE} was not read"
    return Found(ways, there=there, open=doubt)


def targets_of(estate: Estate, record: Record) -> list[Record] | None:
    for name in (record.id, text(record.data, "id") or ""):
        found = estate.of("vpc-lattice:ListTargets", "targetGroupIdentifier", name)
        if found is not None:
            return found
    return None


def _held(estate: Estate, targets: list[Record], address: Address) -> list[Json]:
    """The targets that are the address: an instance by its primary address, a load balancer by its nodes."""
    out = []
    for one_target in targets:
        name = text(one_target.data, "id") or ""
        name = name if NODE_ARN in name else name.rpartition("/")[2]
        mine = address.family == V4 or name == address.text  # instances and load balancers by their primary address
        if mine and (address.interface.id, address.text) in reached_by(estate, name):
            out.append(one_target.data)
    return out


def from_lattice(walk: Walk, pieces: Pieces) -> Pieces:
    record = walk.way.record
    assert record is not None  # noqa: S101 - the way was found by it
    name = walk.way.words[1]
    if not texts(record.data, "serviceArns"):
        pieces = walk.stop(pieces, GATEWAY, name)
    targets = targets_of(walk.estate, record)
    default = record.data.get("port")
    given = [one.get("port", default) for one in _held(walk.estate, targets or [], walk.address)]
    ports = normal((port, port) for port in given if isinstance(port, int))
    pieces = stop_ports(walk, pieces, TCP, ports if targets is not None else PORTS, name or "")
    return sent(walk, pieces, lattice_sender(walk))


def lattice_sender(walk: Walk) -> Sender:
    """The addresses of the managed prefix list of VPC Lattice (S-LAT-02)."""
    estate, family = walk.estate, walk.address.family
    ending = ".vpc-lattice" if family == V4 else ".ipv6.vpc-lattice"
    lists = [
        one.id
        for call in ("ec2:DescribeManagedPrefixLists", "ec2:DescribePrefixLists")
        for one in estate.all(call)
        if _is_lattice(text(one.data, "PrefixListName") or "", ending)
    ]
    entries = [found for name in lists if (found := prefix_list(estate, name, family))]
    own: Ranges = join(EMPTY, *entries) if entries else LINK_LOCAL[family]
    vague = "" if own else "the addresses of VPC Lattice are not in the snapshot"
    sight = Sight(lists=frozenset(lists))
    place = Place(walk.address.vpc, None)
    return Sender(("lattice", str(family)), place, own or everything(family), sight, direct=True, vague=vague)


def _is_lattice(name: str, ending: str) -> bool:
    return name.endswith(ending) and name.count(".") == 2 + ending.count(".")


def back_to_lattice(walk: Walk, pieces: Pieces) -> Pieces:
    return sent_back(walk, pieces, lattice_sender(walk))


ENTRANCES["instance-connect-endpoint"] = Entrance(
    "gated", instance_connect, from_instance_connect, back_to_instance_connect
)
ENTRANCES["verified-access-endpoint"] = Entrance(
    "gated", verified_access, from_verified_access, back_to_verified_access
)
ENTRANCES["lattice-target-group"] = Entrance("gated", lattice, from_lattice, back_to_lattice)
