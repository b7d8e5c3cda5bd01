"""Security groups, network ACLs and prefix lists, their rules inline or declared alone."""

from collections.abc import Iterator
from typing import Any

from sekisho.iac.resource import Resource
from sekisho.iac.values import LATER, Unknown, blocks, derived, flag, many, number, one, tags, text

from .translation import Translation

_ALL = {"-1", "all"}
_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}


def protocol(value: object) -> str:
    found = (text(value) or LATER).lower()
    return "-1" if found in _ALL else _NUMBERS.get(found, found)


class Rules:
    """Turns the sources that a rule names into permissions of one source each."""

    def __init__(self, t: Translation, r: Resource, group: str | Unknown | None) -> None:
        self._t, self._r, self._group = t, r, group
        self._number = 0

    def of(self, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The permissions of a rule, in the words of `aws_security_group` or of a rule declared alone."""
        base = self._base(given)
        for name in ("cidr_blocks", "cidr_ipv4"):
            yield from (base | self._range("IpRanges", "CidrIp", c) for c in many(given.get(name)))
        for name in ("ipv6_cidr_blocks", "cidr_ipv6"):
            yield from (base | self._range("Ipv6Ranges", "CidrIpv6", c) for c in many(given.get(name)))
        for name in ("prefix_list_ids", "prefix_list_id"):
            yield from (
                base | {"PrefixListIds": [{"PrefixListId": self._listed(p)}]} for p in many(given.get(name), "pl")
            )
        for name in ("security_groups", "source_security_group_id", "referenced_security_group_id"):
            yield from (base | self._member(g) for g in many(given.get(name), "sg"))
        if flag(given.get("self"), default=False):
            yield base | {"UserIdGroupPairs": [{"GroupId": self._group}]}

    def _base(self, given: dict[str, Any]) -> dict[str, Any]:
        name = given.get("protocol") if given.get("protocol") is not None else given.get("ip_protocol")
        low, high = given.get("from_port"), given.get("to_port")
        if isinstance(name, Unknown) or isinstance(low, Unknown) or isinstance(high, Unknown):
            # It may be any port of any protocol: a permission that nobody can read in full.
            return {"IpProtocol": "-1", "_open": True}
        found = protocol(name)
        ports = {} if found == "-1" else {"FromPort": number(low), "ToPort": number(high)}
        return {"IpProtocol": found} | ports

    def _range(self, member: str, key: str, cidr: str | Unknown) -> dict[str, Any]:
        return (
            {member: [{key: cidr}]}
            if isinstance(cidr, str)
            else {"PrefixListIds": [{"PrefixListId": self._listed(cidr)}]}
        )

    def _member(self, group: str | Unknown) -> dict[str, Any]:
        if isinstance(group, Unknown):
            return {"PrefixListIds": [{"PrefixListId": self._listed(group)}]}
        account, slash, name = group.rpartition("/")
        return {"UserIdGroupPairs": [{"GroupId": name} | ({"UserId": account} if slash else {})]}

    def _listed(self, source: str | Unknown) -> str:
        if isinstance(source, str):
            return source
        self._number += 1
        what = f"the source of a rule of {self._r.address} ({source.what}) is known after apply"
        name = f"{derived('pl', self._r.id, 'source')}_{self._number}"
        return self._t.estate.open_list(name, what, self._r.scope)


def settled(t: Translation, r: Resource, permissions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Permissions whose ports are not known speak of addresses that are not known: open, whatever they are."""
    found = []
    for index, permission in enumerate(permissions):
        if permission.pop("_open", False):
            what = f"the ports of a rule of {r.address} are known after apply"
            name = t.estate.open_list(f"{derived('pl', r.id, 'ports')}_{index}", what, r.scope)
            found.append({"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": name}]})
        else:
            found.append(permission)
    return found


def security_group(t: Translation, r: Resource) -> None:
    name = r.id if r.type != "aws_default_security_group" else _default_of(t, r, "sg")
    if isinstance(name, Unknown):
        t.estate.issue(r.address, "its VPC is known after apply")
        return
    rules = Rules(t, r, name)
    inward = [p for b in blocks(r.get("ingress")) for p in rules.of(b)]
    outward = [p for b in blocks(r.get("egress")) for p in rules.of(b)]
    inward += _open_block(t, r, "ingress")
    outward += _open_block(t, r, "egress")
    vpc = t.one(r, "vpc_id", "vpc")
    draft = {
        "GroupId": t.place(r, name),
        "GroupName": "default" if r.type == "aws_default_security_group" else text(r.get("name")) or name,
        "VpcId": vpc,
        "OwnerId": r.scope.account,
        "IpPermissions": settled(t, r, inward),
        "IpPermissionsEgress": settled(t, r, outward),
        "Tags": tags(r.get("tags")),
    }
    if vpc is None:
        t.estate.issue(r.address, "it stands in the default VPC, which is not declared here")
    t.estate.put("security_groups", name, r.scope, draft)


def _open_block(t: Translation, r: Resource, attribute: str) -> list[dict[str, Any]]:
    """Rules whose number is not known before apply: anything may be among them."""
    if not isinstance(r.get(attribute), Unknown):
        return []
    what = f"{attribute} of {r.address} is known after apply"
    name = t.estate.open_list(derived("pl", r.id, attribute), what, r.scope)
    return [{"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": name}]}]


def _default_of(t: Translation, r: Resource, prefix: str) -> str | Unknown:
    """The default group or ACL of the VPC that the resource names."""
    own = text(r.get("id")) or None
    if own:
        return own
    vpc = t.one(r, "vpc_id", "vpc")
    return derived(prefix, vpc, "default") if isinstance(vpc, str) else Unknown("its VPC")


def security_group_rule(t: Translation, r: Resource) -> None:
    """A rule declared alone, in the older or the newer form."""
    group = t.one(r, "security_group_id", "sg")
    egress = text(r.get("type")) == "egress" or r.type == "aws_vpc_security_group_egress_rule"
    names = (
        "protocol", "ip_protocol", "from_port", "to_port", "cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids",
        "source_security_group_id", "self", "cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id",
    )  # fmt: skip
    made = settled(t, r, list(Rules(t, r, group).of({name: r.get(name) for name in names})))
    for name in [group] if isinstance(group, str) else many(group, "sg"):
        draft = t.estate.get("security_groups", name)
        if draft is None and not t.removing:
            t.estate.issue(
                r.address,
                f"its security group {name if isinstance(name, str) else ''} is not declared here",
                "the rule is not used",
            )
        elif draft is not None:
            member = "IpPermissionsEgress" if egress else "IpPermissions"
            kept = [p for p in draft[member] if p not in made]
            draft[member] = kept if t.removing else kept + made


# Network ACLs ---------------------------------------------------------------------------------------


def network_acl(t: Translation, r: Resource) -> None:
    default = r.type == "aws_default_network_acl"
    name = one(r.get("default_network_acl_id"), "acl") or r.id if default else r.id
    if isinstance(name, Unknown):
        t.estate.issue(r.address, "its VPC is known after apply")
        return
    vpc = t.one(r, "vpc_id", "vpc")
    owner = next(
        (
            o
            for o in t.resources
            if o.type == "aws_vpc" and name in {text(o.get("default_network_acl_id")), derived("acl", o.id, "default")}
        ),
        None,
    )
    entries = [
        e
        for egress, argument in ((False, "ingress"), (True, "egress"))
        for b in blocks(r.get(argument))
        for e in entry(b, egress=egress)
    ]
    draft = {
        "NetworkAclId": t.place(r, name),
        "VpcId": owner.id if default and owner else vpc,
        "OwnerId": r.scope.account,
        "IsDefault": default,
        "Entries": entries,
        "Associations": [{"SubnetId": s, "NetworkAclId": name} for s in t.many(r, "subnet_ids", "subnet")],
        "Tags": tags(r.get("tags")),
    }
    if default and owner is not None:
        t.estate.tables["vpcs"][owner.id]["_acl"] = name
    t.estate.put("network_acls", name, r.scope, draft)


def entry(given: dict[str, Any], *, egress: bool) -> Iterator[dict[str, Any]]:
    """The entry for each CIDR that the block names; what is not known makes the ACL one that cannot be used."""
    names = ("rule_no", "rule_number")
    found = protocol(given.get("protocol"))
    base: dict[str, Any] = {
        "RuleNumber": next((number(given[n]) for n in names if given.get(n) is not None), None) or LATER,
        "Protocol": {"tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}.get(found, found),
        "RuleAction": (
            text(given.get("action") if given.get("action") is not None else given.get("rule_action")) or LATER
        ).lower(),
        "Egress": egress,
    }
    low, high = given.get("from_port"), given.get("to_port")
    if base["Protocol"] in {"6", "17"}:
        base["PortRange"] = {"From": _whole(low, 0), "To": _whole(high, 0)}
    elif base["Protocol"] in {"1", "58"}:
        base["IcmpTypeCode"] = {"Type": _whole(given.get("icmp_type"), -1), "Code": _whole(given.get("icmp_code"), -1)}
    for argument, member in (("cidr_block", "CidrBlock"), ("ipv6_cidr_block", "Ipv6CidrBlock")):
        value = given.get(argument)
        if value is not None and value != "":
            yield base | {member: value}


def _whole(value: object, default: int) -> object:
    return value if isinstance(value, Unknown) else default if number(value) is None else number(value)


def network_acl_rule(t: Translation, r: Resource) -> None:
    acl = t.estate.get("network_acls", t.one(r, "network_acl_id", "acl"))
    if acl is None:
        if not t.removing:
            t.estate.issue(
                r.address, "its network ACL is not declared here, or known after apply", "the entry is not used"
            )
        return
    names = (
        "rule_number",
        "protocol",
        "rule_action",
        "from_port",
        "to_port",
        "icmp_type",
        "icmp_code",
        "cidr_block",
        "ipv6_cidr_block",
    )
    made = list(entry({n: r.get(n) for n in names}, egress=flag(r.get("egress"), default=False)))
    numbers = {(e["Egress"], e["RuleNumber"]) for e in made}
    kept = [e for e in acl["Entries"] if (e["Egress"], e["RuleNumber"]) not in numbers]
    acl["Entries"] = kept if t.removing else kept + made


def network_acl_association(t: Translation, r: Resource) -> None:
    acl, subnet = t.estate.get("network_acls", t.one(r, "network_acl_id", "acl")), t.one(r, "subnet_id", "subnet")
    if acl is None:
        for index in (1, 2):
            name = f"acl-unknown_{r.id.partition('-')[2]}_{index}"
            draft = {"NetworkAclId": name, "Entries": [], "Associations": [{"SubnetId": subnet}]}
            t.estate.put("network_acls", t.place(r, name), r.scope, draft)
        t.estate.issue(r.address, "its network ACL is not declared here, or known after apply")
        return
    acl["Associations"].append({"SubnetId": subnet, "NetworkAclId": acl["NetworkAclId"]})


# Prefix lists ---------------------------------------------------------------------------------------


def prefix_list(t: Translation, r: Resource) -> None:
    name = t.place(r)
    cidrs = [b.get("cidr") for b in blocks(r.get("entry"))]
    draft = {
        "PrefixListId": name,
        "PrefixListName": text(r.get("name")) or "",
        "AddressFamily": text(r.get("address_family")),
        "OwnerId": r.scope.account,
    }
    t.estate.put("managed_prefix_lists", name, r.scope, draft)
    t.estate.put("prefix_lists", name, r.scope, {"PrefixListId": name, "Cidrs": cidrs})


def prefix_list_entry(t: Translation, r: Resource) -> None:
    draft = t.estate.get("prefix_lists", t.one(r, "prefix_list_id", "pl"))
    cidr = r.get("cidr")
    if draft is not None:
        kept = [c for c in draft["Cidrs"] if c != cidr]
        draft["Cidrs"] = kept if t.removing else [*kept, cidr]
