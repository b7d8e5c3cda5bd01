"""Whether a certificate holds: each of its claims, by the checker's own walk."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from sekisho_check.boxes import Box, subtract, whole
from sekisho_check.canonical import digest, pointed
from sekisho_check.certificate import VERDICTS, Certificate, Claim, RefusedError, WayClaims, sha256
from sekisho_check.classes import Classes, strings
from sekisho_check.estate import Estate, text
from sekisho_check.population import Key, population
from sekisho_check.ranges import EMPTY, everything, less, meet, size
from sekisho_check.walk import ACL_IN, ACL_OUT, GATEWAY, GROUPS, Address, Piece, Pieces, Walk, Way
from sekisho_check.ways import ORIGINS, behind, enter, leave

OWN = frozenset({"interface", "instance"})
"""In place of an id: the row's own."""
_KINDS = frozenset(
    {
        "none",
        "open",
        "pool",
        "internet-gateway",
        "carrier-gateway",
        "carrier-gateway-beyond",
        "local-gateway",
        "vpc-peering-connection",
        "virtual-private-gateway",
        "transit-gateway-attachment",
        "accelerator",
        "vpc-origin",
        "instance-connect-endpoint",
        "verified-access-endpoint",
        "lattice-target-group",
        "client-vpn-endpoint",
        "endpoint-service",
    }
)
"""The first words of ways."""
PLAIN = re.compile(r"[\w./:-]+", re.ASCII)
"""Ids that JSON writes as they are."""
_IDS = ("arn:", "igw-", "pcx-", "vgw-", "tgw-attach-", "eni-", "cagw-", "lgw-", "eice-", "cvpn-endpoint-", "vpce-")
PROVEN, ASSUMED, UNDECIDED = "proven", "resting on assumptions", "undecided"


class Row(NamedTuple):
    """A row that there has to be."""

    address: Address
    ways: list[Way]
    spare: tuple[Way, ...] = ()
    """Ways that may be left out: the address has no other of the origin."""


class Result(NamedTuple):
    """A certificate that holds."""

    verdict: str
    standing: str
    """Whether it is proven, rests on assumptions, or is undecided."""
    notes: list[str]


class Audit:
    """All rows of an estate, and the certificates that were seen."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.classes = Classes(estate)
        self.rows: dict[Key, Row] = {
            (address.interface.id, address.text, origin): Row(address, ways)
            for address, origin, ways in population(estate, self.classes)
        }
        self.seen: set[Key] = set()
        self._known: dict[tuple[object, ...], tuple[str, list[str]] | RefusedError] = {}
        self._ways: dict[tuple[object, ...], list[str]] = {}
        self._digests: dict[str, str] = {}
        self._bearers: dict[str, set[str]] = defaultdict(set)
        """Where the records are, of those that have a digest here, that an id is in."""

    def check(self, given: Certificate) -> Result:
        """What the certificate proves. Raises RefusedError where it does not hold."""
        key = (given.row["interface"], given.row["address"], given.row["origin"])
        row = self.rows.get(key)
        row = row or self._undemanded(key)
        if row is None:
            raise RefusedError("there is no such row")
        if key in self.seen:
            raise RefusedError("a second certificate for one row")
        self.seen.add(key)
        interface = row.address.interface
        owner = text(interface.data, "OwnerId") or interface.account
        if given.row["family"] != f"ipv{row.address.family}" or given.row["account"] != owner:
            raise RefusedError("the account or family of the row is another")
        if interface.region is not None and given.row["region"] not in {
            interface.region,
            self.estate.home(row.address.vpc)[1],
        }:
            raise RefusedError("the Region of the row is another")
        self._records(given, interface.id)
        standing, notes = self._claims(given, row, key)
        return Result(given.verdict, standing, notes)

    def missing(self) -> list[Key]:
        """Rows without certificate, but for those that no certificate could say anything of."""
        return [
            key
            for key, row in self.rows.items()
            if key not in self.seen
            and any(way.kind != "open" for way in row.ways)
            and not row.address.interface.disputed
        ]

    def _undemanded(self, key: Key) -> Row | None:
        """A row of an address of the estate for an origin that its VPC shows no way of: all that it can say is that
        ways of it may not have been read.
        """
        near = self.rows.get((key[0], key[1], "internet"))
        if near is None or key[2] not in ORIGINS:
            return None
        return Row(near.address, [], tuple(behind(self.estate, near.address, key[2])))

    # Records

    def _records(self, given: Certificate, interface: str) -> None:
        """Every cited record is as it was, and every record that the certificate names is cited."""
        if not given.records.items() <= self._digests.items():
            for name, value in given.records.items():
                wanted = sha256(name, value)
                if name not in self._digests:
                    self._digest(name)
                if self._digests[name] != wanted:
                    raise RefusedError(f"{name[:120]!a} is not the record that was cited")
        named = {interface} | {claim.record for way in given.ways for claim in way.claims if claim.record} - OWN
        for one in sorted(named):
            if self._citable(one) and self._bearers[one].isdisjoint(given.records):
                raise RefusedError(f"{one[:80]!a} is not among the records cited")

    def _digest(self, name: str) -> None:
        file, _, pointer = name.partition("#")
        try:
            record = pointed(self.estate.files[file], pointer)
            found = digest(record)
        except (LookupError, ValueError) as problem:
            raise RefusedError(f"{name[:120]!a} is not in the snapshot") from problem
        values = list(record.values()) if isinstance(record, dict) else []
        if pointer in {"", "/response"}:  # an answer that is about one resource
            values += strings(record)
        root = self.estate.files[file]
        asked = root.get("parameters") if isinstance(root, dict) and pointer.startswith("/response/") else None
        values += asked.values() if isinstance(asked, dict) else ()  # what a whole answer is about
        self._digests[name] = found
        for value in values:
            if isinstance(value, str) and self._citable(value):
                self._bearers[value].add(name)

    def _citable(self, name: str) -> bool:
        """Whether a record has to be cited that a certificate names so: not where it is only referred to."""
        return name in self.estate.by_id or name not in self.classes.mentioned

    # Claims

    def _claims(self, given: Certificate, row: Row, key: Key) -> tuple[str, list[str]]:
        """Certificates of one text about rows of one class hold or fail together, so each text is walked once."""
        essence = given.essence
        own = key[0], text(row.address.interface.data, "Attachment", "InstanceId") or "-"
        for name, sign in zip(own, ("@", "@@"), strict=True):  # no JSON has these
            essence = essence.replace(f'"{name}"', sign) if PLAIN.fullmatch(name) else essence
        known = (self.classes.of(row.address), key[2], essence, given.example)
        if known not in self._known:
            try:
                self._known[known] = self._walked(given, row)
            except RefusedError as problem:
                self._known[known] = problem
        found = self._known[known]
        if isinstance(found, RefusedError):
            raise found
        return found

    def _walked(self, given: Certificate, row: Row) -> tuple[str, list[str]]:
        fates = {claim.fate for way in given.ways for claim in way.claims}
        if given.verdict != verdict(fates):
            raise RefusedError(f"the verdict {given.verdict} does not follow from the claims")
        _witnessed(given)
        for name in given.witness.passes if given.witness else ():
            if name not in OWN and name not in self.classes.mentioned:
                raise RefusedError(f"the witness passes {name[:80]!a}, which is not in the snapshot")
        expected = self._expected(given, row)
        found = [way.words if way.words[0] != "open" else ("open",) for way in given.ways]
        notes: list[str] = []
        for words, claims in zip(found, given.ways, strict=True):
            notes += self._once(row.address, expected[words], claims)
        if not row.ways and not any(way.kind == "open" for way in expected.values()):
            raise RefusedError("there is no such row")
        if given.verdict == "unknown":
            return UNDECIDED, notes
        decisive = "answered" if given.verdict == "reachable" else "one-way"
        meant = [claim for way in given.ways for claim in way.claims if claim.fate == decisive]
        sure = (
            any(not claim.assumed for claim in meant)
            if meant
            else not any(claim.assumed for way in given.ways for claim in way.claims)
        )
        return PROVEN if sure else ASSUMED, notes

    def _expected(self, given: Certificate, row: Row) -> dict[tuple[str | None, ...], Way]:
        """The ways of the row, by their words. Refuses certificates that leave one out or make one up.

        What is said of the way `open` is said of any way, so where the certificate has it, it stands for those that are
        left out; and where ways may not have been read, those that the certificate knows of are judged as open ones.
        """
        expected = {way.words if way.kind != "open" else ("open",): way for way in row.ways}
        made_up = [way.words for way in given.ways if way.words[0] not in _KINDS]
        if made_up:
            raise RefusedError(f"there is no way {_said(made_up[0])}")
        found = [way.words if way.words[0] != "open" else ("open",) for way in given.ways]
        if len(set(found)) != len(found):
            raise RefusedError("a way is given twice")
        for words in sorted(expected.keys() - set(found), key=str):
            if expected[words].spare:
                continue
            proven = given.verdict == VERDICTS[0] or self._harmless(row.address, expected[words])
            if ("open",) not in found and not (words == ("open",) and proven):
                raise RefusedError(f"the way {_said(words)} is missing")
        expected.update({way.words: way for way in row.spare if way.words in found})
        doubt = expected.get(("open",))
        for words in sorted(set(found) - expected.keys(), key=str):
            known = self.classes.mentioned.issuperset(word for word in words[1:] if word and word.startswith(_IDS))
            if words not in {("open",), ("none", row.address.vpc)} and (doubt is None or not known):
                raise RefusedError(f"there is no way {_said(words)}")  # `open` and `none` let nobody in
            expected[words] = Way(words, ()) if words[0] in {"open", "none"} or doubt is None else doubt
        return expected

    def _harmless(self, address: Address, way: Way) -> bool:
        """Whether nothing can get to the address, by whatever way it comes: groups and state stop everything."""
        everybody = [Piece(box) for box in whole(address.family, everything(address.family))]
        return all(piece.stop for piece in enter(Walk(self.estate, address, way), everybody))

    def _once(self, address: Address, way: Way, given: WayClaims) -> list[str]:
        """Claims about one way hold or fail together for all addresses that it cannot tell apart: each is walked once.

        A load balancer tells its targets apart only by how they are registered, which is in its shape, and by whether
        the client is the target itself.
        """
        if way.kind == "open":
            return self._way(address, way, given)
        walk = Walk(self.estate, address, way)
        claims = tuple(
            (one.fate, one.layer, walk.own(one.record), one.assumed, tuple(one.boxes)) for one in given.claims
        )
        own = address.interface.id, text(address.interface.data, "Attachment", "InstanceId")
        said = tuple((*one[:2], own.index(one[2]) if one[2] in own else one[2], *one[3:]) for one in claims)
        shape = way.through.shape if way.through else ()
        itself = address.text if way.through and meet(way.sources, address.ranges) else ""
        brings = way.words, way.sources, way.packets, way.family, way.masked, way.open
        key = (self.classes.of(address, directly=True), brings, shape, itself, said)
        if key not in self._ways:
            self._ways[key] = self._way(address, way, given)
        return self._ways[key]

    def _way(self, address: Address, way: Way, given: WayClaims) -> list[str]:
        said = _said(given.words)
        if way.kind == "none":
            covers(said, whole(address.family, everything(address.family)), [b for c in given.claims for b in c.boxes])
            stops = {(c.fate, c.layer) for c in given.claims}
            if stops != {("stopped", GATEWAY)} or any(c.record not in self.classes.mentioned for c in given.claims):
                raise RefusedError(f"{said}: none is no way in")
            return []
        own = self.estate.blocks(address.vpc, address.family) or EMPTY
        universe = list(way.packets) or whole(address.family, way.sources or less(everything(address.family), own))
        anything = way.kind == "open" or not way.sources
        claims = [_held(said, claim, universe, anything or _at_gateway(claim, way)) for claim in given.claims]
        covers(said, universe, [box for claim in claims for box in claim.boxes])
        notes = []
        for number, claim in enumerate(claims if way.sources or way.kind == "open" else []):
            problem = self.doubted(address, way, claim)
            if problem:
                raise RefusedError(f"{said}, claim {number}: {problem}")
            if claim.fate in {"open", "delivered"} and self._answered(address, way, claim.boxes):
                notes.append(f"{said}, claim {number}: {claim.fate}, and its packets are answered")
        return notes

    def doubted(self, address: Address, way: Way, claim: Claim) -> str:
        """Why the claim is not proven; empty where it is, or where it claims nothing."""
        boxes = [box for box in claim.boxes if box.sources]
        if boxes and self._fated(address, way, claim, boxes):  # together, which is quick; else each by itself
            for box in boxes:
                if problem := self._fated(address, way, claim, [box]):
                    return problem
        if (
            claim.assumed
            and claim.fate in {"stopped", "one-way", "answered"}
            and not self._assumes(address, way, claim)
        ):
            return "nothing is assumed"
        return ""

    def _assumes(self, address: Address, way: Way, claim: Claim) -> bool:
        """Whether some packet of the claim gets there, or its reply back, under an assumption alone."""
        arrived = enter(Walk(self.estate, address, way), [Piece(box) for box in claim.boxes if box.sources])
        there = [piece for piece in arrived if piece.stop is None]
        on = None if claim.fate == "answered" else ("", "")  # an assumption may lie behind what stops the reply
        return any(piece.assumed for piece in leave(Walk(self.estate, address, way, on), there))

    def _fated(self, address: Address, way: Way, claim: Claim, boxes: list[Box]) -> str:
        """Why some packets of the boxes have not the fate that is claimed."""
        if claim.fate in {"open", "delivered"}:
            return ""
        if address.interface.disputed:
            return "the interface is described in two ways"
        named = (claim.layer, claim.record)
        pieces = [Piece(box) for box in boxes]
        if claim.fate == "stopped":
            return self._named(address, way, claim, enter(Walk(self.estate, address, way, named), pieces))
        arrived = enter(Walk(self.estate, address, way), pieces)
        if claim.fate == "open-one-way":
            arrived = [piece for piece in arrived if piece.stop is None]
        elif problem := _unsure(arrived, claim, "delivered"):
            return problem
        if claim.fate == "answered":
            return _unsure(leave(Walk(self.estate, address, way), arrived), claim, "answered")
        return self._named(address, way, claim, leave(Walk(self.estate, address, way, named), arrived))

    def _named(self, address: Address, way: Way, claim: Claim, pieces: Pieces) -> str:
        """Why the stop of the claim is not what stops the packets, who have been on a walk for it.

        Where AWS picks among ways, or the snapshot leaves several readings open, it has to stop them in one of these,
        and in the others something has to. Of packets of a way through load balancers, several legs of which stop them,
        the one that this walk found may be another than the one that is named.
        """
        problem = _unstopped(pieces, claim)
        rest = [piece for piece in pieces if piece.stop is None]
        if not problem or not (all(piece.hinted for piece in rest) or self._by_the_way(address, way, claim)):
            return problem
        fated = enter(Walk(self.estate, address, way), [Piece(piece.box) for piece in rest])
        if claim.fate != "stopped":
            fated = leave(Walk(self.estate, address, way), [piece for piece in fated if piece.stop is None])
        return problem if any(piece.stop is None for piece in fated) else ""

    def _by_the_way(self, address: Address, way: Way, claim: Claim) -> bool:
        """Whether the record is one of the VPCs that the legs of a way through load balancers are in, and can stop
        packets at the layer.
        """
        vpcs, leg = {address.vpc}, way
        while leg.client is not None and leg.through is not None:
            vpcs.add(leg.through.vpc)
            leg = leg.client
        if leg is way or not _could_stop(claim.layer, claim.record):
            return False
        named = Walk(self.estate, address, way).own(claim.record)
        return any(named in self._of_vpc(vpc) for vpc in vpcs)

    def _of_vpc(self, vpc: str) -> frozenset[str]:
        """Everything that is named by the records that name the VPC."""
        key = ("named with", vpc)
        if key not in self.estate.memo:
            found = {vpc}
            for one in (one for records in self.estate.by_id.values() for one in records):
                named = set(strings(one.data))
                found |= named if vpc in named else set()
            self.estate.memo[key] = frozenset(found)
        known: frozenset[str] = self.estate.memo[key]
        return known

    def _answered(self, address: Address, way: Way, boxes: Iterable[Box]) -> bool:
        said = Claim("answered", "", "", assumed=False, boxes=list(boxes))
        return bool(said.boxes) and not self.doubted(address, way, said)


def _witnessed(given: Certificate) -> None:
    """A packet with the fate of the verdict stands for it."""
    fate = {"reachable": "answered", "forward-only": "one-way"}.get(given.verdict)
    if given.witness is None or fate is None:
        if given.witness is not None or fate is not None:
            raise RefusedError("the witness does not go with the verdict")
        return
    for way in given.ways:
        for claim in way.claims:
            if (
                way.words == given.witness.words
                and claim.fate == fate
                and not subtract([given.witness.box], claim.boxes)
            ):
                return
    raise RefusedError("the witness has not the fate of the verdict")


def _at_gateway(claim: Claim, way: Way) -> bool:
    """Whether the gateway itself is said to let none of the packets in: then they may be more than it could bring."""
    return claim.fate == "stopped" and claim.layer == GATEWAY and claim.record in {*way.words, "vpc"}


def _held(said: str, claim: Claim, universe: list[Box], beyond: bool) -> Claim:  # noqa: FBT001
    """The claim, of the packets of the universe alone. Others are refused, but where they may be."""
    held = [part for box in claim.boxes for each in universe if (part := box & each) is not None]
    if not beyond and sum(box.packets() for box in held) != sum(box.packets() for box in claim.boxes):
        raise RefusedError(f"{said}: packets that the way cannot bring")
    return claim._replace(boxes=held)


def covers(said: str, universe: list[Box], boxes: list[Box]) -> None:
    """Refuses boxes within the universe that are not all of it, each packet once."""
    if subtract(universe, boxes):
        raise RefusedError(f"{said}: packets are left out")
    if sum(box.packets() for box in boxes) != sum(box.packets() for box in universe):
        raise RefusedError(f"{said}: packets are in two boxes")


def verdict(fates: set[str]) -> str:
    """The verdict that follows from the fates."""
    if "answered" in fates:
        return VERDICTS[0]
    if fates & {"open", "delivered"}:
        return VERDICTS[1]
    if "one-way" in fates:
        return VERDICTS[2]
    return VERDICTS[1] if "open-one-way" in fates else VERDICTS[3]


def _could_stop(layer: str, record: str) -> bool:
    """Whether records of this kind stop packets at this layer at all."""
    kind = record.partition("-")[0]
    filters = {ACL_IN: {"acl"}, ACL_OUT: {"acl"}, GROUPS: {"eni", "sg", "interface"}}
    return kind in filters[layer] if layer in filters else kind not in {"acl", "sg"}


def _unstopped(pieces: Pieces, claim: Claim) -> str:
    for piece in pieces:
        if piece.stop is None:
            return f"{show(piece.box)}: not stopped by {claim.layer} of {claim.record[:80]!a}"
    return ""


def _unsure(pieces: Pieces, claim: Claim, what: str) -> str:
    for piece in pieces:
        if piece.stop is not None:
            return f"{show(piece.box)}: not {what}: stopped by {piece.stop.layer} of {piece.stop.ids[0]}"
        if piece.open:
            return f"{show(piece.box)}: not certain to be {what}: {piece.open}"
        if piece.assumed and not claim.assumed:
            return f"{show(piece.box)}: {what} only where {piece.assumed}"
    return ""


def show(box: Box) -> str:
    """One packet of the box."""
    return "protocol {}, source {:#x}, {}, {}".format(*(axis[0][0] for axis in box)) + f" (one of {box_size(box)})"


def box_size(box: Box) -> int:
    return size(box.protocols) * size(box.sources) * size(box.thirds) * size(box.fourths)


def _said(words: Iterable[str | None]) -> str:
    return ascii(" ".join(word or "null" for word in words)[:160])
