"""Entrances: services of AWS that hand connections of their callers to addresses of a VPC without a route.

What an entrance is follows from records alone, so the sets and the one-packet reading share it; what becomes of
a packet that comes out of one is for each of them to say.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cached_property
from typing import Literal, NamedTuple

from .calls import is_global
from .filters import IpPermission
from .record import Scope
from .snapshot import Snapshot
from .topology import Topology

TCP, UDP = 6, 17
INTERNET = "internet"


class EntranceKind(Enum):
    """The services; the value is the kind of a hop."""

    ACCELERATOR = "accelerator"
    VPC_ORIGIN = "vpc-origin"
    INSTANCE_CONNECT = "instance-connect-endpoint"
    VERIFIED_ACCESS = "verified-access-endpoint"
    LATTICE = "lattice-target-group"
    CLIENT_VPN = "client-vpn-endpoint"
    ENDPOINT_SERVICE = "endpoint-service"


class Opening(NamedTuple):
    """Ports at the destination that the service connects to; `front` is the one that callers ask, if another."""

    protocol: int
    low: int
    high: int
    front: int | None = None


class Target(NamedTuple):
    """One address that an entrance leads to."""

    interface: str
    address: str


class Entrance(NamedTuple):
    """One way of a service into one VPC.

    `source` is what the destination sees: the `caller`, the address of the interface `relay`, or one of
    `seen_as` that the service picks. `targets` None: every address of the VPC that `admits` holds (None: all).
    `openings` None: every protocol. `known_by` are groups and prefix lists that admit what comes out where a
    rule names them; `own_groups` filter it first, by their egress rules.
    """

    kind: EntranceKind
    id: str
    vpc: str
    origin: Literal["internet", "vgw", "gated", "privatelink"]
    record: tuple[str, str]
    source: Literal["caller", "relay", "service"]
    families: tuple[str, ...] = ("ipv4",)
    #: CIDR blocks of the callers, or the word `internet`.
    callers: tuple[str, ...] = (INTERNET,)
    openings: tuple[Opening, ...] | None = None
    targets: tuple[Target, ...] | None = None
    admits: tuple[str, ...] | None = None
    #: What routes of the service itself lead out here (None: everything), and why there may be more of them.
    routed: tuple[str, ...] | None = None
    unrouted: str = ""
    relay: str | None = None
    seen_as: tuple[str, ...] = ()
    known_by: frozenset[str] = frozenset()
    own_groups: tuple[str, ...] = ()
    #: What the network ACL of the destination's subnet has to say of what comes in.
    acl: Literal["applies", "ignored", "bypassed", "assumed-ignored", "doubtful"] = "applies"
    #: The subnets that it may send from: no network ACL is asked inside one (S-ACL-06).
    subnets: frozenset[str] = frozenset()
    #: The addresses that callers write, where records tell them.
    fronts: tuple[str, ...] = ()
    #: The groups of the destination are not asked.
    unfiltered: bool = False
    #: Why it is not in operation, in one line.
    closed: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def goes_on(self) -> bool:
        """Whether it also leads beyond its VPC, by the routes of the subnet that it comes out in (S-CVPN-03)."""
        return self.kind is EntranceKind.CLIENT_VPN

    @property
    def public(self) -> bool:
        """Whether it is internet exposure: it needs an attached internet gateway, and is subject to S-BPA-01."""
        return self.kind in {EntranceKind.ACCELERATOR, EntranceKind.VPC_ORIGIN}

    def perhaps_known_by(self, names: Iterable[str], snapshot: Snapshot) -> bool:
        """Whether one of the groups or prefix lists that a rule names may be the service's: its name is not known."""
        groups = self.kind in {EntranceKind.ACCELERATOR, EntranceKind.VPC_ORIGIN}
        lists = self.kind in {EntranceKind.LATTICE, EntranceKind.VPC_ORIGIN}
        return any(
            (groups and name.startswith("sg-") and name not in snapshot.security_groups)
            or (lists and name.startswith("pl-") and name not in snapshot.managed_prefix_lists)
            for name in names
        )


def named_by(rule: IpPermission) -> frozenset[str]:
    """The groups and prefix lists that the rule names."""
    groups = (pair.group_id for pair in rule.user_id_group_pairs)
    return frozenset([*groups, *(listed.prefix_list_id for listed in rule.prefix_list_ids)])


#: The calls whose records make entrances of each origin.
CALLS: Mapping[str, tuple[str, ...]] = {
    "internet": (
        "globalaccelerator:ListAccelerators",
        "globalaccelerator:ListListeners",
        "globalaccelerator:ListEndpointGroups",
        "cloudfront:ListVpcOrigins",
        "cloudfront:GetVpcOrigin",
    ),
    "gated": (
        "ec2:DescribeInstanceConnectEndpoints",
        "ec2:DescribeVerifiedAccessEndpoints",
        "vpc-lattice:ListTargetGroups",
    ),
    "vgw": ("ec2:DescribeClientVpnEndpoints",),
    "privatelink": ("ec2:DescribeVpcEndpointServiceConfigurations",),
}
#: Calls about one record that another call lists.
_OF_ONE = {"globalaccelerator:ListListeners", "globalaccelerator:ListEndpointGroups", "cloudfront:GetVpcOrigin"}


def states_of(snapshot: Snapshot, call: str, scope: Scope) -> list[Scope]:
    """The scopes in which the call was made for the account and Region, of a global service for the account."""
    anywhere = is_global(call)
    return [
        state.scope
        for state in snapshot.calls
        if state.call == call
        and state.scope.account in {None, scope.account}
        and (anywhere or state.scope.region in {None, scope.region})
    ]


def gap_of(snapshot: Snapshot, call: str, scope: Scope) -> str | None:
    """Why the call was made and yet may lack records; None where it is whole or was not made at all."""
    gaps = (snapshot.calls.gap(call, made) for made in states_of(snapshot, call, scope))
    return next((gap for gap in gaps if gap), None)


class Entrances:
    """The entrances of one snapshot."""

    def __init__(self, topology: Topology, found: Iterable[Entrance]) -> None:
        self._topology = topology
        self.all: tuple[Entrance, ...] = tuple(found)

    @cached_property
    def _by_vpc(self) -> Mapping[tuple[str, str], tuple[Entrance, ...]]:
        grouped: dict[tuple[str, str], list[Entrance]] = {}
        for entrance in self.all:
            grouped.setdefault((entrance.vpc, entrance.origin), []).append(entrance)
        return {key: tuple(found) for key, found in grouped.items()}

    def into(self, vpc_id: str, origin: str) -> tuple[Entrance, ...]:
        """Every entrance of the origin into the VPC, in order of id."""
        return self._by_vpc.get((vpc_id, origin), ())

    def leading_to(self, vpc_id: str, origin: str, interface_id: str) -> tuple[Entrance, ...]:
        """Those of them that may lead to the interface."""
        found = self._by_interface.get((vpc_id, origin, interface_id), ())
        return (*self._by_interface.get((vpc_id, origin, ""), ()), *found)

    @cached_property
    def _by_interface(self) -> Mapping[tuple[str, str, str], tuple[Entrance, ...]]:
        """By the interfaces that they name; those that name none stand under no interface."""
        grouped: dict[tuple[str, str, str], list[Entrance]] = {}
        for entrance in self.all:
            for name in {t.interface for t in entrance.targets} if entrance.targets is not None else {""}:
                grouped.setdefault((entrance.vpc, entrance.origin, name), []).append(entrance)
        return {key: tuple(found) for key, found in grouped.items()}

    def named(self, name: str) -> tuple[Entrance, ...]:
        """Every entrance of the accelerator, endpoint or origin; `cloudfront` is all VPC origins."""
        if name == "cloudfront":
            return tuple(e for e in self.all if e.kind is EntranceKind.VPC_ORIGIN)
        return tuple(e for e in self.all if e.id == name)

    def gaps(self, vpc_id: str, origin: str) -> tuple[str, ...]:
        """Why there may be further entrances into the VPC: calls that failed, damaged records, traces of records."""
        snapshot = self._topology.snapshot
        calls = CALLS.get(origin, ())
        gaps = [gap for scope in self._scopes(vpc_id) for call in calls if (gap := gap_of(snapshot, call, scope))]
        tables = {kind for call in calls for kind in _TABLES.get(call, ())}
        gaps += [
            f"{m.id}: {m.why}"
            for m in snapshot.missing.values()
            if m.table in tables and (not m.refers or vpc_id in m.refers or m.table in _VPC_UNNAMED)
        ]
        gaps += [*self._unread_parts(origin), *self._nowhere(vpc_id, origin), *self._traces(vpc_id, origin)]
        return tuple(dict.fromkeys(gaps))

    def _scopes(self, vpc_id: str) -> tuple[Scope, ...]:
        """Where the VPC's owner and those who have interfaces in it make their calls (S-RAM-01)."""
        owner = self._topology.vpc_scope(vpc_id)
        others = {i.owner_id for i in self._topology.interfaces_of_vpc.get(vpc_id, ()) if i.owner_id}
        return (owner, *(Scope(account, owner.region) for account in sorted(others - {owner.account})))

    def _nowhere(self, vpc_id: str, origin: str) -> list[str]:
        """Records of which nothing tells whether they lead into the VPC."""
        snapshot, placed = self._topology.snapshot, {e.id for e in self.all}
        if origin == "gated":
            lost = (name for name in snapshot.verified_access_endpoints if name not in placed)
            found = [f"which VPC {name} leads to is not in the snapshot" for name in lost]
            return found + self._lattice_unread(vpc_id)
        call = "ec2:DescribeClientVpnTargetNetworks"
        found = []
        for name, endpoint in snapshot.client_vpn_endpoints.items() if origin == "vgw" else ():
            scope = snapshot.scope("client_vpn_endpoints", name)
            unread = not states_of(snapshot, call, scope) or gap_of(snapshot, call, scope)
            if name not in placed and unread and endpoint.vpc_id in {None, vpc_id}:
                found.append(f"{name}: {call} was not read whole")
        return found

    def _unread_parts(self, origin: str) -> list[str]:
        """Accelerators of which nothing tells where they lead."""
        snapshot = self._topology.snapshot
        if origin != "internet":
            return []
        listeners = {listener.accelerator_arn for listener in snapshot.accelerator_listeners.values()}
        groups = {group.listener_arn for group in snapshot.endpoint_groups.values()}
        found = []
        for name, accelerator in snapshot.accelerators.items():
            scope = snapshot.scope("accelerators", name)
            if not accelerator.enabled:
                continue
            unlisted = not states_of(snapshot, "globalaccelerator:ListListeners", scope)
            if name not in listeners and unlisted:
                found.append(f"{name}: globalaccelerator:ListListeners was not read")
            elif not states_of(snapshot, "globalaccelerator:ListEndpointGroups", scope):
                theirs = {x for x in snapshot.accelerator_listeners if x.startswith(f"{name}/")}
                if not theirs <= groups:
                    found.append(f"{name}: globalaccelerator:ListEndpointGroups was not read")
        return found

    def _lattice_unread(self, vpc_id: str) -> list[str]:
        """VPC Lattice is in use where the VPC is associated with a service network, so targets are to be expected."""
        snapshot, call = self._topology.snapshot, "vpc-lattice:ListTargetGroups"
        used = any(u.kind.service == "vpc-lattice" and vpc_id in u.refers for u in snapshot.unmodelled)
        read = states_of(snapshot, call, self._topology.vpc_scope(vpc_id))
        return [f"{vpc_id} is associated with VPC Lattice, and {call} was not read"] if used and not read else []

    def _traces(self, vpc_id: str, origin: str) -> list[str]:
        """Interfaces of services that no record of the snapshot accounts for (S-LOAD)."""
        known = {e.kind for e in self.into(vpc_id, origin)}
        found = []
        for interface in self._topology.interfaces_of_vpc.get(vpc_id, ()):
            for kind, trace_origin, noun, shows in _TRACES:
                unaccounted = trace_origin == origin and kind not in known
                if unaccounted and shows(interface.interface_type, interface.description):
                    name = interface.network_interface_id
                    found.append(f"{name} belongs to {noun}, which the snapshot does not describe")
        return found

    def absent(self, vpc_id: str, origin: str) -> tuple[str, ...]:
        """Calls that were not made and whose records could open an entrance."""
        snapshot, scope = self._topology.snapshot, self._topology.vpc_scope(vpc_id)
        calls = (call for call in CALLS.get(origin, ()) if call not in _OF_ONE)
        return tuple(call for call in calls if not states_of(snapshot, call, scope))


_TABLES: Mapping[str, tuple[str, ...]] = {
    "globalaccelerator:ListAccelerators": ("accelerators",),
    "globalaccelerator:ListListeners": ("accelerator_listeners",),
    "globalaccelerator:ListEndpointGroups": ("endpoint_groups",),
    "cloudfront:ListVpcOrigins": ("vpc_origins", "vpc_origin_settings"),
    "ec2:DescribeInstanceConnectEndpoints": ("instance_connect_endpoints",),
    "ec2:DescribeVerifiedAccessEndpoints": ("verified_access_endpoints",),
    "vpc-lattice:ListTargetGroups": ("lattice_target_groups", "lattice_targets"),
    "ec2:DescribeClientVpnEndpoints": ("client_vpn_endpoints", "client_vpn_networks", "client_vpn_routes"),
    "ec2:DescribeVpcEndpointServiceConfigurations": ("endpoint_services",),
}
#: Records that do not name the VPC that they lead to.
_VPC_UNNAMED = {
    "accelerators",
    "accelerator_listeners",
    "endpoint_groups",
    "vpc_origins",
    "vpc_origin_settings",
    "verified_access_endpoints",
    "lattice_targets",
}
_TRACES = (
    (
        EntranceKind.ACCELERATOR,
        "internet",
        "an accelerator",
        lambda kind, _: kind == "global_accelerator_managed",
    ),
    (
        EntranceKind.INSTANCE_CONNECT,
        "gated",
        "an EC2 Instance Connect Endpoint",
        lambda kind, text: kind == "ec2_instance_connect_endpoint" or text.startswith("EC2 Instance Connect Endpoint"),
    ),
    (
        EntranceKind.CLIENT_VPN,
        "vgw",
        "a Client VPN endpoint",
        lambda _, text: text.startswith("ClientVPN Endpoint"),
    ),
)
