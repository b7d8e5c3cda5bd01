"""Packets and their replies through an AWS Network Firewall."""

from __future__ import annotations

from sekisho_check.boxes import Box, subtract
from sekisho_check.estate import Record, text
from sekisho_check.filters import echo_views
from sekisho_check.firewall_rules import Policy, Rule, matches, policy_of
from sekisho_check.ranges import Ranges, one
from sekisho_check.walk import GATEWAY, RETURN, Piece, Pieces, Walk

Fate = frozenset[str]
"""What may become of a packet: `pass` for itself, `rule` by a pass rule, `free` as no rule matches, `drop`."""

DEFAULTS = {"free": {"free"}, "drop": {"drop"}, "open": {"drop", "free"}}
"""What becomes of packets that no stateful rule matches."""

GOING = frozenset({"pass", "rule", "free"})


def inspect(walk: Walk, pieces: Pieces, firewall: Record, endpoint: Record) -> Pieces:
    """Through an endpoint of the firewall (S-NFW-01)."""
    policy = policy_of(walk.estate, firewall.data, walk.address.family)
    if policy is None:
        return walk.doubt(pieces, f"the policy of {firewall.id} was not read")
    ids = (firewall.id, text(firewall.data, "FirewallName") or "", endpoint.id)
    if not walk.meant(GATEWAY, ids):  # S-NFW-08
        return pieces
    out: Pieces = []
    for piece in pieces:
        if piece.stop:
            out.append(piece)
            continue
        for box, fate in _fates(walk, policy, piece, endpoint.id):
            part = piece._replace(box=box)
            if fate <= GOING:
                out.append(part)
            elif fate == {"drop"}:
                out += walk.stop([part], GATEWAY, *ids)
            else:
                out += walk.doubt([part], f"the rules of {firewall.id} do not decide by addresses and ports alone")
    return out


def bypassed(walk: Walk, pieces: Pieces, firewall: Record, endpoint: Record) -> Pieces:
    """Replies that do not come back through the endpoint that their first packets passed (S-NFW-07)."""
    policy = policy_of(walk.estate, firewall.data, walk.address.family)
    if policy is None:
        return walk.doubt(pieces, f"the policy of {firewall.id} was not read")
    out = [piece for piece in pieces if piece.stop]
    for piece in (piece for piece in pieces if not piece.stop):
        for box, fate in _forward(policy, piece.box, walk.address.family, walk.address.ranges):
            part, kept = [piece._replace(box=box)], fate & {"rule", "free"}
            if fate <= {"rule", "free", "drop"}:
                part = walk.stop(part, RETURN, endpoint.id, firewall.id)
            elif kept:
                part = walk.doubt(part, f"whether {firewall.id} keeps the state of the connection is not decided")
            out += part
    return out


def _fates(walk: Walk, policy: Policy, piece: Piece, endpoint: str) -> list[tuple[Box, Fate]]:
    family, near = walk.address.family, walk.address.ranges
    if not walk.replying:
        return _forward(policy, piece.box, family, near)
    seen = endpoint in piece.passed
    first = _forward(policy, piece.box, family, near) if seen else [(piece.box, frozenset({"pass"}))]
    out = []
    for part, before in first:
        for _, header, home in echo_views(part, family):
            for each, fate in _back(policy, header, family, near, before):
                out.append((home(each), fate))
    return out


def _forward(policy: Policy, header: Box, family: int, near: Ranges) -> list[tuple[Box, Fate]]:
    """A first packet: stateless rules, then stateful ones (S-NFW-02)."""
    out = []
    for box, fate in _first(policy.stateless, policy.stateless_default, header, family, near, replying=False):
        if "forward" not in fate:
            out.append((box, fate))
            continue
        for part, after in _stateful(policy, box, family, near, replying=False):
            out.append((part, fate - {"forward"} | after))
    return out


def _stateful(policy: Policy, header: Box, family: int, near: Ranges, *, replying: bool) -> list[tuple[Box, Fate]]:
    """Rule S-NFW-04."""
    found = _first(policy.stateful, "default", header, family, near, replying=replying)
    means = {"pass": {"rule"}, "drop": {"drop"}, "default": DEFAULTS[policy.stateful_default]}
    return [(box, frozenset(one for action in fate for one in means[action])) for box, fate in found]


def _back(policy: Policy, header: Box, family: int, near: Ranges, before: Fate) -> list[tuple[Box, Fate]]:
    """A reply, whose first packet had one of the fates (S-NFW-07)."""
    out: list[tuple[Box, Fate]] = []
    tcp, others = header & Box(one(6), *header[1:]), subtract([header], [Box(one(6), *header[1:])])
    for shape, unseen in ((tcp, True), *((box, False) for box in others)):
        if shape is None:
            continue
        for box, fate in _first(policy.stateless, policy.stateless_default, shape, family, near, replying=True):
            if "forward" not in fate:
                out.append((box, fate))
                continue
            own = _stateful(policy, box, family, near, replying=True)
            for part, after in own:
                known = fate - {"forward"}
                for way in before:
                    if way == "rule":
                        known |= {"pass"}
                    elif way == "free":
                        known |= after
                    elif way == "pass":
                        known |= ((after | {"drop"}) if policy.midstream else {"drop"}) if unseen else after
                out.append((part, known or frozenset({"drop"})))
    return out


def _first(
    rules: list[Rule], default: str, header: Box, family: int, near: Ranges, *, replying: bool
) -> list[tuple[Box, Fate]]:
    """The header in parts, each with the actions of the rules that may be the first to match it."""
    waiting: list[tuple[Box, Fate]] = [(header, frozenset())]
    done: list[tuple[Box, Fate]] = []
    for rule in rules:
        for ends in rule.ends:
            boxes, known = matches(ends, family, near, replying=replying)
            sure = rule.exact and known
            going: list[tuple[Box, Fate]] = []
            for box, fate in waiting:
                hits = [hit for match in boxes if (hit := box & match) is not None]
                (done if sure else going).extend((hit, fate | {rule.action}) for hit in hits)
                going += [(rest, fate) for rest in (subtract([box], hits) if hits else [box])]
            waiting = going
    return done + [(box, fate | {default}) for box, fate in waiting]
