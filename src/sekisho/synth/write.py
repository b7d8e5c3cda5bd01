"""Writes an estate as saved answers: one file for each call and page, a thousand records on a page."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from sekisho.model.calls import is_global
from sekisho.model.kinds import KINDS, UNMODELLED_KINDS, Kind

from .draw import Draw
from .plan import Place, Plan
from .rows import COLLECTED, Asked, Json, Row

PAGE = 1000
#: Tables whose calls are made for one resource at a time: where there is none, nothing is asked.
ASKED_OF_ONE = frozenset(
    {
        "accelerator_listeners",
        "classic_attributes",
        "client_vpn_authorizations",
        "client_vpn_networks",
        "client_vpn_routes",
        "direct_connect_associations",
        "endpoint_groups",
        "endpoint_permissions",
        "lattice_targets",
        "listener_rules",
        "listeners",
        "load_balancer_attributes",
        "local_gateway_routes",
        "target_group_attributes",
        "targets",
        "transit_gateway_associations",
        "transit_gateway_policies",
        "transit_gateway_policy_associations",
        "transit_gateway_prefix_lists",
        "transit_gateway_propagations",
        "transit_gateway_routes",
    }
)
_GLOBAL = "global"
_encode = msgspec.json.Encoder().encode


class Call(NamedTuple):
    """A call that lists records; `whole`: its answer is one object and no list."""

    service: str
    operation: str
    member: str
    whole: bool = False


def _calls() -> Iterator[tuple[str, Call]]:
    """Every call that a whole account and Region is asked with, by table; by operation where no table keeps it."""
    for kind in KINDS:
        if not kind.whole and kind.table not in ASKED_OF_ONE:
            yield kind.table, _call(kind)
    for other in UNMODELLED_KINDS:
        yield other.operation, Call(other.service, other.operation, other.member)


def _call(kind: Kind) -> Call:
    return Call(kind.service, kind.operation, kind.member, kind.table == "bpa_options")


CALLS: dict[str, Call] = dict(_calls())


class Folder:
    """The files of one account and Region; each is named by its call and a number."""

    def __init__(self, root: Path, account: str, region: str, draw: Draw) -> None:
        self._root, self._account, self._region, self._draw = root, account, region, draw
        self._written: dict[tuple[str, str], int] = {}
        self._waiting: dict[str, list[Json]] = {}
        self._tokens: dict[str, str] = {}

    def add(self, table: str, record: Json) -> None:
        """Put the record on the page of its call; a full page is written once it is known that more follow."""
        page = self._waiting.setdefault(table, [])
        if len(page) == PAGE:
            self._turn(table, self._draw.hex(32))
        page.append(record)

    def _turn(self, table: str, following: str | None) -> None:
        """Write the page of the table; `following` is the token for the next."""
        call, page = CALLS[table], self._waiting[table]
        asked: Json = {"MaxResults": PAGE, "NextToken": self._tokens[table]} if table in self._tokens else {}
        listed: object = page[0] if call.whole and page else page
        if call.service == "cloudfront":
            listed = {"IsTruncated": False, "Items": page, "Quantity": len(page)}
        response: Json = {call.member: listed}
        if following:
            response["NextToken"] = self._tokens[table] = following
        self.answer(call.service, call.operation, asked, response)
        page.clear()

    def finish(self, tables: Iterable[str]) -> None:
        """Write what waits, and an empty answer for each of the tables that has no record."""
        for table in tables:
            self._waiting.setdefault(table, [])
        for table in self._waiting:
            self._turn(table, None)

    def answer(self, service: str, operation: str, parameters: Json, response: Json) -> None:
        folder = self._root / self._account / self._region / service / operation
        number = self._written.get((service, operation), 0) + 1
        self._written[service, operation] = number
        if number == 1:
            folder.mkdir(parents=True)
        envelope = {
            "service": service,
            "operation": operation,
            "account": self._account,
            "region": self._region,
            "parameters": parameters,
            "collected_at": COLLECTED,
            "request_ids": [self._draw.uuid()],
            "pages": 1,
            "error": None,
            "response": response,
        }
        (folder / f"{number:05d}.json").write_bytes(_encode(envelope))


def write(plan: Plan, rows: Iterable[tuple[Place, Iterable[Row]]], root: Path) -> Iterator[Place]:
    """Write the estate into `root`; each place as soon as all of it is written."""
    regional = [table for table, call in CALLS.items() if not is_global(f"{call.service}:")]
    for place, found in rows:
        folder = Folder(root, place.account, place.region, Draw(plan.seed, "requests", place.number))
        for row in found:
            if isinstance(row, Asked):
                service, _, operation = row.call.partition(":")
                folder.answer(service, operation, row.parameters, {row.member: row.records, **row.more})
            else:
                folder.add(row.table, row.record)
        folder.finish(regional)
        yield place
    for number, account in enumerate(dict.fromkeys(place.account for place in plan.places)):
        folder = Folder(root, account, _GLOBAL, Draw(plan.seed, "requests", _GLOBAL, number))
        folder.finish(table for table in CALLS if table not in regional)
