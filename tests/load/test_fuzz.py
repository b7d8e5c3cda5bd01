"""Whatever the bytes are: a snapshot, or one line."""

import json
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from load.answers import directory, envelope, estate, files
from sekisho.errors import SnapshotError
from sekisho.load import load
from sekisho.model.kinds import KINDS, UNMODELLED_KINDS

JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [
        *[None, True, 0, -1, 2**70, 1.5, float("nan"), [], {}, [[]], {"VpcId": "vpc-1"}, {"Items": 3}, ["vpc-1"]],
        *["", "x", "\x00\ud800", "0.0.0.0/0", "10.0.0.1/8", "::/129", "sg-1", "eni-1", "111122223333", "us-east-1"],
        *["arn:aws:ec2:us-east-1:111122223333:vpc/vpc-9", "2026-01-01", "0001-01-01T00:00:00+14:00"],
    ]
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in the value but the whole."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for k, v in inner for p in ((*path, k), *paths(v, (*path, k)))]


def put(value: Any, path: tuple[Any, ...], junk: Any, *, delete: bool) -> None:
    """Write the junk at the path, or take away what is there; a place that is gone already stays so."""
    try:
        for step in path[:-1]:
            value = value[step]
        if delete:
            del value[path[-1]]
        else:
            value[path[-1]] = deepcopy(junk)
    except (KeyError, IndexError, TypeError):
        return


def holds(laid: dict[str, bytes]) -> None:
    """It loads, or is refused in one line; whichever, twice the same."""
    with tempfile.TemporaryDirectory() as folder:
        path = directory(Path(folder), laid)
        try:
            snapshot = load(path)
        except SnapshotError as error:
            assert str(error).isprintable()  # noqa: PT017 - either outcome is right
            return
        for issue in snapshot.issues:
            assert all(text.isprintable() for text in issue)
        assert load(path).pages == snapshot.pages


@settings(max_examples=150)
@given(st.data(), st.booleans())
def test_mutated_answers(data: st.DataObject, enveloped: bool) -> None:
    answers: dict[str, Any] = json.loads(json.dumps(estate()))
    if enveloped:
        answers = {
            name: envelope("ec2", "".join(w.capitalize() for w in name.split("-")), answer)
            for name, answer in answers.items()
        }
    places = st.sampled_from(paths(answers))
    for place, junk, delete in data.draw(st.lists(st.tuples(places, JUNK, st.booleans()), min_size=1, max_size=4)):
        put(answers, place, junk, delete=delete)
    holds(files(answers, data.draw(st.sampled_from(["", "a", "111122223333/us-east-1"]))))


@settings(max_examples=100)
@given(st.data())
def test_cut_and_flipped_bytes(data: st.DataObject) -> None:
    laid = files(estate())
    name = data.draw(st.sampled_from(sorted(laid)))
    text = bytearray(laid[name])
    for place in data.draw(st.lists(st.integers(0, len(text) - 1), max_size=3)):
        text[place] = data.draw(st.integers(0, 255))
    laid[name] = bytes(text[: data.draw(st.integers(0, len(text)))])
    holds(laid)


KNOWN = {k.member for k in KINDS} | {k.member for k in UNMODELLED_KINDS}
KEYS = st.sampled_from(sorted(KNOWN | {"NextToken", "VpcId", "Cidrs", "x"}))
VALUES = st.recursive(JUNK, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


@settings(max_examples=150)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=3))
def test_random_members_under_the_keys_that_are_known(answer: dict[str, Any]) -> None:
    holds({"x.json": json.dumps(answer).encode()})


@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    holds({"x.json": data, "y.json.gz": data})
