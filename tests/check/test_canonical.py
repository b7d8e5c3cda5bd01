"""Canonical JSON by the examples of RFC 8785, and pointers by those of RFC 6901."""

import hashlib
import json
import struct

import pytest

from sekisho_check.canonical import canonical, digest, pointed


def test_the_example_of_the_rfc() -> None:
    text = """{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
               "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false]}"""
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical(json.loads(text)) == expected
    assert digest(json.loads(text)) == hashlib.sha256(expected.encode()).hexdigest()


def test_members_are_sorted_by_their_utf_16_code_units() -> None:
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    found = json.loads(canonical(dict.fromkeys(names, 0)))
    assert list(found) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


# Appendix B: the bits of a double, and its text.
@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_numbers(bits: str, text: str) -> None:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(value) == text


def test_whole_numbers() -> None:
    assert canonical([0, -1, 65535, 2**53, 10**30]) == "[0,-1,65535,9007199254740992,1e+30]"


def test_pointers() -> None:
    document = {"foo": ["bar", "baz"], "a/b": 1, "m~n": 8, "": 0}
    assert pointed(document, "") == document
    assert pointed(document, "/foo/1") == "baz"
    assert pointed(document, "/a~1b") == 1
    assert pointed(document, "/m~0n") == 8
    assert pointed(document, "/") == 0
    for nowhere in ("/foo/2", "/foo/-", "/foo/01x", "foo", "/no", "/foo/1/x"):
        with pytest.raises(LookupError):
            pointed(document, nowhere)


@pytest.mark.parametrize(
    "value",
    [1.0, -0.0, 1e21, 1e-7, [1.5], {"a": -2.0}, {"a": [0, 1 << 60]}, {"é": 1, "a": 2}, ":1.5", ["x,Infinity"]],
)
def test_a_digest_is_that_of_the_canonical_text(value: object) -> None:
    assert digest(value) == hashlib.sha256(canonical(value).encode()).hexdigest()
