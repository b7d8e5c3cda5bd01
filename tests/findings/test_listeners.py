import pytest

from sekisho.errors import QueryError
from sekisho.findings.finding import Process
from sekisho.findings.listeners import Listener, parse_json, parse_ss

SSHD = Process(name="sshd", pid=812, path="/usr/sbin/sshd")


def test_json_inventory() -> None:
    text = """{
        "i-2": [],
        "i-1": [
            {"protocol": "tcp", "address": "0.0.0.0", "port": 22, "process": "sshd", "pid": 812,
             "path": "/usr/sbin/sshd", "note": "other keys are ignored"},
            {"protocol": "UDP", "port": 514},
            {"protocol": "tcp6", "address": "::ffff:10.0.1.10", "port": 80}
        ]
    }"""
    assert parse_json(text) == {
        "i-1": (
            Listener("tcp", "0.0.0.0", 22, SSHD),
            Listener("udp", None, 514),
            Listener("tcp", "10.0.1.10", 80),
        ),
        "i-2": (),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "listener inventory is not a JSON object"),
        ("{", "listener inventory is not a JSON object"),
        ('{"i-1": [{"protocol": "tcp"}]}', "port"),
        ('{"i-1": [{"protocol": "sctp", "port": 1}]}', "socket 1 of 'i-1' has protocol 'sctp'"),
        ('{"i-1": [{"protocol": "tcp", "port": 65536}]}', "socket 1 of 'i-1' has port 65536"),
        ('{"i-1": [{"protocol": "tcp", "port": 1, "address": "host"}]}', "address 'host'"),
        ('{"i-1\\n": [{"protocol": "tcp", "port": -1}]}', "'i-1\\n' has port -1"),
        ("[" * 100_000, "listener inventory is not a JSON object"),
    ],
)
def test_an_inventory_that_cannot_be_read_is_told_in_one_line(text: str, message: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse_json(text)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


SS = """\
udp   UNCONN 0      0          127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=580,fd=13))
udp   UNCONN 0      0       10.0.1.10%ens5:68           0.0.0.0:*    users:(("systemd-network",pid=570,fd=20))
tcp   LISTEN 0      128            0.0.0.0:22           0.0.0.0:*    users:(("sshd",pid=812,fd=3))
tcp   LISTEN 0      511            *:80            *:*    users:(("nginx",pid=901,fd=6),("nginx",pid=900,fd=6))
tcp   LISTEN 0      128               [::]:22              [::]:*    users:(("sshd",pid=812,fd=4))
udp   UNCONN 0      0      [fe80::1]%ens5:546              [::]:*
tcp   ESTAB  0      0            10.0.1.10:22     198.51.100.7:50000 users:(("sshd",pid=1200,fd=4))
u_str LISTEN 0      4096   /run/systemd/private 18341             * 0
"""


def test_ss_output() -> None:
    sshd, nginx, worker = (
        Process(name=n, pid=p, path=None) for n, p in [("sshd", 812), ("nginx", 901), ("nginx", 900)]
    )
    assert parse_ss(SS) == (
        Listener("udp", "127.0.0.53", 53, Process(name="systemd-resolve", pid=580, path=None)),
        Listener("udp", "10.0.1.10", 68, Process(name="systemd-network", pid=570, path=None)),
        Listener("tcp", "0.0.0.0", 22, sshd),
        Listener("tcp", None, 80, nginx),
        Listener("tcp", None, 80, worker),
        Listener("tcp", None, 22, sshd),
        Listener("udp", "fe80::1", 546),
    )


def test_ss_with_its_header_line() -> None:
    header = "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
    assert parse_ss(header + "tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n") == (Listener("tcp", "0.0.0.0", 22),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tcp LISTEN\n", "ss output, line 1 has 2 columns"),
        ("\ntcp LISTEN 0 128 0.0.0.0:ssh 0.0.0.0:*", "ss output, line 2 has local address '0.0.0.0:ssh'"),
        ("tcp LISTEN 0 128 name:22 0.0.0.0:*", "ss output, line 1 has address 'name'"),
        ("tcp LISTEN 0 128 0.0.0.0:70000 0.0.0.0:*", "ss output, line 1 has local address"),
    ],
)
def test_ss_output_that_cannot_be_read_is_told_in_one_line(text: str, message: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse_ss(text)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("bound", "held", "hears"),
    [
        (None, "10.0.1.10", True),
        (None, "2001:db8::1", True),
        ("0.0.0.0", "10.0.1.10", True),
        ("0.0.0.0", "2001:db8::1", False),
        ("10.0.1.10", "10.0.1.10", True),
        ("10.0.1.10", "10.0.1.11", False),
        ("10.0.1.17", "10.0.1.16/28", True),
        ("127.0.0.1", "10.0.1.10", False),
        ("::1", "2001:db8::1", False),
        ("10.0.1.10", "2001:db8::1", False),
    ],
)
def test_who_hears_what_arrives(bound: str | None, held: str, hears: bool) -> None:
    assert Listener("tcp", bound, 22).hears(held) is hears
