"""What an answer about a virtual private gateway takes for granted of the lines behind it (S-VPN-01, S-DX-03)."""

from sekisho.engine.facts import Facts
from sekisho.sets.prefixes import Family, Range, overlap, parse_ranges

_GONE = {"deleted", "deleting"}


def taken_for_granted(facts: Facts, gateway: str, family: Family, addresses: Range) -> tuple[str, ...]:
    """Sentences, none where a line is up and told of the addresses."""
    found = (_tunnel(facts, gateway), _announcement(facts, gateway, family, addresses))
    return tuple(text for text in found if text)


def _tunnel(facts: Facts, gateway: str) -> str | None:
    """Telemetry is of the moment: tunnels that are all down may be up in the next."""
    snapshot = facts.snapshot
    vpns = [v for v in snapshot.vpn_connections.values() if v.vpn_gateway_id == gateway and v.state not in _GONE]
    told = all(v.vgw_telemetry and all(t.status == "DOWN" for t in v.vgw_telemetry) for v in vpns)
    other = any(v.virtual_gateway_id == gateway for v in snapshot.virtual_interfaces.values()) or any(
        a.associated_gateway.id == gateway and a.in_force for a in snapshot.direct_connect_associations.values()
    )
    if not vpns or not told or other:
        return None
    names = ", ".join(sorted(v.vpn_connection_id for v in vpns))
    return f"a tunnel of {names} comes up: in the snapshot all of them are down"


def _announcement(facts: Facts, gateway: str, family: Family, addresses: Range) -> str | None:
    """Allowed prefixes bound what on-premises routers learn, where Direct Connect is the only line."""
    snapshot = facts.snapshot
    associated = [
        a for a in snapshot.direct_connect_associations.values() if a.associated_gateway.id == gateway and a.in_force
    ]
    cidrs = [p.cidr for a in associated for p in a.allowed_prefixes_to_direct_connect_gateway]
    vpns = (v for v in snapshot.vpn_connections.values() if v.vpn_gateway_id == gateway and v.state not in _GONE)
    vpn = family == "ipv4" and any(vpns)  # S-VGW-02
    direct = any(v.virtual_gateway_id == gateway for v in snapshot.virtual_interfaces.values())
    if not cidrs or vpn or direct or overlap([addresses], parse_ranges(cidrs, family)):
        return None
    shown = ", ".join(sorted(set(cidrs)))
    return f"on-premises routers lead to this address, though Direct Connect announces only {shown}"
