"""The picture of a way in, or of where it is cut: every hop with the rule that decided there.

The packet goes down on the left, its reply comes up on the right. The hop that stops it is marked, and every barrier
is named below.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sekisho.engine.packet import Trace
from sekisho.report.parts import Document, hop

from .blocks import Picture
from .catalogue import Catalogue
from .svg import Box, Dot, Ink, Rule, Shape, Text, drawing

_CROSS = "\N{MULTIPLICATION SIGN}"
_WIDTH, _COLUMN, _STEP, _TOP = 720, 350, 47, 32
_KEYS = ("RuleNumber", "RuleAction", "IpProtocol", "Protocol", "CidrBlock", "CidrIp", "DestinationCidrBlock")
_ARROW_KEYS = ("GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId", "NetworkInterfaceId")


class _Stop(NamedTuple):
    """One node of a column: what it is, its name, the rule in few words, and whether the packet ends there."""

    kind: str
    name: str
    rule: str
    ink: Ink
    mark: str
    dashed: bool = False


def way_document(trace: Trace) -> Document:
    """The hops of a packet and of its reply as plain data."""
    return {"forward": [hop(h) for h in trace.forward], "return": [hop(h) for h in trace.reply]}


def picture(answer: Document, way: Document, origin: str, target: str, words: Catalogue) -> Picture:
    """The way of the example packet and of its reply, or as far as the nearest miss gets."""
    verdict = answer["verdict"]
    forward, back = [_hop(h, words) for h in way["forward"]], [_hop(h, words) for h in way["return"]]
    if not forward:
        forward += [_stopped(b, words) for b in answer["barriers"][:1]]
    if verdict == "unreachable" or not forward:
        forward.append(_Stop(words.text["not_reached"], target, "", "soft", "", dashed=True))
    rows = max(len(forward), len(back))
    header = way["forward"][0]["header"] if way["forward"] else {}
    shapes: list[Shape] = [
        Text(14, 18, words.text["packet_goes"], "soft", 11, bold=True),
        Text(72 if words.language == "ja" else 92, 18, _header(header), "soft", 11, room=_COLUMN - 100),
    ]
    if back:
        shapes.append(Text(_COLUMN + 34, 18, words.text["reply_comes"], "soft", 11, bold=True))
    shapes += _column(14, forward, words.words.origins[origin].heading, down=True, rows=rows)
    shapes += _column(_COLUMN + 34, back[::-1], words.words.origins[origin].heading, down=False, rows=rows)
    y = _TOP + (rows + 1) * _STEP + 2
    if back:
        turn, away = _TOP + len(forward) * _STEP, _TOP + rows * _STEP
        shapes.append(Rule(((23, turn + 17), (23, y - 4), (_COLUMN + 43, y - 4), (_COLUMN + 43, away + 17)), head=True))
        y += 6
    for barrier in answer["barriers"]:
        shapes += _barrier(y, barrier, words)
        y += 44
    return drawing(_WIDTH, y, shapes, words.told_way(answer, way))


def _column(x: float, stops: list[_Stop], origin: str, *, down: bool, rows: int) -> Iterator[Shape]:
    """The nodes from the sender down to the destination; a reply is drawn upwards beside it."""
    if not stops:
        return
    offset = rows - len(stops)
    first = _TOP if down else _TOP + offset * _STEP
    nodes = [_Stop("", origin, "", "ink", ""), *stops]
    for index, stop in enumerate(nodes):
        y = first + index * _STEP
        if index:
            upper, lower = y - _STEP + 18, y - 4
            broken = stop.dashed or (not down and nodes[index - 1].mark == _CROSS)
            ends = ((x + 9, upper), (x + 9, lower)) if down else ((x + 9, lower), (x + 9, upper))
            yield Rule(ends, "hair" if broken else "soft", 1.5, head=not broken, dashed=broken)
        yield from _node(x, y, stop)


def _node(x: float, y: float, stop: _Stop) -> Iterator[Shape]:
    yield Dot(x + 9, y + 7, 8.5, "card" if not stop.mark else stop.ink, stop.ink)
    if stop.mark:
        yield Text(x + 9, y + 11, stop.mark, "card", 11, bold=True, at="middle")
    room = _COLUMN - 60
    if not stop.kind:
        yield Text(x + 28, y + 11, stop.name, "ink", 12, bold=True, room=room)
        return
    yield Text(x + 28, y + 4, stop.kind, stop.ink if stop.mark == _CROSS else "soft", 10, room=room)
    yield Text(x + 28, y + 18, stop.name, "soft" if stop.dashed else "ink", 12, bold=not stop.dashed, room=room)
    yield Text(x + 28, y + 32, stop.rule, "ink", 10, room=room)


def _barrier(y: float, barrier: Document, words: Catalogue) -> Iterator[Shape]:
    where = words.text["on_the_reply" if barrier["direction"] == "return" else "on_the_packet"]
    name = words.kinds.get(barrier["component"], barrier["component"])
    said = words.words.barrier(barrier["code"], barrier["direction"])
    yield Box(14, y, _WIDTH - 28, 38, "band", "none")
    yield Box(14, y, 3, 38, "reachable", "none", round=0)
    yield Text(26, y + 15, f"{_CROSS} {where}  {name}", "ink", 11, bold=True, room=_WIDTH - 330)
    yield Text(_WIDTH - 24, y + 15, barrier["code"], "soft", 9, at="end", room=290)
    yield Text(26, y + 30, said, "ink", 11, room=_WIDTH - 60)


def _stopped(barrier: Document, words: Catalogue) -> _Stop:
    """The barrier as the node where nothing passes, for a packet that has no way at all."""
    said = words.words.barrier(barrier["code"], barrier["direction"])
    name = words.kinds.get(barrier["component"], barrier["component"])
    return _Stop(words.actions["deny"], name, said, "reachable", _CROSS)


def _hop(hop: Document, words: Catalogue) -> _Stop:
    denied = hop["action"] == "deny"
    mark = _CROSS if denied else ("●" if hop["action"] == "deliver" else "")
    ink: Ink = "reachable" if denied else "ink"
    kind = words.kinds.get(hop["kind"], hop["kind"])
    rule = words.text["no_rule"] if denied and not hop["rule"] else ruled(hop["rule"])
    return _Stop(f"{kind} · {words.actions[hop['action']]}", hop["component"], rule, ink, mark)


def ruled(rule: Mapping[str, object] | None) -> str:
    """`#100 allow all 0.0.0.0/0`, `tcp 22 10.0.0.0/16`, `0.0.0.0/0 → igw-1`: a rule as an engineer writes it."""
    if not rule:
        return ""
    known = {key: value for key, value in rule.items() if value not in (None, "", [])}
    parts = []
    if "RuleNumber" in known:
        parts.append(f"#{known['RuleNumber']}")
    if "RuleAction" in known:
        parts.append(str(known["RuleAction"]))
    protocol = known.get("IpProtocol", known.get("Protocol"))
    if protocol is not None:
        parts.append(_PROTOCOLS.get(str(protocol), str(protocol)))
    parts += _ports(known)
    blocks = [str(value) for key, value in known.items() if "Cidr" in key or key.endswith("PrefixListId")]
    parts += blocks
    targets = [str(value) for key, value in known.items() if key.endswith("Id") and key not in _OWN_IDS]
    if "PublicIp" in known:
        parts = [f"{known['PublicIp']} ⇄ {known.get('PrivateIpAddress', '')}"]
    elif targets:
        parts.append(f"→ {targets[0]}" if "State" in known or (blocks and "IpProtocol" not in known) else targets[0])
    if not parts:
        parts = [str(value) for value in known.values() if isinstance(value, str | int)]
    return " ".join(parts)


_PROTOCOLS = {"-1": "all", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_OWN_IDS = {"GroupId", "DestinationPrefixListId", "PrefixListId", "OwnerId", "VpcOwnerId", "SecurityGroupRuleId"}


def _ports(rule: Mapping[str, object]) -> list[str]:
    given = rule.get("PortRange")
    low, high = (
        (given.get("From"), given.get("To"))
        if isinstance(given, Mapping)
        else (
            rule.get("FromPort"),
            rule.get("ToPort"),
        )
    )
    if low is None or (low, high) == (-1, -1):
        return []
    return [str(low) if low == high else f"{low}-{high}"]


def _header(header: Mapping[str, object]) -> str:
    if not header:
        return ""
    port = header.get("destination_port")
    destination = str(header["destination"])
    where = f"[{destination}]" if ":" in destination else destination
    return f"{header['protocol']} {header['source']} → {where}{'' if port is None else f':{port}'}"
