"""Saved lists of listening sockets, as the tools of each system print them: which form a text has, and what it says.

`ss`, `netstat` (Linux, Windows, macOS), `lsof`, osquery and nmap. What is no listening socket of TCP or UDP is passed
over; a line that should be one and cannot be read is refused, so that no listener is lost in silence.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from sekisho.errors import QueryError
from sekisho.findings.finding import Process
from sekisho.findings.listeners import Listener, listener, parse_ss

from .nmap import Host, hosts

LARGEST = 64 << 20
_STATES = {"LISTEN", "UNCONN", "ESTAB", "TIME-WAIT", "CLOSE-WAIT", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2"}
_PROTOCOL = re.compile(r"(tcp|udp)(?:4|6|46|lite)?6?", re.IGNORECASE)
_LSOF = re.compile(
    r"(?P<process>\S+)\s+(?P<pid>\d{1,10})\s.*\s(?:IPv4|IPv6)\s+\S+\s+\S+\s+(?P<protocol>TCP|UDP)\s+(?P<name>\S+)"
    r"(?:\s+\((?P<state>[A-Z_0-9 ]+)\))?\s*"
)
_PID = re.compile(r"[0-9]{1,10}")
_PROGRAM = re.compile(r"(\d{1,10})/(.*)")
#: The far end of a socket that nobody is connected to.
_NOBODY = {"0.0.0.0:0", "[::]:0", "*:*", "0.0.0.0:*", ":::*", "*.*", "[::]:*"}  # read, never bound


class Read(NamedTuple):
    """What a saved text says: of one machine, or (nmap) of the hosts that answered, by address."""

    form: str
    sockets: tuple[Listener, ...] = ()
    hosts: tuple[Host, ...] = ()


def read(text: str) -> Read:
    """The listening sockets that the text lists. QueryError, with one line, where its form is not known."""
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start == "<":
        return Read("nmap", hosts=hosts(text))
    if start in {"[", "{"}:
        return Read("osquery", _once(_osquery(text)))
    for line in text.splitlines():
        form = _form(line.split())
        if form:
            return Read(form, _once(_READERS[form](text)))
    raise QueryError("it is not the output of ss, netstat, lsof, osquery or nmap: save it as documented")


def _form(fields: list[str]) -> str:
    """The tool that prints such a line; nothing where that is not clear."""
    match fields:
        case ["COMMAND", "PID", *_]:
            return "lsof"
        case ["Netid", *_]:
            return "ss"
        case [name, second, *_] if _PROTOCOL.fullmatch(name):
            if second in _STATES:
                return "ss"
            return "netstat" if second.isdigit() else "netstat-windows" if ":" in second else ""
        case _:
            return "lsof" if _LSOF.fullmatch(" ".join(fields)) else ""


def _once(found: Iterator[Listener]) -> tuple[Listener, ...]:
    return tuple(dict.fromkeys(found))


def _ss(text: str) -> Iterator[Listener]:
    yield from parse_ss(text)


def _netstat(text: str) -> Iterator[Listener]:
    """Linux and macOS: `tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN 812/sshd`, `tcp4 0 0 *.22 *.* LISTEN`."""
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split(maxsplit=5)
        protocol = _PROTOCOL.fullmatch(fields[0]) if fields else None
        if protocol is None:
            continue
        where = f"netstat output, line {number}"
        if len(fields) < 5:  # noqa: PLR2004  protocol, two queues, two ends
            raise QueryError(f"{where} is cut short")
        rest = fields[5].split() if len(fields) > 5 else []  # noqa: PLR2004
        state = rest[0] if rest and rest[0].isupper() and rest[0].isalpha() else ""
        if fields[4] not in _NOBODY or (protocol[1].lower() == "tcp" and state != "LISTEN"):
            continue
        dotted = ":" not in fields[4]
        address, _, port = fields[3].rpartition("." if dotted else ":")
        program = _PROGRAM.match(" ".join(rest[1:] if state else rest))
        process = Process(name=program[2].split(":")[0] or None, pid=int(program[1]), path=None) if program else None
        if not (port == "*" and protocol[1].lower() == "udp"):
            yield listener(protocol[1], address, port, process, where)


def _netstat_windows(text: str) -> Iterator[Listener]:
    """`TCP 0.0.0.0:135 0.0.0.0:0 LISTENING 900`; the state is in the system's language, so the far end decides."""
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        protocol = _PROTOCOL.fullmatch(fields[0]) if fields else None
        if protocol is None:
            continue
        where = f"netstat output, line {number}"
        if len(fields) < 3:  # noqa: PLR2004  protocol, two ends
            raise QueryError(f"{where} is cut short")
        if fields[2] in _NOBODY:
            address, _, port = fields[1].rpartition(":")
            last = fields[-1] if len(fields) > 3 else ""  # noqa: PLR2004
            process = Process(name=None, pid=int(last), path=None) if _PID.fullmatch(last) else None
            yield listener(protocol[1], address, port, process, where)


def _lsof(text: str) -> Iterator[Listener]:
    """`sshd 812 root 3u IPv4 18044 0t0 TCP *:22 (LISTEN)`."""
    for number, line in enumerate(text.splitlines(), 1):
        found = _LSOF.fullmatch(line.strip())
        if found is None or "->" in found["name"] or (found["protocol"] == "TCP" and found["state"] != "LISTEN"):
            continue
        address, _, port = found["name"].rpartition(":")
        if port != "*":
            process = Process(name=found["process"].replace("\\x20", " "), pid=int(found["pid"]), path=None)
            yield listener(found["protocol"], address, port, process, f"lsof output, line {number}")


class _ListeningPort(msgspec.Struct, frozen=True):
    """A row of osquery's `listening_ports`; `name` where it was joined with `processes`."""

    port: str | int
    protocol: str | int
    address: str = ""
    pid: str | int | None = None
    name: str | None = None
    path: str | None = None


_NUMBERS = {"6": "tcp", "17": "udp"}


def _osquery(text: str) -> Iterator[Listener]:
    try:
        rows = msgspec.json.decode(text, type=list[_ListeningPort])
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise QueryError(f"it is not the JSON of osquery's listening_ports: {error}") from None
    for number, row in enumerate(rows, 1):
        protocol = _NUMBERS.get(str(row.protocol))
        if protocol and str(row.port) != "0":
            pid = str(row.pid or "")
            known = Process(name=row.name, pid=int(pid), path=row.path or None) if _PID.fullmatch(pid) else None
            yield listener(protocol, row.address, str(row.port), known, f"osquery row {number}")


_READERS: Mapping[str, Callable[[str], Iterator[Listener]]] = {
    "ss": _ss,
    "netstat": _netstat,
    "netstat-windows": _netstat_windows,
    "lsof": _lsof,
}
