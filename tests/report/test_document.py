from dataclasses import replace

from report.samples import (
    ACL,
    CLOSED,
    OFFICE,
    OFFICE_ONLY,
    OPEN_QUESTION,
    ROUTES,
    STOPPED,
    WORLD,
    assessment,
    explanation,
    tcp_flow,
)
from sekisho.engine.answer import Flow
from sekisho.engine.packet import Packet
from sekisho.report.document import assessment_document, explanation_document
from sekisho.report.json import to_json
from sekisho.report.parts import evidence, flow, packet, ports
from sekisho.sets.prefixes import Range, to_cidrs

GRE_AND_ESP: tuple[Range, ...] = ((47, 47), (50, 50))


def test_the_document_has_the_parts_of_the_schema_in_order() -> None:
    document = assessment_document(assessment())
    assert list(document) == [
        "schema",
        "run",
        "scope",
        "coverage",
        "summary",
        "interfaces",
        "verdicts",
        "answers",
        "findings",
    ]
    assert document["schema"] == "sekisho.assessment/1"


def test_run_and_scope() -> None:
    document = assessment_document(assessment())
    assert document["run"] == {
        "tool": "sekisho",
        "version": "0.1.0",
        "semantics": "1",
        "direction": "ingress",
        "input_digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "collected_at": {"earliest": "2026-11-23T05:00:00Z", "latest": "2026-11-23T05:02:10Z"},
    }
    assert document["scope"] == {
        "target": "all",
        "direction": "ingress",
        "origins": ["internet", "peering"],
        "accounts": ["111122223333"],
        "regions": ["ap-northeast-1"],
    }


def test_a_snapshot_without_dates() -> None:
    sample = assessment()
    undated = replace(sample, run=replace(sample.run, collected=None))
    assert assessment_document(undated)["run"]["collected_at"] is None


def test_a_verdict_row() -> None:
    row = assessment_document(assessment())["verdicts"][0]
    assert list(row.items()) == [
        ("account", "111122223333"),
        ("region", "ap-northeast-1"),
        ("instance", "i-1"),
        ("interface", "eni-1"),
        ("address", "10.0.1.10"),
        ("public_address", "203.0.113.5"),
        ("family", "ipv4"),
        ("origin", "internet"),
        ("verdict", "reachable"),
        ("depth", 0),
        ("answer", "a1"),
    ]


def test_answers() -> None:
    answers = assessment_document(assessment())["answers"]
    assert answers["a3"] == {
        "verdict": "reachable",
        "family": "ipv4",
        "depth": 0,
        "via": ["pcx-1"],
        "flows": [
            {
                "family": "ipv4",
                "sources": ["198.51.100.7/32"],
                "protocol": "tcp",
                "source_ports": ["0-65535"],
                "destination_ports": ["5432"],
                "reply": True,
                "via": ["pcx-1"],
            }
        ],
        "possible": [],
        "barriers": [],
        "assumptions": [],
        "reasons": [],
        "relies_on_absent": [],
        "latent": None,
        "width": 1,
    }
    assert answers["a2"]["barriers"][1] == {
        "code": "NO_ROUTE_TO_DESTINATION",
        "direction": "return",
        "family": "ipv4",
        "component": "rtb-2",
        "detail": "no route of rtb-2 holds an internet address",
        "evidence": [{"file": "ec2/describe-route-tables.json", "pointer": "/RouteTables/1"}],
    }
    assert [answers[key]["width"] for key in ("a1", "a2", "a3")] == ["world", 0, 1]
    assert answers["a4"]["reasons"] == list(OPEN_QUESTION.reasons)
    assert (answers["a5"]["verdict"], answers["a5"]["latent"]) == ("unreachable", "reachable")


def test_summary_counts_addresses_and_findings() -> None:
    assert assessment_document(assessment())["summary"] == {
        "addresses": 3,
        "interfaces": 3,
        "verdicts": {
            "internet": {"reachable": 1, "unreachable": 2},
            "peering": {"reachable": 1, "unknown": 1},
        },
        "findings": {"High": 0, "Medium": 2, "Low": 1, "Informational": 3},
    }


def test_interface_facts() -> None:
    assert assessment_document(assessment())["interfaces"]["eni-3"] == {
        "name": None,
        "kind": "interface",
        "description": "",
        "account": "111122223333",
        "region": "ap-northeast-1",
        "instance": "i-3",
        "instance_name": None,
        "instance_state": "stopped",
        "vpc": "vpc-1",
        "vpc_name": "main",
        "subnet": "subnet-b",
        "subnet_name": "private-b",
        "security_groups": ["sg-1"],
        "network_acl": "acl-1",
        "route_table": "rtb-1",
    }


def test_a_finding_keeps_the_keys_of_the_contract() -> None:
    finding = assessment_document(assessment())["findings"][0]
    assert {
        key: finding[key]
        for key in ("type", "rule", "severity", "instance", "interface", "origin", "via", "protocol", "port", "service")
    } == {
        "type": "RecognizedPortNoAgent",
        "rule": "Recognized port reachable from internet",
        "severity": "Medium",
        "instance": "i-1",
        "interface": "eni-1",
        "origin": "internet",
        "via": ["igw-1"],
        "protocol": "tcp",
        "port": 22,
        "service": "SSH",
    }
    assert (finding["security_groups"], finding["network_acl"], finding["width"]) == (["sg-1"], "acl-1", "world")
    assert finding["sources"] == list(to_cidrs(WORLD, "ipv4"))


def test_network_exposure_has_port_ranges_and_neither_protocol_nor_port() -> None:
    exposure = assessment_document(assessment())["findings"][3]
    assert (exposure["protocol"], exposure["port"], exposure["service"]) == (None, None, None)
    assert (exposure["tcp_ports"], exposure["udp_ports"]) == (["22", "443"], ["53", "514"])


def test_coverage_lists_every_call_with_its_status() -> None:
    coverage = assessment_document(assessment())["coverage"]
    assert [(call["call"], call["status"]) for call in coverage["calls"]] == [
        ("DescribeInstances", "read"),
        ("DescribeVpnGateways", "failed"),
        ("DescribeTransitGateways", "assumed-absent"),
    ]
    assert coverage["population"] == [
        {
            "account": "111122223333",
            "region": "ap-northeast-1",
            "interfaces": 4,
            "interfaces_in_scope": 3,
            "addresses_in_scope": 3,
            "rows": 5,
        }
    ]
    assert coverage["missing_origins"] == [
        {"vpc": "vpc-1", "origin": "vgw", "reason": "no virtual private gateway is attached"}
    ]
    assert coverage["issues"] == [
        {"file": "notes.json", "pointer": "", "what": "is no answer of an AWS call", "effect": "it is ignored"}
    ]


def test_ranges_as_strings() -> None:
    assert ports([(22, 22), (8000, 8010)]) == ["22", "8000-8010"]


def test_icmp_has_types_and_codes_and_no_ports() -> None:
    echo = Flow(
        family="ipv6", protocols=((58, 58),), sources=((1, 1),), icmp_types=((128, 128),), icmp_codes=((0, 255),)
    )
    assert flow(echo) == {
        "family": "ipv6",
        "sources": ["::1/128"],
        "protocol": "icmpv6",
        "icmp_types": ["128"],
        "icmp_codes": ["0-255"],
        "reply": True,
        "via": [],
    }


def test_protocols_without_ports() -> None:
    esp = Flow(family="ipv4", protocols=((50, 50),), sources=OFFICE, reply=False)
    assert flow(esp)["protocol"] == "50"
    assert flow(replace(esp, family="ipv4", protocols=((58, 58),)))["protocol"] == "58"
    several = flow(replace(esp, protocols=((0, 0), (2, 5))))
    assert (several["protocol"], several["protocols"]) == ("other", ["0", "2-5"])


def test_what_the_sender_addresses_and_what_the_destination_sees() -> None:
    translated = replace(tcp_flow([(22, 22)], OFFICE), destinations=((1, 1),), entry=((2, 2),), seen_as=((3, 3),))
    document = flow(replace(translated, unusual_source_port=True))
    assert (document["destinations"], document["seen_as"], document["unusual_source_port"]) == (
        ["0.0.0.1/32"],
        ["0.0.0.3/32"],
        True,
    )
    assert document["entry"] == {"destinations": ["0.0.0.2/32"], "destination_ports": ["22"]}


def test_headers_leave_out_what_the_protocol_lacks() -> None:
    assert packet(Packet("10.0.0.1", "10.0.0.2", 1, icmp_type=8, icmp_code=0)) == {
        "source": "10.0.0.1",
        "destination": "10.0.0.2",
        "protocol": "icmp",
        "icmp_type": 8,
        "icmp_code": 0,
    }
    assert packet(Packet("::1", "::2", 1)) == {"source": "::1", "destination": "::2", "protocol": "1"}


def test_explanation() -> None:
    document = explanation_document(explanation())
    assert document["schema"] == "sekisho.explain/1"
    assert document["query"] == {"from": "internet", "to": "eni-1", "protocol": "tcp", "port": "22", "family": None}
    assert document["example"] == {
        "source": "198.51.100.7",
        "destination": "10.0.1.10",
        "protocol": "tcp",
        "source_port": 49152,
        "destination_port": 22,
    }
    assert document["forward"][1] == {
        "component": "acl-1",
        "kind": "network-acl",
        "action": "allow",
        "rule": {"rule_number": 100, "protocol": "tcp", "cidr": "0.0.0.0/0", "ports": [22, 22]},
        "header": document["example"],
        "evidence": evidence([ACL]),
    }
    assert [hop["component"] for hop in document["return"]] == ["rtb-1"]
    assert document["return"][0]["evidence"] == evidence([ROUTES])


def test_an_explanation_without_packet() -> None:
    nothing = replace(explanation(), answer=STOPPED, example=None, forward=(), returned=())
    document = explanation_document(nothing)
    assert (document["example"], document["forward"], document["return"]) == (None, [], [])
    assert (document["verdict"], document["latent"]) == ("unreachable", "reachable")
    assert [barrier["code"] for barrier in document["barriers"]] == ["BAD_STATE"]


def test_json_is_the_same_for_the_same_document_and_keeps_its_text() -> None:
    text = to_json(assessment_document(assessment("関所 “web”\u2028\x1b")))
    assert text == to_json(assessment_document(assessment("関所 “web”\u2028\x1b")))
    assert '"instance_name":"関所 “web”\u2028\\u001b"' in text
    assert text.startswith('{\n  "schema": "sekisho.assessment/1",\n  "run": {\n')
    assert text.endswith("\n}\n")


def test_json_holds_widths_of_ipv6() -> None:
    sample = assessment()
    wide = replace(sample, answers={**sample.answers, "a3": replace(OFFICE_ONLY, width=1 << 64)})
    assert '"width": 18446744073709551616' in to_json(assessment_document(wide))


def test_unreachable_has_its_depth() -> None:
    assert CLOSED.depth == assessment_document(assessment())["answers"]["a2"]["depth"] == 2
