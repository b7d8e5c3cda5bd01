"""Network namespaces of the Linux kernel, without names: each lives as long as its file descriptor is open.

Nothing is left behind, whatever ends the process. They need root, and `ip` and `nft` on the path.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

_CLONE_NEWNET = 0x40000000
#: Where `ip` and `nft` stand on Debian is not on everybody's path.
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
_OWN = "/proc/thread-self/ns/net"
#: Every host forwards what its filters let through, no path is asked twice, and no address waits to be probed.
_SETTINGS = {
    "ipv4/ip_forward": "1",
    "ipv4/icmp_ratelimit": "0",
    "ipv4/icmp_msgs_per_sec": "100000",
    "ipv4/conf/{}/rp_filter": "0",
    "ipv4/conf/{}/send_redirects": "0",
    "ipv4/conf/{}/accept_redirects": "0",
    "ipv6/conf/{}/forwarding": "1",
    "ipv6/conf/{}/accept_ra": "0",
    "ipv6/conf/{}/accept_dad": "0",
    "ipv6/conf/{}/accept_redirects": "0",
    "ipv6/conf/default/addr_gen_mode": "1",
    "bridge/bridge-nf-call-arptables": "0",
    "bridge/bridge-nf-call-ip6tables": "0",
    "bridge/bridge-nf-call-iptables": "0",
}


class KernelError(Exception):
    """The kernel, `ip` or `nft` refused what a network needs."""


class Namespace:
    """One network namespace. Sockets opened inside `entered` belong to it for good."""

    def __init__(self) -> None:
        with _left_again():
            _call("unshare", _CLONE_NEWNET)
            self.fd = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
            _configure()

    def close(self) -> None:
        os.close(self.fd)

    @property
    def path(self) -> str:
        """What `ip` finds the namespace by."""
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread is in the namespace, and back in its own afterwards."""
        with _left_again():
            _call("setns", self.fd, _CLONE_NEWNET)
            yield

    def start(self, *command: str) -> subprocess.Popen[str]:
        """The command inside the namespace; its input is to be given."""
        with self.entered():
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env={"PATH": _PATH},
            )


def configure(namespaces: dict[str, Namespace], command: tuple[str, ...], texts: dict[str, str]) -> None:
    """Give each namespace its text by the command, all at the same time. KernelError where one is refused."""
    started = [(name, namespaces[name].start(*command), text) for name, text in texts.items()]
    refused = []
    for name, process, text in started:
        _, said = process.communicate(text)
        if process.returncode:
            refused.append(f"{' '.join(command)} in {name}: {said.strip()}\n{text}")
    if refused:
        raise KernelError("\n".join(refused))


@contextmanager
def opened(names: list[str]) -> Iterator[dict[str, Namespace]]:
    """A namespace for each name; closed, and with that gone, at the end."""
    with ExitStack() as stack:
        found = {}
        for name in names:
            found[name] = Namespace()
            stack.callback(found[name].close)
        yield found


@cache
def lacking() -> str | None:
    """What keeps this machine from building networks, or None."""
    if not os.path.lexists(_OWN):
        return "no Linux kernel with network namespaces"
    packages = {"ip": "iproute2", "nft": "nftables"}
    missing = [package for name, package in packages.items() if shutil.which(name, path=_PATH) is None]
    if missing:
        return f"{' and '.join(missing)} not installed"
    try:
        with opened(["probe"]) as found:
            configure(found, ("nft", "-f", "-"), {"probe": "table inet probe { chain c { ct state new accept; }; }"})
            configure(found, ("ip", "-batch", "-"), {"probe": "link add veth0 type veth peer name veth1\n"})
    except (OSError, KernelError) as error:
        return f"network namespaces cannot be made here (they need root): {str(error).splitlines()[0]}"
    return None


@contextmanager
def _left_again() -> Iterator[None]:
    home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        _call("setns", home, _CLONE_NEWNET)
        os.close(home)


def _configure() -> None:
    for setting, value in _SETTINGS.items():
        for scope in ("all", "default") if "{}" in setting else ("",):
            path = Path("/proc/sys/net", setting.format(scope))
            if path.exists():
                path.write_text(value, encoding="ascii")


def _call(name: str, *arguments: int) -> None:
    if getattr(_libc(), name)(*arguments):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
