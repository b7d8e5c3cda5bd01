"""The report: what a reader must find in it, the same in HTML and PDF, whatever names the input has."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise
from typing import Any, cast

import msgspec
import pytest

from report.samples import CLOSED, assessment, facts, row
from sekisho.cli.pdf import to_pdf
from sekisho.engine.packet import Action, Delivered, Hop, Packet, Trace
from sekisho.errors import QueryError
from sekisho.findings.assessment import Assessment
from sekisho.report.document import assessment_document
from sekisho.report.paper import catalogues
from sekisho.report.paper.blocks import Heading, Paper, told
from sekisho.report.paper.brief import Brief
from sekisho.report.paper.build import paper
from sekisho.report.paper.exceptions import read_exceptions
from sekisho.report.paper.html import to_html
from sekisho.report.paper.way import ruled, way_document

HEADER = Packet("198.51.100.7", "10.0.1.10", 6, 49152, 22)


def hop(component: str, kind: str, action: Action, rule: dict[str, object]) -> Hop:
    return Hop(component, kind, action, rule, HEADER, ())


NAT: dict[str, object] = {"PublicIp": "203.0.113.5", "PrivateIpAddress": "10.0.1.10"}
ENTRY: dict[str, object] = {"RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
SSH: dict[str, object] = {"GroupId": "sg-1", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
ROUTE: dict[str, object] = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}
WAY = way_document(
    Trace(
        forward=(
            hop("igw-1", "internet-gateway", "translate", NAT),
            hop("acl-1", "network-acl", "allow", ENTRY),
            hop("sg-1", "security-group", "allow", SSH),
            hop("i-1", "instance", "deliver", {"State": "running"}),
        ),
        outcome=Delivered("eni-1"),
        reply=(hop("rtb-1", "route-table", "route", ROUTE),),
    )
)
CUT = {"forward": [{**WAY["forward"][0], "action": "deny", "rule": None}], "return": []}
ESTATE = {
    "vpcs": [
        {
            "id": "vpc-1", "name": "main", "account": "111122223333", "region": "ap-northeast-1",
            "cidrs": ["10.0.0.0/16"],
            "subnets": [{"id": "subnet-a", "name": "public-a", "cidrs": ["10.0.1.0/24"], "zone": "ap-northeast-1a"}],
            "gateways": [{"id": "igw-1", "kind": "internet-gateway", "name": None}],
        }
    ],
    "links": [{"id": "pcx-1", "kind": "vpc-peering-connection", "state": "active", "ends": ["vpc-1", "vpc-9"],
               "names": ["pcx-1"]}],
}  # fmt: skip


def report(name: str = "bastion", lang: str = "en", of: Assessment | None = None, **more: Any) -> Paper:
    document = assessment_document(of or assessment(name))
    values: dict[str, Any] = {"kind": "full", "ways": {"a1": WAY, "a2": CUT}, "estate": ESTATE, **more}
    return paper(Brief(document=document, words=catalogues()[lang], **values))


class Page(HTMLParser):
    """What a browser would make of a page: its tags, its text, its anchors."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._hidden = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden += tag in {"script", "style"}
        self.text += " "

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] or "" for _, attributes in self.tags if attribute in attributes]


def bare(text: str) -> str:
    """The text without blanks and without what only breaks lines: a PDF has those where its lines end."""
    return re.sub(r"[\s\u200b]+", "", text)


@cache
def text_of_pdf(made: bytes) -> str:
    import pypdf  # noqa: PLC0415 - slow to import

    return "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(made)).pages)


@cache
def pdf(lang: str = "en") -> bytes:
    return to_pdf(report(lang=lang))


def facts_in(paper: Paper) -> list[str]:
    """Every text that the report has outside its drawings."""
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, Mapping):
            if "text" in value and "svg" not in value:
                found.append(value["text"])
            for name, member in value.items():
                if name in {"heading", "caption"} and isinstance(member, str):
                    found.append(member)
                walk(member)
        elif isinstance(value, list | tuple):
            for member in value:
                walk(member)

    walk(msgspec.to_builtins(paper))
    return [fact for fact in found if fact.strip()]


# The same facts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_html_and_pdf_hold_every_fact_of_the_report(lang: str) -> None:
    facts = facts_in(report(lang=lang))
    assert len(facts) > 500
    page, document = bare(Page(to_html(report(lang=lang))).text), bare(text_of_pdf(pdf(lang)))
    assert [fact for fact in facts if bare(fact) not in page] == []
    # Headers of pages stand between lines that a page break parts, so a long text may be found in its parts only.
    absent = [fact for fact in facts if bare(fact) not in document]
    assert [fact for fact in absent if any(bare(word) not in document for word in fact.split())] == []


def test_what_a_reader_must_find() -> None:
    text = " ".join(Page(to_html(report())).text.split())
    for fact in (
        "1 address can be reached from the internet; 2 provably cannot.",
        "1 address can be reached from a peered VPC; 1 is undecided.",
        "2026-11-23 05:00:00 UTC to 2026-11-23 05:02:10 UTC",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "● reachable Internet → 10.0.1.10 (public 203.0.113.5)",
        "○ unreachable Internet → 10.0.2.10 2 layers would have to be opened",
        "No route leads the reply back to the sender. NO_ROUTE_TO_DESTINATION no route of rtb-2 holds an internet",
        "Evidence: ec2/describe-route-tables.json /RouteTables/1",
        "tcp 5432 1 address 198.51.100.7/32 pcx-1",
        "udp 53, 514 (no reply) the whole internet igw-1",
        "rtb-1 sends 10.9.0.0/16 to tgw-1, and transit gateways are not modelled",
        "It is out of service now; in service it would be reachable.",
        "Failed 1",
        "TCP 22 (SSH) bastion i-1",
        "DescribeVpnGateways 111122223333 · ap-northeast-1: failed UnauthorizedOperation",
        "taken as absent 111122223333 ap-northeast-1 DescribeTransitGateways",
        "111122223333 ap-northeast-1 4 3 3 5",
        "no virtual private gateway is attached",
        "notes.json",
        "No exception was given.",
        "To be confirmed against the licensed text",
        "Approved by",
    ):
        assert fact in text, fact


def test_the_chapters_stand_in_their_order() -> None:
    chapters = [block.anchor for block in report().blocks if isinstance(block, Heading) and block.level == 1]
    assert chapters == [
        "answer", "matrix", "coverage", "changes", "sheets", "rules", "passed", "exceptions", "method", "controls",
        "appendix", "sign-off",
    ]  # fmt: skip


def test_the_picture_has_every_hop_with_its_rule_and_marks_where_it_is_cut() -> None:
    way, cut = re.findall(r"<svg.*?</svg>", to_html(report()))[1:3]
    for text in (
        "igw-1",
        "203.0.113.5 ⇄ 10.0.1.10",
        "acl-1",
        "#100 allow all 0.0.0.0/0",
        "sg-1",
        "tcp 22 0.0.0.0/0",
        "i-1",
    ):
        assert f">{text}</text>" in way
    assert ">0.0.0.0/0 → igw-1</text>" in way
    assert "\N{MULTIPLICATION SIGN}" not in way
    assert ">\N{MULTIPLICATION SIGN}</text>" in cut
    assert ">IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS</text>" in cut
    assert ">NO_ROUTE_TO_DESTINATION</text>" in cut


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({**ENTRY, "Protocol": "6", "RuleAction": "deny", "PortRange": {"From": 22, "To": 22}},
         "#100 deny tcp 22 0.0.0.0/0"),
        ({"GroupId": "sg-1", "IpProtocol": "-1", "UserIdGroupPairs": "sg-2"}, "all"),
        ({"DestinationCidrBlock": "10.1.0.0/16", "VpcPeeringConnectionId": "pcx-1"}, "10.1.0.0/16 → pcx-1"),
        ({"State": "stopped"}, "stopped"),
        (None, ""),
    ],
)  # fmt: skip
def test_rules_in_few_words(rule: dict[str, object] | None, said: str) -> None:
    assert ruled(rule) == said


def test_local_time_stands_beside_utc() -> None:
    text = " ".join(Page(to_html(report(offset=540))).text.split())
    assert "2026-11-23 05:00:00 UTC (2026-11-23 14:00:00 JST)" in text
    assert "2026-11-22 19:30:00 UTC-09:30" in Page(to_html(report(offset=-570))).text


def test_the_finding_report_leaves_out_what_nothing_reaches() -> None:
    text = Page(to_html(report(kind="finding"))).text
    assert "Every check, row by row" not in text
    assert "Every check, row by row" in Page(to_html(report())).text
    assert "that nothing reaches are in the full report only" in text


# Changes and exceptions -------------------------------------------------------------------------------


def test_changes_since_an_earlier_assessment() -> None:
    now = assessment_document(assessment())
    assert "Nothing changed" in Page(to_html(report(previous=now))).text
    before = assessment_document(replace(assessment(), rows=assessment().rows[1:], findings=assessment().findings[1:]))
    text = " ".join(Page(to_html(report(previous=before))).text.split())
    assert "1 new findings, 0 gone" in text
    assert "bastion 10.0.1.10 eni-1 Internet not there reachable" in text


def exception(expires: str, **match: str) -> dict[str, object]:
    return {"match": match, "owner": "Network team", "reason": "Vendor access", "expires": expires}


def test_exceptions_in_force_accept_and_expired_ones_do_not() -> None:
    given = [
        exception("2026-11-23", service="SSH"),
        exception("2026-11-22", port="443"),
        exception("2027-01-01", instance="i-9"),
    ]
    found = Brief(
        document=assessment_document(assessment()),
        words=catalogues()["en"],
        exceptions=read_exceptions(given, "x.yaml"),
    ).acceptances
    assert [one.in_force for one in found] == [True, False, True]
    assert [len(one.findings) for one in found] == [1, 1, 0]
    text = " ".join(Page(to_html(report(exceptions=read_exceptions(given, "x.yaml")))).text.split())
    assert "service=SSH Network team Vendor access 2026-11-23 in force covers 1 findings" in text
    assert "expired" in text
    assert "covers no finding" in text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("text", "x: no list under `exceptions`"),
        ([1], "x: exception 1 is no mapping"),
        ([{"owner": "a"}], "x: exception 1 has no `match`: name at least one of"),
        ([{**exception("2027-01-01"), "match": {"colour": "red"}}], "x: exception 1 matches by `colour`"),
        ([{**exception("2027-01-01", port="22"), "owner": " "}], "x: exception 1 has no `owner`"),
        ([exception("next year", port="22")], "x: exception 1 expires on `next year`: write YYYY-MM-DD"),
        ([{**exception("2027-01-01", port="22"), "reason": ["a"]}], "x: exception 1: `reason` is no single value"),
    ],
)
def test_exceptions_that_cannot_be_used(written: object, said: str) -> None:
    with pytest.raises(QueryError, match=re.escape(said)):
        read_exceptions(written, "x")


# The page ---------------------------------------------------------------------------------------------


def test_nothing_is_loaded_from_anywhere() -> None:
    page = to_html(report()).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "http://" not in page
    assert "https://" not in page
    assert not re.search(r"<link|<img|<iframe|src=|url\(|@import", page)
    assert all(target.startswith("#") for target in Page(page).values("href"))


def test_the_page_lets_only_its_own_script_run() -> None:
    page = to_html(report())
    script = page[page.index("<script>") + len("<script>") : page.index("</script>")]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in Page(page).values(
        "content"
    )


@pytest.mark.parametrize("kind", ["finding", "full"])
def test_every_link_leads_somewhere_and_every_anchor_is_unique(kind: str) -> None:
    page = Page(to_html(report(kind=kind)))
    anchors = page.values("id")
    assert len(anchors) == len(set(anchors))
    assert {target[1:] for target in page.values("href")} <= set(anchors)


def test_tables_have_headers_and_headings_do_not_skip() -> None:
    page = Page(to_html(report()))
    assert {attributes.get("scope") for tag, attributes in page.tags if tag == "th"} == {"col", "row"}
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_page_in_japanese() -> None:
    page = Page(to_html(report(lang="ja")))
    assert page.values("lang") == ["ja"]
    text = " ".join(page.text.split())
    assert "インターネットから1 個のアドレスに到達できる。2 個は到達不能と証明。" in text
    english, japanese = catalogues()["en"], catalogues()["ja"]
    same = {value for key, value in english.text.items() if japanese.text[key] == value}
    assert [s for s in english.text.values() if len(s) > 12 and "{" not in s and s in text and s not in same] == []


# Hostile input ----------------------------------------------------------------------------------------

ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}#panic()$\u202e\x1b[31m=1+1"
NAMES = [
    ATTACK,
    "=HYPERLINK(1)",
    "مرحبا שלום",
    "\U0001f600" * 30,
    "long " * 2000,
    "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "\n\t\0",
]


def test_names_from_the_snapshot_are_text() -> None:
    page = to_html(report(ATTACK))
    assert [tag for tag, _ in Page(page).tags] == [tag for tag, _ in Page(to_html(report())).tags]
    assert not Page(page).values("onerror")
    assert (
        "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}#panic()$\\u202e\\x1b[31m=1+1"
        in Page(page).text
    )
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_hostile_ids_make_no_attributes() -> None:
    hostile = 'eni-1" onmouseover="alert(1)'
    rows = (row(hostile, "10.0.1.10", "a2", instance="i-1"),)
    page = Page(to_html(report(of=replace(assessment(), rows=rows, interfaces={hostile: facts(hostile, "x")}))))
    assert not page.values("onmouseover")
    assert "i-eni-1_22__20_onmouseover_3d__22_alert_28_1_29_" in page.values("id")


def test_hostile_names_make_a_pdf() -> None:
    rows = tuple(row(f"eni-{i}", f"10.0.0.{i}", "a2") for i in range(len(NAMES)))
    named = {r.interface: facts(r.interface, name) for r, name in zip(rows, NAMES, strict=True)}
    text = bare(text_of_pdf(to_pdf(report(of=replace(assessment(), rows=rows, interfaces=named, findings=())))))
    assert (
        bare("<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}#panic()$\\u202e\\x1b[31m=1+1") in text
    )
    assert "U+1F600" in text
    assert "=HYPERLINK(1)" in text


def test_long_names_are_cut() -> None:
    assert told("x" * 10_000, 20) == "x" * 19 + "…"
    assert len(to_html(report("x" * 10_000))) - len(to_html(report())) < 5_000


# Sizes, determinism -----------------------------------------------------------------------------------


def test_an_empty_scope() -> None:
    empty = replace(assessment(), rows=(), answers={}, findings=())
    text = Page(to_html(report(of=empty, ways={}))).text
    assert "No interface address is in scope." in text
    assert "No port of an instance is open." in text
    assert to_pdf(report(of=empty, ways={}, estate={"vpcs": [], "links": []})).startswith(b"%PDF")


def test_a_shared_answer_is_set_out_once() -> None:
    rows = tuple(row(f"eni-{i}", f"10.0.0.{i}", "a2") for i in range(1, 101))
    interfaces = {r.interface: facts(r.interface, f"web-{r.interface}") for r in rows}
    shared = replace(assessment(), rows=rows, answers={"a2": CLOSED}, interfaces=interfaces, findings=())
    text = Page(to_html(report(of=shared, ways={}))).text
    assert text.count("No route leads the reply back to the sender.") == 1
    assert text.count("Same as web-eni-1, 10.0.0.1") == 99


def test_five_thousand_findings_stand_in_few_rows() -> None:
    one = assessment().findings[0]
    many = tuple(msgspec.structs.replace(one, id=f"f{i}", instance=f"i-{i}") for i in range(5_000))
    page = to_html(report(of=replace(assessment(), findings=many)))
    assert page.count("<code>i-") + page.count(">i-") >= 5_000
    assert "Failed 5,000" in page
    assert len(page) < 2_000_000


def test_an_estate_of_many_vpcs_is_drawn_on_several_sheets() -> None:
    vpcs = [{**ESTATE["vpcs"][0], "id": f"vpc-{i}", "name": f"net-{i}"} for i in range(30)]  # type: ignore[index]
    links = [
        {
            "id": f"pcx-{i}",
            "kind": "vpc-peering-connection",
            "state": "active",
            "ends": ["vpc-0", f"vpc-{i}"],
            "names": [f"pcx-{i}"],
        }
        for i in range(1, 30)
    ]
    drawn = report(estate={"vpcs": vpcs, "links": links})
    sheets = [b for b in msgspec.to_builtins(drawn)["blocks"] if b["kind"] == "picture"]
    assert [sheet["svg"].count(">vpc-") for sheet in sheets] == [9, 9, 9, 3]
    assert all(sheet["height"] <= 940 for sheet in sheets)
    assert sum(sheet["svg"].count(">net-") for sheet in sheets) >= 30


def test_the_map_marks_what_is_reached_and_by_what() -> None:
    """Of main, the internet reaches bastion through igw-1, and the other side of pcx-1 an address of another."""
    drawn = re.findall(r"<svg.*?</svg>", to_html(report()))[0]
    assert 'class="f-reachable" x="146" y="32" font-size="8"' in drawn
    assert ">igw-1</text>" in drawn
    assert "→ vpc-9" in drawn
    closed = replace(assessment(), rows=(row("eni-2", "10.0.2.10", "a2"),), findings=())
    assert "f-reachable" not in re.findall(r"<svg.*?</svg>", to_html(report(of=closed)))[0]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert to_html(report("関所")) == to_html(report("関所"))
    assert sha256(to_pdf(report())).digest() == sha256(pdf()).digest()


def test_the_pdf_is_made_as_archives_want_it() -> None:
    import pypdf  # noqa: PLC0415 - slow to import

    read = pypdf.PdfReader(BytesIO(pdf("ja")))
    root = cast("dict[str, Any]", read.root_object)
    assert root["/MarkInfo"]["/Marked"] is not False
    assert root["/Lang"] == "ja"
    assert "/StructTreeRoot" in root
    assert len([o for o in read.outline if not isinstance(o, list)]) == 12
    assert read.metadata is not None
    assert str(read.metadata.title).startswith("ネットワーク到達可能性評価")
    assert b"pdfaid:part" in root["/Metadata"].get_data()
    pages = [page.extract_text() for page in read.pages]
    assert all(
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" in bare(text) for text in pages
    )
    assert all(f"{number}/{len(pages)}" in bare(text) for number, text in enumerate(pages, 1))


def test_the_languages_have_words_for_the_same_things() -> None:
    english, japanese = catalogues()["en"], catalogues()["ja"]
    for name in ("severities", "severity_meanings", "rules", "kinds", "actions", "contributions", "text", "outwards"):
        assert set(getattr(english, name)) == set(getattr(japanese, name)), name
    for key, text in english.text.items():
        assert sorted(re.findall(r"{\w*}", japanese.text[key])) == sorted(re.findall(r"{\w*}", text)), key
    assert set(english.outwards) <= set(english.text)
    assert len(english.method) == len(japanese.method)


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "The first 60 of 61 VPCs are drawn. The verdicts speak of all of them."),
        ("ja", "最初の 60 個の VPC を図示した。全体は 61 個で、判定は全 VPC を対象としている。"),
    ],
)
def test_a_map_says_what_it_leaves_out(lang: str, said: str) -> None:
    (one,) = cast("list[dict[str, Any]]", ESTATE["vpcs"])
    vpcs = [{**one, "id": f"vpc-{number}"} for number in range(61)]
    assert said in to_html(report(lang=lang, estate={"vpcs": vpcs, "links": []}))
    assert said not in to_html(report(lang=lang, estate={"vpcs": vpcs[:60], "links": []}))
