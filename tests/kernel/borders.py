"""The edge of the estate: internet and egress-only gateways of a VPC, and what lies outside."""

from collections.abc import Mapping
from ipaddress import ip_network

from sekisho.model.snapshot import Snapshot
from sekisho.model.vpc import Vpc

from .device import EVERYWHERE, NOTHING, Device, is_ipv6, named_set
from .filters import LOST

#: What an internet gateway takes for no address of the internet (S-ADR-01).
_PRIVATE = "{ 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 }"
_GLOBAL = "2000::/3"
#: Who started a connection, as the border remembers it (S-EIGW-01).
_OUTSIDER, _EGRESS_ONLY = 1, 2
_INWARDS, _OUTWARDS, _CARRIED, _ENDED = 1, 2, 50, 51


def border(snapshot: Snapshot, vpc: Vpc, device: Device, igws: list[str], eigws: list[str]) -> None:
    """The gateways of one VPC: `outside` leads out, a device named like each gateway leads to the router."""
    for everywhere in EVERYWHERE:
        device.route(everywhere, f"via inet6 fe80::1 dev {(igws or eigws)[0]}", _INWARDS)
        device.route(everywhere, "via inet6 fe80::2 dev outside", _OUTWARDS)
    device.rule(f"iif outside lookup {_INWARDS} pref 20")
    for name in (*igws, *eigws):
        device.rule(f"iif {name} lookup {_OUTWARDS} pref 20")
    device.rules = _translation(snapshot, vpc, igws) + _ipv6(snapshot, vpc, igws, eigws)


def _translation(snapshot: Snapshot, vpc: Vpc, igws: list[str]) -> str:
    """One to one, without state: no association, no passage (S-IGW-02, S-IGW-05)."""
    pairs = _associations(snapshot, vpc)
    back = {public: private for private, public in pairs.items()}
    passes = "\n".join(
        f""" iifname outside ip saddr {_PRIVATE} drop
 iifname outside ip daddr @public4 ip daddr set ip daddr map @inwards accept
 iifname {name} ip daddr {_PRIVATE} drop
 iifname {name} ip saddr @inner4 ip saddr set ip saddr map @outwards accept"""
        for name in igws
    )
    return f"""table ip border {{
{named_set("inner", list(pairs)).splitlines()[0]}
{named_set("public", list(back)).splitlines()[0]}
{_map("outwards", pairs)}{_map("inwards", back)}chain translate {{ type filter hook prerouting priority raw; notrack;
{passes}
 drop
}}
}}
"""


def _associations(snapshot: Snapshot, vpc: Vpc) -> dict[str, str]:
    interfaces = [i for i in snapshot.interfaces.values() if i.vpc_id == vpc.vpc_id]
    own = [a for i in interfaces for a in i.addresses if a.association and a.association.public_ip]
    return {a.private_ip_address or "": a.association.public_ip or "" for a in own if a.association}


def _map(name: str, pairs: Mapping[str, str]) -> str:
    elements = ", ".join(f"{key} : {value}" for key, value in pairs.items())
    return f"map {name} {{ type ipv4_addr : ipv4_addr; {f'elements = {{ {elements} }};' if pairs else ''} }}\n"


def _ipv6(snapshot: Snapshot, vpc: Vpc, igws: list[str], eigws: list[str]) -> str:
    """Addresses as they are (S-IGW-03); the egress-only side carries what it started, and its replies.

    A reply that it has not seen the first packet of does not leave by it. What a connection sends later on does, also
    where its replies take another way (S-Q-01).
    """
    interfaces = [i for i in snapshot.interfaces.values() if i.vpc_id == vpc.vpc_id]
    denied = [a.ipv6_address for i in interfaces if i.deny_all_igw_traffic for a in i.ipv6_addresses]
    egress_only = "\n".join(
        f""" iifname {name} ct state new ct mark set {_EGRESS_ONLY}
 iifname {name} ct mark {_OUTSIDER} drop
 iifname {name} ct state invalid tcp flags & (syn | ack) == syn | ack drop
 iifname {name} ct state invalid icmpv6 type echo-reply drop
 iifname {name} ip6 saddr @own6 ip6 daddr {_GLOBAL} accept
 iifname outside ct mark {_EGRESS_ONLY} ct state established accept"""
        for name in eigws
    )
    both_ways = "\n".join(
        f""" iifname {name} ip6 saddr @own6 ip6 saddr != @denied6 ip6 daddr {_GLOBAL} accept
 iifname outside ip6 saddr @vpc6 drop
 iifname outside ip6 saddr {_GLOBAL} ip6 daddr @own6 ip6 daddr != @denied6 ip6 dscp set {LOST} accept"""
        for name in igws
    )
    return f"""table ip6 border {{
{_of_ipv6("own", public_blocks(vpc))}{_of_ipv6("vpc", vpc.cidrs)}{_of_ipv6("denied", denied)}chain through {{
 type filter hook forward priority filter; policy drop;
 iifname outside ct state new ct mark set {_OUTSIDER}
{egress_only}
{both_ways}
}}
}}
"""


def _of_ipv6(name: str, members: "list[str] | tuple[str, ...]") -> str:
    return named_set(name, members).splitlines()[1] + "\n"


def public_blocks(vpc: Vpc) -> list[str]:
    """The IPv6 blocks of the VPC that the internet can be told of (S-IGW-03)."""
    found = [a for a in vpc.ipv6_cidr_block_association_set if a.ipv6_address_attribute != "private"]
    blocks = [a.ipv6_cidr_block for a in found]
    return [b for b in blocks if ip_network(b).subnet_of(ip_network(_GLOBAL))]  # type: ignore[arg-type]


# Outside --------------------------------------------------------------------------------------------


def marks(device: Device) -> dict[str, int]:
    """The mark by which a host outside says which gateway its packets take."""
    return {name: mark for mark, name in enumerate(device.ends, 1)}


def outside(snapshot: Snapshot, device: Device, hosts: tuple[str, ...]) -> None:
    """Every host outside, and the internet between the borders; what lies on-premises passes nothing on (S-VGW-04).

    A host outside answers by the gateway that a packet came from.
    """
    for host in hosts:
        device.address(f"{host}/{128 if is_ipv6(host) else 32}", "lo")
    remembered = refused = ""
    for name, mark in marks(device).items():
        for everywhere in EVERYWHERE:
            device.route(everywhere, f"via inet6 fe80::1 dev {name}", 100 + mark)
        device.rule(f"fwmark {mark} lookup {100 + mark} pref 10")
        device.rule(f"iif {name} lookup {_ENDED if name.startswith('vgw') else _CARRIED} pref 20")
        remembered += f" iifname {name} ct state new ct mark set {mark}\n"
        refused += f" iifname {name} drop\n" if name.startswith("vgw") else ""
    for everywhere in EVERYWHERE:
        device.route(everywhere, "blackhole", _CARRIED, NOTHING)
        device.route(everywhere, "blackhole", _ENDED, NOTHING)
        # Without a route nothing would come to where a reply gets its mark, which decides.
        if device.ends:
            device.route(everywhere, f"via inet6 fe80::1 dev {device.ends[0]}", "main")
    for vpc in snapshot.vpcs.values():
        edge = _border_link(snapshot, device, vpc)
        for address in [*_associations(snapshot, vpc).values(), *public_blocks(vpc)] if edge else ():
            device.route(address, f"via inet6 fe80::1 dev {edge}", _CARRIED)
    device.rules = f"""table inet outside {{
chain in {{ type filter hook input priority filter;
{remembered}}}
chain through {{ type filter hook forward priority filter;
{refused}}}
chain replies {{ type route hook output priority mangle; ct direction reply ct mark != 0 meta mark set ct mark; }}
}}
"""


def _border_link(snapshot: Snapshot, device: Device, vpc: Vpc) -> str | None:
    igws = [(name, gateway.attachments) for name, gateway in snapshot.internet_gateways.items()]
    eigws = [(name, gateway.attachments) for name, gateway in snapshot.egress_only_gateways.items()]
    own = [name for name, attachments in (*igws, *eigws) if any(a.vpc_id == vpc.vpc_id for a in attachments)]
    return next((name for name in own if name in device.ends), None)
