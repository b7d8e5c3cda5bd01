"""Lines to on-premises networks and shared VPCs, put into random networks: VPN, Direct Connect, another owner.

`network_with_lines(seed)` is the same for the same seed.
"""

from random import Random
from typing import Any

import msgspec

from estates import vpn
from random_networks import OTHER, Network, id_of, network
from sekisho.model.gateways import VgwTelemetry, VpnGateway
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Record
from sekisho.model.remote_access import (
    AllowedPrefix,
    AssociatedGateway,
    DirectConnectGatewayAssociation,
    DirectConnectVirtualInterface,
)
from sekisho.model.vpc import Vpc

_TOLD = ("10.0.0.0/16", "10.0.0.64/26", "2001:db8::/32", "192.168.0.0/16")


def network_with_lines(seed: int) -> Network:
    """Of three networks one has lines, one a shared VPC, one both."""
    r, whole, number = Random(seed * 13 + 3), network(seed), seed % 3
    whole = with_lines(whole, r) if number != 1 else whole
    return shared(whole, r) if number != 0 else whole


def with_lines(whole: Network, r: Random) -> Network:
    """Each virtual private gateway with up to three lines; a public virtual interface, and one that leads anywhere."""
    made: list[Record] = []
    for record in whole.records:
        if isinstance(record, VpnGateway):
            made += _lines(record.vpn_gateway_id, r)
    if r.random() < 0.2:
        made.append(_virtual_interface("dxvif-public", "public"))
    if r.random() < 0.1:
        made.append(_virtual_interface("dxvif-other", "private", direct_connect_gateway_id="dxgw-other"))
    return whole._replace(records=(*whole.records, *made))


def _lines(gateway: str, r: Random) -> list[Record]:
    made: list[Record] = []
    if r.random() < 0.6:
        tunnels = tuple(VgwTelemetry(status=r.choice(("UP", "DOWN"))) for _ in range(2))
        made.append(msgspec.structs.replace(vpn(f"vpn-{gateway}", gateway), vgw_telemetry=tunnels))
    if r.random() < 0.4:
        made.append(_virtual_interface(f"dxvif-{gateway}", "private", virtual_gateway_id=gateway))
    if r.random() < 0.4:
        prefixes = r.sample(_TOLD, r.randrange(3))
        made.append(
            DirectConnectGatewayAssociation(
                association_id=f"assoc-{gateway}",
                association_state=r.choice(("associated", "associated", "associating", "disassociated")),
                direct_connect_gateway_id="dxgw-1",
                associated_gateway=AssociatedGateway(id=gateway, type="virtualPrivateGateway"),
                allowed_prefixes_to_direct_connect_gateway=tuple(AllowedPrefix(cidr=c) for c in prefixes),
            )
        )
    return made


def _virtual_interface(name: str, kind: str, **more: Any) -> DirectConnectVirtualInterface:
    return DirectConnectVirtualInterface(
        virtual_interface_id=name, virtual_interface_type=kind, virtual_interface_state="available", **more
    )


# Shared VPCs ----------------------------------------------------------------------------------------

#: What a participant may own in a VPC that is shared with it (S-RAM-01).
_PARTICIPANT = {"NetworkInterface", "Instance", "SecurityGroup"}


def shared(whole: Network, r: Random) -> Network:
    """One VPC belongs to another account, which shares its subnets; what is in them is this account's or that one's.

    Of one network in four the calls of the owner are not there: its gateways are unseen, the rest the participant
    sees too.
    """
    vpc = r.choice([x for x in whole.records if isinstance(x, Vpc)]).vpc_id
    mine = {x.network_interface_id for x in whole.records if isinstance(x, NetworkInterface) and r.random() < 0.7}
    records, theirs = [], set()
    for record in whole.records:
        kind, name = type(record).__name__, id_of(record)
        participant = kind in _PARTICIPANT and (not isinstance(record, NetworkInterface) or name in mine)
        if _home(record) == vpc and not participant:
            theirs.add(name)
            owned = {"owner_id": OTHER} if "owner_id" in record.__struct_fields__ else {}
            records.append(msgspec.structs.replace(record, **owned))
        else:
            records.append(record)
    return whole._replace(records=tuple(records), theirs=frozenset(theirs), ownerless=r.random() < 0.25)


def _home(record: Record) -> str | None:
    """The VPC that the record belongs to, or is attached to."""
    attached = getattr(record, "attachments", None) or getattr(record, "vpc_attachments", None) or ()
    own = [getattr(x, "vpc_id", None) for x in (record, *(attached if isinstance(attached, tuple) else ()))]
    return next((vpc for vpc in own if vpc), None)
