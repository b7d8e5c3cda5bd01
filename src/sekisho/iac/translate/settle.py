"""What follows from several declarations together: peers' CIDRs, routes that propagate, addresses of NAT gateways."""

from typing import Any

from sekisho.iac.implied import cidrs_of
from sekisho.iac.values import derived

from .translation import Translation


def settle(t: Translation) -> None:
    for name, (scope, cross) in t.estate.classic_attributes.items():
        t.estate.part("classic_attributes", name, scope).records[:] = [cross]
    for _, attachment in t.estate.all("transit_gateway_attachments"):
        if "_associates" in attachment:
            _defaults(t, attachment)


def _defaults(t: Translation, attachment: dict[str, Any]) -> None:
    """An attachment is associated with the default table and propagates into it, where nothing says otherwise."""
    hub, name = (
        t.estate.get("transit_gateways", attachment["TransitGatewayId"]),
        attachment["TransitGatewayAttachmentId"],
    )
    associates, propagates = attachment.pop("_associates"), attachment.pop("_propagates")
    if hub is None:
        return
    table, scope = derived("tgw-rtb", hub["TransitGatewayId"], "default"), t.estate.scope(name)
    record = {
        "TransitGatewayAttachmentId": name,
        "ResourceType": attachment["ResourceType"],
        "ResourceId": attachment["ResourceId"],
    }
    there = (p for (kind, _), p in t.estate.parts.items() if kind == "transit_gateway_associations")
    associated = any(r["TransitGatewayAttachmentId"] == name for p in there for r in p.records)
    if hub.get("_associates") and associates and not associated:
        t.estate.part("transit_gateway_associations", table, scope, [record | {"State": "associated"}])
    if hub.get("_propagates") and propagates:
        t.estate.part("transit_gateway_propagations", table, scope, [record | {"State": "enabled"}])


def finish(estate: Any) -> None:  # noqa: ANN401 - an Estate
    """After all addresses are settled: what depends on the CIDRs of VPCs and the addresses of interfaces."""
    for _, peering in estate.all("peerings"):
        for side in ("RequesterVpcInfo", "AccepterVpcInfo"):
            vpc = estate.get("vpcs", peering[side].get("VpcId"))
            if vpc and not peering[side].get("CidrBlockSet"):
                cidrs = list(dict.fromkeys(cidrs_of(vpc)))
                peering[side]["CidrBlockSet"] = [{"CidrBlock": c} for c in cidrs if ":" not in c]
                peering[side]["Ipv6CidrBlockSet"] = [{"Ipv6CidrBlock": c} for c in cidrs if ":" in c]
    for name, gateway in estate.all("nat_gateways"):
        eni = estate.get("interfaces", gateway.pop("_eni", None))
        if eni:
            gateway["VpcId"] = eni.get("VpcId")
            association = eni.get("Association") or {}
            gateway["NatGatewayAddresses"] = [
                {
                    "PrivateIp": eni.get("PrivateIpAddress"),
                    "PublicIp": association.get("PublicIp"),
                    "NetworkInterfaceId": eni["NetworkInterfaceId"],
                    "Status": "succeeded",
                }
            ]
            estate.scopes.setdefault(name, estate.scope(eni["NetworkInterfaceId"]))
    _transit_routes(estate)
    _propagated(estate)
    for _, attachment in estate.all("transit_gateway_attachments"):
        _associate(estate, attachment)


def _associate(estate: Any, attachment: dict[str, Any]) -> None:  # noqa: ANN401
    name = attachment["TransitGatewayAttachmentId"]
    for (kind, table), part in estate.parts.items():
        if kind == "transit_gateway_associations" and any(
            r["TransitGatewayAttachmentId"] == name for r in part.records
        ):
            attachment["Association"] = {"TransitGatewayRouteTableId": table, "State": "associated"}


def _transit_routes(estate: Any) -> None:  # noqa: ANN401
    """The CIDRs of a VPC whose attachment propagates; what a VPN brings is known to nobody before apply."""
    for (kind, table), part in list(estate.parts.items()):
        if kind != "transit_gateway_propagations":
            continue
        routes = estate.parts.get(("transit_gateway_routes", table))
        there = {r["DestinationCidrBlock"] for r in routes.records} if routes else set()
        for record in part.records:
            vpc = estate.get("vpcs", record.get("ResourceId"))
            if record["ResourceType"] == "vpc" and vpc is not None:
                made = [
                    {
                        "DestinationCidrBlock": c,
                        "TransitGatewayAttachments": [record],
                        "Type": "propagated",
                        "State": "active",
                    }
                    for c in dict.fromkeys(cidrs_of(vpc))
                    if c not in there
                ]
                estate.part("transit_gateway_routes", table, estate.scope(table), made)
            elif not record.get("_live"):
                estate.part("transit_gateway_routes", table, estate.scope(table), partial=True)


def _propagated(estate: Any) -> None:  # noqa: ANN401
    """Routes of a VPN that propagate into a table: static ones, else some that nobody knows before apply."""
    for name, table in estate.all("route_tables"):
        for gateway in table.get("PropagatingVgws", ()):
            own = [c for _, c in estate.all("vpn_connections") if c.get("VpnGatewayId") == gateway["GatewayId"]]
            routes = [cidr for c in own for cidr in c.get("_routes", ()) if isinstance(cidr, str)]
            extra = {"GatewayId": gateway["GatewayId"], "State": "active", "Origin": "EnableVgwRoutePropagation"}
            there = {r.get("DestinationCidrBlock") for r in table["Routes"]}
            if all(c.get("_static") for c in own):
                routes = [c for c in routes if c not in there]
                table["Routes"] += [{"DestinationCidrBlock": c} | extra for c in routes]
            elif not table.get("_live"):
                what = f"the routes that propagate from {gateway['GatewayId']} are known after apply"
                listed = estate.open_list(f"{derived('pl', name, 'propagated')}", what, estate.scope(name))
                table["Routes"].append({"DestinationPrefixListId": listed} | extra)
