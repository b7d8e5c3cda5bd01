"""Real sockets: every flow is opened from its sender's namespace, and what comes of it is looked at.

TCP connects and sends two bytes, which the far side echoes; UDP and ICMP send one packet, which is answered. What
arrived is told by the receiver: a raw socket shows the first packet of TCP and ICMP that its filters let in, the
server's own socket that of UDP. A flow is told by its number: the segment size that TCP announces, the identifier
of ICMP, the payload of UDP.
"""

import errno
import selectors
import socket
import struct
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Literal

from agreement import ANSWERED, DROPPED, ONE_WAY
from sekisho.engine.packet import ICMP, ICMPV6, TCP, UDP

from .flows import Flow
from .lab import Lab

MOST = 900
_LEAST_SEGMENT = 400
_FREEBIND = {socket.AF_INET: (socket.IPPROTO_IP, 15), socket.AF_INET6: (socket.IPPROTO_IPV6, 78)}
_REQUEST, _REPLY = b"?", b"!"
_ANSWERS = {8: 0, 13: 14, 128: 129}
_SYN, _ACK = 0x02, 0x10
Seen = Literal["delivered and answered", "delivered only", "dropped"]


def exchanged(lab: Lab, flows: Iterable[Flow], patience: float) -> dict[int, str]:
    """What was seen of each flow, when nothing had happened for `patience` seconds. All are open at the same time."""
    with ExitStack() as stack:
        exchange = _Exchange(lab, stack)
        flows = list(flows)
        for flow in flows:
            exchange.receive(flow)
        starts = [exchange.prepared(flow) for flow in flows]
        for start in starts:
            start()
        exchange.settle(patience)
        return {flow.number: exchange.seen(flow) for flow in flows}


class _Exchange:
    def __init__(self, lab: Lab, stack: ExitStack) -> None:
        self.lab = lab
        self.stack = stack
        self.selector = stack.enter_context(selectors.DefaultSelector())
        self.delivered: set[int] = set()
        self.answered: set[int] = set()
        self.open: set[object] = set()

    def seen(self, flow: Flow) -> str:
        if flow.number in self.answered:
            return ANSWERED
        return ONE_WAY if flow.number in self.delivered else DROPPED

    def settle(self, patience: float) -> None:
        while events := self.selector.select(patience):
            for key, _ in events:
                key.data()

    def _socket(self, place: str, packet_family: str, kind: int, protocol: int) -> socket.socket:
        with self.lab.namespaces[place].entered():
            family = socket.AF_INET6 if ":" in packet_family else socket.AF_INET
            made = self.stack.enter_context(socket.socket(family, kind, protocol))
        made.setblocking(False)
        return made

    def _on(self, made: socket.socket, event: int, handler: Callable[[], None]) -> None:
        self.selector.register(made, event, handler)

    # The receiver ---------------------------------------------------------------------------------

    def receive(self, flow: Flow) -> None:
        """Be ready for the flow where it is to arrive: one socket for all that are alike."""
        p = flow.packet
        key = (flow.receiver, flow.there, p.protocol, p.destination_port)
        if key not in self.open and p.destination_port is not None:
            self._serve(flow)
        self.open.add(key)
        shown = (flow.receiver, ":" in p.source, p.protocol)
        if shown not in self.open and p.protocol != UDP:
            made = self._socket(flow.receiver, p.source, socket.SOCK_RAW, p.protocol)
            self._on(made, selectors.EVENT_READ, lambda: self._show(made, p.protocol))
        self.open.add(shown)

    def _serve(self, flow: Flow) -> None:
        kind = socket.SOCK_STREAM if flow.packet.protocol == TCP else socket.SOCK_DGRAM
        made = self._socket(flow.receiver, flow.there, kind, flow.packet.protocol)
        # A stopped host has no address, and its server is there all the same.
        made.setsockopt(*_FREEBIND[made.family], 1)
        _share(made)
        made.bind((flow.there, flow.packet.destination_port))
        if flow.packet.protocol == TCP:
            made.listen(MOST)
            self._on(made, selectors.EVENT_READ, lambda: self._accept(made))
        else:
            self._on(made, selectors.EVENT_READ, lambda: self._answer(made))

    def _show(self, raw: socket.socket, protocol: int) -> None:
        """Note the first packets that a raw socket shows; replies and all else are none."""
        data, _ = raw.recvfrom(2048)
        data = data if raw.family == socket.AF_INET6 else data[(data[0] & 15) * 4 :]
        if protocol == TCP:
            if data[13] & (_SYN | _ACK) == _SYN:
                self.delivered.add(_segment(data[20 : (data[12] >> 4) * 4]) - _LEAST_SEGMENT)
        elif data[0] in _ANSWERS:
            self.delivered.add(struct.unpack("!H", data[4:6])[0] - 1)

    def _accept(self, server: socket.socket) -> None:
        client, _ = server.accept()
        self.stack.enter_context(client)
        client.setblocking(False)
        self._on(client, selectors.EVENT_READ, lambda: self._echo(client))

    def _echo(self, client: socket.socket) -> None:
        data = _received(client)
        if data:
            client.send(data)
        else:
            self.selector.unregister(client)

    def _answer(self, server: socket.socket) -> None:
        data, sender = server.recvfrom(16)
        if data[:1] == _REQUEST:
            self.delivered.add(int(data[1:]))
            server.sendto(_REPLY + data[1:], sender)

    # The sender -----------------------------------------------------------------------------------

    def prepared(self, flow: Flow) -> Callable[[], object]:
        """A socket bound to the sender's address and port; calling the result sends."""
        p = flow.packet
        kind = {TCP: socket.SOCK_STREAM, UDP: socket.SOCK_DGRAM}.get(p.protocol, socket.SOCK_RAW)
        made = self._socket(flow.sender, p.source, kind, p.protocol)
        if flow.gateway:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, self.lab.marks[flow.gateway])
        if p.protocol in {ICMP, ICMPV6}:
            made.bind((p.source, 0))
            self._on(made, selectors.EVENT_READ, lambda: self._read_icmp(made, flow))
            return lambda: _quietly(lambda: made.sendto(_query(flow), (p.destination, 0)))
        _share(made)
        made.bind((p.source, p.source_port))
        if p.protocol == UDP:
            unreachable = not _quietly(lambda: made.connect((p.destination, p.destination_port)))
            self._on(made, selectors.EVENT_READ, lambda: self._read_udp(made, flow))
            text = _REQUEST + str(flow.number).encode()
            return (lambda: None) if unreachable else lambda: _quietly(lambda: made.send(text))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _LEAST_SEGMENT + flow.number)
        return lambda: self._connect(made, flow)

    def _connect(self, made: socket.socket, flow: Flow) -> None:
        if _quietly(lambda: made.connect((flow.packet.destination, flow.packet.destination_port))):
            self._on(made, selectors.EVENT_WRITE, lambda: self._connected(made, flow))

    def _connected(self, made: socket.socket, flow: Flow) -> None:
        self.selector.unregister(made)
        if made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            text = struct.pack("!H", flow.number)
            made.send(text)
            self._on(made, selectors.EVENT_READ, lambda: self._read_tcp(made, flow, text))

    def _read_tcp(self, made: socket.socket, flow: Flow, text: bytes) -> None:
        self.selector.unregister(made)
        if _received(made) == text:
            self.answered.add(flow.number)

    def _read_udp(self, made: socket.socket, flow: Flow) -> None:
        if _received(made) == _REPLY + str(flow.number).encode():
            self.answered.add(flow.number)

    def _read_icmp(self, made: socket.socket, flow: Flow) -> None:
        data, (source, *_) = made.recvfrom(2048)
        data = data if made.family == socket.AF_INET6 else data[(data[0] & 15) * 4 :]
        kind, number = data[0], struct.unpack("!H", data[4:6])[0] - 1
        if (kind, number, source) == (_ANSWERS[flow.packet.icmp_type or 0], flow.number, flow.packet.destination):
            self.answered.add(flow.number)


def _share(made: socket.socket) -> None:
    """Let a sender's port be a server's port of the same host."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if made.type == socket.SOCK_STREAM:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def _quietly(act: Callable[[], object]) -> bool:
    """Whether the kernel took the packet; that it has no way for it is a result, no error."""
    try:
        act()
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EPERM, errno.ECONNREFUSED, errno.EINVAL}:
            return False
        raise
    return True


def _received(made: socket.socket) -> bytes | None:
    """What came, None where an error did."""
    try:
        return made.recv(64)
    except (ConnectionError, OSError):
        return None


def _segment(options: bytes) -> int:
    """The largest segment that the options of a TCP header announce; 0 where they say nothing."""
    at = 0
    while at < len(options) and options[at]:
        kind = options[at]
        if kind == 2:
            return int.from_bytes(options[at + 2 : at + 4], "big")
        at += 1 if kind == 1 else max(2, options[at + 1])
    return 0


def _query(flow: Flow) -> bytes:
    """An echo or timestamp request with the number for its identifier."""
    p = flow.packet
    body = bytes(12)
    head = struct.pack("!BBHHH", p.icmp_type, p.icmp_code, 0, flow.number + 1, 1)
    total = sum(struct.unpack(f"!{len(head + body) // 2}H", head + body))
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    return head[:2] + struct.pack("!H", checksum if p.protocol == ICMP else 0) + head[4:] + body
