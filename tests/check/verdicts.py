"""The verdict of a row by the checker's walk alone: all packets of every way, split until each part has one fate."""

from __future__ import annotations

from sekisho_check.boxes import Box, whole
from sekisho_check.estate import Estate
from sekisho_check.ranges import everything
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


def packets(address: Address, way: Way) -> list[Box]:
    """All that the way could bring: what is not modelled, anything."""
    family = way.family or address.family
    sources = everything(family) if way.kind == "open" else way.sources
    return list(way.packets) or whole(family, sources)


def verdict(estate: Estate, address: Address, ways: list[Way]) -> str:
    """The verdict by the fates of all packets of all ways."""
    found = {fate for way in ways for fate, _ in fates(estate, address, way, packets(address, way))}
    if "answered" in found:
        return "reachable"
    if found & {"open", "delivered"}:
        return "unknown"
    if "one-way" in found:
        return "forward-only"
    return "unknown" if "lost" in found else "unreachable"
