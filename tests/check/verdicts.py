"""The verdict of a row by the checker's walk alone: all packets of every way, split until each part has one fate."""

from __future__ import annotations

from sekisho_check.boxes import Box, whole
from sekisho_check.estate import Estate
from sekisho_check.walk import Address, Piece, Walk, Way
from sekisho_check.ways import enter, leave


def fates(estate: Estate, address: Address, way: Way, boxes: list[Box]) -> list[tuple[str, Piece]]:
    """Every part of the boxes with its fate."""
    walk = Walk(estate, address, way)
    out = []
    for piece in enter(walk, [Piece(box) for box in boxes]):
        if piece.stop:
            out.append(("stopped", piece))
            continue
        for back in leave(Walk(estate, address, way), [piece._replace(open="")]):
            if piece.open:
                out.append(("lost" if back.stop else "open", back))
            else:
                out.append(("one-way" if back.stop else "delivered" if back.open else "answered", back))
    return out


def verdict(estate: Estate, address: Address, ways: list[Way], boxes: list[Box] | None = None) -> str:
    """As the interface document defines it."""
    found = set()
    for way in ways:
        if way.kind == "open":
            found.add("open")
            continue
        given = whole(address.family, way.sources) if boxes is None else boxes
        found |= {fate for fate, _ in fates(estate, address, way, given)}
    if "answered" in found:
        return "reachable"
    if found & {"open", "delivered"}:
        return "unknown"
    if "one-way" in found:
        return "forward-only"
    return "unknown" if "lost" in found else "unreachable"
