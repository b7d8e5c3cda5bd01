"""A network that stands: every namespace of a snapshot, set up."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sekisho.model.snapshot import Snapshot

from .borders import marks
from .devices import OUT, devices
from .namespaces import Namespace, configure, opened


class Lab(NamedTuple):
    """The namespaces by interface, and the mark that each gateway has outside."""

    namespaces: dict[str, Namespace]
    marks: dict[str, int]


@contextmanager
def lab(snapshot: Snapshot, hosts_outside: tuple[str, ...]) -> Iterator[Lab]:
    """The snapshot as a network of the kernel, for as long as the block lasts."""
    found = devices(snapshot, hosts_outside)
    with opened(list(found)) as spaces:
        paths = {name: space.path for name, space in spaces.items()}
        links = {n: _lines(d.links).format(**paths) for n, d in found.items()}
        configure(spaces, ("ip", "-batch", "-"), links)
        configure(spaces, ("ip", "-6", "-batch", "-"), {n: _lines(d.ipv6) for n, d in found.items()})
        configure(spaces, ("ip", "-4", "-batch", "-"), {n: _lines(d.ipv4) for n, d in found.items()})
        configure(spaces, ("nft", "-f", "-"), {n: d.rules for n, d in found.items() if d.rules})
        yield Lab(spaces, marks(found[OUT]))


def _lines(lines: list[str]) -> str:
    return "\n".join([*lines, ""])
