"""What a finding says: Inspector Classic's rule names and title patterns, and sentences of our own."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sekisho.engine.answer import Origin, Width
from sekisho.sets.prefixes import Range

from .finding import FindingType, Process


class Route(NamedTuple):
    """How an origin is written in a rule's name, in a sentence and in the attribute REACHABILITY_TYPE."""

    rule: str
    text: str
    reachability_type: str


ROUTES: Mapping[Origin, Route] = {
    "internet": Route("internet", "the internet", "Internet"),
    "peering": Route("a Peered VPC", "a Peered VPC", "PeeredVpc"),
    "vgw": Route("a Virtual Private Gateway", "a Virtual Private Gateway", "VGW"),
    "tgw": Route("a Transit Gateway", "a Transit Gateway", "TransitGateway"),
    "privatelink": Route("PrivateLink", "PrivateLink", "PrivateLink"),
    "gated": Route("an Authenticating Endpoint", "an Authenticating Endpoint", "AuthenticatingEndpoint"),
}

# Id prefix of a gateway: what it is called, and the attribute that names it.
_GATEWAYS: Mapping[str, tuple[str, str]] = {
    "igw-": ("Internet Gateway", "IGW"),
    "pcx-": ("VPC Peering Connection", "PCX"),
    "vgw-": ("Virtual Private Gateway", "VGW"),
    "tgw-": ("Transit Gateway", "TGW"),
    "vpce-": ("VPC Endpoint", "VPCE"),
    "eice-": ("EC2 Instance Connect Endpoint", "EICE"),
}


def gateway_of(via: tuple[str, ...]) -> str | None:
    """The gateway that a way comes in by: the first of a known kind, else whatever stands first."""
    known = (name for name in via if name.startswith(tuple(_GATEWAYS)))
    return next(known, next(iter(via), None))


class Subject(NamedTuple):
    """What one finding speaks of, before it is put into words. `port` is None for NetworkExposure."""

    type: FindingType
    origin: Origin
    instance: str
    interface: str
    vpc: str | None
    network_acl: str | None
    security_group: str
    gateway: str | None
    peer_vpc: str | None
    protocol: str | None
    port: int | None
    service: str | None
    process: Process | None
    width: Width
    reply: bool
    tcp_ports: tuple[Range, ...]
    udp_ports: tuple[Range, ...]


_RULES = {
    FindingType.RECOGNIZED_PORT_NO_AGENT: "Recognized port reachable from {}",
    FindingType.RECOGNIZED_PORT_WITH_LISTENER: "Recognized port with listener reachable from {}",
    FindingType.RECOGNIZED_PORT_NO_LISTENER: "Recognized port with no listener reachable from {}",
    FindingType.UNRECOGNIZED_PORT_WITH_LISTENER: "Unrecognized port with listener reachable from {}",
    FindingType.NETWORK_EXPOSURE: "Network exposure from {}",
}


def rule(of: FindingType, origin: Origin) -> str:
    """The rule's name; it says `the internet` only for NetworkExposure, as Inspector Classic did."""
    route = ROUTES[origin]
    return _RULES[of].format(route.text if of is FindingType.NETWORK_EXPOSURE else route.rule)


def title(s: Subject) -> str:
    route = ROUTES[s.origin].text
    if s.port is None:
        return (
            f"Aggregate network exposure: On instance {s.instance}, ports are reachable from {route} "
            f"through ENI {s.interface} and security group {s.security_group}"
        )
    service = f"is associated with '{s.service}'" if s.service else ""
    if _listens(s):
        which = f"{service} and is" if service else "is"
        listening = f"process '{_name(s)}' is listening on {_port(s)}"
        return f"On instance {s.instance}, {listening} which {which} reachable from {route}"
    return f"On instance {s.instance}, {_port(s)} which {service} is reachable from {route}"


def description(s: Subject) -> str:
    """Three sentences: what is open, where it stands, and which way in makes it so."""
    place = f"Instance {s.instance} has interface {s.interface}"
    place += f" in VPC {s.vpc}" if s.vpc else ""
    place += f", whose subnet is filtered by network ACL {s.network_acl}" if s.network_acl else ""
    through = f"security group {s.security_group}"
    through += f" and {_gateway_name(s.gateway)}" if s.gateway else ""
    return f"{_opening(s)} {place}. Packets from {_breadth(s)} arrive through {through}{_one_way(s)}."


def recommendation(s: Subject) -> str:
    port = "" if s.port is None else f" to {_port(s)}"
    return (
        f"Unless this access is wanted, change security group {s.security_group} "
        f"so that it no longer admits traffic from {ROUTES[s.origin].text}{port}."
    )


def attributes(s: Subject) -> tuple[tuple[str, str], ...]:
    """Inspector Classic's attribute keys and their values, sorted by key; a key without a value is left out."""
    return tuple(sorted((key, value) for key, value in _attributes(s) if value is not None))


def _attributes(s: Subject) -> Iterator[tuple[str, str | None]]:
    yield "INSTANCE_ID", s.instance
    yield "VPC", s.vpc
    yield "ENI", s.interface
    yield "ACL", s.network_acl
    yield "SECURITY_GROUP", s.security_group
    yield "PROTOCOL", (s.protocol or "tcp").upper()
    yield "REACHABILITY_TYPE", ROUTES[s.origin].reachability_type
    yield "RULE_TYPE", s.type.value
    for prefix, (_, key) in _GATEWAYS.items():
        if s.gateway and s.gateway.startswith(prefix):
            yield key, s.gateway
    yield "PCX_VPC", s.peer_vpc
    if s.port is None:
        yield "TCP_PORTS", _ranges(s.tcp_ports)
        yield "UDP_PORTS", _ranges(s.udp_ports)
        return
    yield "PORT", str(s.port)
    yield "PORT_GROUP_NAME", s.service
    if s.process:
        yield "PROCESS_NAME", s.process.name
        yield "PROCESS_PATH", s.process.path
        yield "PROCESS_PID", None if s.process.pid is None else str(s.process.pid)


def _opening(s: Subject) -> str:
    route = ROUTES[s.origin].text
    if s.port is None:
        ports = f"tcp ports {_ranges(s.tcp_ports)} and udp ports {_ranges(s.udp_ports)}"
        return f"From {route}, {ports} of the instance can be reached."
    port = f"{_port(s)} ({s.service})" if s.service else _port(s)
    match s.type:
        case FindingType.RECOGNIZED_PORT_NO_AGENT:
            return f"{port} can be reached from {route}; no listener inventory says whether a process listens there."
        case FindingType.RECOGNIZED_PORT_NO_LISTENER:
            return f"{port} can be reached from {route}; by the listener inventory no process listens there."
        case _:
            return f"{_process(s)} listens on {port}, which can be reached from {route}."


def _breadth(s: Subject) -> str:
    if s.width == "world":
        return "the whole internet"
    return "1 address" if s.width == 1 else f"{s.width:,} addresses"


def _one_way(s: Subject) -> str:
    if s.reply:
        return ""
    return ", some UDP ports without a reply" if s.port is None else ", and no reply comes back"


def _gateway_name(gateway: str) -> str:
    names = (name for prefix, (name, _) in _GATEWAYS.items() if gateway.startswith(prefix))
    return f"{next(names, 'gateway')} {gateway}"


def _listens(s: Subject) -> bool:
    return s.type in {FindingType.RECOGNIZED_PORT_WITH_LISTENER, FindingType.UNRECOGNIZED_PORT_WITH_LISTENER}


def _port(s: Subject) -> str:
    return f"{(s.protocol or '').upper()} port {s.port}"


def _name(s: Subject) -> str:
    return (s.process and s.process.name) or "unknown"


def _process(s: Subject) -> str:
    """`Process 'sshd' (pid 812, /usr/sbin/sshd)`, as far as it is known."""
    if s.process is None:
        return "A process"
    more = [f"pid {s.process.pid}"] if s.process.pid is not None else []
    more += [s.process.path] if s.process.path else []
    return f"Process '{_name(s)}'" + (f" ({', '.join(more)})" if more else "")


def _ranges(ports: tuple[Range, ...]) -> str:
    """As Inspector Classic writes them: `[[22 - 22], [80 - 443]]`, and `[]` for none."""
    return "[" + ", ".join(f"[{low} - {high}]" for low, high in ports) + "]"
