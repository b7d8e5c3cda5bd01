from dataclasses import replace
from hashlib import sha256
from importlib import import_module

import msgspec
import pytest

from report.samples import BASTION, OFFICE, OFFICE_ONLY, STOPPED, WORLD, box, facts, passage, row, tcp_flow
from sekisho.engine.answer import Answer, Row, Verdict
from sekisho.findings.find import Claim, Form, Place, find
from sekisho.findings.finding import Finding, FindingType, Process, Severity
from sekisho.findings.listeners import Listener
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import to_cidrs

find_module = import_module("sekisho.findings.find")
ENI = {"eni-1": facts("eni-1", "bastion"), "eni-2": facts("eni-2", "database")}
BASTION_ROW = row("eni-1", "10.0.1.10", "a1", public_address="203.0.113.5")


def findings(answer: Answer, *listeners: Listener, at: Row = BASTION_ROW) -> tuple[Finding, ...]:
    inventory = {at.instance or "": listeners} if listeners else {}
    return find([at], {at.answer: answer}, ENI, inventory)


def summary(found: tuple[Finding, ...]) -> list[tuple[str, str, str | None, int | None, str | None]]:
    return [(f.type.value, f.severity.value, f.protocol, f.port, f.service) for f in found]


def test_without_inventory_nobody_knows_who_listens() -> None:
    assert summary(findings(BASTION)) == [
        ("RecognizedPortNoAgent", "Medium", "tcp", 22, "SSH"),
        ("RecognizedPortNoAgent", "Low", "tcp", 443, "HTTPS"),
        ("RecognizedPortNoAgent", "Medium", "udp", 514, "Syslog"),
        ("NetworkExposure", "Informational", None, None, None),
    ]


def test_one_finding_in_full() -> None:
    found = find(
        [row("eni-2", "10.0.2.10", "a3", "peering")], {"a3": OFFICE_ONLY}, ENI, peerings={"pcx-1": ("vpc-1", "vpc-9")}
    )
    assert found[0] == Finding(
        id=found[0].id,
        type=FindingType.RECOGNIZED_PORT_NO_AGENT,
        rule="Recognized port reachable from a Peered VPC",
        severity=Severity.INFORMATIONAL,
        title="On instance i-2, TCP port 5432 which is associated with 'PostgreSQL' is reachable from a Peered VPC",
        description=(
            "TCP port 5432 (PostgreSQL) can be reached from a Peered VPC; "
            "no listener inventory says whether a process listens there. "
            "Instance i-2 has interface eni-2 in VPC vpc-1, whose subnet is filtered by network ACL acl-1. "
            "Packets from 1 address arrive through security group sg-1 and VPC Peering Connection pcx-1."
        ),
        recommendation=(
            "Unless this access is wanted, change security group sg-1 so that it no longer admits traffic "
            "from a Peered VPC to TCP port 5432."
        ),
        account="111122223333",
        region="ap-northeast-1",
        instance="i-2",
        interface="eni-2",
        addresses=("10.0.2.10",),
        vpc="vpc-1",
        origin="peering",
        via=("pcx-1",),
        peer_vpc="vpc-9",
        protocol="tcp",
        port=5432,
        service="PostgreSQL",
        security_groups=("sg-1",),
        network_acl="acl-1",
        sources=("198.51.100.7/32",),
        width=1,
        reply=True,
        answers=("a3",),
        process=None,
        tcp_ports=(),
        udp_ports=(),
        attributes=(
            ("ACL", "acl-1"),
            ("ENI", "eni-2"),
            ("INSTANCE_ID", "i-2"),
            ("PCX", "pcx-1"),
            ("PCX_VPC", "vpc-9"),
            ("PORT", "5432"),
            ("PORT_GROUP_NAME", "PostgreSQL"),
            ("PROTOCOL", "TCP"),
            ("REACHABILITY_TYPE", "PeeredVpc"),
            ("RULE_TYPE", "RecognizedPortNoAgent"),
            ("SECURITY_GROUP", "sg-1"),
            ("VPC", "vpc-1"),
        ),
    )


def test_exposure_holds_the_ranges_of_both_protocols() -> None:
    exposure = findings(BASTION)[-1]
    assert exposure.rule == "Network exposure from the internet"
    assert exposure.title == (
        "Aggregate network exposure: On instance i-1, ports are reachable from the internet "
        "through ENI eni-1 and security group sg-1"
    )
    assert (exposure.tcp_ports, exposure.udp_ports) == (((22, 22), (443, 443)), ((53, 53), (514, 514)))
    attributes = dict(exposure.attributes)
    assert attributes["TCP_PORTS"] == "[[22 - 22], [443 - 443]]"
    assert attributes["UDP_PORTS"] == "[[53 - 53], [514 - 514]]"
    assert (attributes["PROTOCOL"], attributes["IGW"], attributes["REACHABILITY_TYPE"]) == ("TCP", "igw-1", "Internet")
    assert "PORT" not in attributes


def test_the_whole_internet_is_the_world() -> None:
    ssh = findings(BASTION)[0]
    assert ssh.width == "world"
    assert ssh.sources == to_cidrs(WORLD, "ipv4")


def test_a_narrow_port_of_a_wide_answer_is_narrow() -> None:
    flows = box(6, [22], OFFICE) | box(6, [80])
    answer = replace(BASTION, passages=(passage("igw-1", flows),))
    assert [(f.port, f.width) for f in findings(answer)] == [(22, 1), (80, "world"), (None, "world")]


def test_tcp_counts_when_its_reply_comes_back_and_udp_when_it_is_delivered() -> None:
    delivered = box(6, [22]) | box(17, [514])
    one_way = Answer(
        verdict=Verdict.FORWARD_ONLY,
        family="ipv4",
        passages=(passage("igw-1", delivered, FlowSet.empty("ipv4")),),
        flows=(tcp_flow([(22, 22)], reply=False),),
        width="world",
    )
    syslog, exposure = findings(one_way)
    assert (syslog.protocol, syslog.port, syslog.reply) == ("udp", 514, False)
    assert syslog.description.endswith("Internet Gateway igw-1, and no reply comes back.")
    assert (exposure.tcp_ports, exposure.udp_ports, exposure.reply) == ((), ((514, 514),), False)


def test_udp_with_a_reply() -> None:
    answer = replace(BASTION, passages=(passage("igw-1", box(17, [514])),))
    assert [f.reply for f in findings(answer)] == [True, True]


def test_port_111_gives_two_findings() -> None:
    answer = replace(BASTION, passages=(passage("igw-1", box(6, [111])),))
    assert [f.service for f in findings(answer)] == ["NFS", "RPC", None]


def test_each_group_is_a_finding_of_its_own() -> None:
    groups = {"sg-2": box(6, [22], OFFICE), "sg-1": box(6, [22, 80])}
    answer = replace(BASTION, passages=(passage("igw-1", box(6, [22, 80]), groups=groups),))
    told = [(f.security_groups, f.port, f.width) for f in findings(answer)]
    assert told == [
        (("sg-1",), 22, "world"),
        (("sg-1",), 80, "world"),
        (("sg-1",), None, "world"),
        (("sg-2",), 22, 1),
        (("sg-2",), None, 1),
    ]


def test_ways_by_the_same_gateway_are_one_finding() -> None:
    appliance = passage("igw-1", box(6, [22], OFFICE))._replace(via=("igw-1", "eni-9"))
    answer = replace(BASTION, width=2, passages=(appliance, passage("igw-1", box(6, [22], [(1, 1)]))))
    ssh, _ = findings(answer)
    assert (ssh.via, ssh.sources, ssh.width) == (("igw-1", "eni-9"), ("0.0.0.1/32", "198.51.100.7/32"), 2)


def test_addresses_and_families_of_an_interface_are_one_finding() -> None:
    ipv6 = box(6, [22], [(7, 7)], "ipv6")
    six = Answer(verdict=Verdict.REACHABLE, family="ipv6", passages=(passage("igw-1", ipv6),), width=1)
    four = replace(OFFICE_ONLY, passages=(passage("igw-1", box(6, [22], OFFICE)),))
    rows = [row("eni-1", "2001:db8::a", "six"), row("eni-1", "10.0.1.10", "four")]
    ssh, exposure = find(rows, {"six": six, "four": four}, ENI)
    assert ssh.addresses == ("2001:db8::a", "10.0.1.10")
    assert (ssh.sources, ssh.width, ssh.answers) == (("198.51.100.7/32", "::7/128"), 2, ("six", "four"))
    assert exposure.tcp_ports == ((22, 22),)


def test_latent_answers_and_interfaces_without_instance_have_none() -> None:
    latent = replace(STOPPED, passages=BASTION.passages)
    assert findings(latent) == ()
    assert findings(BASTION, at=replace(BASTION_ROW, instance=None)) == ()


def test_with_an_inventory() -> None:
    sshd = Process(name="sshd", pid=812, path="/usr/sbin/sshd")
    vpn = Process(name="openvpn", pid=900, path=None)
    answer = replace(BASTION, passages=(passage("igw-1", box(6, [22, 443, 1194, 8080])),))
    found = findings(
        answer,
        Listener("tcp", None, 22, sshd),
        Listener("tcp", "127.0.0.1", 443),
        Listener("tcp", "10.0.1.10", 1194, vpn),
        Listener("tcp", "10.0.1.11", 8080),
        Listener("tcp", None, 9000),
    )
    assert summary(found) == [
        ("RecognizedPortWithListener", "Medium", "tcp", 22, "SSH"),
        ("RecognizedPortNoListener", "Informational", "tcp", 443, "HTTPS"),
        ("UnrecognizedPortWithListener", "Low", "tcp", 1194, None),
        ("NetworkExposure", "Informational", None, None, None),
    ]
    ssh, https, unlisted, _ = found
    assert ssh.title == (
        "On instance i-1, process 'sshd' is listening on TCP port 22 which is associated with 'SSH' "
        "and is reachable from the internet"
    )
    assert ssh.description.startswith(
        "Process 'sshd' (pid 812, /usr/sbin/sshd) listens on TCP port 22 (SSH), which can"
    )
    assert (ssh.rule, https.rule, unlisted.rule) == (
        "Recognized port with listener reachable from internet",
        "Recognized port with no listener reachable from internet",
        "Unrecognized port with listener reachable from internet",
    )
    assert unlisted.title == (
        "On instance i-1, process 'openvpn' is listening on TCP port 1194 which is reachable from the internet"
    )
    attributes = dict(ssh.attributes)
    assert [attributes[f"PROCESS_{key}"] for key in ("NAME", "PATH", "PID")] == ["sshd", "/usr/sbin/sshd", "812"]
    assert "PORT_GROUP_NAME" not in dict(unlisted.attributes)


def test_an_empty_inventory_is_an_inventory() -> None:
    found = find([BASTION_ROW], {"a1": BASTION}, ENI, {"i-1": ()})
    assert [f.type for f in found[:2]] == [FindingType.RECOGNIZED_PORT_NO_LISTENER] * 2


def test_an_inventory_of_another_instance_says_nothing() -> None:
    found = find([BASTION_ROW], {"a1": BASTION}, ENI, {"i-2": (Listener("tcp", None, 22),)})
    assert found[0].type is FindingType.RECOGNIZED_PORT_NO_AGENT


def test_only_addresses_on_which_something_listens_count() -> None:
    rows = [BASTION_ROW, row("eni-1", "10.0.1.11", "a2")]
    narrow = replace(OFFICE_ONLY, passages=(passage("igw-1", box(6, [22], OFFICE)),))
    found = find(rows, {"a1": BASTION, "a2": narrow}, ENI, {"i-1": (Listener("tcp", "10.0.1.11", 22),)})
    assert (found[0].addresses, found[0].width) == (("10.0.1.11",), 1)


def test_ids_stay_from_run_to_run_and_tell_findings_apart() -> None:
    first, second = findings(BASTION), findings(replace(BASTION, depth=None))
    listened = findings(BASTION, Listener("tcp", None, 22))
    assert [f.id for f in first] == [f.id for f in second] == [f.id for f in listened]
    assert len({f.id for f in first}) == len(first)
    told_apart = '["111122223333", "ap-northeast-1", "i-1", "eni-1", "sg-1", "internet", "igw-1", "tcp", 22, "SSH"]'
    assert first[0].id == sha256(told_apart.encode()).hexdigest()[:32]


def test_a_fleet_is_worded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty interfaces of one kind: as many findings each as one has, in words made once."""
    made: list[Claim] = []
    form = find_module._form

    def counted(place: Place, claim: Claim) -> Form:
        made.append(claim)
        return form(place, claim)  # type: ignore[no-any-return]

    monkeypatch.setattr(find_module, "_form", counted)
    names = [f"eni-{n:02}" for n in range(50)]
    alone = findings(BASTION)
    made.clear()
    rows = [
        replace(BASTION_ROW, interface=name, instance=f"i{name}", address=f"10.0.1.{n}") for n, name in enumerate(names)
    ]
    fleet = find(rows, {"a1": BASTION}, {name: replace(ENI["eni-1"], interface=name) for name in names})
    assert len(made) == len(alone) == 4
    assert len(fleet) == 50 * 4
    assert len({f.id for f in fleet}) == len(fleet)
    assert [(f.interface, f.instance, f.addresses) for f in fleet[::4]] == [
        (name, f"i{name}", (f"10.0.1.{n}",)) for n, name in enumerate(names)
    ]
    assert all(f.instance in f.title and f"{f.instance} has interface {f.interface} " in f.description for f in fleet)
    assert all(dict(f.attributes)["ENI"] == f.interface for f in fleet)
    assert all(dict(f.attributes)["INSTANCE_ID"] == f.instance for f in fleet)
    assert all("\0" not in str(msgspec.structs.asdict(f)) for f in fleet)
