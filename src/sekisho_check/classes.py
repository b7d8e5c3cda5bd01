"""Which addresses cannot be told apart: what holds for the packets to one holds for those to another of its class."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from sekisho_check.estate import Estate, listed, text
from sekisho_check.public import public_ipv4
from sekisho_check.ranges import block
from sekisho_check.walk import DESTINATIONS, Address, kind_of

OF_ITSELF = frozenset({"ec2:DescribeNetworkInterfaces", "ec2:DescribeInstances", "ec2:DescribeAddresses"})
"""What these say of an interface is in its class; every other record that names it tells it apart."""
TARGETS = "elbv2:DescribeTargetHealth"
"""What this names is told apart by ways through load balancers, and by no other."""


class Classes:
    """The classes of an estate's addresses."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self._numbers: dict[tuple[object, ...], int] = {}
        self._of: dict[tuple[str, str, bool], int] = {}
        targets: set[str] = set()
        self.singled: set[str] = set()
        self.mentioned: set[str] = set()
        """Every string of the snapshot that may be an id."""
        for name, calls in estate.calls.items():
            for call in calls:
                said = set(strings(call.answer))
                if name not in OF_ITSELF:
                    (targets if name == TARGETS else self.singled).update(said)
                self.mentioned.update(
                    strings(call.parameters), () if name in OF_ITSELF and not call.kind.needed else said
                )
        self.named = targets | self.singled
        self.bounds = {True: _bounds(self.singled), False: _bounds(self.named)}

    def of(self, address: Address, *, directly: bool = False) -> int:
        """The number of its class: equal for two addresses only where no rule, route or record can tell them apart.

        Their interfaces are of one VPC, subnet and owner, with the same groups, state and kind; the addresses lie in
        the same CIDRs of the snapshot and both have, or lack, a public one. Where a record names the interface, its
        instance or address, it stands alone; where load balancers do not matter, targets of those do not.
        """
        key = (address.interface.id, address.text, directly)
        if key not in self._of:
            self._of[key] = self._numbers.setdefault(self._alike(address, directly), len(self._numbers))
        return self._of[key]

    def _alike(self, address: Address, directly: bool) -> tuple[object, ...]:  # noqa: FBT001
        data = address.interface.data
        instance = text(data, "Attachment", "InstanceId")
        names = {
            address.interface.id,
            instance,
            address.text,
            address.text.partition("/")[0],
            public_ipv4(self.estate, address),
        }
        alone = (
            kind_of(data) in DESTINATIONS
            or address.interface.disputed
            or names & (self.singled if directly else self.named)
        )
        state = self.estate.instances.get(instance or "")
        return (
            directly,
            address.interface.id if alone else None,
            address.text if alone or address.prefix else None,
            bisect_right(self.bounds[directly][address.family], address.value),
            address.family,
            *(text(data, member) for member in ("VpcId", "SubnetId", "OwnerId", "Status", "InterfaceType")),
            tuple(sorted(text(group, "GroupId") or "" for group in listed(data, "Groups"))),
            instance is None,
            state is None,
            text(state, "State", "Name"),
            data.get("DenyAllIgwTraffic") is True,
            data.get("SourceDestCheck") is False,
            public_ipv4(self.estate, address) is None,
            _kinds_of_association(data, address.text),
        )


def _bounds(names: set[str]) -> dict[int, list[int]]:
    """Where the blocks of the snapshot begin, and where they have ended, by family."""
    bounds: dict[int, set[int]] = {4: set(), 6: set()}
    for written in names:
        if (found := block(written)) is not None:
            bounds[found.family] |= {found[1], found[2] + 1}
    return {family: sorted(values) for family, values in bounds.items()}


def _kinds_of_association(data: dict[str, Any], written: str) -> tuple[str, ...]:
    """Which addresses of other networks are associated: carrier and customer-owned ones have their own gateways."""
    found = [one for one in listed(data, "PrivateIpAddresses") if one.get("PrivateIpAddress") == written]
    association = found[0].get("Association") if found else None
    return tuple(sorted(association)) if isinstance(association, dict) else ()


def strings(value: object) -> Iterator[str]:
    """Every string in the JSON, at whatever depth, and the last part of each ARN, which names the resource too."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
            if one.startswith("arn:"):
                yield one.rpartition("/")[2]
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
