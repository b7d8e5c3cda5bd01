"""Sets of flows: who may talk to one fixed address, over which protocol, from and to which ports.

A flow set is a diagram of four levels: protocol number, *remote* address (the end that is not fixed),
then destination port and source port for TCP and UDP, type and code for ICMP; other protocols have no
third and fourth level. Equality is set equality. Whose address is remote, and in which direction the
packet goes, is the caller's business: the header is always that of the first packet, never of its reply.

>>> web = FlowSet.build("ipv4", protocols=[(6, 6)], remotes=[(0, 255)], thirds=[(443, 443)])
>>> (web | FlowSet.full("ipv4")) == FlowSet.full("ipv4"), (web - web).is_empty
(True, True)
"""

from collections.abc import Iterable
from dataclasses import dataclass

from . import diagram
from .diagram import EMPTY, FULL, Node
from .prefixes import Family, Range, top

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
PROTOCOL_TOP = 255
PORT_TOP = 65535
ICMP_TOP = 255
ALL_PORTS: tuple[Range, ...] = ((0, PORT_TOP),)
ALL_PROTOCOLS: tuple[Range, ...] = ((0, PROTOCOL_TOP),)

_of_remotes: dict[tuple[Family, tuple[Range, ...]], "FlowSet"] = diagram.memo()


def icmp_of(family: Family) -> int:
    """The protocol number that carries ICMP in the family."""
    return ICMP if family == "ipv4" else ICMPV6


def has_ports(protocol: int) -> bool:
    return protocol in {TCP, UDP}


@dataclass(frozen=True, slots=True, eq=False)
class FlowSet:
    """An exact set of flows of one family. Make one with `build`, `full`, `empty` or by operating on others."""

    family: Family
    root: Node

    @classmethod
    def full(cls, family: Family) -> "FlowSet":
        return cls(family, FULL)

    @classmethod
    def empty(cls, family: Family) -> "FlowSet":
        return cls(family, EMPTY)

    @classmethod
    def build(
        cls,
        family: Family,
        *,
        protocols: Iterable[Range] = ALL_PROTOCOLS,
        remotes: Iterable[Range] | None = None,
        thirds: Iterable[Range] | None = None,
        fourths: Iterable[Range] | None = None,
    ) -> "FlowSet":
        """The box of these ranges; None leaves a level free.

        `thirds` are destination ports or ICMP types, `fourths` source ports or ICMP codes: give them only
        with protocols that have them, and ICMP by itself.
        """
        protocols = tuple(protocols)
        icmp = icmp_of(family)
        # INVARIANT: a level ends at its own top, or one set would have two forms.
        limit = ICMP_TOP if all(p == (icmp, icmp) for p in protocols) else PORT_TOP
        below = FULL if fourths is None else diagram.ranges(fourths, FULL, limit)
        below = diagram.node((0,), (below,)) if thirds is None else diagram.ranges(thirds, below, limit)
        below = diagram.node((0,), (below,)) if remotes is None else diagram.ranges(remotes, below, top(family))
        return cls(family, diagram.ranges(protocols, below, PROTOCOL_TOP))

    @classmethod
    def of_remotes(cls, family: Family, remotes: Iterable[Range]) -> "FlowSet":
        """Every flow whose remote address is one of these."""
        key = (family, tuple(remotes))
        found = _of_remotes.get(key)
        if found is None:
            found = _of_remotes[key] = cls.build(family, remotes=key[1])
        return found

    @classmethod
    def union_of(cls, family: Family, sets: Iterable["FlowSet"]) -> "FlowSet":
        return cls(family, diagram.union_all(s.root for s in sets))

    @property
    def is_empty(self) -> bool:
        return self.root is EMPTY

    @property
    def is_full(self) -> bool:
        return self.root is FULL

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FlowSet) and self.root is other.root and self.family == other.family

    def __hash__(self) -> int:
        return hash((self.family, id(self.root)))

    def __or__(self, other: "FlowSet") -> "FlowSet":
        return self._with(diagram.union(self.root, other.root), other)

    def __and__(self, other: "FlowSet") -> "FlowSet":
        return self._with(diagram.intersection(self.root, other.root), other)

    def __sub__(self, other: "FlowSet") -> "FlowSet":
        return self._with(diagram.difference(self.root, other.root), other)

    def _with(self, root: Node, other: "FlowSet") -> "FlowSet":
        """The set of that root: one of the two, most often."""
        if root is self.root:
            return self
        return other if root is other.root and self.family == other.family else FlowSet(self.family, root)

    def __invert__(self) -> "FlowSet":
        return FlowSet(self.family, diagram.difference(FULL, self.root))

    def __le__(self, other: "FlowSet") -> bool:
        return diagram.within(self.root, other.root)

    def contains(self, protocol: int, remote: int, third: int = 0, fourth: int = 0) -> bool:
        """Whether the one flow is in the set; ports or ICMP type and code where the protocol has them."""
        below = diagram.child_at(self.root, protocol)
        for value in (remote, third, fourth):
            below = diagram.child_at(below, value)
        return below is FULL
