from sekisho.findings.finding import Severity
from sekisho.findings.services import RECOGNIZED, SERVICES, lowered, unrecognized


def test_there_are_25_services_as_inspector_documents_them() -> None:
    assert len(SERVICES) == 25
    assert len({service.name for service in SERVICES}) == 25


def test_severities_by_origin() -> None:
    by_name = {s.name: (s.severity("internet").value, s.severity("peering").value) for s in SERVICES}
    assert by_name["Telnet"] == by_name["FTP"] == by_name["Print services"] == ("High", "Medium")
    assert by_name["SSH"] == by_name["RDP"] == ("Medium", "Low")
    assert by_name["HTTP"] == by_name["HTTPS"] == ("Low", "Informational")
    rest = set(by_name) - {"Telnet", "FTP", "Print services", "SSH", "RDP", "HTTP", "HTTPS"}
    assert {by_name[name] for name in rest} == {("Medium", "Informational")}
    assert len(rest) == 18


def test_transit_gateways_privatelink_and_gated_ways_weigh_as_peering() -> None:
    for service in SERVICES:
        severities = {service.severity(origin) for origin in ("peering", "vgw", "tgw", "privatelink", "gated")}
        assert severities == {service.elsewhere}


def test_port_111_belongs_to_two_services() -> None:
    assert [s.name for s in RECOGNIZED["tcp"][111]] == ["NFS", "RPC"]
    assert [s.name for s in RECOGNIZED["udp"][111]] == ["NFS", "RPC"]
    assert {port for port, services in RECOGNIZED["tcp"].items() if len(services) > 1} == {111}


def test_protocols_are_told_apart() -> None:
    assert RECOGNIZED["tcp"][1433][0].name == "SQL Server"
    assert 1433 not in RECOGNIZED["udp"]
    assert RECOGNIZED["udp"][1434][0].name == "SQL Server"
    assert (RECOGNIZED["tcp"][601][0].name, RECOGNIZED["udp"][514][0].name) == ("Syslog", "Syslog")
    assert 514 not in RECOGNIZED["tcp"]


def test_the_tables_hold_every_documented_port() -> None:
    assert len(RECOGNIZED["tcp"]) == 44
    assert len(RECOGNIZED["udp"]) == 30


def test_a_step_down_ends_at_informational() -> None:
    steps = [lowered(Severity.HIGH), lowered(Severity.MEDIUM), lowered(Severity.LOW), lowered(Severity.INFORMATIONAL)]
    assert steps == [Severity.MEDIUM, Severity.LOW, Severity.INFORMATIONAL, Severity.INFORMATIONAL]


def test_unlisted_ports() -> None:
    assert (unrecognized("internet"), unrecognized("vgw")) == (Severity.LOW, Severity.INFORMATIONAL)
