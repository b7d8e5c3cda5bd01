"""Whatever stands in the files, the checker says something about it and never falls over."""

import json
import random
from typing import Any

import pytest

from check.corpus import cases
from sekisho_check.audit import Audit
from sekisho_check.boxes import whole
from sekisho_check.estate import Estate
from sekisho_check.snapshot import UnreadableError, gathered
from sekisho_check.walk import Piece, Walk
from sekisho_check.ways import enter, leave

STRANGE: tuple[Any, ...] = (None, True, -1, 70000, 1.5, "", "x", "10.0.0.0/8", "::/0", [], {}, [None], [[1]], {"a": []})


def damaged(value: Any, r: random.Random) -> Any:
    """The document with one value replaced by a strange one."""
    places: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        for key in one if isinstance(one, dict) else range(len(one)):
            places.append((one, key))
            if isinstance(one[key], dict | list):
                waiting.append(one[key])
    for _ in range(r.choice((1, 1, 3))):
        if places:
            where, key = r.choice(places)
            where[key] = r.choice(STRANGE)
    return value


@pytest.mark.parametrize("seed", range(16))
def test_strange_values_are_survived(seed: int) -> None:
    r = random.Random(seed)
    for case in r.sample(cases(), 25):
        files = dict(case.files)
        name = r.choice(sorted(files))
        try:
            document = json.loads(files[name])
        except ValueError:
            continue
        files[name] = json.dumps(damaged(document, r)).encode()
        try:
            checker = Audit(Estate(gathered(case.name, list(files.items()))))
        except UnreadableError:
            continue
        for address, ways, spare in checker.rows.values():
            for way in (*ways, *spare):
                boxes = list(way.packets) or whole(way.family or address.family, way.sources)
                arrived = enter(Walk(checker.estate, address, way), [Piece(box) for box in boxes])
                leave(Walk(checker.estate, address, way), [piece for piece in arrived if not piece.stop])
