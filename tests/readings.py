"""Readings of one network that must agree: whatever contradicts itself is shrunk, and told as a case.

`READINGS` is the list: sets against steps, answers where a call fails, answers where a rule is added, and certificates
against their checker.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec

import certificates
from agreement import Pair, pairs_of, questions
from estates import perm
from failed_calls import closed_in, tables_of
from random_networks import Network
from saved import save
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Connection
from sekisho.errors import InternalError, SnapshotError
from sekisho.model.filters import SecurityGroup
from sekisho.model.topology import Topology
from sekisho.sets.flows import ICMP, ICMPV6, TCP, UDP, FlowSet
from sekisho.sets.prefixes import spell
from sekisho_check.estate import Estate
from sekisho_check.snapshot import read
from shrinking import described, shrunk, smallest, written
from tally import Tally

_NAMES = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPV6: "icmpv6"}
_OPENED = perm("tcp", (22, 1024), "0.0.0.0/1", "::/0")
#: How many smaller networks are tried: by sets and steps, by whole assessments.
_EFFORT, _EFFORT_OF_ROWS = 3000, 400
#: Of so many networks one is asked each of the questions that take long.
_SELDOM = 5


class Contradiction(NamedTuple):
    """The smallest network found, in one line what it shows, all that is known, and the question as `explain` takes it.

    No question where it concerns the whole assessment.
    """

    network: Network
    title: str
    told: str
    question: tuple[str, ...] = ()


Reading = Callable[[Network, int, Tally], Contradiction | None]


def sets_and_steps(whole: Network, seed: int, tally: Tally) -> Contradiction | None:
    """The set engine and the one-packet semantics."""
    for pair in pairs_of(whole, seed, 2, 2):
        tally.add(pair)
        if pair.fault is not None:
            small, again = smallest(whole, pair, _EFFORT)
            title = f"{again.asked.name}: {again.fault}"
            return Contradiction(small, title, described(small, again, seed), asked(again))
    return None


def asked(pair: Pair) -> tuple[str, ...]:
    """Arguments of `explain` for the packet of the pair, as near as its command line can say it."""
    c, packet = pair.asked.connection, pair.packet
    host = f"{c.host.interface.network_interface_id}:{spell(c.host.address, c.host.family)}"
    if c.outbound:
        ends = (host, f"internet:{packet.destination}")
    elif c.sender:
        sender = f"{c.sender.interface.network_interface_id}:{spell(c.sender.address, c.sender.family)}"
        ends = (sender, f"ip:{packet.destination}" if c.public else host)
    else:
        start = c.entrance.id if c.entrance else (c.way.gateway if c.way else None) or "internet"
        ends = (start if c.entrance else f"{start}:{packet.source}", host)
    words = ["--from", ends[0], "--to", ends[1], "--protocol", _NAMES.get(packet.protocol, str(packet.protocol))]
    if packet.destination_port is not None:
        words += ["--port", str(packet.destination_port), "--source-port", str(packet.source_port)]
    if packet.icmp_type is not None:
        words += ["--icmp-type", str(packet.icmp_type), "--icmp-code", str(packet.icmp_code)]
    return tuple(words)


# Laws -------------------------------------------------------------------------------------------------


def failed_calls_prove_nothing(whole: Network, seed: int, _: Tally) -> Contradiction | None:
    """A call that fails makes no answer prove more."""
    if seed % _SELDOM:
        return None
    table = Random(seed).choice(tables_of(whole))

    def shows(less: Network) -> str | None:
        found = next(closed_in(less, [table]), None) if table in tables_of(less) else None
        return (
            f"{table} failed, and {' '.join(found.question)} went from {found.before} to {found.after}"
            if found
            else None
        )

    return _told(whole, shows, _EFFORT_OF_ROWS)


def more_rules_close_nothing(whole: Network, seed: int, _: Tally) -> Contradiction | None:
    """One more allow rule in every group closes no way."""
    if seed % _SELDOM != 1:
        return None

    def shows(less: Network) -> str | None:
        wider = less._replace(records=tuple(opened(r) if isinstance(r, SecurityGroup) else r for r in less.records))
        for (name, before), (_, after) in zip(_answers(less, seed), _answers(wider, seed), strict=True):
            if not all(one <= other for one, other in zip(_sets(before), _sets(after), strict=True)):
                return f"{name}: fewer packets get through where every group has one rule more"
        return None

    return _told(whole, shows, _EFFORT_OF_ROWS)


def opened(group: SecurityGroup) -> SecurityGroup:
    """The group with one rule more, each way."""
    inwards, outwards = (*group.ip_permissions, _OPENED), (*group.ip_permissions_egress, _OPENED)
    return msgspec.structs.replace(group, ip_permissions=inwards, ip_permissions_egress=outwards)


def _answers(whole: Network, seed: int) -> list[tuple[str, Connection]]:
    assessor = Assessor(Topology(whole.snapshot()))
    return [(one.name, one.connection) for one in questions(assessor, Random(seed), 2)]


def _sets(c: Connection) -> tuple[FlowSet, ...]:
    return c.delivered.sure, c.delivered.maybe, c.round_trip.sure, c.round_trip.maybe


# Certificates -----------------------------------------------------------------------------------------


def certified_and_checked(whole: Network, _: int, __: Tally) -> Contradiction | None:
    """What the engine certifies, and the checker of certificates."""
    return _told(whole, refused, _EFFORT_OF_ROWS)


def refused(whole: Network) -> str | None:
    """The first fault that the checker finds in the certificates of the network, or None where it accepts them all."""
    with TemporaryDirectory() as scratch:
        place = Path(scratch)
        save(whole, place)
        try:
            written = certificates.certified(place)
        except SnapshotError:
            return None  # nothing to certify
        except InternalError as error:
            return str(error)
        return certificates.faults_of(Estate(read(str(place))), written) or None


def _told(whole: Network, shows: Callable[[Network], str | None], effort: int) -> Contradiction | None:
    found = shows(whole)
    if found is None:
        return None
    small, still = shrunk(whole, found, shows, effort)
    return Contradiction(small, still.partition("\n")[0], f"{still}\n\n{written(small)}")


READINGS: Mapping[str, Reading] = {
    "sets and steps": sets_and_steps,
    "failed calls prove nothing": failed_calls_prove_nothing,
    "more rules close nothing": more_rules_close_nothing,
    "certificates": certified_and_checked,
}
