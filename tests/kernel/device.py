"""What one namespace is told."""

from dataclasses import dataclass, field

EVERYWHERE = ("0.0.0.0/0", "::/0")
#: Metrics: of routes to one prefix the lowest is taken. A prefix-list route has a metric of its own.
STATIC, LISTED, PROPAGATED, NOTHING = 10, 20, 5000, 9000


def is_ipv6(text: str) -> bool:
    return ":" in text


@dataclass(slots=True)
class Device:
    """One namespace: the links that begin in it, its set-up for `ip -6` and for `ip -4`, and its rules for `nft`.

    `ends` are its devices that are up, `bridges` among them.
    """

    links: list[str] = field(default_factory=lambda: ["link set lo up"])
    ipv6: list[str] = field(default_factory=list)
    ipv4: list[str] = field(default_factory=list)
    rules: str = ""
    ends: list[str] = field(default_factory=list)

    def attach(self, device: str, address: str) -> None:
        """Bring the device up, with its link-local address."""
        self.ends.append(device)
        self.ipv6 += [f"link set {device} up", f"addr add {address}/64 dev {device} nodad"]

    def address(self, address: str, device: str) -> None:
        """An address with the length of its block, as `10.0.0.4/26`."""
        if is_ipv6(address):
            self.ipv6.append(f"addr add {address} dev {device} nodad")
        else:
            self.ipv4.append(f"addr add {address} dev {device}")

    def route(self, destination: str, way: str, table: int | str, metric: int = STATIC) -> None:
        """A route of a table: `way` is `throw`, `blackhole` or a device, with a link-local gateway before it."""
        kind, rest = (way, "") if way in {"throw", "blackhole"} else ("", way)
        if is_ipv6(destination):
            rest = rest.replace("via inet6", "via")
        family = self.ipv6 if is_ipv6(destination) else self.ipv4
        line = " ".join(f"route add {kind} {destination} {rest} table {table} metric {metric}".split())
        if line not in family:
            family.append(line)

    def rule(self, text: str) -> None:
        """A policy rule of both families."""
        self.ipv4.append(f"rule add {text}")
        self.ipv6.append(f"rule add {text}")


def named_set(name: str, members: "list[str] | tuple[str, ...]") -> str:
    """A set of addresses and blocks of each family: `name` with 4 or 6 at its end."""
    text = ""
    for suffix, kind in (("4", "ipv4_addr"), ("6", "ipv6_addr")):
        found = ", ".join(m for m in dict.fromkeys(members) if is_ipv6(m) == (suffix == "6"))
        elements = f" elements = {{ {found} }};" if found else ""
        text += f"set {name}{suffix} {{ type {kind}; flags interval; auto-merge;{elements} }}\n"
    return text
