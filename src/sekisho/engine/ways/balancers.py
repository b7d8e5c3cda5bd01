"""Through a load balancer: the client's leg to a node, and the node's leg to a target, as one connection.

The two legs meet in the port alone: the listener's in the first, the target's in the second. Where the balancer
stands between (S-ELB-04), the second leg is the node's own: it says nothing of the client, whose address and port
then decide nothing there. Where client addresses are preserved (S-NLB-03), both are read on the client's address.

A connection *behind* a balancer ends at the target and is read on its port; one *to* a balancer is the same, read
on the listener's port, and ends at the node.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from sekisho.engine.answer import Passage
from sekisho.engine.connected import Carried, Connection, Host, Relay, widened
from sekisho.engine.connection import Connector, impossible
from sekisho.engine.facts import Facts
from sekisho.engine.population import host_in_family, hosts_of
from sekisho.engine.share import Share, assumed, doubtful, nothing
from sekisho.engine.transit import Check, Layer, Stated, View
from sekisho.model.balancers import Registration
from sekisho.model.entrances import EntranceKind
from sekisho.model.record import Undecided
from sekisho.model.targets import Balancer, Front, Place
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, spell
from sekisho.sets.reshape import in_family, move_port

from .onward import Onward, preserving, relaying

#: The connections of clients to one node, for whatever they ask.
Clients = Callable[[Host], Iterable[Connection]]
_ZONED = {"application", "network"}


class Stage(NamedTuple):
    """One node, one target behind one listener, seen from one end: `port` is that of the sets."""

    registration: Registration
    node: Host
    target: Host
    behind: bool

    @property
    def port(self) -> int:
        return self.registration.place.port if self.behind else self.registration.front.port


class Relays:
    """Everything that load balancers of one snapshot bring to their targets."""

    def __init__(self, facts: Facts, connectors: Mapping[Family, Connector]) -> None:
        self._facts = facts
        self._balancers = facts.topology.balancers
        self._connectors = connectors
        self._onwards: dict[tuple[object, ...], tuple[Onward, ...]] = {}

    def behind(self, host: Host, clients: Clients, question: FlowSet) -> Iterator[Connection]:
        """What reaches the host as a target, of packets asked about as they look at it.

        Clients of the other family too, where the balancer translates (S-ELB-09).
        """
        for registration in self._balancers.registrations(host.interface, _text(host)):
            for node in self._nodes(registration.balancer):
                stage = Stage(registration, node, host, behind=True)
                if self._sends(stage) is not False:
                    asked = question if node.family == host.family else in_family(question, node.family)
                    yield from self._stage(stage, clients, asked)

    def to(self, balancer: Balancer, clients: Clients, question: FlowSet) -> Iterator[Connection]:
        """What the balancer takes and some target gets, of packets asked about as they look at a node."""
        family = question.family
        nodes = [node for node in self._nodes(balancer) if node.family == family]
        for node in nodes:
            yield from _disjoint(list(self._to_node(balancer, node, clients, question)))

    def _to_node(self, balancer: Balancer, node: Host, clients: Clients, question: FlowSet) -> Iterator[Connection]:
        fronts = self._balancers.fronts(balancer)
        if isinstance(fronts, Undecided):
            yield from self._open(node, clients, question, fronts.reason)
            return
        asked = False
        for front in fronts:
            if (_taken(front, question.family, front.port) & question).is_empty:
                continue
            asked = True
            yield from self._to_front(balancer, front, node, clients, question)
        if not asked:
            code = "ELB_LISTENERS_MISMATCH" if balancer.kind == "classic" else "ELBV2_LISTENERS_MISMATCH"
            detail = f"load balancer {balancer.name} has no listener for this"
            yield impossible(node, question, Stated(code, balancer.id, detail, (balancer.source,)))

    def _to_front(
        self, balancer: Balancer, front: Front, node: Host, clients: Clients, question: FlowSet
    ) -> Iterator[Connection]:
        places = self._balancers.targets(balancer, front)
        held = 0
        for place in places:
            if isinstance(place, Undecided):
                yield from self._open(node, clients, question & _taken(front, node.family, front.port), place.reason)
                held += 1
                continue
            for host in hosts_of(place.interface):
                if _text(host) == place.address:
                    stage = Stage(Registration(balancer, front, place), node, host, behind=False)
                    held += 1
                    yield from self._stage(stage, clients, question)
        functions = self._balancers.functions(front)
        if not held and functions:
            reason = f"{functions} behind load balancer {balancer.name} is a function, which has no address"
            yield from self._open(node, clients, question & _taken(front, node.family, front.port), reason)
        elif not held:
            detail = f"no target is behind port {front.port} of load balancer {balancer.name}"
            cause = Stated("ELBV2_LISTENER_HAS_NO_TG", balancer.id, detail, (balancer.source,))
            yield impossible(node, question, cause)

    def _open(self, node: Host, clients: Clients, question: FlowSet, reason: str) -> Iterator[Connection]:
        """What gets to the node, and perhaps on."""
        if question.is_empty:
            return
        for client in clients(node):
            perhaps = doubtful(question, reason)
            check = Check(Layer.GATEWAY, "forward", question, perhaps, Stated("", "", reason))
            yield client._replace(
                question=client.question & question,
                checks=(*client.checks, check),
                delivered=client.delivered & perhaps,
                round_trip=client.round_trip & perhaps,
                carried=(),
            )

    def _nodes(self, balancer: Balancer) -> list[Host]:
        return [host for interface in self._balancers.nodes(balancer) for host in hosts_of(interface)]

    # One node, one target -----------------------------------------------------------------------

    def _stage(self, stage: Stage, clients: Clients, question: FlowSet) -> Iterator[Connection]:
        registration = stage.registration
        taken = _taken(registration.front, stage.node.family, stage.port) & question
        if taken.is_empty:
            return
        for client in clients(stage.node):
            if client.hollow or (client.way is None and client.sender is None and client.entrance is None):
                continue
            onwards = self._onward(stage, hidden=_is_hidden(client))
            if not onwards:
                continue
            family = client.question.family  # not the node's, behind another balancer that translates
            asked = taken if taken.family == family else in_family(taken, family)
            joined = [self._join(client, onward, stage, asked) for onward in onwards]
            yield joined[0] if len(joined) == 1 else _either(joined[0], joined[1], registration.place)

    def _sends(self, stage: Stage) -> bool | Undecided:
        """Whether the node sends to the target at all (S-ELB-07)."""
        balancer, _, place = stage.registration
        if place.zone is None or balancer.kind not in {*_ZONED, "classic"}:
            return True
        home = self._balancers.zone_of(stage.node.interface)
        if home == place.zone:
            return True
        unseen = self._balancers.zones_gap(balancer)
        if place.zone not in self._balancers.zones(balancer):
            return Undecided(unseen) if unseen else False
        crosses = place.treatment.crosses
        return Undecided(unseen) if crosses is False and home is None and unseen else crosses

    def _onward(self, stage: Stage, *, hidden: bool) -> tuple[Onward, ...]:
        """The second leg; both kinds of it where it is not known whether client addresses are preserved.

        `hidden`: the clients' addresses do not get beyond the node in any case.
        """
        place = stage.registration.place
        node, target = stage.node, stage.target
        balancer, front, _ = stage.registration
        ids = (node.interface.network_interface_id, node.address, target.interface.network_interface_id, target.address)
        key = (*ids, balancer.id, front.protocols, place.group, place.port, stage.port, hidden)
        if key not in self._onwards:
            kept = place.treatment.preserved if node.family == target.family and not hidden else False
            found = []
            if kept is not True:
                found.append(self._relayed(stage))
            if kept is not False:
                found.append(preserving(self._connectors[target.family], node, target, stage.registration, stage.port))
            self._onwards[key] = tuple(o for o in found if o is not None)
        return self._onwards[key]

    def _relayed(self, stage: Stage) -> Onward | None:
        """By an address of the node that is of the target's family."""
        node, target = stage.node, stage.target
        own = node if node.family == target.family else host_in_family(node, target.family)
        if own.family != target.family:
            return None
        return relaying(
            self._connectors[target.family], own, target, stage.registration, family=node.family, port=stage.port
        )

    # Joining ------------------------------------------------------------------------------------

    def _join(self, client: Connection, onward: Onward, stage: Stage, taken: FlowSet) -> Connection:
        balancer, front, place = stage.registration
        family = client.question.family
        onward = _as_seen(client, onward)
        moved = _Moved(front.port, stage.port, family)
        own = self._own_checks(stage, taken)
        checks = (*(moved.check(c) for c in client.checks), *onward.checks, *own)
        # A balancer that opens a connection of its own does so only once its client's is made (S-ELB-04).
        made = client.delivered if balancer.kind == "network" else client.round_trip
        delivered = (moved.share(made) & onward.delivered).within(taken)
        round_trip = (moved.share(client.round_trip) & onward.round_trip).within(taken)
        for check in own:
            delivered, round_trip = delivered & widened(check), round_trip & widened(check)
        carried = tuple(self._carried(c, onward, stage, moved, own) for c in client.carried)
        relay = Relay(balancer.id, stage.node, front.port, stage.target, place.port, onward.preserved, client)
        host = stage.target if stage.behind else stage.node
        return Connection(
            question=taken & moved.flows(client.question),
            checks=checks,
            delivered=delivered,
            round_trip=round_trip,
            carried=tuple(c._replace(passage=_within(c.passage, taken)) for c in carried),
            host=host,
            way=client.way,
            sender=client.sender,
            public=client.public,
            entrance=client.entrance,
            relay=relay,
        )

    def _carried(
        self, client: Carried, onward: Onward, stage: Stage, moved: "_Moved", own: tuple[Check, ...]
    ) -> Carried:
        passage = client.passage
        made = passage.delivered if stage.registration.balancer.kind == "network" else passage.round_trip
        delivered = moved.share(made) & onward.delivered
        round_trip = moved.share(passage.round_trip) & onward.round_trip
        for check in own:
            delivered, round_trip = delivered & widened(check), round_trip & widened(check)
        via = (*passage.via, stage.registration.balancer.id, *onward.via)
        whole = Passage(via, delivered, round_trip, onward.by_group if stage.behind else {})
        if not stage.behind:
            return client._replace(passage=whole)
        node = (stage.node.address, stage.node.address)
        front = stage.registration.front.port
        seen = client.seen_as if onward.preserved else ((onward.source, onward.source),)
        return Carried(whole, client.entry or (node,), seen, client.entry_ports or ((front, front),), onward.family)

    def _own_checks(self, stage: Stage, taken: FlowSet) -> tuple[Check, ...]:
        """State of the balancer, zones, health."""
        balancer, _, place = stage.registration
        found = []
        if not balancer.in_service:
            cause = Stated("BAD_STATE", balancer.id, f"{balancer.name} is {balancer.state}", (balancer.source,))
            found.append(Check(Layer.STATE, "forward", taken, nothing(taken.family), cause))
        sends = self._sends(stage)
        if isinstance(sends, Undecided):
            unexplained = Stated("", "", sends.reason)
            found.append(Check(Layer.GATEWAY, "forward", taken, doubtful(taken, sends.reason), unexplained))
        elif not sends:
            found.append(Check(Layer.GATEWAY, "forward", taken, nothing(taken.family), self._unsent(stage)))
        if place.unwell:
            name = place.interface.instance_id or place.address
            text = f"{name} is `{place.unwell}` behind {balancer.name}: that it gets packets all the same is assumed"
            found.append(Check(Layer.STATE, "forward", taken, assumed(taken, text), Stated("", "", text)))
        return tuple(found)

    def _unsent(self, stage: Stage) -> Stated:
        balancer, _, place = stage.registration
        if place.zone not in self._balancers.zones(balancer):
            detail = f"{balancer.name} is not enabled in {place.zone}, where {place.address} is"
            return Stated("ELB_INSTALLED_AZ_RESTRICTION", balancer.id, detail, (balancer.source,))
        detail = f"{balancer.name} does not send from one zone to {place.address} in another"
        return Stated("ELB_NOT_CROSSZONE", balancer.id, detail, (balancer.source,))


class _Moved(NamedTuple):
    """A client's leg, which asks for the listener's port, said of the port of the connection."""

    front: int
    port: int
    family: Family

    def flows(self, flows: FlowSet) -> FlowSet:
        return move_port(flows, self.front, self.port)

    def share(self, share: Share) -> Share:
        doubts = tuple(n._replace(region=self.flows(n.region)) for n in share.doubts)
        assumptions = tuple(n._replace(region=self.flows(n.region)) for n in share.assumptions)
        return Share(self.flows(share.sure), self.flows(share.maybe), doubts, assumptions)

    def check(self, check: Check) -> Check:
        view = check.view or View(self.family, self.front)
        return check._replace(region=self.flows(check.region), share=self.share(check.share), view=view)


def _as_seen(client: Connection, onward: Onward) -> Onward:
    """With client addresses preserved, what the target sees is what the node sees: perhaps a translated address."""
    seen = {r for carried in client.carried for r in carried.seen_as}
    if not onward.preserved or not seen:
        return onward
    low = min(r[0] for r in seen)
    if seen == {(low, low)}:
        return onward.said_of(low)
    why = "clients come from several translated addresses, which the targets see"
    return onward.doubted(why)


def _either(one: Connection, other: Connection, place: Place) -> Connection:
    """Sure where both are, possible where one is: which of the two holds is not known."""
    preserved = place.treatment.preserved
    reason = preserved.reason if isinstance(preserved, Undecided) else ""

    def both(a: Share, b: Share) -> Share:
        sure, maybe = a.sure & b.sure, a.maybe | b.maybe
        return Share(sure, maybe, (*a.doubts, *b.doubts, *doubtful(maybe - sure, reason).doubts), a.assumptions)

    delivered, round_trip = both(one.delivered, other.delivered), both(one.round_trip, other.round_trip)
    carried = tuple(
        c._replace(passage=c.passage._replace(delivered=delivered, round_trip=round_trip), seen_as=())
        for c in one.carried
    )
    open_ways = doubtful(one.question, reason)
    check = Check(Layer.GATEWAY, "forward", one.question, open_ways, Stated("", "", reason))
    # The barriers of either would not be proven ones.
    found = one._replace(checks=(check,), delivered=delivered, round_trip=round_trip, carried=carried, hollow=True)
    return found._replace(either=(one, other))


def _is_hidden(client: Connection) -> bool:
    """Whether clients come by PrivateLink, which shows targets the node's address alone (S-PL-03)."""
    of_service = client.entrance is not None and client.entrance.kind is EntranceKind.ENDPOINT_SERVICE
    return of_service or client.consumer is not None


def _within(passage: Passage, region: FlowSet) -> Passage:
    return passage._replace(delivered=passage.delivered.within(region), round_trip=passage.round_trip.within(region))


def _disjoint(connections: list[Connection]) -> list[Connection]:
    """The connections to one node, each packet told of once: several targets take the same ones."""
    answered = (
        FlowSet.union_of(connections[0].question.family, (c.round_trip.sure for c in connections))
        if connections
        else None
    )
    told, found = None, []
    for c in connections:
        carried = []
        for one in c.carried:
            passage = one.passage
            trip, delivered = passage.round_trip.sure, passage.delivered.sure
            if told is not None and answered is not None:
                trip, delivered = trip - told, (delivered - told - answered) | (trip - told)
            elif answered is not None:
                delivered = (delivered - answered) | trip
            both = passage.delivered._replace(sure=delivered), passage.round_trip._replace(sure=trip)
            carried.append(one._replace(passage=passage._replace(delivered=both[0], round_trip=both[1])))
            told = delivered if told is None else told | delivered
        found.append(c._replace(carried=tuple(carried)))
    return found


def _taken(front: Front, family: Family, port: int) -> FlowSet:
    protocols = [(p, p) for p in front.protocols]
    return FlowSet.build(family, protocols=protocols, thirds=[(port, port)])


def _text(host: Host) -> str:
    return spell(host.address, host.family)
