"""Listener inventories: which sockets the processes of an instance hold open, read from text."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv6Address, ip_address
from typing import Literal, NamedTuple

import msgspec

from sekisho.errors import QueryError
from sekisho.sets.flows import PORT_TOP
from sekisho.sets.prefixes import parse

from .finding import Process
from .services import Transport

_DIGITS = 5
_ANY_IPV4 = "0.0.0.0"  # noqa: S104 - an address that is read, not one to bind


class Listener(NamedTuple):
    """A socket that waits for packets. `address` is None where it is bound to every address of the instance."""

    protocol: Transport
    address: str | None
    port: int
    process: Process | None = None

    def hears(self, held: str) -> bool:
        """Whether it gets packets that arrive for `held`, an address or a delegated prefix of an interface.

        A socket on the loopback address holds no address of an interface, so it hears nothing from outside.
        """
        if self.address is None:
            return True
        bound, prefix = parse(self.address), parse(held)
        if bound.family != prefix.family:
            return False
        return self.address == _ANY_IPV4 or prefix.low <= bound.low <= prefix.high


class _Socket(msgspec.Struct, frozen=True):
    protocol: str
    port: int
    address: str = "*"
    process: str | None = None
    pid: int | None = None
    path: str | None = None


class _Agent(msgspec.Struct, frozen=True):
    """An instance with the state of what was asked about it; one that is not healthy has told nothing."""

    state: Literal["healthy", "unhealthy", "unknown"]
    sockets: list[_Socket] = []


def listener(protocol: str, address: str, port: str, process: Process | None, where: str) -> Listener:
    """The socket that a line of a saved text describes. QueryError names the line where it cannot be read."""
    transport = _transport(protocol.lower())
    if transport is None:
        raise QueryError(f"{where} has protocol {protocol!a}: tcp and udp have listeners")
    if not (port.isascii() and port.isdigit() and len(port) <= _DIGITS and int(port) <= PORT_TOP):
        raise QueryError(f"{where} has port {port!a}: save numeric ports, of 0-{PORT_TOP}")
    return Listener(transport, _address(address, where), int(port), process)


def parse_json(text: str) -> Mapping[str, tuple[Listener, ...] | None]:
    """The sockets of each instance from `{"i-1": [{"protocol": "tcp", "address": "0.0.0.0", "port": 22}]}`.

    A socket may name its `process`, `pid` and `path`; other keys are ignored. In place of the list may stand
    `{"state": "healthy", "sockets": [...]}`; an instance that was asked and is in any other state has None. QueryError
    says in one line what cannot be read.
    """
    try:
        inventory = msgspec.json.decode(text, type=dict[str, list[_Socket] | _Agent])
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise QueryError(f"listener inventory is not a JSON object of instance to sockets: {error}") from None
    told = {name: _sockets(said) for name, said in sorted(inventory.items())}
    return {name: None if sockets is None else tuple(_listeners(name, sockets)) for name, sockets in told.items()}


def _sockets(said: list[_Socket] | _Agent) -> list[_Socket] | None:
    """The sockets of an instance; None where it has not told."""
    if isinstance(said, _Agent):
        return said.sockets if said.state == "healthy" else None
    return said


def _listeners(instance: str, sockets: list[_Socket]) -> Iterator[Listener]:
    for number, socket in enumerate(sockets, 1):
        where = f"listener inventory: socket {number} of {instance!a}"
        known = (socket.process, socket.pid, socket.path) != (None, None, None)
        process = Process(name=socket.process, pid=socket.pid, path=socket.path) if known else None
        protocol = _transport(socket.protocol.lower())
        if protocol is None:
            raise QueryError(f"{where} has protocol {socket.protocol!a}: tcp and udp have listeners")
        if not 0 <= socket.port <= PORT_TOP:
            raise QueryError(f"{where} has port {socket.port}: give one of 0-{PORT_TOP}")
        yield Listener(protocol, _address(socket.address, where), socket.port, process)


_SS_WAITING = {"tcp": "LISTEN", "udp": "UNCONN"}
_SS_USERS = re.compile(r'\("((?:[^"\\]|\\.)*)",pid=(\d{1,10})(?!\d)')
_SS_MINIMUM = 6


def parse_ss(text: str) -> tuple[Listener, ...]:
    """The sockets that `ss -H -lntup` prints; a socket held by several processes is listed once for each.

    Lines of other states and families of sockets are passed over. QueryError names a line that cannot be read.
    """
    found: dict[Listener, None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split(maxsplit=_SS_MINIMUM)
        if not fields or fields[0] == "Netid":
            continue
        where = f"ss output, line {number}"
        if len(fields) < _SS_MINIMUM:
            raise QueryError(f"{where} has {len(fields)} columns: give the output of `ss -H -lntup`")
        protocol = _transport(fields[0])
        if protocol is None or fields[1] != _SS_WAITING[protocol]:
            continue
        address, port = _local(fields[4], where)
        for process in _processes(fields[_SS_MINIMUM:]):
            found[Listener(protocol, address, port, process)] = None
    return tuple(found)


def _processes(users: list[str]) -> Iterator[Process | None]:
    named = dict.fromkeys(_SS_USERS.findall(users[0])) if users else {}
    if not named:
        yield None
    for name, pid in named:
        yield Process(name=name, pid=int(pid), path=None)


def _local(written: str, where: str) -> tuple[str | None, int]:
    address, _, port = written.rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) <= _DIGITS and int(port) <= PORT_TOP):
        raise QueryError(f"{where} has local address {written!a}: give numeric ports, as `ss -n` prints them")
    return _address(address, where), int(port)


def _transport(written: str) -> Transport | None:
    match written:
        case "tcp" | "tcp4" | "tcp6":
            return "tcp"
        case "udp" | "udp4" | "udp6":
            return "udp"
        case _:
            return None


def _address(written: str, where: str) -> str | None:
    """The address that a socket is bound to, None for any.

    `::` is taken for the IPv4 addresses too, as most systems do: a listener too many is the safe side.
    A device (`%eth0`) does not narrow what is heard.
    """
    bare = written.replace("[", "").replace("]", "").partition("%")[0]
    if bare in {"", "*"}:
        return None
    try:
        address = ip_address(bare)
    except ValueError:
        raise QueryError(f"{where} has address {written!a}: give an IP address or *") from None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return None if address == IPv6Address(0) else str(mapped or address)
