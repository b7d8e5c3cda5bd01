"""A snapshot compiled into namespaces: what each device of the network is told, as text for `ip` and `nft`.

- An interface is a namespace with one link. Its groups are a stateful filter; the source/destination check drops
  what it is not addressed by; else it forwards, as an appliance would.
- A VPC is a router, and each subnet a bridge of it, so that neighbours meet without the router.
- A network ACL is an ordered chain without state, where a packet comes from a bridge or goes into one.
- A route table is a table of the kernel, asked for what comes from the bridges of its subnets: longest prefix, then
  metric. The local route falls through (`throw`) to the table of the bridges, which is all that gateways ask.
- Internet and egress-only gateways of a VPC are one border: it rewrites addresses one to one without state, and
  keeps state of what the egress-only gateway started.
- A NAT gateway is a host that translates to its own address, and answers nothing else.
- A peering connection is a link between two routers that takes addresses of the two VPCs alone.
- A virtual private gateway is a link from the router to the outside that takes IPv4 alone.
- The outside is one namespace: it holds the hosts there, and carries public addresses from border to border.

Links are addressed by link-local addresses alone: the inner end is fe80::1, the outer one fe80::2.
"""

from collections import defaultdict
from ipaddress import ip_network

from sekisho.model.gateways import GatewayAttachment, VpcPeeringConnection
from sekisho.model.interface import NetworkInterface
from sekisho.model.routing import Route, RouteTable, TargetKind
from sekisho.model.snapshot import Snapshot
from sekisho.model.vpc import Subnet, Vpc

from .borders import border, outside
from .device import EVERYWHERE, LISTED, NOTHING, PROPAGATED, STATIC, Device, is_ipv6, named_set
from .filters import LOST, Groups, acl_chain, addresses

OUT = "outside"
#: The table of a router that knows its bridges and nothing else.
_LOCAL = 1000
_NEIGHBOURS = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept"


def devices(snapshot: Snapshot, hosts_outside: tuple[str, ...]) -> dict[str, Device]:
    """Every namespace of the network by the id of its interface or VPC; `border-` and the VPC's id; `outside`."""
    found: dict[str, Device] = defaultdict(Device)
    _Compiler(snapshot, found).compile(hosts_outside)
    return dict(found)


class _Compiler:
    def __init__(self, snapshot: Snapshot, found: dict[str, Device]) -> None:
        self.snapshot, self.found = snapshot, found
        self.link_local = {name: f"fe80::{n:x}" for n, name in enumerate(snapshot.interfaces, 16)}
        self.peerings = [p for p in snapshot.peerings.values() if p.status.code == "active"]

    def compile(self, hosts_outside: tuple[str, ...]) -> None:
        for subnet in self.snapshot.subnets.values():
            self._bridge(subnet)
        for interface in self.snapshot.interfaces.values():
            self._interface(interface)
        for peering in self.peerings:
            ends = (peering.requester_vpc_info.vpc_id or "", peering.accepter_vpc_info.vpc_id or "")
            self._link(ends[0], ends[1], peering.vpc_peering_connection_id)
        for vpc in self.snapshot.vpcs.values():
            self._gateways(vpc)
            self._router(vpc)
        outside(self.snapshot, self.found[OUT], hosts_outside)

    def _link(self, inner: str, outer: str, name: str, at_outer: str | None = None) -> None:
        end = at_outer or name
        self.found[inner].links.append(f"link add {name} type veth peer name {end} netns {{{outer}}}")
        self.found[inner].attach(name, "fe80::1")
        self.found[outer].attach(end, "fe80::2")

    # Hosts ----------------------------------------------------------------------------------------

    def _bridge(self, subnet: Subnet) -> None:
        router, name = self.found[subnet.vpc_id], subnet.subnet_id
        router.links.append(f"link add {name} type bridge forward_delay 0 mcast_snooping 0")
        router.attach(name, "fe80::1")
        for cidr in subnet.cidrs:
            router.route(cidr, f"dev {name}", _LOCAL)

    def _interface(self, interface: NetworkInterface) -> None:
        name, subnet = interface.network_interface_id, self.snapshot.subnets[interface.subnet_id or ""]
        port, host = f"port-{name}", self.found[name]
        router = self.found[subnet.vpc_id]
        router.links.append(f"link add {port} type veth peer name eth0 netns {{{name}}}")
        router.links.append(f"link set {port} master {subnet.subnet_id} up")
        if not self._runs(interface):
            return
        host.attach("eth0", self.link_local[name])
        for address in addresses(interface):
            cidr = next(c for c in subnet.cidrs if is_ipv6(c) == is_ipv6(address))
            host.address(f"{address}/{ip_network(cidr).prefixlen}", "eth0")
        for cidr in subnet.cidrs:
            host.route(cidr, "dev eth0", "main")
        for everywhere in EVERYWHERE:
            host.route(everywhere, "via inet6 fe80::1 dev eth0", "main")
        nat = interface.interface_type == "nat_gateway"
        host.rules = self._translator(interface) if nat else self._filtered(interface)

    def _runs(self, interface: NetworkInterface) -> bool:
        held = interface.instance_id
        running = held is None or self.snapshot.instances[held].state.name == "running"
        return running and interface.status == "in-use"

    def _filtered(self, interface: NetworkInterface) -> str:
        """The filter of an interface that has groups; `through` is what it forwards as an appliance."""
        link_local = "{ fe80::/10, ff02::/16 }"
        foreign = (
            f" iifname eth0 ip daddr != @own4 drop; iifname eth0 ip6 daddr != {link_local} ip6 daddr != @own6 drop;"
        )
        return f"""table inet host {{
{named_set("own", addresses(interface))}{Groups(self.snapshot, interface)}
chain check {{ type filter hook prerouting priority raw;
{foreign if interface.source_dest_check else ""}
}}
chain in {{ type filter hook input priority filter; policy drop;
 iifname lo accept; {_NEIGHBOURS}; ct state established accept; jump ingress; accept; }}
chain out {{ type filter hook output priority filter; policy drop; ip dscp set 0; ip6 dscp set 0;
 oifname lo accept; {_NEIGHBOURS}; ct state established accept; jump egress; accept; }}
chain through {{ type filter hook forward priority filter; policy drop;
 ct state established accept; jump ingress; jump egress; accept; }}
chain lost {{ type filter hook forward priority 10; ip dscp set {LOST}; ip6 dscp set {LOST}; }}
}}
"""

    def _translator(self, interface: NetworkInterface) -> str:
        """A NAT gateway: new connections of its own VPC only, and from ports of its choice (S-NAT-02, S-NAT-03)."""
        cidrs = [c for c in self.snapshot.vpcs[interface.vpc_id or ""].cidrs if not is_ipv6(c)]
        own = addresses(interface)[0]
        return f"""table ip nat {{
chain in {{ type filter hook input priority filter; policy drop; }}
chain through {{ type filter hook forward priority filter; policy drop; ct state invalid drop;
 ct state established accept; ip protocol {{ tcp, udp, icmp }} ip saddr {{ {", ".join(cidrs)} }} accept; }}
chain source {{ type nat hook postrouting priority srcnat;
 ip protocol {{ tcp, udp }} snat to {own}:1024-65535; snat to {own}; }}
}}
"""

    # Routers --------------------------------------------------------------------------------------

    def _gateways(self, vpc: Vpc) -> None:
        vpc_id, edge = vpc.vpc_id, f"border-{vpc.vpc_id}"
        igws = [i for i, g in self.snapshot.internet_gateways.items() if _serves(g.attachments, vpc_id)]
        eigws = [i for i, g in self.snapshot.egress_only_gateways.items() if _serves(g.attachments, vpc_id)]
        for name in (*igws, *eigws):
            self._link(vpc_id, edge, name)
        if igws or eigws:
            self._link(edge, OUT, OUT, (igws or eigws)[0])
            border(self.snapshot, vpc, self.found[edge], igws, eigws)
        for name, gateway in self.snapshot.vpn_gateways.items():
            if _serves(gateway.vpc_attachments, vpc_id):
                self._link(vpc_id, OUT, name)

    def _router(self, vpc: Vpc) -> None:
        router, homes = self.found[vpc.vpc_id], [s for s in self.snapshot.subnets.values() if s.vpc_id == vpc.vpc_id]
        for everywhere in EVERYWHERE:
            router.route(everywhere, "blackhole", _LOCAL, NOTHING)
        for number, subnet in enumerate(homes, 1):
            self._returned_to_sender(vpc, subnet)
            router.rule(f"iif {subnet.subnet_id} lookup {number} pref 20")
            self._table(router, vpc, self._table_of(subnet), number)
        router.rule(f"lookup {_LOCAL} pref 30")
        router.rules = self._acls(vpc, homes)

    def _table_of(self, subnet: Subnet) -> RouteTable:
        tables = [t for t in self.snapshot.route_tables.values() if t.vpc_id == subnet.vpc_id]
        own = [t for t in tables if any(a.subnet_id == subnet.subnet_id for a in t.associations)]
        return (own or [t for t in tables if any(a.main for a in t.associations)])[0]

    def _table(self, router: Device, vpc: Vpc, table: RouteTable, number: int) -> None:
        """The routes; what none of them matches ends here (S-RT-02, S-RT-03)."""
        local = [ip_network(c) for c in vpc.cidrs]
        for order, made in enumerate(table.routes):
            listed = made.destination_prefix_list_id
            metric = PROPAGATED if made.propagated else LISTED + order if listed else STATIC
            for cidr in self.snapshot.prefix_lists[listed].cidrs if listed else (made.destination,):
                block = ip_network(cidr)
                inside = any(block.version == own.version and block.subnet_of(own) for own in local)  # type: ignore[arg-type]
                if not (inside and made.propagated):  # S-RT-04
                    router.route(cidr, self._way(vpc, made), number, metric)
        for everywhere in EVERYWHERE:
            router.route(everywhere, "blackhole", number, NOTHING)

    def _way(self, vpc: Vpc, made: Route) -> str:
        """Where the route leads; a target that is not in force swallows the packet (S-RT-06, S-RT-07)."""
        kind, name = made.target
        if made.state == "blackhole":
            return "blackhole"
        if kind is TargetKind.LOCAL:
            return "throw"
        if kind is TargetKind.NAT_GATEWAY:
            name = self.snapshot.nat_gateways[name].nat_gateway_addresses[0].network_interface_id or ""
        if name in self.snapshot.interfaces:
            return f"via inet6 {self.link_local[name]} dev {self.snapshot.interfaces[name].subnet_id}"
        peering = self.snapshot.peerings.get(name)
        outer = _outer(peering, vpc) if peering else "fe80::2"
        return f"via inet6 {outer} dev {name}" if name in self.found[vpc.vpc_id].ends else "blackhole"

    def _returned_to_sender(self, vpc: Vpc, subnet: Subnet) -> None:
        """Replies go back to a peer's NAT gateway whether or not a route leads there (S-NAT-04)."""
        router = self.found[vpc.vpc_id]
        for number, peering in enumerate(self.peerings, _LOCAL + 1):
            far = peering.far_side(vpc.vpc_id)
            if far is None:
                continue
            way = f"via inet6 {_outer(peering, vpc)} dev {peering.vpc_peering_connection_id}"
            for nat in self.snapshot.nat_gateways.values():
                if nat.vpc_id == far.vpc_id:
                    address = f"{nat.nat_gateway_addresses[0].private_ip}/32"
                    router.ipv4.append(f"rule add iif {subnet.subnet_id} to {address} lookup {number} pref 10")
                    router.route(address, way, number)

    def _acls(self, vpc: Vpc, homes: list[Subnet]) -> str:
        """A router's filter: peering and virtual private gateways by address, then the ACLs where a packet crosses."""
        chains = passes = ""
        for peering in self.peerings:
            near, far = peering.side_of(vpc.vpc_id), peering.far_side(vpc.vpc_id)
            if near and far:
                name = peering.vpc_peering_connection_id
                chains += named_set(f"near_{name[4:]}_", near.cidrs) + named_set(f"far_{name[4:]}_", far.cidrs)
                for family, suffix in (("ip", "4"), ("ip6", "6")):
                    passes += f" oifname {name} {family} saddr != @near_{name[4:]}_{suffix} drop\n"
                    passes += f" oifname {name} {family} daddr != @far_{name[4:]}_{suffix} drop\n"
        for name in self.snapshot.vpn_gateways:
            passes += f" iifname {name} meta nfproto ipv6 drop\n oifname {name} meta nfproto ipv6 drop\n"  # S-VGW-02
        passes += "".join(f" iifname {s.subnet_id} oifname {s.subnet_id} accept\n" for s in homes)  # S-ACL-06
        for subnet in homes:
            name = subnet.subnet_id.replace("-", "_")
            acls = self.snapshot.network_acls.values()
            acl = next(a for a in acls if any(x.subnet_id == subnet.subnet_id for x in a.associations))
            chains += acl_chain(f"out_{name}", acl, egress=True) + acl_chain(f"in_{name}", acl, egress=False)
            passes += f" iifname {subnet.subnet_id} jump out_{name}\n"
        passes += "".join(f" oifname {s.subnet_id} jump in_{s.subnet_id.replace('-', '_')}\n" for s in homes)
        return f"""table inet router {{
chain stateless {{ type filter hook prerouting priority raw; notrack; }}
{chains}chain crossing {{ type filter hook forward priority filter;
{passes}}}
}}
"""


def _serves(attachments: tuple[GatewayAttachment, ...], vpc_id: str) -> bool:
    return any(a.vpc_id == vpc_id and a.in_force for a in attachments)


def _outer(peering: VpcPeeringConnection, vpc: Vpc) -> str:
    """The link-local address of the peer's router."""
    return "fe80::2" if peering.requester_vpc_info.vpc_id == vpc.vpc_id else "fe80::1"
