"""The set engine against the one-packet interpreter on many random networks, and the figures of that.

Networks are shared out among processes in blocks of seeds; the blocks are put together in their order, so that the
figures, and the first contradiction, are the same however many processes there are.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from agreement import ANSWERED, DROPPED, ONE_WAY, OPEN, Pair, pairs_of
from random_estates import drawn
from sekisho.conformance.case import cases
from sekisho.engine.connected import Connection
from sekisho.engine.packet import Dropped
from sekisho.sets.flows import ICMP, ICMPV6, TCP, UDP
from semantics_met import groups_met
from shrinking import described, smallest

ROOT = Path(__file__).parents[1]
PROTOCOLS = {TCP: "TCP", UDP: "UDP", ICMP: "ICMP", ICMPV6: "ICMP"}
VERDICTS = (ANSWERED, ONE_WAY, DROPPED, OPEN)
#: Of one network: questions of each kind, and packets of each part of an answer.
MOST, EACH = 1, 1
BLOCK = 50
Figures = dict[str, object]


class Contradiction(Exception):  # noqa: N818  what is said of the engine, not of the run
    """Both readings contradict each other: the smallest network that shows it, in words."""


class Tally(NamedTuple):
    """What the pairs were, counted."""

    networks: Counter[str]
    verdicts: Counter[tuple[str, str]]
    kinds: Counter[str]
    codes: Counter[str]
    groups: Counter[str]

    @classmethod
    def empty(cls) -> "Tally":
        return cls(Counter(), Counter(), Counter(), Counter(), Counter())

    @property
    def pairs(self) -> int:
        return self.verdicts.total()

    def add(self, pair: Pair) -> None:
        self.verdicts[pair.sets, pair.steps] += 1
        self.kinds.update(_kinds(pair))
        self.groups.update(groups_met(pair))
        for outcome in (pair.traced.outcome, pair.traced.reply_outcome):
            if isinstance(outcome, Dropped):
                self.codes[outcome.code] += 1

    def update(self, other: "Tally") -> None:
        self.networks.update(other.networks)
        self.verdicts.update(other.verdicts)
        self.kinds.update(other.kinds)
        self.codes.update(other.codes)
        self.groups.update(other.groups)


def _kinds(pair: Pair) -> Iterable[str]:
    c = pair.asked.connection
    yield _start(c)
    if c.relay:
        yield "through a load balancer"
    if c.consumer or (c.relay and c.relay.client.consumer):
        yield "through an interface endpoint"
    yield "IPv4" if c.question.family == "ipv4" else "IPv6"
    yield PROTOCOLS.get(pair.example.protocol, "other protocols")


def _start(c: Connection) -> str:
    if c.outbound:
        return "from a host, outwards"
    if c.sender:
        return "from a host to a public address" if c.public else "from a host to a host"
    kind = c.entrance.kind.value if c.entrance else c.way.kind if c.way else "host"
    return f"from {'an' if kind[0] in 'aei' else 'a'} {kind.replace('-', ' ')}"


# Many networks --------------------------------------------------------------------------------------


def counted(seeds: Iterable[int]) -> tuple[Tally, int | None]:
    """The pairs of the seeds' networks, and the first seed with a contradiction, at which counting stops."""
    tally = Tally.empty()
    for seed in seeds:
        kind, whole = drawn(seed)
        for pair in pairs_of(whole, seed, MOST, EACH):
            tally.add(pair)
            if pair.fault is not None:
                return tally, seed
        tally.networks[kind] += 1
    return tally, None


def compared(first: int, networks: int, processes: int, tell: Callable[[int], None]) -> Tally:
    """The pairs of so many networks from that seed on. Contradiction where there is one."""
    whole, against = Tally.empty(), None
    with get_context("spawn").Pool(processes) as pool:
        for tally, against in pool.imap(counted, blocks(first, networks)):
            if against is not None:
                break
            whole.update(tally)
            tell(whole.networks.total())
    if against is not None:
        raise Contradiction(contradiction(against))
    return whole


def blocks(first: int, networks: int) -> Iterator[range]:
    for start in range(first, first + networks, BLOCK):
        yield range(start, min(start + BLOCK, first + networks))


def contradiction(seed: int) -> str:
    """The contradiction of that seed on the smallest network that shows it."""
    _, whole = drawn(seed)
    pair = next(p for p in pairs_of(whole, seed, MOST, EACH) if p.fault is not None)
    return described(*smallest(whole, pair), seed)


# Figures --------------------------------------------------------------------------------------------


def figures(seed: int, networks: int, processes: int = 2, tell: Callable[[int], None] = lambda _: None) -> Figures:
    """The figures of a comparison. Contradiction where there is one."""
    return figures_of(compared(seed, networks, processes, tell), seed)


def figures_of(tally: Tally, seed: int) -> Figures:
    """Numbers, and tables of numbers, under what they count."""
    networks = tally.networks.total()
    return {
        "networks": networks,
        "seeds": f"{seed} to {seed + networks - 1}",
        "pairs (one packet read both ways)": tally.pairs,
        "disagreements": 0,
        "networks by kind": dict(sorted(tally.networks.items())),
        "sets in the rows, the trace in the columns": {
            s: {t: tally.verdicts[s, t] for t in VERDICTS} for s in VERDICTS
        },
        "what was asked": dict(sorted(tally.kinds.items())),
        "what dropped packets and replies": {f"`{code}`": n for code, n in sorted(tally.codes.items())},
        "rules met on the way of a packet or of its reply, by group": {
            f"`{group}`": n for group, n in sorted(tally.groups.items())
        },
        "groups that no packet met, and the cases that show them": {
            f"`{group}`": shown for group, shown in _unmet(set(tally.groups)).items()
        },
    }


def groups() -> set[str]:
    """The groups of docs/SEMANTICS.md."""
    return set(re.findall(r"^- \*\*(S-[A-Z]+)", (ROOT / "docs" / "SEMANTICS.md").read_text("utf-8"), re.MULTILINE))


def _unmet(met: set[str]) -> dict[str, str]:
    """Each group that no packet met, with names of cases."""
    found = defaultdict(list)
    for case in cases(ROOT / "conformance"):
        for rule in case.body.semantics:
            found[re.sub(r"-[0-9]+$", "", rule)].append(case.name)
    return {group: ", ".join(dict.fromkeys(found[group])) or "none" for group in sorted(groups() - met)}
