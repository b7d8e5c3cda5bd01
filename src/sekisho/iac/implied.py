"""What AWS adds by itself to what is declared: default groups, ACLs and tables, local routes, interfaces' addresses.

Addresses that nobody can know before apply get a representative: a private one inside the subnet that no rule tells
from its neighbours, a public one of `PLACEHOLDERS`, an IPv6 one of 2001:db8::/32.
"""

import hashlib
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from itertools import chain

from .estate import PLACEHOLDERS, Draft, Estate, groups_by
from .values import LATER, Unknown, derived

_ANY = {4: "0.0.0.0/0", 6: "::/0"}
_RESERVED = 10
_SUBNET = 64  # the length of every IPv6 subnet


def complete(estate: Estate) -> None:
    """The estate with everything that AWS makes together with what is declared."""
    _vpcs(estate)
    _defaults(estate)
    _local_routes(estate)
    _acl_associations(estate)
    _closing_entries(estate)
    _elastic(estate)
    Addresses(estate).assign()
    _groups_of_interfaces(estate)


def _own(estate: Estate) -> list[tuple[str, Draft]]:
    """VPCs that are declared here, so that all of their parts are."""
    return [(name, vpc) for name, vpc in estate.all("vpcs") if not vpc.get("_live")]


# VPCs -----------------------------------------------------------------------------------------------


def _vpcs(estate: Estate) -> None:
    for name, vpc in estate.all("vpcs"):
        if vpc.pop("_generated_ipv6", False) and not vpc.get("Ipv6CidrBlockAssociationSet"):
            vpc["Ipv6CidrBlockAssociationSet"] = [{"Ipv6CidrBlock": generated_ipv6(name)}]
    for number, (_, subnet) in enumerate(estate.all("subnets")):
        for association in subnet.get("Ipv6CidrBlockAssociationSet", ()):
            if isinstance(association["Ipv6CidrBlock"], Unknown):
                vpc = estate.get("vpcs", subnet.get("VpcId")) or {}
                association["Ipv6CidrBlock"] = _part_of(vpc, number)


def generated_ipv6(vpc: str) -> str:
    """What stands for the block that Amazon will give the VPC: its name tells which."""
    told = hashlib.sha256(vpc.encode()).hexdigest()
    return str(IPv6Network((int(f"20010db8{told[:6]}00", 16) << 64, 56)))


def _part_of(vpc: Draft, number: int) -> str:
    """A /64 of the VPC that stands for the one it will be."""
    blocks = vpc.get("Ipv6CidrBlockAssociationSet") or [{}]
    network = _network(blocks[0].get("Ipv6CidrBlock"))
    if not isinstance(network, IPv6Network) or network.prefixlen > _SUBNET:
        return LATER
    base = int(network.network_address) + ((number % (1 << (_SUBNET - network.prefixlen))) << 64)
    return str(IPv6Network((base, _SUBNET)))


def cidrs_of(vpc: Draft) -> Iterator[str]:
    yield from filter(None, [vpc.get("CidrBlock") if isinstance(vpc.get("CidrBlock"), str) else None])
    yield from (a["CidrBlock"] for a in vpc.get("CidrBlockAssociationSet", ()) if isinstance(a["CidrBlock"], str))
    yield from (a["Ipv6CidrBlock"] for a in vpc.get("Ipv6CidrBlockAssociationSet", ()))


def _inside(part: IPv4Network | IPv6Network, whole: IPv4Network | IPv6Network) -> bool:
    return part.version == whole.version and part.network_address in whole


def _network(text: object) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text) if isinstance(text, str) else None
    except ValueError:
        return None


# Defaults -------------------------------------------------------------------------------------------


def _defaults(estate: Estate) -> None:
    """The default group, ACL and main table of each declared VPC, where nothing declares them otherwise."""
    mains = {t["VpcId"] for _, t in estate.all("route_tables") if any(a.get("Main") for a in t["Associations"])}
    for name, vpc in _own(estate):
        scope = estate.scope(name)
        group, acl, table = (vpc.get(f"_{p}") or derived(p, name, "default") for p in ("sg", "acl", "rtb"))
        if group not in estate.tables["security_groups"]:
            estate.put("security_groups", group, scope, default_group(group, name))
        if acl not in estate.tables["network_acls"]:
            estate.put("network_acls", acl, scope, default_acl(acl, name))
        if table not in estate.tables["route_tables"]:
            draft: Draft = {"RouteTableId": table, "VpcId": name, "Routes": [], "Associations": []}
            estate.put("route_tables", table, scope, draft)
        if name not in mains:
            estate.tables["route_tables"][table]["Associations"].append({"Main": True})
        for made in (group, acl, table):
            if name in estate.declared:
                estate.declared.setdefault(made, estate.declared[name])


def default_group(name: str, vpc: str) -> Draft:
    everything = {"IpProtocol": "-1"}
    inward = [everything | {"UserIdGroupPairs": [{"GroupId": name}]}]
    outward = [everything | {"IpRanges": [{"CidrIp": _ANY[4]}]}, everything | {"Ipv6Ranges": [{"CidrIpv6": _ANY[6]}]}]
    return {
        "GroupId": name,
        "GroupName": "default",
        "VpcId": vpc,
        "IpPermissions": inward,
        "IpPermissionsEgress": outward,
    }


def default_acl(name: str, vpc: str) -> Draft:
    rule = {"Protocol": "-1", "RuleAction": "allow"}
    entries = [
        rule | {"RuleNumber": number, "Egress": egress, key: cidr}
        for egress in (False, True)
        for number, key, cidr in ((100, "CidrBlock", _ANY[4]), (101, "Ipv6CidrBlock", _ANY[6]))
    ]
    return {"NetworkAclId": name, "VpcId": vpc, "IsDefault": True, "Entries": entries, "Associations": []}


def _local_routes(estate: Estate) -> None:
    for _, table in estate.all("route_tables"):
        vpc = estate.get("vpcs", table.get("VpcId"))
        there = {r.get("DestinationCidrBlock") or r.get("DestinationIpv6CidrBlock") for r in table["Routes"]}
        for cidr in cidrs_of(vpc) if vpc else ():
            if cidr not in there:
                member = "DestinationIpv6CidrBlock" if ":" in cidr else "DestinationCidrBlock"
                table["Routes"].append({member: cidr, "GatewayId": "local", "State": "active"})
        for route in table["Routes"]:
            route.setdefault("State", "active")


def _acl_associations(estate: Estate) -> None:
    """Every subnet is associated with an ACL: with its VPC's default where no other names it."""
    taken = {a["SubnetId"] for _, acl in estate.all("network_acls") for a in acl["Associations"]}
    defaults = {acl["VpcId"]: acl for _, acl in estate.all("network_acls") if acl.get("IsDefault")}
    for name, subnet in estate.all("subnets"):
        acl = defaults.get(subnet["VpcId"]) if isinstance(subnet["VpcId"], str) else None
        if name not in taken and acl is not None:
            acl["Associations"].append({"SubnetId": name, "NetworkAclId": acl["NetworkAclId"]})


def _closing_entries(estate: Estate) -> None:
    closed = {"Protocol": "-1", "RuleAction": "deny"}
    for _, acl in estate.all("network_acls"):
        for egress in (False, True):
            for number, key, cidr in ((32767, "CidrBlock", _ANY[4]), (32768, "Ipv6CidrBlock", _ANY[6])):
                if not any(e["RuleNumber"] == number and e["Egress"] == egress for e in acl["Entries"]):
                    acl["Entries"].append(closed | {"RuleNumber": number, "Egress": egress, key: cidr})


# Interfaces -----------------------------------------------------------------------------------------


def _groups_of_interfaces(estate: Estate) -> None:
    """An interface without groups has its VPC's default group."""
    for _, interface in estate.all("interfaces"):
        if interface.pop("_default_group", False) and not interface.get("_live"):
            vpc = interface.get("VpcId")
            found = estate.get("vpcs", vpc) or {}
            live = [
                n for n, g in estate.all("security_groups") if g.get("VpcId") == vpc and g.get("GroupName") == "default"
            ]
            name = found.get("_sg") or (live[0] if live else derived("sg", str(vpc), "default"))
            interface["Groups"] = [{"GroupId": name}]


def _elastic(estate: Estate) -> None:
    """Elastic addresses lie on the interfaces that they are associated with."""
    primary = {
        (i.get("Attachment") or {}).get("InstanceId"): name
        for name, i in reversed(estate.all("interfaces"))
        if not (i.get("Attachment") or {}).get("DeviceIndex")
    }
    for _, address in estate.all("addresses"):
        target = address.get("NetworkInterfaceId") or primary.get(address.pop("_instance", None))
        interface = estate.get("interfaces", target)
        held = {(a.get("Association") or {}).get("PublicIp") for a in (interface or {}).get("PrivateIpAddresses", ())}
        if interface is not None and (not address.get("_live") or address.get("PublicIp") not in held):
            address["NetworkInterfaceId"] = target
            interface.setdefault("_elastic", []).append(address)


class Addresses:
    """Addresses of interfaces: those declared, and representatives for those that are known after apply."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._taken: set[str] = set()
        self._public = iter(IPv4Network(PLACEHOLDERS).hosts())
        self._cuts = _cuts(estate)

    def assign(self) -> None:
        interfaces = [i for _, i in self._estate.all("interfaces") if "_private" in i or "_elastic" in i]
        for _, interface in self._estate.all("interfaces"):
            known = [a for a in interface.get("_private", ()) if isinstance(a, str)]
            known += [a["PrivateIpAddress"] for a in interface.get("PrivateIpAddresses", ())]
            self._taken.update(known)
            self._taken.update(a["Ipv6Address"] for a in interface.get("Ipv6Addresses", ()))
        for interface in interfaces:
            if "_private" in interface:
                self._private(interface)
                self._ipv6(interface)
            self._publish(interface)
        for _, address in self._estate.all("addresses"):
            if not isinstance(address.get("PublicIp"), str):
                address["PublicIp"] = self._placeholder()

    def _private(self, interface: Draft) -> None:
        subnet = self._estate.get("subnets", interface.get("SubnetId")) or {}
        wanted = interface.pop("_private") or [Unknown("private address")]
        if interface.pop("_no_ipv4", False):
            wanted = []
        found = [a if isinstance(a, str) else self._inside(interface, subnet.get("CidrBlock"), 4) for a in wanted]
        interface["PrivateIpAddresses"] = [
            {"PrivateIpAddress": a, "Primary": not index} for index, a in enumerate(found)
        ]
        if found:
            interface["PrivateIpAddress"] = found[0]

    def _ipv6(self, interface: Draft) -> None:
        subnet = self._estate.get("subnets", interface.get("SubnetId")) or {}
        count = interface.pop("_ipv6_count", None)
        if count is None:
            count = 1 if subnet.get("_assign_ipv6") else 0
        blocks = [a["Ipv6CidrBlock"] for a in subnet.get("Ipv6CidrBlockAssociationSet", ())]
        there = interface.setdefault("Ipv6Addresses", [])
        for _ in range(count - len(there)):
            there.append({"Ipv6Address": self._inside(interface, blocks[0] if blocks else None, 6)})

    def _inside(self, interface: Draft, block: object, version: int) -> str:
        """An address of the block that no rule tells from its neighbours, where there is one."""
        network = _network(block)
        if network is None or network.version != version:
            return LATER
        cuts = [c for c in self._cuts if c.prefixlen > network.prefixlen and _inside(c, network)]
        first = int(network.network_address) + _RESERVED
        last = min(int(network.broadcast_address) - 1, first + 4096)
        fallback = None
        for value in range(first, last + 1):
            address = network.network_address + (value - int(network.network_address))
            if str(address) in self._taken:
                continue
            fallback = fallback or address
            if not any(address in cut for cut in cuts):
                fallback = address
                break
        if fallback is None:
            return LATER
        if cuts:
            told = ", ".join(sorted(map(str, cuts))[:3])
            self._estate.issue(
                str(interface["NetworkInterfaceId"]),
                f"its address in {network} is known after apply, and rules or routes tell parts of it apart ({told})",
                f"it is judged at {fallback}; declare the address to settle it",
            )
        self._taken.add(str(fallback))
        return str(fallback)

    def _publish(self, interface: Draft) -> None:
        subnet = self._estate.get("subnets", interface.get("SubnetId")) or {}
        public = interface.pop("_public", None)
        elastic = interface.pop("_elastic", [])
        addresses = interface["PrivateIpAddresses"]
        if not addresses:
            return
        if public is None and not elastic and not interface.get("_live"):
            public = bool(subnet.get("_map_public")) and bool(interface.get("Attachment"))
        if public and not elastic:
            addresses[0]["Association"] = {"PublicIp": public if isinstance(public, str) else self._placeholder()}
        for address in elastic:
            if not isinstance(address.get("PublicIp"), str):
                address["PublicIp"] = self._placeholder()
            wanted = address.get("PrivateIpAddress")
            place = next((a for a in addresses if a["PrivateIpAddress"] == wanted), addresses[0])
            place["Association"] = {"PublicIp": address["PublicIp"], "AllocationId": address.get("AllocationId")}
            address["PrivateIpAddress"] = place["PrivateIpAddress"]
        if "Association" in addresses[0]:
            interface["Association"] = addresses[0]["Association"]

    def _placeholder(self) -> str:
        found: IPv4Address | None = next(self._public, None)
        return str(found) if found else LATER


def _cuts(estate: Estate) -> set[IPv4Network | IPv6Network]:
    """Every network that a rule, an entry or a route names."""
    permissions = [
        p for _, g in estate.all("security_groups") for p in (*g["IpPermissions"], *g["IpPermissionsEgress"])
    ]
    named = chain(
        (r["CidrIp"] for p in permissions for r in p.get("IpRanges", ())),
        (r["CidrIpv6"] for p in permissions for r in p.get("Ipv6Ranges", ())),
        (e.get("CidrBlock") for _, a in estate.all("network_acls") for e in a["Entries"]),
        (e.get("Ipv6CidrBlock") for _, a in estate.all("network_acls") for e in a["Entries"]),
        (c for _, p in estate.all("prefix_lists") for c in p["Cidrs"]),
        (r.get("DestinationCidrBlock") for _, t in estate.all("route_tables") for r in t["Routes"]),
        (r.get("DestinationCidrBlock") for p in estate.parts.values() for r in p.records),
    )
    return {n for n in map(_network, named) if n is not None}


def by_vpc(estate: Estate, table: str) -> dict[str, list[str]]:
    return groups_by((d["VpcId"], n) for n, d in estate.all(table) if isinstance(d.get("VpcId"), str))
