"""What all translators share: the estate that they fill, and ids that are joined by what is declared beside them."""

from collections.abc import Iterable
from typing import Any

from sekisho.iac.estate import Estate
from sekisho.iac.resource import Resource
from sekisho.iac.values import Unknown, many, number, one, text


class Translation:
    """The estate under construction and the resources that it is made of."""

    def __init__(self, estate: Estate, resources: Iterable[Resource]) -> None:
        self.estate = estate
        self.resources = list(resources)
        #: Whether what is translated now is taken away from what it belongs to.
        self.removing = False

    def place(self, r: Resource, name: str | None = None) -> str:
        """The id of the record that the resource declares, with the place of its declaration noted."""
        own = name or r.id
        self.estate.declared.setdefault(own, r.declared)
        return own

    def one(self, r: Resource, attribute: str, prefix: str = "") -> str | Unknown | None:
        return self.pick(r, r.get(attribute), prefix, attribute)

    def pick(self, r: Resource, value: Any, prefix: str, attribute: str) -> str | Unknown | None:  # noqa: ANN401
        """One id; a value that comes by way of locals, which plans leave out, is joined where only one thing fits."""
        found = one(value, prefix)
        if not isinstance(found, Unknown) or not prefix:
            return found
        module = _module(r.address)
        fitting = [o for o in self.resources if o.managed and _module(o.address) == module and _has(o.id, prefix)]
        by_local = found.what.startswith("local.") or any(
            isinstance(c, Unknown) and c.what.startswith("local.") for c in found.candidates
        )
        if by_local and len(fitting) == 1:
            what = f"{attribute} comes by way of a local, which a plan does not hold"
            self.estate.issue(r.address, what, f"{fitting[0].address} is taken, the only one of its kind there")
            return fitting[0].id
        return found

    def many(self, r: Resource, attribute: str, prefix: str = "") -> list[str | Unknown]:
        return many(r.get(attribute), prefix)

    def vpc_of(self, subnet: str | Unknown | None) -> str | Unknown | None:
        draft = self.estate.get("subnets", subnet)
        return draft["VpcId"] if draft else None

    def interface(self, r: Resource, name: str, subnet: str | Unknown | None, **members: Any) -> dict[str, Any]:  # noqa: ANN401
        """An interface in the subnet; members that begin with `_` tell how its addresses are found."""
        groups = members.pop("groups", None)
        draft: dict[str, Any] = {
            "NetworkInterfaceId": name,
            "SubnetId": subnet,
            "VpcId": members.pop("VpcId", None) or self.vpc_of(subnet),
            "OwnerId": r.scope.account,
            "Status": "in-use",
            "_private": [],
        } | members
        if groups is None:
            draft["_default_group"] = True
        else:
            draft["Groups"] = [{"GroupId": g} for g in groups]
        self.estate.declared.setdefault(name, r.declared)
        return self.estate.put("interfaces", name, r.scope, draft)


def ports(low: object, high: object) -> tuple[int | None, int | None]:
    return number(low), number(high)


def word(value: object) -> str:
    return text(value) or ""


def _has(name: str, prefix: str) -> bool:
    return name.startswith(f"{prefix}-")


def _module(address: str) -> str:
    return ".".join(address.split(".")[:-2]) if "module." in address else ""
