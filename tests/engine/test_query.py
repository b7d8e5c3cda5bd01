"""Questions as they are written: endpoints, protocols, ranges."""

import pytest

from sekisho.engine.query import Endpoint, parse_endpoint, parse_range, protocol_of
from sekisho.errors import QueryError
from sekisho.sets.prefixes import parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("internet", Endpoint("internet", "internet", None)),
        ("internet:198.51.100.7", Endpoint("internet:198.51.100.7", "internet", parse("198.51.100.7/32"))),
        ("internet:2001:db8::/32", Endpoint("internet:2001:db8::/32", "internet", parse("2001:db8::/32"))),
        ("i-1:10.0.0.5", Endpoint("i-1:10.0.0.5", "i-1", parse("10.0.0.5/32"))),
        ("vgw-1:172.31.0.5", Endpoint("vgw-1:172.31.0.5", "vgw-1", parse("172.31.0.5/32"))),
        ("ip:2001:db8::5", Endpoint("ip:2001:db8::5", "ip", parse("2001:db8::5/128"))),
        ("web-balancer", Endpoint("web-balancer", "web-balancer", None)),
        ("arn:aws:x:r:1:y/z", Endpoint("arn:aws:x:r:1:y/z", "arn:aws:x:r:1:y/z", None)),
    ],
)
def test_an_endpoint_is_a_name_and_perhaps_a_block(text: str, expected: Endpoint) -> None:
    assert parse_endpoint(text) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "an endpoint is empty: name internet, an id, or ip:ADDRESS"),
        ("ip:", "`ip:`: `` is no address or CIDR block without host bits"),
        ("ip:10.0.0.0/24", "`ip:10.0.0.0/24`: ip: takes one address"),
        ("internet:10.0.0.1/24", "`internet:10.0.0.1/24`: `10.0.0.1/24` is no address or CIDR block without host bits"),
        ("i-1:web", "`i-1:web`: `web` is no address or CIDR block without host bits"),
    ],
)
def test_an_endpoint_that_cannot_be_read_says_why_in_one_line(text: str, line: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_endpoint(text)
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("text", "number"), [("tcp", 6), ("UDP", 17), ("icmpv6", 58), ("47", 47), ("0", 0), ("255", 255)]
)
def test_a_protocol_by_name_or_number(text: str, number: int) -> None:
    assert protocol_of(text) == number


@pytest.mark.parametrize("text", ["256", "-1", "gre", "", "6.0", "٦"])
def test_what_is_no_protocol(text: str) -> None:
    with pytest.raises(QueryError):
        protocol_of(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("443", (443, 443)), ("8000-8010", (8000, 8010)), ("0-65535", (0, 65535))]
)
def test_a_range_of_ports(text: str, expected: tuple[int, int]) -> None:
    assert parse_range(text, "port") == expected


@pytest.mark.parametrize("text", ["", "-", "80-", "-80", "90-80", "65536", "1-65536", "http", "80 - 90", "٨٠"])
def test_what_is_no_range_of_ports(text: str) -> None:
    with pytest.raises(QueryError):
        parse_range(text, "port")
