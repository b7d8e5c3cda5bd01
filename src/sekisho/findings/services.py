"""The ports that Inspector Classic recognises, and how severe it is to reach them (S-FIND-01, S-FIND-02)."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from sekisho.engine.answer import Origin

from .finding import Severity

Transport = Literal["tcp", "udp"]
TRANSPORTS: tuple[tuple[Transport, int], ...] = (("tcp", 6), ("udp", 17))

HIGH, MEDIUM, LOW, INFORMATIONAL = Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFORMATIONAL


class Service(NamedTuple):
    """A group of ports under one name; `elsewhere` is the severity from every origin but the internet."""

    name: str
    tcp: tuple[int, ...]
    udp: tuple[int, ...]
    internet: Severity
    elsewhere: Severity

    def ports(self, transport: Transport) -> tuple[int, ...]:
        return self.tcp if transport == "tcp" else self.udp

    def severity(self, origin: Origin) -> Severity:
        return self.internet if origin == "internet" else self.elsewhere


SERVICES: tuple[Service, ...] = (
    Service("SMB", (445,), (445,), MEDIUM, INFORMATIONAL),
    Service("NetBIOS", (137, 139), (137, 138), MEDIUM, INFORMATIONAL),
    Service("LDAP", (389,), (389,), MEDIUM, INFORMATIONAL),
    Service("LDAP over TLS", (636,), (), MEDIUM, INFORMATIONAL),
    Service("Global catalog LDAP", (3268,), (), MEDIUM, INFORMATIONAL),
    Service("Global catalog LDAP over TLS", (3269,), (), MEDIUM, INFORMATIONAL),
    Service("NFS", (111, 1110, 2049, 4045), (111, 1110, 2049, 4045), MEDIUM, INFORMATIONAL),
    Service("Kerberos", (88, 464, 543, 544, 749, 751), (88, 464, 749, 750, 751, 752), MEDIUM, INFORMATIONAL),
    Service("RPC", (111, 135, 530), (111, 135, 530), MEDIUM, INFORMATIONAL),
    Service("WINS", (42, 1512), (42, 1512), MEDIUM, INFORMATIONAL),
    Service("DHCP", (67, 68, 546, 547), (67, 68, 546, 547), MEDIUM, INFORMATIONAL),
    Service("Syslog", (601,), (514,), MEDIUM, INFORMATIONAL),
    Service("Print services", (515,), (), HIGH, MEDIUM),
    Service("Telnet", (23,), (23,), HIGH, MEDIUM),
    Service("FTP", (21,), (21,), HIGH, MEDIUM),
    Service("SSH", (22,), (22,), MEDIUM, LOW),
    Service("RDP", (3389,), (3389,), MEDIUM, LOW),
    Service("MongoDB", (27017, 27018, 27019, 28017), (), MEDIUM, INFORMATIONAL),
    Service("SQL Server", (1433,), (1434,), MEDIUM, INFORMATIONAL),
    Service("MySQL", (3306,), (), MEDIUM, INFORMATIONAL),
    Service("PostgreSQL", (5432,), (), MEDIUM, INFORMATIONAL),
    Service("Oracle", (1521, 1630), (), MEDIUM, INFORMATIONAL),
    Service("Elasticsearch", (9200, 9300), (), MEDIUM, INFORMATIONAL),
    Service("HTTP", (80,), (80,), LOW, INFORMATIONAL),
    Service("HTTPS", (443,), (443,), LOW, INFORMATIONAL),
)


def _by_port(transport: Transport) -> Mapping[int, tuple[Service, ...]]:
    found: dict[int, tuple[Service, ...]] = {}
    for service in SERVICES:
        for port in service.ports(transport):
            found[port] = (*found.get(port, ()), service)
    return found


RECOGNIZED: Mapping[Transport, Mapping[int, tuple[Service, ...]]] = {"tcp": _by_port("tcp"), "udp": _by_port("udp")}

_STEP_DOWN = {HIGH: MEDIUM, MEDIUM: LOW, LOW: INFORMATIONAL, INFORMATIONAL: INFORMATIONAL}


def lowered(severity: Severity) -> Severity:
    """One step lower: what an open port weighs where an inventory shows that nothing listens on it."""
    return _STEP_DOWN[severity]


def unrecognized(origin: Origin) -> Severity:
    """What a listener on a port of no service weighs."""
    return LOW if origin == "internet" else INFORMATIONAL
