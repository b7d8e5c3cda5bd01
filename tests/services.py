"""Records of services that reach addresses without a route, by short calls; see `estates` for the rest.

>>> accelerator("ga-1", ("i-x", True))[2].endpoint_descriptions[0].endpoint_id
'i-x'
"""

from collections.abc import Iterable
from typing import Any

from estates import ACCOUNT, REGION
from sekisho.model.edge import (
    Accelerator,
    AcceleratorEndpoint,
    AcceleratorListener,
    EndpointGroup,
    PortOverride,
    PortSpan,
    VpcOriginAnswer,
    VpcOriginEndpointConfig,
    VpcOriginSettings,
)
from sekisho.model.filters import ManagedPrefixList
from sekisho.model.gated import (
    EndpointStatus,
    InstanceConnectEndpoint,
    LatticeTarget,
    LatticeTargetGroup,
    NetworkInterfaceOptions,
    VerifiedAccessEndpoint,
)
from sekisho.model.remote_access import (
    ClientVpnAuthorizationRule,
    ClientVpnEndpoint,
    ClientVpnTargetNetwork,
)


def accelerator_arn(name: str) -> str:
    return f"arn:aws:globalaccelerator::{ACCOUNT}:accelerator/{name}"


def accelerator(
    name: str,
    *endpoints: tuple[str, bool],
    ports: tuple[int, int] = (443, 443),
    protocol: str = "TCP",
    overrides: Iterable[tuple[int, int]] = (),
    **more: Any,
) -> tuple[Accelerator, AcceleratorListener, EndpointGroup]:
    """An accelerator with one listener and one group; an endpoint is its id and whether clients are preserved."""
    arn = accelerator_arn(name)
    described = tuple(
        AcceleratorEndpoint(endpoint_id=e, weight=128, client_ip_preservation_enabled=kept) for e, kept in endpoints
    )
    return (
        Accelerator(accelerator_arn=arn, name=name, status="DEPLOYED", **more),
        AcceleratorListener(
            listener_arn=f"{arn}/listener/1",
            port_ranges=(PortSpan(from_port=ports[0], to_port=ports[1]),),
            protocol=protocol,
        ),
        EndpointGroup(
            endpoint_group_arn=f"{arn}/listener/1/endpoint-group/1",
            endpoint_group_region=REGION,
            endpoint_descriptions=described,
            traffic_dial_percentage=100,
            port_overrides=tuple(PortOverride(listener_port=a, endpoint_port=b) for a, b in overrides),
        ),
    )


def vpc_origin(name: str, instance: str, policy: str = "https-only", status: str = "Deployed") -> VpcOriginAnswer:
    """A VPC origin in front of an instance, on ports 80 and 443."""
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance}"
    config = VpcOriginEndpointConfig(arn=arn, origin_protocol_policy=policy)
    return VpcOriginAnswer(vpc_origin=VpcOriginSettings(id=name, status=status, vpc_origin_endpoint_config=config))


def eice(
    name: str, vpc_id: str, interface: str, *groups: str, preserve: bool = False, state: str = "create-complete"
) -> InstanceConnectEndpoint:
    return InstanceConnectEndpoint(
        instance_connect_endpoint_id=name,
        owner_id=ACCOUNT,
        state=state,
        vpc_id=vpc_id,
        network_interface_ids=(interface,),
        security_group_ids=groups,
        preserve_client_ip=preserve,
    )


def verified_access(name: str, interface: str, port: int, *groups: str) -> VerifiedAccessEndpoint:
    """An endpoint in front of an interface."""
    return VerifiedAccessEndpoint(
        verified_access_endpoint_id=name,
        endpoint_type="network-interface",
        security_group_ids=groups,
        status=EndpointStatus(code="active"),
        network_interface_options=NetworkInterfaceOptions(network_interface_id=interface, port=port),
    )


def lattice(name: str, vpc_id: str, port: int, *instances: str) -> tuple[LatticeTargetGroup | LatticeTarget, ...]:
    """A target group that a service uses, with its targets."""
    arn = f"arn:aws:vpc-lattice:{REGION}:{ACCOUNT}:service/svc-1"
    group = LatticeTargetGroup(id=name, port=port, status="ACTIVE", vpc_identifier=vpc_id, service_arns=(arn,))
    return (group, *(LatticeTarget(target_group_identifier=name, id=i, port=port) for i in instances))


def managed_list(name: str, called: str) -> ManagedPrefixList:
    return ManagedPrefixList(prefix_list_id=name, prefix_list_name=called, owner_id="AWS")


def client_vpn(
    name: str, vpc_id: str, subnet_id: str, clients: str, *authorized: str, groups: tuple[str, ...] = ()
) -> tuple[ClientVpnEndpoint | ClientVpnTargetNetwork | ClientVpnAuthorizationRule, ...]:
    """An endpoint, its association with a subnet, and rules for all users."""
    rules = (ClientVpnAuthorizationRule(client_vpn_endpoint_id=name, destination_cidr=c) for c in authorized)
    return (
        ClientVpnEndpoint(client_vpn_endpoint_id=name, client_cidr_block=clients, vpc_id=vpc_id),
        ClientVpnTargetNetwork(
            association_id=f"assoc-{name}-{subnet_id}",
            client_vpn_endpoint_id=name,
            vpc_id=vpc_id,
            target_network_id=subnet_id,
            security_groups=groups,
        ),
        *rules,
    )
