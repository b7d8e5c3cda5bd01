"""Which characters a font can show, read from its own table; PDF/A allows no others."""

import struct
from collections.abc import Iterator
from functools import cache

_SEGMENTS, _GROUPS = 4, 12


@cache
def covered(data: bytes) -> frozenset[int]:
    """The code points with a glyph, by the Unicode subtables of the `cmap` of an OpenType font."""
    (tables,) = struct.unpack_from(">H", data, 4)
    records = (struct.unpack_from(">4sLLL", data, 12 + 16 * i) for i in range(tables))
    start = next(offset for tag, _, offset, _ in records if tag == b"cmap")
    (count,) = struct.unpack_from(">H", data, start + 2)
    found: set[int] = set()
    for i in range(count):
        platform, encoding, offset = struct.unpack_from(">HHL", data, start + 4 + 8 * i)
        if platform == 0 or (platform, encoding) in {(3, 1), (3, 10)}:
            found.update(_subtable(data, start + offset))
    return frozenset(found)


def _subtable(data: bytes, at: int) -> Iterator[int]:
    (form,) = struct.unpack_from(">H", data, at)
    if form == _SEGMENTS:
        (double,) = struct.unpack_from(">H", data, at + 6)
        ends = struct.unpack_from(f">{double // 2}H", data, at + 14)
        starts = struct.unpack_from(f">{double // 2}H", data, at + 16 + double)
        for low, high in zip(starts, ends, strict=True):
            yield from range(low, min(high, 0xFFFE) + 1)
    elif form == _GROUPS:
        (groups,) = struct.unpack_from(">L", data, at + 12)
        for group in range(groups):
            low, high, _ = struct.unpack_from(">LLL", data, at + 16 + 12 * group)
            yield from range(low, high + 1)
