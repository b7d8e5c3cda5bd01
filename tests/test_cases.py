"""Every folder of `tests/cases` is asked through the command line; its README says why the answer is so."""

import ipaddress
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from sekisho.cli.main import main
from sekisho.estates import estate

CASES = Path(__file__).parent / "cases"
NOT_INTERNET = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/4 240.0.0.0/4"
)
WHOLE = {"ipv4": "0.0.0.0/0", "ipv6": "2000::/3"}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Question(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    explain: tuple[str, ...]
    exit: int
    verdict: str
    codes: list[str] | None = None
    sources: list[str] | str | None = None
    families: tuple[str, ...] = ()
    source_ports: list[str] | None = None
    destination_ports: list[str] | None = None
    destinations: list[str] | None = None
    entry: list[str] | None = None
    seen_as: list[str] | None = None
    via: list[str] | None = None
    unusual_source_port: bool | None = None
    assumptions: list[str] | None = None
    reasons: list[str] | None = None


class ExpectedRow(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    interface: str
    address: str
    origin: str
    verdict: str
    public_address: str | None = None
    depth: int | None = None
    width: int | str | None = None
    latent: str | None = None


class Case(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    questions: tuple[Question, ...]
    assess: tuple[ExpectedRow, ...] = ()
    estate: str | None = None


def read(name: str) -> tuple[Case, Path]:
    case = msgspec.json.decode((CASES / name / "expect.json").read_bytes(), type=Case)
    return case, CASES / name / "aws" if case.estate is None else Path(str(estate("story")))


NAMES = sorted(folder.parent.name for folder in CASES.glob("*/expect.json"))
QUESTIONS = [(name, i) for name in NAMES for i in range(len(read(name)[0].questions))]


def run(*arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(main, [*arguments, "-o", "json"], catch_exceptions=False)
    assert result.stdout, f"exit {result.exit_code}: {result.stderr}"
    return result.exit_code, json.loads(result.stdout)


# Sets of addresses and ports ------------------------------------------------------------------------


def merged(cidrs: Iterable[str]) -> list[str]:
    """The fewest CIDRs of the union, IPv4 before IPv6."""
    networks = [ipaddress.ip_network(cidr) for cidr in cidrs]
    ipv4 = [n for n in networks if isinstance(n, ipaddress.IPv4Network)]
    ipv6 = [n for n in networks if isinstance(n, ipaddress.IPv6Network)]
    return [str(n) for n in [*ipaddress.collapse_addresses(ipv4), *ipaddress.collapse_addresses(ipv6)]]


def internet(families: Iterable[str], own: Iterable[str]) -> list[str]:
    """All internet addresses of the families, less the VPC's own blocks.

    Every VPC of the snapshot is left out: in a case with several, all IPv4 blocks are private anyway.
    """
    left: list[Network] = [ipaddress.ip_network(WHOLE[family]) for family in families]
    for cidr in [*NOT_INTERNET.split(), *own]:
        left = [part for network in left for part in without(network, ipaddress.ip_network(cidr))]
    return merged(str(network) for network in left)


def without(network: Network, hole: Network) -> Iterator[Network]:
    if network.version != hole.version or not network.overlaps(hole):
        yield network
    elif network.prefixlen < hole.prefixlen:
        yield from network.address_exclude(hole)  # type: ignore[arg-type]


def vpc_cidrs(snapshot: Path) -> Iterator[str]:
    for file in snapshot.rglob("describe-vpcs.json"):
        for vpc in json.loads(file.read_bytes())["Vpcs"]:
            yield from (a["CidrBlock"] for a in vpc["CidrBlockAssociationSet"])
            yield from (a["Ipv6CidrBlock"] for a in vpc.get("Ipv6CidrBlockAssociationSet", []))


def merged_ports(ranges: Iterable[str]) -> list[str]:
    ports = sorted({p for text in ranges for p in range(int(text.split("-")[0]), int(text.split("-")[-1]) + 1)})
    first = [p for i, p in enumerate(ports) if i == 0 or ports[i - 1] != p - 1]
    last = [p for i, p in enumerate(ports) if i == len(ports) - 1 or ports[i + 1] != p + 1]
    return [str(a) if a == b else f"{a}-{b}" for a, b in zip(first, last, strict=True)]


# What is expected, what is observed -----------------------------------------------------------------


def expected(question: Question, snapshot: Path) -> dict[str, Any]:
    """The members that the question checks; `internet` written out."""
    left_out = {"explain", "families", "assumptions", "reasons"}
    members = {k: v for k, v in msgspec.structs.asdict(question).items() if v is not None and k not in left_out}
    if question.sources == "internet":
        arguments = question.explain
        asked = (arguments[arguments.index("--family") + 1],) if "--family" in arguments else ("ipv4",)
        members["sources"] = internet(question.families or asked, vpc_cidrs(snapshot))
    return members


def observed(code: int, answer: Any) -> dict[str, Any]:
    answered = [flow for flow in answer["flows"] if flow["reply"]]

    def every(member: str) -> list[str]:
        return [value for flow in answered for value in flow.get(member) or ()]

    return {
        "exit": code,
        "verdict": answer["verdict"],
        "codes": sorted({barrier["code"] for barrier in answer["barriers"]}),
        "sources": merged(every("sources")),
        "destinations": merged(every("destinations")),
        "source_ports": merged_ports(every("source_ports")),
        "destination_ports": merged_ports(every("destination_ports")),
        "entry": merged(c for flow in answered for c in (flow.get("entry") or {}).get("destinations", ())),
        "seen_as": merged(every("seen_as")),
        "via": sorted(set(every("via"))),
        "unusual_source_port": bool(answered) and all(flow.get("unusual_source_port", False) for flow in answered),
    }


def assert_named(words: list[str] | None, sentences: list[str]) -> None:
    if words is not None:
        assert bool(sentences) == bool(words), sentences
        assert [word for word in words if not any(word in sentence for sentence in sentences)] == [], sentences


@pytest.mark.parametrize(("name", "number"), QUESTIONS, ids=[f"{name}-{i + 1}" for name, i in QUESTIONS])
def test_the_question_is_answered_as_the_case_says(name: str, number: int) -> None:
    case, snapshot = read(name)
    question = case.questions[number]
    code, answer = run("explain", str(snapshot), *question.explain)
    seen, wanted = observed(code, answer), expected(question, snapshot)
    assert {member: seen[member] for member in wanted} == wanted
    assert_named(question.assumptions, answer["assumptions"])
    assert_named(question.reasons, answer["reasons"])


@pytest.mark.parametrize("name", [name for name in NAMES if read(name)[0].assess])
def test_the_assessment_says_the_same(name: str) -> None:
    case, snapshot = read(name)
    code, assessment = run("assess", str(snapshot))
    rows = {(r["interface"], r["address"], r["origin"]): r for r in assessment["verdicts"]}
    for want in case.assess:
        row = rows[want.interface, want.address, want.origin]
        seen = {**assessment["answers"][row["answer"]], **row}
        wanted = {member: value for member, value in msgspec.structs.asdict(want).items() if value is not None}
        assert {member: seen[member] for member in wanted} == wanted
    assert code == (3 if any(row["verdict"] == "unknown" for row in assessment["verdicts"]) else 0)


def test_every_case_is_told_in_words() -> None:
    assert len(NAMES) >= 1
    assert [name for name in NAMES if not (CASES / name / "README.md").is_file()] == []
