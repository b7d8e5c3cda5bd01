"""What an endpoint of a question is in the snapshot: hosts, something outside, a load balancer, or opaque."""

from typing import NamedTuple

import msgspec

from sekisho.errors import QueryError
from sekisho.model.kinds import KINDS
from sekisho.model.targets import Balancer
from sekisho.sets.prefixes import Prefix, Range, internet, overlap, parse_ranges, spell

from .connected import Host
from .facts import Facts
from .gateways.nat64 import extracted
from .population import hosts_of
from .query import ENDPOINT_PREFIXES, Endpoint
from .transit import Stated
from .ways.pools import pooled_within, unseen_pool

_MOST_NAMED = 3  # accounts and Regions in one sentence


class Target(NamedTuple):
    """An address of an interface: `private`, asked for by itself; `public`, by the public one associated with it."""

    host: Host
    private: bool = True
    public: bool = True


class Hosts(NamedTuple):
    """Addresses of interfaces of the estate.

    `nobody` says why there is none, `doubt` why there may be more. `single`: the endpoint names one instance,
    interface or address, so that asking it about itself means something.
    """

    targets: tuple[Target, ...]
    nobody: Stated | None = None
    doubt: str | None = None
    single: bool = True

    @property
    def hosts(self) -> tuple[Host, ...]:
        return tuple(dict.fromkeys(target.host for target in self.targets))


class Translated(NamedTuple):
    """Hosts of IPv4 under the address of 64:ff9b::/96 that IPv6 senders write for them (S-NAT-06)."""

    hosts: Hosts
    address: int


class Outer(NamedTuple):
    """Hosts outside, behind the internet or one gateway (None: any internet gateway)."""

    gateway: str | None
    block: Prefix | None


class Balanced(NamedTuple):
    """A load balancer as the destination: whoever it sends packets to."""

    balancer: Balancer
    doubt: str | None = None


class Opaque(NamedTuple):
    """Something that is in the snapshot, or referred to, but not modelled or not described."""

    name: str
    reason: str


End = Hosts | Translated | Outer | Opaque | Balanced


class Endpoints:
    """Finds what the endpoints of questions are in one snapshot."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._snapshot = facts.snapshot

    def destination(self, endpoint: Endpoint) -> End:
        """As any end, but that a load balancer is asked end to end, and a service only stands for what it leads to."""
        if self._facts.entrances.named(endpoint.name):
            return Opaque(endpoint.name, f"{endpoint.name} is no destination that is judged: ask for what it leads to")
        named = self._facts.topology.balancers.named(endpoint.name)
        if endpoint.name in self._snapshot.endpoint_services:
            return Opaque(endpoint.name, f"{endpoint.name} as a destination: ask for its endpoints or load balancers")
        if len(named) != 1:
            return self.source(endpoint)
        if not self._facts.topology.balancers.nodes(named[0]):
            return Opaque(endpoint.name, f"no interface of load balancer {named[0].name} is in the snapshot")
        return Balanced(named[0], self._facts.topology.balancers.nodes_gap(named[0]))

    def source(self, endpoint: Endpoint) -> End:
        name, block = endpoint.name, endpoint.block
        if name == "internet":
            return Outer(None, block)
        if name == "ip" and block:
            inside = extracted([block.range]) if block.family == "ipv6" else ()
            return self._beyond_nat64(block, inside[0]) if inside else self._holders(block)
        if name.startswith(("igw-", "eigw-", "pcx-", "vgw-")):
            tables = ("internet_gateways", "egress_only_gateways", "peerings", "vpn_gateways")
            known = any(name in self._snapshot.table(t) for t in tables)
            return Outer(name, block) if known else self._opaque(endpoint)
        if name in self._snapshot.carrier_gateways or name in self._snapshot.local_gateways:
            return Outer(name, block)
        if self._facts.entrances.named(name) or name in self._facts.topology.transit.named:
            return Outer(name, block)
        found = self._interfaces(endpoint) or self._of_service(endpoint)
        return self._opaque(endpoint) if found is None else found

    def _of_service(self, endpoint: Endpoint) -> End | None:
        """The nodes of a load balancer as senders, the interfaces of an interface endpoint; None for anything else."""
        topology, name, block = self._facts.topology, endpoint.name, endpoint.block
        named = topology.balancers.named(name)
        if len(named) > 1:
            return Opaque(name, f"{len(named)} load balancers are named {name}")
        if named:
            nodes = [h for i in topology.balancers.nodes(named[0]) for h in hosts_of(i)]
            return Hosts(tuple(map(Target, nodes)), doubt=topology.balancers.nodes_gap(named[0]))
        record = self._snapshot.vpc_endpoints.get(name)
        if record is None or record.vpc_endpoint_type.lower() != "interface":
            return Outer(name, block) if record and record.vpc_endpoint_type.lower() == "gateway" else None
        held = topology.services.interfaces(record)
        hosts = [h for i in held for h in hosts_of(i) if block is None or _overlaps(h, block)]
        unseen = sorted(set(record.network_interface_ids) - {i.network_interface_id for i in held})
        scope = self._snapshot.scope("vpc_endpoints", name)
        doubt = self._snapshot.why_missing("interfaces", unseen[0], scope) if unseen else None
        return Hosts(tuple(map(Target, hosts)), doubt=doubt)

    def _interfaces(self, endpoint: Endpoint) -> Hosts | None:
        """The hosts of an instance, interface, subnet or VPC; None where the snapshot has no such record."""
        topology, name = self._facts.topology, endpoint.name
        doubt: str | None = None
        single = not name.startswith(("subnet-", "vpc-"))
        if name.startswith("eni-") and name in self._snapshot.interfaces:
            found = [self._snapshot.interfaces[name]]
        elif name.startswith("i-") and (name in self._snapshot.instances or name in topology.interfaces_of_instance):
            found = list(topology.interfaces_of_instance.get(name, ()))
            doubt = self._unseen_of_instance(name)
            if not found and not doubt:
                return self._no_interface(name)
        elif name.startswith("subnet-") and name in self._snapshot.subnets:
            found = [i for i in self._snapshot.interfaces.values() if i.subnet_id == name]
            doubt = topology.interfaces_gap(self._snapshot.subnets[name].vpc_id, name)
        elif name.startswith("vpc-") and name in self._snapshot.vpcs:
            found = list(topology.interfaces_of_vpc.get(name, ()))
            doubt = topology.interfaces_gap(name)
        else:
            return None
        hosts = [h for i in sorted(found, key=lambda i: i.network_interface_id) for h in hosts_of(i)]
        if endpoint.block is None:
            return Hosts(tuple(map(Target, hosts)), doubt=doubt, single=single)
        inside = tuple(_within(h, endpoint.block) for h in hosts if _overlaps(h, endpoint.block))
        nobody = Stated(
            "ENI_ADDRESS_RESTRICTION", name, f"{name} holds no address in {endpoint.text.partition(':')[2]}"
        )
        return Hosts(tuple(map(Target, inside)), None if inside or doubt else nobody, doubt, single)

    def _unseen_of_instance(self, name: str) -> str | None:
        """Why the instance may have interfaces that the snapshot does not hold: its own record lists them all."""
        instance = self._snapshot.instances.get(name)
        found = self._facts.topology.interfaces_of_instance.get(name, ())
        vpc_id = next((i.vpc_id for i in found if i.vpc_id), instance.vpc_id if instance else None)
        if vpc_id is None:
            return self._snapshot.gap("interfaces", self._snapshot.scope("instances", name))
        if instance is None:
            return self._facts.topology.interfaces_gap(vpc_id, name)
        listed = [i.network_interface_id for i in instance.network_interfaces]
        unseen = [i for i in listed if i not in self._snapshot.interfaces]
        if unseen:
            return self._snapshot.why_missing("interfaces", unseen[0], self._snapshot.scope("instances", name))
        return None if listed else self._facts.topology.interfaces_gap(vpc_id, name)

    def _no_interface(self, instance_id: str) -> Hosts:
        instance = self._snapshot.instances.get(instance_id)
        state = f" ({instance.state.name})" if instance else ""
        place = self._facts.source("instances", instance_id)
        return Hosts(
            (), nobody=Stated("BAD_STATE", instance_id, f"{instance_id} has no network interface{state}", (place,))
        )

    def _holders(self, block: Prefix) -> End:
        """Whoever holds an address, privately or by association with a public one: all of them."""
        text = spell(block.low, block.family)
        topology = self._facts.topology
        own = [
            Target(_within(h, block), public=False)
            for i in topology.holders(text)
            for h in hosts_of(i, block.family)
            if _overlaps(h, block)
        ]
        behind = [
            Target(h, private=False)
            for i, private in topology.public_holders(text)
            for h in hosts_of(i, "ipv4")
            if spell(h.address, "ipv4") == private
        ]
        pooled = pooled_within(self._facts, block)
        own += [Target(Host(interface, "ipv4", *addresses), public=False) for interface, addresses in pooled]
        gap = self._unseen_holder(block) or (None if own or behind else self._unseen_pool(block))
        if own or behind:
            return Hosts((*own, *behind), doubt=f"who else holds {text} is not known: {gap}" if gap else None)
        if gap:
            return Opaque(text, f"who holds {text} is not known: {gap}")
        return Hosts((), nobody=Stated("ENI_ADDRESS_RESTRICTION", text, self._unheld(block, text)))

    def _beyond_nat64(self, block: Prefix, inside: Range) -> End:
        found = self._holders(Prefix("ipv4", *inside, 32))
        if isinstance(found, Hosts) and found.targets:
            return Translated(found, block.low)
        if isinstance(found, Hosts) and overlap([inside], internet("ipv4")):
            text = spell(block.low, "ipv6")
            detail = f"no interface of the snapshot holds {spell(inside[0], 'ipv4')}"
            detail += f"; a host of the internet is asked for as internet:{text}"
            return Hosts((), nobody=Stated("ENI_ADDRESS_RESTRICTION", text, detail))
        return found

    def _unheld(self, block: Prefix, text: str) -> str:
        """That nobody holds the address: where was looked, and how hosts of the internet are asked for."""
        detail = f"no interface of the snapshot holds {text}"
        if overlap([block.range], internet(block.family)):
            return f"{detail}; a host of the internet is asked for as internet:{text}"
        states = (s for s in self._snapshot.calls if s.call == "ec2:DescribeNetworkInterfaces")
        read = [" ".join(filter(None, state.scope)) for state in states if any(state.scope)]
        more = f" and {len(read) - _MOST_NAMED} more" if len(read) > _MOST_NAMED else ""
        return detail + (f" (read: {', '.join(read[:_MOST_NAMED])}{more})" if read else "")

    def _unseen_holder(self, block: Prefix) -> str | None:
        """Why an interface that the snapshot does not show may hold the address."""
        gap = self._facts.topology.interfaces_gap()
        if gap:
            return gap
        for peering in self._snapshot.peerings.values():
            for side in (peering.requester_vpc_info, peering.accepter_vpc_info):
                within = overlap([block.range], parse_ranges(side.cidrs, block.family))
                if within and side.vpc_id not in self._snapshot.vpcs:
                    return f"{side.vpc_id} is not in the snapshot"
        return self._beyond_transit_gateway(block)

    def _unseen_pool(self, block: Prefix) -> str | None:
        """Why a pool whose route table is not shown may deliver a public address (S-POOL-01)."""
        public = block.family == "ipv4" and overlap([block.range], internet("ipv4"))
        return unseen_pool(self._facts) if public else None

    def _beyond_transit_gateway(self, block: Prefix) -> str | None:
        """An attachment that a transit gateway routes the address to, where what lies behind it is not shown."""
        shown = {*self._snapshot.vpcs, *self._snapshot.transit_gateways}
        for table in self._snapshot.transit_gateway_routes.values():
            for route in table.routes:
                covers = overlap([block.range], parse_ranges([route.destination_cidr_block], block.family))
                for attachment in route.transit_gateway_attachments if covers and route.state == "active" else ():
                    if attachment.resource_type in {"vpc", "peering"} and attachment.resource_id not in shown:
                        return f"what lies behind {attachment.transit_gateway_attachment_id} is not in the snapshot"
        return None

    def _opaque(self, endpoint: Endpoint) -> Opaque:
        """An endpoint that has no modelled record. QueryError where nothing in the snapshot mentions it."""
        name = endpoint.name
        for record in self._snapshot.unmodelled:
            if record.id == name or f"/{name}/" in record.id or record.id.endswith(f"/{name}"):
                return Opaque(record.id, f"{record.kind.noun} {record.id} is not modelled")
        if name in self._snapshot.missing:
            return Opaque(name, f"{name}: {self._snapshot.missing[name].why}")
        if name.startswith((*ENDPOINT_PREFIXES, "arn:")) and self._is_referred_to(name):
            return Opaque(name, f"{name} is referred to, but nothing in the snapshot describes it")
        if name == "cloudfront":
            return Opaque(name, "CloudFront VPC origins were not read")
        if any(name in self._snapshot.table(kind.table) for kind in KINDS):
            raise QueryError(f"`{endpoint.text}` is no endpoint: ask about an interface, a subnet, a VPC or a gateway")
        raise QueryError(f"`{endpoint.text}` is nowhere in the snapshot")

    def _is_referred_to(self, name: str) -> bool:
        if not name:
            return False
        quoted = msgspec.json.encode(name)
        records = (record for page in self._snapshot.pages for record in page.records)
        return any(name in u.refers for u in self._snapshot.unmodelled) or any(
            quoted in msgspec.json.encode(record) for record in records
        )


def _overlaps(host: Host, block: Prefix) -> bool:
    return host.family == block.family and host.address <= block.high and block.low <= host.last


def _within(host: Host, block: Prefix) -> Host:
    """The part of a host (a delegated prefix) that is in the block."""
    return host._replace(address=max(host.address, block.low), last=min(host.last, block.high))
