"""nmap's XML: the open ports of each host. No entity is expanded and no document fetched."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from xml.parsers import expat

from sekisho.errors import QueryError
from sekisho.findings.listeners import Listener, listener

_MOST_PORTS = 1_000_000


class Host(NamedTuple):
    """The addresses of a host that was scanned, and what it takes."""

    addresses: tuple[str, ...]
    sockets: tuple[Listener, ...]


def hosts(text: str) -> tuple[Host, ...]:
    """The hosts of a scan; `open|filtered` is no proof that anything listens. QueryError where it is no scan."""
    scan = _Scan()
    parser = expat.ParserCreate()
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.EntityDeclHandler = _refuse
    parser.StartDoctypeDeclHandler = _no_subset
    try:
        parser.Parse(text.encode(), True)  # noqa: FBT003  expat's signature
    except expat.ExpatError as error:
        raise QueryError(f"it is not whole XML: {error}") from None
    if not scan.known:
        raise QueryError("it is not the XML of nmap: save it with `nmap -oX`")
    return tuple(scan.found)


def _refuse(*_: object) -> None:
    raise QueryError("it declares entities, which nmap never does; save it with `nmap -oX`")


def _no_subset(_name: str, _system: str | None, _public: str | None, has_subset: int) -> None:
    if has_subset:
        _refuse()


class _Scan:
    """What has been read so far."""

    def __init__(self) -> None:
        self.known = False
        self.found: list[Host] = []
        self._addresses: list[str] = []
        self._sockets: list[Listener] = []
        self._port: tuple[str, str] | None = None
        self._ports = 0

    def start(self, name: str, attributes: Mapping[str, Any]) -> None:
        match name:
            case "nmaprun":
                self.known = True
            case "host":
                self._addresses, self._sockets = [], []
            case "address" if attributes.get("addrtype") in {"ipv4", "ipv6"}:
                self._addresses.append(str(attributes.get("addr", "")))
            case "port":
                self._port = (str(attributes.get("protocol", "")), str(attributes.get("portid", "")))
            case "state" if self._port and attributes.get("state") == "open":
                self._take(*self._port)
            case _:
                pass

    def end(self, name: str) -> None:
        if name == "port":
            self._port = None
        elif name == "host":
            self.found.append(Host(tuple(self._addresses), tuple(self._sockets)))

    def _take(self, protocol: str, port: str) -> None:
        self._ports += 1
        if self._ports > _MOST_PORTS:
            raise QueryError(f"it has more than {_MOST_PORTS} open ports; split it")
        if protocol in {"tcp", "udp"}:
            where = f"nmap host {', '.join(self._addresses)!a}"
            # The address that was scanned may be a public one, and others may be heard too: any.
            self._sockets.append(listener(protocol, "*", port, None, where))
