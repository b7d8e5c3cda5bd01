from collections.abc import Callable
from dataclasses import replace
from io import StringIO

from rich.console import Console

from report.samples import (
    BASTION,
    CLOSED,
    OFFICE,
    OPEN_QUESTION,
    STOPPED,
    assessment,
    explanation,
    facts,
    row,
    tcp_flow,
)
from sekisho.findings.assessment import Assessment
from sekisho.report.document import assessment_document, explanation_document
from sekisho.report.parts import Document
from sekisho.report.table import print_assessment, print_explanation


def printed(show: Callable[[Document, Console], None], document: Document, *, colour: bool = False) -> str:
    target = StringIO()
    show(document, Console(file=target, width=80, force_terminal=colour, color_system="standard" if colour else None))
    return "\n".join(line.rstrip() for line in target.getvalue().splitlines())


def assessed(sample: Assessment) -> str:
    return printed(print_assessment, assessment_document(sample))


EXPECTED = """\
1 address can be reached from the internet; 2 provably cannot.
1 address can be reached from a peered VPC; 1 is undecided.

Address                  Internet                  Peered VPC
──────────────────────────────────────────────────────────────────
bastion                  ● reachable               ? unknown
10.0.1.10 → 203.0.113.5  tcp 22, 443               1 open question
i-1 eni-1                from anywhere

database                 ○ no                      ● reachable
10.0.2.10                2 barriers                tcp 5432
i-2 eni-2                                          from 1 address

i-3                      ○ no                      - no way in
10.0.2.11                if in service: reachable
eni-3

● reachable Some packet is proven to be delivered, and its reply to come back to
            the sender.
? unknown   Whether a packet gets through hangs on something that the snapshot
            or the model does not cover.
○ no        No packet is delivered. This is proven for every source, protocol
            and port.

6 findings: 2 Medium, 1 Low, 3 Informational
3 of 4 interfaces in scope; calls: 1 read, 1 failed, 1 taken as absent
! DescribeVpnGateways failed (111122223333 ap-northeast-1):
  UnauthorizedOperation
! tgw-1: transit gateways are not modelled
! notes.json: is no answer of an AWS call; it is ignored"""


def test_assessment_in_80_columns() -> None:
    assert assessed(assessment()) == EXPECTED


def test_colour_adds_only_escapes() -> None:
    coloured = printed(print_assessment, assessment_document(assessment()), colour=True)
    assert "\x1b[1;31m● reachable\x1b[0m" in coloured
    assert "1 address can be reached from the internet" in coloured


def test_names_are_no_markup_and_hold_no_control_characters() -> None:
    text = assessed(assessment("[red]x[/red]\x1b[31m\n\u202e"))
    assert "[red]x[/red]\\x1b[31m\\n\\u202e" in "".join(text.split())
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_an_empty_scope() -> None:
    empty = replace(assessment(), rows=(), answers={}, findings=())
    assert assessed(empty).startswith("No interface address is in scope.\n\n0 findings")


def test_a_big_estate_leaves_out_what_is_unreachable_from_everywhere() -> None:
    rows = tuple(row(f"eni-{i}", f"10.0.{i // 256}.{i % 256}", "a2" if i else "a1") for i in range(1001))
    interfaces = {r.interface: facts(r.interface, None) for r in rows}
    text = assessed(replace(assessment(), rows=rows, interfaces=interfaces, findings=()))
    assert "... and 1,000 more addresses, unreachable from everywhere" in text
    assert "10.0.0.0" in text
    assert "10.0.0.1\n" not in text


def test_an_interface_without_instance_says_what_it_is() -> None:
    nat = facts("eni-1", None, instance=None, kind="nat_gateway", description="Interface for NAT Gateway nat-1")
    rows = (row("eni-1", "10.0.1.10", "a2", instance=None),)
    text = assessed(replace(assessment(), rows=rows, interfaces={"eni-1": nat}, findings=()))
    shown = [" ".join(line.split()) for line in text.splitlines()]
    assert {"eni-1 ○ no", "10.0.1.10 2 barriers", "nat_gateway (Interface for NAT Gateway nat-1)"} <= set(shown)


def test_narrower_openings_stand_apart_from_the_widest() -> None:
    narrow = (tcp_flow([(5432, 5432)], OFFICE), tcp_flow([(8000, 8010)], ((0, 255),)))
    mixed = replace(BASTION, flows=(*BASTION.flows, *narrow))
    sample = assessment()
    text = assessed(replace(sample, answers={**sample.answers, "a1": mixed}))
    assert [line[25:49].strip() for line in text.splitlines()[5:10]] == [
        "● reachable",
        "tcp 22, 443",
        "from anywhere",
        "tcp 5432, 8000-8010",
        "from up to 256 addresses",
    ]


def test_wide_and_many_ports_are_shortened() -> None:
    many = tcp_flow([(p, p) for p in range(20, 34, 2)], OFFICE)
    everything = replace(many, destination_ports=((0, 65535),))
    sample = assessment()
    answers = {
        **sample.answers,
        "a1": replace(BASTION, flows=(replace(many, sources=((0, 4095),)),), width=4096),
        "a3": replace(BASTION, flows=(everything,)),
    }
    text = assessed(replace(sample, answers=answers))
    assert "tcp 20, 22, 24, 26 and 3" in text
    assert "from 4,096 addresses" in text
    assert "tcp all ports" in text


EXPLAINED = """\
from internet, to eni-1, protocol tcp, port 22
● Yes: the packets below are delivered, and their replies come back.

  • tcp 22, 443  from anywhere; through igw-1
  • udp 53, 514  from anywhere; through igw-1; no reply

The way there
  1 translate igw-1 (internet-gateway)
    tcp 198.51.100.7:49152 → 203.0.113.5:22
  2 allow     acl-1 (network-acl)
    tcp 198.51.100.7:49152 → 10.0.1.10:22
    rule_number=100 protocol=tcp cidr=0.0.0.0/0 ports=22,22
  3 deliver   eni-1 (network-interface)

The way back
  1 route     rtb-1 (route-table)
    tcp 10.0.1.10:22 → 198.51.100.7:49152
    destination=0.0.0.0/0"""


def test_explanation_of_what_is_reachable() -> None:
    assert printed(print_explanation, explanation_document(explanation())) == EXPLAINED


BARRED = """\
from internet, to eni-1, protocol tcp, port 22
○ No: no such packet is delivered.

What stands in the way
  1 The address has no public IP address, so the internet gateway delivers
    nothing to it.
    eni-2: 10.0.2.10 is associated with no public address
    IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS
    ec2/describe-network-interfaces.json /NetworkInterfaces/1
  2 No route leads the reply back to the sender.
    no route of rtb-2 holds an internet address
    NO_ROUTE_TO_DESTINATION
    ec2/describe-route-tables.json /RouteTables/1"""


def test_explanation_of_what_is_unreachable() -> None:
    barred = replace(explanation(), answer=CLOSED, example=None, forward=(), returned=())
    assert printed(print_explanation, explanation_document(barred)) == BARRED


def test_explanation_of_what_is_open_or_latent() -> None:
    bare = replace(explanation(), example=None, forward=(), returned=())
    undecided = printed(print_explanation, explanation_document(replace(bare, answer=OPEN_QUESTION)))
    assert "? Undecided: the answer hangs on what the reasons below name." in undecided
    assert "Open questions\n  • rtb-1 sends 10.9.0.0/16 to tgw-1" in undecided
    latent = printed(print_explanation, explanation_document(replace(bare, answer=STOPPED)))
    assert "It is out of service now; in service it would be reachable." in latent
