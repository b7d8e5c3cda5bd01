"""What saved lists of sockets say, as the manual of each tool shows them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.collect.inventory import Told, encoded
from sekisho.collect.sockets import read
from sekisho.errors import QueryError
from sekisho.findings.finding import Process
from sekisho.findings.listeners import Listener, parse_json

SS = """\
Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
udp   UNCONN 0      0          127.0.0.1:323       0.0.0.0:*    users:(("chronyd",pid=640,fd=5))
tcp   LISTEN 0      4096         0.0.0.0:22        0.0.0.0:*    users:(("sshd",pid=812,fd=3))
"""
NETSTAT = """\
Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      812/sshd: /usr/sbin
tcp        0     36 10.0.0.5:22             198.51.100.7:51000      ESTABLISHED 900/sshd: user
tcp6       0      0 ::1:631                 :::*                    LISTEN      -
udp        0      0 127.0.0.1:323           0.0.0.0:*                           640/chronyd
udp        0      0 10.0.0.5:40000          10.0.0.2:53             ESTABLISHED 641/resolver
Active UNIX domain sockets (only servers)
Proto RefCnt Flags       Type       State         I-Node   PID/Program name     Path
unix  2      [ ACC ]     STREAM     LISTENING     18044    1/init               /run/systemd/private
"""
WINDOWS = """\

Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    0.0.0.0:3389           0.0.0.0:0              ABHÖREN          1052
  TCP    10.0.0.6:3389          198.51.100.7:51000     HERGESTELLT      1052
  TCP    [::1]:5432             [::]:0                 ABHÖREN          2200
  UDP    0.0.0.0:123            *:*                                     980
  UDP    [fe80::1%5]:546        *:*                                     700
"""
MACOS = """\
Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
tcp4       0      0  127.0.0.1.631          *.*                    LISTEN
tcp46      0      0  *.8080                 *.*                    LISTEN
tcp4       0      0  10.0.0.7.22            198.51.100.7.51000     ESTABLISHED
udp4       0      0  *.5353                 *.*
udp4       0      0  *.*                    *.*
"""
LSOF = """\
COMMAND     PID USER   FD   TYPE             DEVICE SIZE/OFF NODE NAME
sshd        812 root    3u  IPv4              18044      0t0  TCP *:22 (LISTEN)
sshd        900 root    4u  IPv4              18050      0t0  TCP 10.0.0.5:22->198.51.100.7:51000 (ESTABLISHED)
Google\\x20H 950   me   5u  IPv6 0x1a2b3c4d5e6f7081      0t0  UDP [::1]:5353
rpcbind     400  rpc    6u  IPv4              11111      0t0  UDP *:*
"""
OSQUERY = """[
 {"address": "0.0.0.0", "family": "2", "fd": "3", "name": "sshd",
  "path": "", "pid": "812", "port": "22", "protocol": "6"},
 {"address": "127.0.0.1", "family": "2", "path": "", "pid": "640", "port": "323", "protocol": "17", "socket": "18"},
 {"address": "", "family": "1", "path": "/run/dbus", "pid": "1", "port": "0", "protocol": "0", "socket": "19"}
]"""


def cut(text: str) -> st.SearchStrategy[str]:
    return st.integers(0, len(text)).map(lambda at: text[:at])


def process(name: str | None, pid: int) -> Process:
    return Process(name=name, pid=pid, path=None)


SSHD = Listener("tcp", "0.0.0.0", 22, process("sshd", 812))
CHRONYD = Listener("udp", "127.0.0.1", 323, process("chronyd", 640))


@pytest.mark.parametrize(
    ("text", "form", "sockets"),
    [
        (SS, "ss", {SSHD, CHRONYD}),
        (NETSTAT, "netstat", {SSHD, CHRONYD, Listener("tcp", "::1", 631)}),
        (
            WINDOWS,
            "netstat-windows",
            {
                Listener("tcp", "0.0.0.0", 3389, process(None, 1052)),
                Listener("tcp", "::1", 5432, process(None, 2200)),
                Listener("udp", "0.0.0.0", 123, process(None, 980)),
                Listener("udp", "fe80::1", 546, process(None, 700)),
            },
        ),
        (
            MACOS,
            "netstat",
            {Listener("tcp", "127.0.0.1", 631), Listener("tcp", None, 8080), Listener("udp", None, 5353)},
        ),
        (
            LSOF,
            "lsof",
            {Listener("tcp", None, 22, process("sshd", 812)), Listener("udp", "::1", 5353, process("Google H", 950))},
        ),
        (OSQUERY, "osquery", {SSHD, Listener("udp", "127.0.0.1", 323, process(None, 640))}),
    ],
)
def test_the_listening_sockets_of_each_form(text: str, form: str, sockets: set[Listener]) -> None:
    found = read(text)
    assert (found.form, set(found.sockets)) == (form, sockets)


NMAP = """<?xml version="1.0"?>
<!DOCTYPE nmaprun>
<nmaprun scanner="nmap"><host><status state="up"/><address addr="203.0.113.9" addrtype="ipv4"/>
<address addr="02:00:00:00:00:01" addrtype="mac"/>
<ports><port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/><service name="ssh"/></port>
<port protocol="tcp" portid="23"><state state="closed"/></port>
<port protocol="udp" portid="161"><state state="open|filtered"/></port></ports></host></nmaprun>
"""


def test_the_open_ports_of_a_scan() -> None:
    found = read(NMAP)
    assert found.form == "nmap"
    assert [tuple(host) for host in found.hosts] == [(("203.0.113.9",), (Listener("tcp", None, 22),))]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is not the output of ss"),
        ("hello\n", "it is not the output of ss"),
        (
            "tcp 0 0 0.0.0.0:ssh 0.0.0.0:* LISTEN\n",
            "netstat output, line 1 has port 'ssh': save numeric ports, of 0-65535",
        ),
        ("tcp 0 0 0.0.0.0:99999 0.0.0.0:* LISTEN\n", "netstat output, line 1 has port '99999'"),
        ("tcp 0 0 nowhere:22 0.0.0.0:* LISTEN\n", "netstat output, line 1 has address 'nowhere'"),
        ("tcp 0 0\n", "netstat output, line 1 is cut short"),
        ("[" * 100_000, "it is not the JSON of osquery's listening_ports"),
        ('[{"port": 1}]', "it is not the JSON of osquery's listening_ports"),
        ("<nmaprun>", "it is not whole XML"),
        ("<html></html>", "it is not the XML of nmap"),
        ('<!DOCTYPE n [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><nmaprun>&b;</nmaprun>', "it declares entities"),
        ('<!DOCTYPE n [<!ENTITY a SYSTEM "file:///etc/passwd">]><nmaprun>&a;</nmaprun>', "it declares entities"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(QueryError) as refused:
        read(text)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


#: What lines are made of, so that most of them are nearly right.
WORDS = st.sampled_from(
    [
        *('[]{}<>:.*%-/,"'),
        *("tcp", "udp6", "TCP", "LISTEN", "UNCONN", "0", "22", "70000", "sshd", "812/sshd", "IPv4", "(LISTEN)"),
        *(
            "0.0.0.0:22",
            "[::]:0",
            "*:*",
            "*.*",
            "::1:53",
            "fe80::1%eth0:1",
            "<nmaprun>",
            "<port",
            "Netid",
            "COMMAND",
            "PID",
        ),
    ]
)
LINES = st.lists(st.lists(WORDS | st.text(max_size=4), max_size=9).map(" ".join), max_size=6).map("\n".join)


@given(LINES | st.text() | st.sampled_from([SS, NETSTAT, WINDOWS, MACOS, LSOF, OSQUERY]).flatmap(cut))
def test_whatever_the_text_it_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        found = read(text)
    except QueryError as error:
        said = str(error)
        assert len(said.splitlines()) == 1
    else:
        assert all(0 <= socket.port <= 65535 for socket in found.sockets)


@pytest.mark.parametrize(
    "line",
    [
        'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid={},fd=3))',
        "tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN {}/sshd",
        "TCP 0.0.0.0:22 0.0.0.0:0 LISTENING {}",
        '[{{"port": "22", "protocol": "6", "address": "0.0.0.0", "pid": "{}"}}]',
    ],
)
def test_a_process_without_a_sensible_number_listens_all_the_same(line: str) -> None:
    assert read(line.format("9" * 5000)).sockets == (Listener("tcp", "0.0.0.0", 22),)


def test_an_inventory_is_read_back_as_it_was_written() -> None:
    told = {"i-2": Told("unhealthy", why="its agent is ConnectionLost"), "i-1": Told("healthy", (SSHD, CHRONYD))}
    text = encoded(told | {"i-3": Told("healthy")}).decode()
    assert {name: sockets and set(sockets) for name, sockets in parse_json(text).items()} == {
        "i-1": {SSHD, CHRONYD},
        "i-2": None,
        "i-3": (),
    }
