"""The map of the estate: VPCs one below the other, the internet at their left, what connects them at their right.

The layout is computed from the data alone. Where there are many subnets each VPC is one line, and an estate of many
VPCs is drawn on several sheets.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sekisho.report.parts import Document

from .blocks import Picture
from .catalogue import Catalogue
from .svg import Box, Dot, Ink, Rule, Shape, Text, drawing

_WIDTH, _LEFT, _BOX, _LANE, _LANES = 720, 156, 340, 628, 8
_HEAD, _ROW, _GAP, _TALLEST, _MANY = 50, 20, 20, 880, 40
#: So many VPCs are drawn.
DRAWN = 60


class Exposure(NamedTuple):
    """How many addresses of a subnet or VPC something outside the VPC reaches, of how many."""

    reached: int
    addresses: int


class _Lane(NamedTuple):
    link: Document
    x: float
    open: bool


def maps(document: Document, estate: Document, words: Catalogue) -> list[Picture]:
    """The sheets of the map; none for an estate without VPCs."""
    vpcs = estate["vpcs"][:DRAWN]
    folded = sum(len(v["subnets"]) for v in estate["vpcs"]) > _MANY
    heights = [_height(v, folded=folded) for v in vpcs]
    sheets: list[list[Document]] = []
    used = 0.0
    for vpc, height in zip(vpcs, heights, strict=True):
        if not sheets or used + height > _TALLEST:
            sheets.append([])
            used = 0
        sheets[-1].append(vpc)
        used += height + _GAP
    tally, opened = _exposure(document), _opened(document)
    return [_sheet(sheet, estate, tally, opened, words, folded=folded) for sheet in sheets]


def _height(vpc: Document, *, folded: bool) -> float:
    inner = 1 if folded else max(1, len(vpc["subnets"]))
    return _HEAD + _ROW * inner + 8


def _exposure(document: Document) -> dict[str, Exposure]:
    """By VPC and by subnet: addresses that are reachable from some origin, and all that were asked about."""
    reached: dict[str, set[tuple[str, str]]] = {}
    every: dict[str, set[tuple[str, str]]] = {}
    for row in document["verdicts"]:
        facts = document["interfaces"].get(row["interface"], {})
        for place in (facts.get("vpc"), facts.get("subnet")):
            if place:
                address = (row["interface"], row["address"])
                every.setdefault(place, set()).add(address)
                if row["verdict"] in {"reachable", "forward-only"}:
                    reached.setdefault(place, set()).add(address)
    return {place: Exposure(len(reached.get(place, ())), len(found)) for place, found in every.items()}


def _opened(document: Document) -> Counter[tuple[str, str]]:
    """How many addresses of each VPC are reached through each gateway or connection."""
    found: Counter[tuple[str, str]] = Counter()
    for row in document["verdicts"]:
        answer = document["answers"][row["answer"]]
        vpc = document["interfaces"].get(row["interface"], {}).get("vpc")
        if vpc and row["verdict"] in {"reachable", "forward-only"}:
            for name in {via for flow in answer["flows"] for via in flow["via"]}:
                found[vpc, name] += 1
    return found


def _sheet(
    vpcs: list[Document],
    estate: Document,
    tally: dict[str, Exposure],
    opened: Counter[tuple[str, str]],
    words: Catalogue,
    *,
    folded: bool,
) -> Picture:
    tops: dict[str, float] = {}
    y = 16.0
    for vpc in vpcs:
        tops[vpc["id"]] = y
        y += _height(vpc, folded=folded) + _GAP
    shapes: list[Shape] = [
        Box(12, 16, 26, y - 16 - _GAP, "band", "hair"),
        *_downwards(25, 40, words.text["map_internet"]),
    ]
    names = {v["id"]: _name(v) for v in estate["vpcs"]}
    shapes += _lanes(_chosen(estate["links"], tops, opened), tops, opened, names)
    for vpc in vpcs:
        shapes += _vpc(vpc, tops[vpc["id"]], tally, words, folded=folded)
        shapes += _entrances(vpc, tops[vpc["id"]], opened)
    return drawing(_WIDTH, y, shapes, words.text["map_alt"].format(", ".join(map(_name, vpcs))))


def _downwards(x: float, y: float, text: str) -> Iterator[Shape]:
    """The letters of the text one below the other."""
    for index, letter in enumerate(text):
        yield Text(x, y + 13 * index, letter, "soft", 11, bold=True, at="middle")


def _vpc(vpc: Document, y: float, tally: dict[str, Exposure], words: Catalogue, *, folded: bool) -> Iterator[Shape]:
    right = _LEFT + _BOX - 12
    yield Box(_LEFT, y, _BOX, _height(vpc, folded=folded), "card", "ink", 1.2, 6)
    yield Text(_LEFT + 12, y + 19, _name(vpc), "ink", 13, bold=True, room=_BOX - 130)
    yield Text(
        right, y + 19, words.reached(*tally.get(vpc["id"], Exposure(0, 0))), _ink(tally, vpc["id"]), 10, at="end"
    )
    place = " · ".join(filter(None, [vpc["id"], vpc["account"], vpc["region"]]))
    yield Text(_LEFT + 12, y + 34, place, "soft", 9, room=_BOX - 24)
    yield Text(_LEFT + 12, y + 45, ", ".join(vpc["cidrs"]), "soft", 9, room=_BOX - 24)
    if folded or not vpc["subnets"]:
        yield Text(_LEFT + 12, y + _HEAD + 15, words.subnets(len(vpc["subnets"])), "soft", 10)
        return
    for index, subnet in enumerate(vpc["subnets"]):
        top = y + _HEAD + 2 + index * _ROW
        yield Box(_LEFT + 10, top, _BOX - 20, _ROW - 3, "band", "none", round=3)
        yield Dot(_LEFT + 20, top + 8.5, 3.5, _ink(tally, subnet["id"]), "none")
        yield Text(_LEFT + 30, top + 12, subnet["name"] or subnet["id"], "ink", 10, room=120)
        yield Text(_LEFT + 160, top + 12, next(iter(subnet["cidrs"]), ""), "soft", 9, room=90)
        yield Text(right - 4, top + 12, words.fraction(*tally.get(subnet["id"], Exposure(0, 0))), "soft", 9, at="end")


def _entrances(vpc: Document, y: float, opened: Counter[tuple[str, str]]) -> Iterator[Shape]:
    """The gateways of the VPC at its left side: those to the internet with a line from it."""
    for index, gateway in enumerate(vpc["gateways"][:3]):
        level = y + 20 + index * 20
        if level > y + _height(vpc, folded=True):
            return
        reached = opened[vpc["id"], gateway["id"]]
        inwards = gateway["kind"] in {"internet-gateway", "carrier-gateway"}
        ink: Ink = "reachable" if reached else "soft"
        if inwards:
            yield Rule(
                ((38, level), (_LEFT - 1, level)), ink, 2 if reached else 1, head=bool(reached), dashed=not reached
            )
        elif gateway["kind"] == "nat-gateway":
            yield Rule(((_LEFT - 1, level), (40, level)), "hair", 1, head=True)
        else:
            yield Rule(((_LEFT - 34, level), (_LEFT - 1, level)), ink, 2 if reached else 1, head=bool(reached))
        yield Text(_LEFT - 10, level - 4, gateway["id"], ink, 8, at="end", room=106)


def _reached(end: str, link: Document, opened: Counter[tuple[str, str]]) -> bool:
    """Whether some address of the VPC is reached through the connection."""
    return any(opened[end, name] for name in link["names"])


def _chosen(links: Sequence[Document], tops: dict[str, float], opened: Counter[tuple[str, str]]) -> list[_Lane]:
    """The connections of the VPCs on this sheet, open ones first, as many as there are lanes."""
    lanes = [
        _Lane(link, 0, any(_reached(end, link, opened) for end in link["ends"]))
        for link in links
        if any(end in tops for end in link["ends"])
    ]
    lanes.sort(key=lambda lane: (not lane.open, lane.link["kind"], lane.link["id"]))
    return [lane._replace(x=_LANE + 11 * index) for index, lane in enumerate(lanes[:_LANES])]


def _lanes(
    lanes: list[_Lane], tops: dict[str, float], opened: Counter[tuple[str, str]], names: dict[str, str]
) -> Iterator[Shape]:
    """A line down for each connection, with a branch to each VPC: an arrow where an address is reached by it."""
    edge = _LEFT + _BOX
    for number, (link, x, is_open) in enumerate(lanes):
        ends = [(end, tops[end] + 18 + 9 * (number % 7)) for end in link["ends"] if end in tops]
        levels = [level for _, level in ends]
        yield Rule(((x, min(levels)), (x, max(levels))), "reachable" if is_open else "soft", 2 if is_open else 1)
        for end, level in ends:
            inwards = _reached(end, link, opened)
            ink: Ink = "reachable" if inwards else "soft"
            yield Rule(((x, level), (edge + 1, level)), ink, 2 if inwards else 1, head=inwards)
            yield Text(edge + 10, level - 3, link["id"], ink, 8, room=112)
        elsewhere = [names.get(end, end) for end in link["ends"] if end not in tops]
        if elsewhere:
            yield Text(x + 6, levels[0] + 3, f"→ {', '.join(elsewhere)}", "soft", 7, room=_WIDTH - x - 8)


def _name(vpc: Document) -> str:
    return str(vpc["name"] or vpc["id"])


def _ink(tally: dict[str, Exposure], place: str) -> Ink:
    found = tally.get(place)
    if found is None or not found.addresses:
        return "soft"
    return "reachable" if found.reached else "unreachable"
