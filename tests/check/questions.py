"""A question of the corpus, answered by the checker's walk alone."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from check.corpus import words
from check.verdicts import fates
from sekisho_check.boxes import NONE, Box, subtract, whole
from sekisho_check.classes import Classes
from sekisho_check.estate import Estate
from sekisho_check.population import population
from sekisho_check.ranges import INTERNET, Ranges, block, blocks, everything, less, meet, normal
from sekisho_check.walk import Address, Way

NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}
ONLY = {"icmp": 4, "icmpv6": 6}


class Answer(NamedTuple):
    """What becomes of the packets asked about; boxes by family."""

    verdict: str
    answered: dict[int, list[Box]]
    one_way: dict[int, list[Box]]
    own: dict[int, Ranges]
    """The blocks of the destination's VPC."""


Reached = dict[tuple[str, str], tuple[Address, list[tuple[str, Way]]]]
"""The addresses of a destination, each with its ways by origin."""


def destinations(estate: Estate, to: str) -> Reached:
    """The addresses of the destination, each with all ways of all origins."""
    name, _, part = to.partition(":")
    found: Reached = {}
    for address, origin, ways in population(estate, Classes(estate)):
        data = address.interface.data
        if name not in {address.interface.id, (data.get("Attachment") or {}).get("InstanceId")}:
            continue
        wanted = block(part) if part else None
        if wanted is None or (wanted.family == address.family and meet(wanted.ranges, address.ranges)):
            found.setdefault((address.interface.id, address.text), (address, []))[1].extend(
                (origin, way) for way in ways
            )
    return found


def asked(given: dict[str, str], family: int, sources: Ranges) -> list[Box]:
    """The packets that a question is about."""
    named = given["from"].startswith("arn:")
    start, _, part = ("", "", "") if named else given["from"].partition(":")
    boxes = whole(family, sources if start == "internet" or not part else meet(sources, blocks([part], family)))
    if start == "internet" and part:
        boxes = [box._replace(sources=meet(box.sources, blocks([part], family))) for box in boxes]
    protocol = given["protocol"]
    if protocol != "any":
        number = NUMBERS.get(protocol) or int(protocol)
        boxes = [box._replace(protocols=meet(box.protocols, ((number, number),))) for box in boxes]
    elif "port" in given or "source-port" in given:
        boxes = boxes[:1]
    for option, axis in (
        ("port", "thirds"),
        ("source-port", "fourths"),
        ("icmp-type", "thirds"),
        ("icmp-code", "fourths"),
    ):
        if option in given:
            boxes = [box._replace(**{axis: meet(getattr(box, axis), numbers([given[option]]))}) for box in boxes]
    return [box for box in boxes if all(box)]


def numbers(written: Iterable[str]) -> Ranges:
    pairs = []
    for part in written:
        low, _, high = str(part).partition("-")
        pairs.append((int(low), int(high or low)))
    return normal(pairs)


def answer(estate: Estate, arguments: list[str]) -> Answer:
    """The verdict over all addresses of the destination, and the packets by fate."""
    given = words(arguments)
    start = given["from"] if given["from"].startswith("arn:") else given["from"].partition(":")[0]
    reached = destinations(estate, given["to"])
    if not _decided(estate, start, given["to"].partition(":")[0], reached):
        return Answer("unknown", {}, {}, {})
    found: set[str] = set()
    done: dict[str, dict[int, list[Box]]] = {"answered": {}, "one-way": {}}
    own: dict[int, Ranges] = {}
    for address, ways in reached.values():
        own[address.family] = estate.blocks(address.vpc, address.family) or ()
        for origin, way in ways:
            family = way.family or address.family
            wanted = given.get("family", f"ipv{family}") == f"ipv{family}"
            if not wanted or ONLY.get(given["protocol"], family) != family or not _meant(start, origin, way):
                continue
            sources = everything(family) if way.kind == "open" else way.sources
            boxes = asked(given, family, less(sources, own[address.family]) if family == address.family else sources)
            if way.packets:
                boxes = [both for box in boxes for each in way.packets if (both := box & each) is not None]
            for fate, piece in fates(estate, address, way, boxes):
                found.add(fate)
                if fate in done:
                    done[fate].setdefault(family, []).append(piece.box)
    return Answer(_verdict(found), done["answered"], done["one-way"], own)


def _decided(estate: Estate, start: str, goal: str, reached: Reached) -> bool:
    """Whether sender and destination are in the snapshot, and not only referred to."""
    ways_named = {name for _, ways in reached.values() for _, way in ways for name in given_by(way)}
    known = start in {"internet", "cloudfront"} or start in estate.by_id or start in ways_named
    return (
        known
        and goal in estate.by_id
        and (
            bool(reached)
            or all(estate.read("ec2:DescribeNetworkInterfaces", one.account, one.region) for one in estate.by_id[goal])
        )
    )


def _meant(start: str, origin: str, way: Way) -> bool:
    """Whether the way is one that the question asks for."""
    if way.kind == "open":
        return origin == ORIGINS.get(start.partition("-")[0])
    if start == "internet":
        return way.kind in INTERNET_KINDS
    return start in given_by(way) and way.kind != "carrier-gateway-beyond"


def given_by(way: Way) -> list[str]:
    """The names that ask for the way, up to the first load balancer."""
    names = [word for word in way.words[1:] if word]
    return ["cloudfront", *names] if way.kind == "vpc-origin" else names


ORIGINS = {"internet": "internet", "pcx": "peering", "vgw": "vgw", "tgw": "tgw"}
INTERNET_KINDS = {"internet-gateway", "pool", "carrier-gateway-beyond", "accelerator", "vpc-origin"}


def _verdict(found: set[str]) -> str:
    for fates_, verdict in (
        ({"answered"}, "reachable"),
        ({"open", "delivered"}, "unknown"),
        ({"one-way"}, "forward-only"),
        ({"lost"}, "unknown"),
    ):
        if found & fates_:
            return verdict
    return "unreachable"


def flows(question: dict[str, Any], own: dict[int, Ranges], *, reply: bool) -> dict[int, list[Box]]:
    """The packets that the case lists, by family, as far as it lists them at all."""
    given = words(question["explain"])
    out: dict[int, list[Box]] = {}
    for flow in question["flows"]:
        if flow.get("reply", True) != reply:
            continue
        for family, blocks_of_vpc in own.items():
            if flow.get("family", given.get("family", f"ipv{family}")) != f"ipv{family}":
                continue
            sources = _sources(flow, family, blocks_of_vpc, internet=given["from"].startswith("internet"))
            for protocol in flow.get("protocols", [flow.get("protocol", given["protocol"])]):
                if ONLY.get(protocol, family) != family:
                    continue
                boxes = asked(given | {"protocol": str(protocol)}, family, sources)
                shapes = [shaped for box in boxes if all(shaped := _shaped(box, flow))]
                out |= {family: out.get(family, []) + shapes} if shapes else {}
    return out


def _sources(flow: dict[str, Any], family: int, own: Ranges, *, internet: bool) -> Ranges:
    written = flow.get("sources", "internet" if internet else None)
    if written == "internet":
        found = less(INTERNET[family], own)
    else:
        found = everything(family) if written is None else blocks(written, family)
    return less(found, blocks(flow.get("except", ()), family))


def _shaped(box: Box, flow: dict[str, Any]) -> Box:
    for member, axis in (
        ("destination_ports", "thirds"),
        ("source_ports", "fourths"),
        ("icmp_types", "thirds"),
        ("icmp_codes", "fourths"),
    ):
        if member in flow and getattr(box, axis) != NONE:
            box = box._replace(**{axis: meet(getattr(box, axis), numbers(flow[member]))})
    return box


def same(left: list[Box], right: list[Box]) -> bool:
    return not subtract(left, right) and not subtract(right, left)
