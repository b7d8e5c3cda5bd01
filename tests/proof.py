"""The set engine against the one-packet interpreter, on random networks of every kind in turn.

    .venv/bin/python tests/proof.py --pairs 50000 [--seed N]

Prints a table and writes it to docs/PROOF.md. Exits 1 at the first packet that the two read in contradictory ways,
and prints the smallest network on which they still do.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from agreement import ANSWERED, DROPPED, ONE_WAY, OPEN, Pair, pairs_of
from random_balancers import balanced
from random_entrances import network_with_entrances
from random_middleboxes import network_with_middleboxes
from random_networks import Network, network
from random_transit import transit_network
from sekisho.engine.connected import Connection
from sekisho.engine.packet import Dropped
from sekisho.sets.flows import ICMP, ICMPV6, TCP, UDP
from sekisho.version import SEMANTICS_VERSION
from semantics_met import groups_met
from shrinking import described, smallest

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "PROOF.md"
#: The network of seed n is of kind n modulo 5.
GENERATORS: Mapping[str, Callable[[int], Network]] = {
    "subnets, routes, filters and gateways alone": network,
    "with transit gateways": transit_network,
    "with middleboxes, carrier and local gateways, pools": network_with_middleboxes,
    "with load balancers": balanced,
    "with services that need no route, and PrivateLink": network_with_entrances,
}
PROTOCOLS = {TCP: "TCP", UDP: "UDP", ICMP: "ICMP", ICMPV6: "ICMP"}


class Tally:
    """What the pairs were, counted."""

    def __init__(self) -> None:
        self.networks: Counter[str] = Counter()
        self.pairs = 0
        self.verdicts: Counter[tuple[str, str]] = Counter()
        self.kinds: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.groups: Counter[str] = Counter()

    def add(self, pair: Pair) -> None:
        self.pairs += 1
        self.verdicts[pair.sets, pair.steps] += 1
        self.kinds.update(_kinds(pair))
        self.groups.update(groups_met(pair))
        for outcome in (pair.traced.outcome, pair.traced.reply_outcome):
            if isinstance(outcome, Dropped):
                self.codes[outcome.code] += 1


def drawn(seed: int) -> tuple[str, Network]:
    """The network of the seed, with the name of its kind."""
    kind = list(GENERATORS)[seed % len(GENERATORS)]
    return kind, GENERATORS[kind](seed)


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


def page(tally: Tally, seed: int) -> str:
    """The result as the text of docs/PROOF.md."""
    networks = tally.networks.total()
    kinds = (ANSWERED, ONE_WAY, DROPPED, OPEN)
    verdicts = [[f"sets: {s}", *(f"{tally.verdicts[s, t]:,}" for t in kinds)] for s in kinds]
    return f"""# The engine against the one-packet semantics

The engine answers for sets of packets. `sekisho.engine.trace` walks one packet, hop by hop, and shares no code with
the sets: it is the readable form of [SEMANTICS.md](SEMANTICS.md), version {SEMANTICS_VERSION}. On random networks of
small pools of values, where rules, routes and packets collide, both are asked the same: packets at the corners of what
an answer calls sure, possible and impossible, and some at random. They must never contradict each other.

| | |
|---|---|
| networks | {networks:,} (seeds {seed} to {seed + networks - 1}) |
| pairs (one packet read both ways) | {tally.pairs:,} |
| disagreements | 0 |

{_table(["networks", "how many"], [[k, f"{n:,}"] for k, n in tally.networks.items()])}

Sets stand in the rows, the trace in the columns:

{_table(["", *kinds], verdicts)}

One may leave open what the other settles, which is no contradiction: the trace stops at the first thing that the
snapshot does not show, the sets also use what is known behind it.

{_table(["what was asked", "pairs"], [[k, f"{n:,}"] for k, n in sorted(tally.kinds.items())])}

{_table(["what dropped packets and replies", "times"], [[f"`{k}`", f"{n:,}"] for k, n in sorted(tally.codes.items())])}

Which rules were met on the way of a packet or of its reply, by the groups of [SEMANTICS.md](SEMANTICS.md):

{_table(["group", "pairs"], [[f"`{k}`", f"{n:,}"] for k, n in sorted(tally.groups.items())])}

{_unmet(tally)}

Repeat it with `make proof`, or with other networks:

```
.venv/bin/python tests/proof.py --pairs {tally.pairs} --seed {seed + networks}
```

A contradiction ends the run with exit code 1, its seed, and the smallest network that still shows it.
"""


def _unmet(tally: Tally) -> str:
    """The groups of SEMANTICS.md that no packet of the run met, said in a sentence."""
    numbered = set(re.findall(r"\*\*(S-[A-Z]+)", (DOCS / "SEMANTICS.md").read_text(encoding="utf-8")))
    left = ", ".join(f"`{group}`" for group in sorted(numbered - set(tally.groups)))
    return f"Not met by single packets, and tested by cases instead: {left}." if left else "Every group was met."


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=50000, help="how many packets to read both ways, at least")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first network")
    asked = parser.parse_args()
    tally = Tally()
    while tally.pairs < asked.pairs:
        seed = asked.seed + tally.networks.total()
        kind, whole = drawn(seed)
        for pair in pairs_of(whole, seed):
            tally.add(pair)
            if pair.fault is not None:
                print(described(*smallest(whole, pair), seed))
                return 1
        tally.networks[kind] += 1
    text = page(tally, asked.seed)
    print(text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
