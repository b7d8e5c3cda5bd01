"""Certificates made false: each is a true one with one thing changed, and must be refused.

A forgery is drawn by a seed from the certificates of one snapshot: a kind of change, a certificate that has what the
kind needs, a place in it. None only weakens a claim (`stopped` to `open`): that would still be true.
"""

import copy
import ipaddress
import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

Certificate = dict[str, Any]
#: Changes a copy of the certificate in place; False where it has nothing to change.
Change = Callable[[Certificate, Random, Sequence[Certificate]], bool]


class Forgery(NamedTuple):
    """The lines of a file of certificates, one of which is false, and what was done to it."""

    kind: str
    lines: list[str]


def forgeries(lines: Sequence[str], seed: int, number: int) -> Iterator[Forgery]:
    """That many, over all kinds in turn; kinds that find nothing to change in these certificates are left out."""
    r = Random(seed)
    whole = [json.loads(line) for line in lines]
    kinds = r.sample([*CHANGES, *TEXTS], len(CHANGES) + len(TEXTS))
    made = 0
    while made < number:
        kind = kinds[made % len(kinds)]
        found = _forged(kind, lines, whole, r)
        if found is None:
            kinds.remove(kind)
            continue
        made += 1
        yield Forgery(kind, found)


def _forged(kind: str, lines: Sequence[str], whole: Sequence[Certificate], r: Random) -> list[str] | None:
    if kind in TEXTS:
        return TEXTS[kind](list(lines), r)
    for place in r.sample(range(len(whole)), len(whole)):
        changed = copy.deepcopy(whole[place])
        if CHANGES[kind](changed, r, whole) and changed != whole[place]:
            text = json.dumps(changed, ensure_ascii=False, separators=(",", ":")) + "\n"
            return [*lines[:place], text, *lines[place + 1 :]]
    return None


# Claims -----------------------------------------------------------------------------------------------


def _claims(c: Certificate, *fates: str) -> list[dict[str, Any]]:
    return [claim for way in c["ways"] for claim in way["claims"] if not fates or claim["fate"] in fates]


def _drop_box(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    claims = _claims(c)
    if not claims:
        return False
    claim = r.choice(claims)
    claim["boxes"].pop(r.randrange(len(claim["boxes"])))
    return True


def _narrow_ports(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    return _cut_range(c, r, 2)


def _narrow_source_ports(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    return _cut_range(c, r, 3)


def _narrow_protocols(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    return _cut_range(c, r, 0)


def _cut_range(c: Certificate, r: Random, member: int) -> bool:
    """One value less in one range of a box."""
    boxes = [b for claim in _claims(c) for b in claim["boxes"] if "-" in b[member]]
    if not boxes:
        return False
    box = r.choice(boxes)
    ranges = box[member].split(",")
    place = r.choice([i for i, text in enumerate(ranges) if "-" in text])
    low, high = map(int, ranges[place].split("-"))
    ranges[place] = f"{low + 1}-{high}" if r.random() < 0.5 else f"{low}-{high - 1}"
    box[member] = ",".join(ranges)
    return True


def _narrow_sources(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    """One address less in one range of sources; every box that points there is the smaller for it."""
    places = [i for i, text in enumerate(c["sources"]) if "-" in text]
    if not places:
        return False
    place = r.choice(places)
    ranges = c["sources"][place].split(",")
    spot = r.choice([i for i, text in enumerate(ranges) if "-" in text])
    low, high = ranges[spot].split("-")
    ranges[spot] = f"{ipaddress.ip_address(low) + 1}-{high}"
    c["sources"][place] = ",".join(ranges)
    return True


def _double_box(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    claims = _claims(c)
    if not claims:
        return False
    box = r.choice(r.choice(claims)["boxes"])
    r.choice(claims)["boxes"].append(list(box))
    return True


def _stop_what_passes(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    claims = _claims(c, "answered", "one-way")
    if not claims:
        return False
    r.choice(claims).update(fate="stopped", layer="groups", record="interface")
    _follow(c)
    return True


def _pass_what_is_stopped(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    return _say(c, r, ("stopped",), "answered")


def _answer_what_is_not(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    return _say(c, r, ("one-way",), "answered")


def _deliver_what_is_stopped(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    claims = _claims(c, "stopped")
    if not claims:
        return False
    r.choice(claims).update(fate="one-way", layer="return route", record="rtb-forged")
    _follow(c)
    return True


def _lose_the_answer(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    claims = _claims(c, "answered")
    if not claims:
        return False
    r.choice(claims).update(fate="one-way", layer="ACL out", record="acl-forged")
    _follow(c)
    return True


def _say(c: Certificate, r: Random, of: tuple[str, ...], fate: str) -> bool:
    claims = _claims(c, *of)
    if not claims:
        return False
    claim = r.choice(claims)
    claim["fate"] = fate
    claim.pop("layer", None)
    claim.pop("record", None)
    _follow(c)
    return True


def _follow(c: Certificate) -> None:
    """Make the verdict follow from the claims, so that the claim alone is false."""
    fates = {claim["fate"] for claim in _claims(c)}
    order = (
        ("answered", "reachable"),
        ("open", "unknown"),
        ("delivered", "unknown"),
        ("one-way", "forward-only"),
        ("open-one-way", "unknown"),
    )
    c["verdict"] = next((verdict for fate, verdict in order if fate in fates), "unreachable")


def _other_record(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    claims = _claims(c, "stopped", "one-way")
    if not claims:
        return False
    claim = r.choice(claims)
    claim["record"] = f"{claim['record']}-forged"
    return True


def _other_layer(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    """A layer that never holds a record of this kind."""
    claims = _claims(c, "stopped", "one-way")
    if not claims:
        return False
    claim = r.choice(claims)
    claim["layer"] = "ACL in" if not claim["record"].startswith("acl-") else "groups"
    return True


def _assume(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    claims = _claims(c, "answered", "one-way")
    if not claims:
        return False
    claim = r.choice(claims)
    claim["assumed"] = not claim.get("assumed", False)
    return True


# Ways, rows, verdicts, witnesses ----------------------------------------------------------------------


def _drop_way(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    """A way less, where the certificate does not speak of any way whatever (`open`) too: that would still cover it."""
    if not c["ways"] or ["open"] in [way["way"] for way in c["ways"]]:
        return False
    c["ways"].pop(r.randrange(len(c["ways"])))
    _follow(c)
    return True


def _double_way(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    if not c["ways"]:
        return False
    c["ways"].append(copy.deepcopy(r.choice(c["ways"])))
    return True


def _invent_way(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    if not c["ways"]:
        return False
    way = copy.deepcopy(r.choice(c["ways"]))
    way["way"] = ["vpc-peering-connection", "pcx-forged"]
    c["ways"].append(way)
    return True


def _rename_way(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    if not c["ways"]:
        return False
    way = r.choice(c["ways"])["way"]
    place = r.randrange(len(way))
    way[place] = f"{way[place]}x"
    return True


def _other_verdict(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    verdicts = {"reachable", "unknown", "forward-only", "unreachable"} - {c["verdict"]}
    c["verdict"] = r.choice(sorted(verdicts))
    return True


def _other_row(c: Certificate, r: Random, whole: Sequence[Certificate]) -> bool:
    """The proof of one row given for another, whose own is then missing or doubled."""
    others = [o for o in whole if o["row"] != c["row"]]
    if not others:
        return False
    c["row"] = dict(r.choice(others)["row"])
    return True


def _other_member(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    name = r.choice(sorted(c["row"]))
    c["row"][name] = f"{c['row'][name]}0"
    return True


def _other_proof(c: Certificate, r: Random, whole: Sequence[Certificate]) -> bool:
    """The ways of another row, whose claims differ."""
    others = [o for o in whole if o["verdict"] != c["verdict"] and "unknown" not in {o["verdict"], c["verdict"]}]
    if not others:
        return False
    other = r.choice(others)
    for member in ("verdict", "sources", "ways", "witness"):
        c[member] = copy.deepcopy(other[member])
    return True


def _no_witness(c: Certificate, _: Random, __: Sequence[Certificate]) -> bool:
    if c["witness"] is None:
        return False
    c["witness"] = None
    return True


def _witness_elsewhere(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    """A packet from nowhere, or something on its way that is not there."""
    if c["witness"] is None:
        return False
    if r.random() < 0.5:
        c["witness"]["passes"].insert(r.randrange(len(c["witness"]["passes"]) + 1), "acl-forged")
    else:
        c["witness"]["packet"]["source"] = "nowhere"
    return True


# Records and frame ------------------------------------------------------------------------------------


def _other_digest(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    name = r.choice(sorted(c["records"]))
    digest = c["records"][name]
    place = r.randrange(len(digest))
    c["records"][name] = digest[:place] + ("0" if digest[place] != "0" else "1") + digest[place + 1 :]
    return True


def _drop_records(c: Certificate, _: Random, __: Sequence[Certificate]) -> bool:
    c["records"] = {}
    return True


def _no_such_record(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    name = r.choice(sorted(c["records"]))
    c["records"][f"{name}/Forged/0"] = c["records"][name]
    return True


def _other_frame(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    c[r.choice(["schema", "semantics"])] = "sekisho.certificate/9"
    return True


def _missing_member(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    del c[r.choice(["schema", "semantics", "row", "verdict", "sources", "ways", "witness", "records"])]
    return True


def _wrong_type(c: Certificate, r: Random, _: Sequence[Certificate]) -> bool:
    wrong: list[Any] = [7, "x", [[]], {"a": 1}, True, 1e308, [None]]
    c[r.choice(["row", "verdict", "sources", "ways", "records"])] = r.choice(wrong)
    return True


CHANGES: dict[str, Change] = {
    "a box is dropped": _drop_box,
    "a range of ports is narrower": _narrow_ports,
    "a range of source ports is narrower": _narrow_source_ports,
    "a range of protocols is narrower": _narrow_protocols,
    "a range of sources is narrower": _narrow_sources,
    "a box is there twice": _double_box,
    "what passes is said to be stopped": _stop_what_passes,
    "what is stopped is said to be answered": _pass_what_is_stopped,
    "what is lost is said to be answered": _answer_what_is_not,
    "what is stopped is said to be delivered": _deliver_what_is_stopped,
    "what is answered is said to be lost": _lose_the_answer,
    "a stop names another record": _other_record,
    "a stop names another layer": _other_layer,
    "an assumption is made or kept silent": _assume,
    "a way is dropped": _drop_way,
    "a way is there twice": _double_way,
    "a way is invented": _invent_way,
    "a way is renamed": _rename_way,
    "the verdict is another": _other_verdict,
    "the row is another": _other_row,
    "a member of the row is another": _other_member,
    "the proof is another row's": _other_proof,
    "the witness is gone": _no_witness,
    "the witness goes elsewhere": _witness_elsewhere,
    "a digest is another": _other_digest,
    "no record is cited": _drop_records,
    "a record that is not there is cited": _no_such_record,
    "the schema or semantics is another": _other_frame,
    "a member is missing": _missing_member,
    "a member is of another type": _wrong_type,
}


# Text -------------------------------------------------------------------------------------------------


def _truncated(lines: list[str], r: Random) -> list[str]:
    place = r.randrange(len(lines))
    line = lines[place]
    return [*lines[:place], line[: r.randrange(1, len(line) - 1)] + "\n", *lines[place + 1 :]]


def _cut_short(lines: list[str], r: Random) -> list[str]:
    text = "".join(lines)
    end = r.randrange(1, len(text) - 1)
    return text[:end].splitlines(keepends=True)


def _line_gone(lines: list[str], r: Random) -> list[str]:
    """A row without certificate, of one that proves something: nobody misses an open question."""
    telling = [
        place for place, line in enumerate(lines) if any(w["way"][0] != "open" for w in json.loads(line)["ways"])
    ]
    place = r.choice(telling or range(len(lines)))
    return [*lines[:place], *lines[place + 1 :]]


def _line_twice(lines: list[str], r: Random) -> list[str]:
    return [*lines, r.choice(lines)]


def _nested(lines: list[str], r: Random) -> list[str]:
    return [*lines, "[" * r.randrange(100, 100_000) + "\n"]


TEXTS: dict[str, Callable[[list[str], Random], list[str]]] = {
    "a line is cut short": _truncated,
    "the file is cut short": _cut_short,
    "a line is gone": _line_gone,
    "a line is there twice": _line_twice,
    "a line is nested deeply": _nested,
}
