import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

from report.samples import CLOSED, assessment, facts, row
from sekisho.report.document import assessment_document
from sekisho.report.english import ENGLISH
from sekisho.report.html import to_html
from sekisho.report.japanese import JAPANESE


class Page(HTMLParser):
    """What a browser would make of a page: its tags, its visible text, its anchors."""

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

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] or "" for _, attributes in self.tags if attribute in attributes]


def html(name: str = "bastion") -> str:
    return to_html(assessment_document(assessment(name)))


def test_nothing_is_loaded_from_anywhere() -> None:
    page = html()
    assert "http://" not in page
    assert "https://" not in page
    assert not re.search(r"<link|<img|<iframe|src=|url\(|@import", page)
    parsed = Page(page)
    assert all(target.startswith("#") for target in parsed.values("href"))


def test_the_page_lets_only_its_own_script_run() -> None:
    page = html()
    script = page[page.index("<script>") + len("<script>") : page.index("</script>")]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    assert policy in Page(page).values("content")


def test_names_from_the_snapshot_are_text() -> None:
    attack = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}\u202e\x1b[31m"
    page = html(attack)
    parsed, harmless = Page(page), Page(html())
    assert [tag for tag, _ in parsed.tags] == [tag for tag, _ in harmless.tags]
    assert not parsed.values("onerror")
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}\\u202e\\x1b[31m" in parsed.text
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_hostile_ids_make_no_attributes() -> None:
    hostile = 'eni-1" onmouseover="alert(1)'
    sample = assessment()
    rows = (row(hostile, "10.0.1.10", "a2", instance="i-1"),)
    page = Page(to_html(assessment_document(replace(sample, rows=rows, interfaces={hostile: facts(hostile, "x")}))))
    assert not page.values("onmouseover")
    assert "eni-1_22__20_onmouseover_3d__22_alert_28_1_29_" in page.values("id")


def test_every_link_leads_somewhere_and_every_anchor_is_unique() -> None:
    page = Page(html())
    anchors = page.values("id")
    assert len(anchors) == len(set(anchors))
    assert {target[1:] for target in page.values("href")} <= set(anchors)


def test_what_a_reader_must_find() -> None:
    text = " ".join(Page(html()).text.split())
    for fact in (
        "1 address can be reached from the internet; 2 provably cannot.",
        "1 address can be reached from a peered VPC; 1 is undecided.",
        "Configuration collected 2026-11-23T05:00:00Z to 2026-11-23T05:02:10Z",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "bastion i-1 eni-1 10.0.1.10 public 203.0.113.5 ● reachable tcp 22, 443 from anywhere",
        "○ unreachable from the internet (2 layers would have to be opened)",
        "No route leads the reply back to the sender. no route of rtb-2 holds an internet address",
        "Evidence: ec2/describe-route-tables.json /RouteTables/1",
        "tcp 5432 1 address 198.51.100.7/32 pcx-1",
        "udp 53, 514 (no reply) the whole internet igw-1",
        "Open questions rtb-1 sends 10.9.0.0/16 to tgw-1, and transit gateways are not modelled",
        "It is out of service now; in service it would be reachable.",
        "On instance i-1, TCP port 22 which is associated with 'SSH' is reachable from the internet",
        "failed DescribeVpnGateways 111122223333 ap-northeast-1 0 ec2/vgw.json UnauthorizedOperation",
        "taken as absent DescribeTransitGateways",
        "111122223333 ap-northeast-1 4 3 3 5",
        "vpc-1 VPN, Direct Connect: no virtual private gateway is attached",
        "notes.json is no answer of an AWS call; it is ignored.",
    ):
        assert fact in text


def test_a_shared_answer_is_set_out_once() -> None:
    rows = tuple(row(f"eni-{i}", f"10.0.0.{i}", "a2") for i in range(1, 101))
    interfaces = {r.interface: facts(r.interface, f"web-{r.interface}") for r in rows}
    shared = replace(assessment(), rows=rows, answers={"a2": CLOSED}, interfaces=interfaces, findings=())
    text = Page(to_html(assessment_document(shared))).text
    assert text.count("No route leads the reply back to the sender.") == 1
    assert text.count("Same as web-eni-1, 10.0.0.1") == 99


def test_an_empty_scope() -> None:
    empty = replace(assessment(), rows=(), answers={}, findings=())
    text = Page(to_html(assessment_document(empty))).text
    assert "No interface address is in scope." in text
    assert "No port of an instance is open." in text


def test_the_page_in_japanese() -> None:
    page = Page(to_html(assessment_document(assessment()), JAPANESE))
    assert page.values("lang") == ["ja"]
    text = " ".join(page.text.split())
    assert "インターネットから1 個のアドレスに到達できる。2 個は到達不能と証明。" in text
    assert "応答を送信元に戻すルートがない。" in text
    english = (*ENGLISH.meanings.values(), *ENGLISH.proven, *ENGLISH.not_proven, *ENGLISH.call_statuses.values())
    assert [sentence for sentence in english if sentence in text] == []


def test_the_same_document_gives_the_same_bytes() -> None:
    assert html("関所") == html("関所")


def test_tables_have_headers_and_verdicts_are_words() -> None:
    page = Page(html())
    scopes = [attributes.get("scope") for tag, attributes in page.tags if tag == "th"]
    assert set(scopes) == {"col", "row"}
    assert (page.count("h1"), page.count("main")) == (1, 1)
    assert "lang" in dict(page.tags[0][1]) or page.values("lang") == ["en"]
