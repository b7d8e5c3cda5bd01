"""An assessment that stands: rows and answers of a snapshot, kept up as its records change.

Every answer is noted with the records that it was made of (`dependencies`). When the rules of a group, the entries
of a network ACL, the routes of a table or the entries of a prefix list change, the answers that were made of them are
made anew, and no others. Whatever else changes is not tracked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sekisho.model.entrances import Entrance, Entrances
from sekisho.model.filters import NetworkAcl, PrefixList, SecurityGroup
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Record, Scope, Undecided
from sekisho.model.routing import RouteTable
from sekisho.model.snapshot import Snapshot, record_key
from sekisho.model.topology import Topology
from sekisho.model.vpc import Subnet

from .answer import ORIGINS, Answer, Origin, Row
from .assess import Assessor, Judged
from .connected import Connection, Host
from .dependencies import ANY, Kept, KeptInRound, Ledger, Name, Node, RecordedTable
from .facts import Facts
from .population import hosts_of
from .regroup import Place, place_of, regrouped
from .share import Share
from .transit import GroupQuestion
from .verdict import Said, said

#: The tables whose records are tracked, and the members of those that may change without a look at anything else.
TRACKED: Mapping[type[Record], tuple[str, frozenset[str]]] = {
    SecurityGroup: ("security_groups", frozenset({"ip_permissions", "ip_permissions_egress", "tags"})),
    NetworkAcl: ("network_acls", frozenset({"entries", "tags"})),
    RouteTable: ("route_tables", frozenset({"routes", "tags"})),
    PrefixList: ("prefix_lists", frozenset({"cidrs"})),
}
_TABLES_OF = "route_tables of a VPC"


def is_tracked(before: Record, after: Record) -> bool:
    """Whether the one may take the place of the other without a look at anything but what was made of it."""
    if type(before) is not type(after) or type(after) not in TRACKED:
        return False
    _, members = TRACKED[type(after)]
    fixed = (name for name in after.__struct_fields__ if name not in members)
    return all(getattr(before, name) == getattr(after, name) for name in fixed)


class _Topology(Topology):
    """A topology that notes whose routes and entries are handed out."""

    def __init__(self, snapshot: Snapshot, ledger: Ledger) -> None:
        super().__init__(snapshot)
        self._ledger = ledger

    def route_table_of(self, subnet: Subnet) -> RouteTable | Undecided:
        return self._noted(super().route_table_of(subnet))

    def acl_of(self, subnet: Subnet) -> NetworkAcl | Undecided:
        found = super().acl_of(subnet)
        if not isinstance(found, Undecided):
            self._ledger.read("network_acls", found.network_acl_id)
        return found

    def edge_tables_of(self, gateway_id: str) -> tuple[RouteTable, ...]:
        found = super().edge_tables_of(gateway_id)
        for table in found:
            self._noted(table)
        return found

    def route_tables_of(self, vpc_id: str) -> tuple[RouteTable, ...]:
        self._ledger.read(_TABLES_OF, vpc_id)
        return super().route_tables_of(vpc_id)

    def _noted(self, table: RouteTable | Undecided) -> RouteTable | Undecided:
        if not isinstance(table, Undecided):
            self._ledger.read("route_tables", table.route_table_id)
        return table

    def build(self) -> None:
        """Make the indexes that hold tracked records, so that none is made while something is noted."""
        _ = (self._tables_by_subnet, self._tables_of_vpc, self._main_tables, self._edge_tables, self._acls_by_subnet)

    def put(self, before: Record, after: Record) -> None:
        """The record in the place of the one before, in every index; both are associated with the same."""
        self.chosen.clear()
        match before, after:
            case NetworkAcl(), NetworkAcl():
                _put(self._acls_by_subnet, (a.subnet_id for a in after.associations), before, after)
            case RouteTable(), RouteTable():
                _put(self._tables_by_subnet, (a.subnet_id for a in after.associations), before, after)
                _put(self._edge_tables, (a.gateway_id for a in after.associations), before, after)
                _put(self._main_tables, (after.vpc_id,), before, after)
                _put(self._tables_of_vpc, (after.vpc_id,), before, after)
            case _:
                return


def _put(index: Any, keys: Iterable[str | None], before: Record, after: Record) -> None:  # noqa: ANN401 - indexes of several kinds
    for key in {k for k in keys if k in index}:
        index[key] = tuple(after if record is before else record for record in index[key])


class _Facts(Facts):
    """Facts of a recorded snapshot: entrances are made again only where they come out as others."""

    def __init__(self, topology: Topology, ledger: Ledger) -> None:
        super().__init__(topology)
        #: What groups let through, one by one and together: of every `Groups` that is made of these facts.
        self.shares: dict[tuple[str, GroupQuestion], Share] = {}
        self.unions: dict[tuple[tuple[str, ...], GroupQuestion], Share] = {}
        self._listed: Kept[str, tuple[Entrance, ...]] = Kept(ledger, again=self._list)
        self._made: Entrances | None = None

    def _list(self, key: str = "all") -> tuple[Entrance, ...]:
        if key not in self._listed:
            self._listed[key] = Facts.entrances.func(self).all  # type: ignore[attr-defined]  # a cached property
        return self._listed[key]

    @property
    def entrances(self) -> Entrances:
        found = self._list()
        if self._made is None or self._made.all is not found:
            self._made = Entrances(self.topology, found)
        return self._made


class _Places(Kept[Any, Any]):
    """Places are made of what the answer is made of in which they come up, but for the groups of its interface.

    What is laid over a place (`regroup`) are the groups; they are no part of it.
    """

    def __init__(self, ledger: Ledger, groups: Iterable[Kept[Any, Any]]) -> None:
        super().__init__(ledger)
        self._groups = frozenset(map(id, groups))

    def _finish(self, key: Any, value: Any) -> None:  # noqa: ANN401 - keys and values are the assessor's own
        node = self._nodes[key]
        for need in self.ledger.around(node):
            if not self._is_of_groups(need):
                self.ledger.use(need)
        super()._finish(key, value)

    def _is_of_groups(self, need: Node) -> bool:
        if need.owner is None:
            return isinstance(need.key, tuple) and need.key[0] == "security_groups"
        return id(need.owner) in self._groups


class RecordedAssessor(Assessor):
    """An assessor whose answers know what they were made of. The snapshot is its own: tables of it are replaced."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.ledger = ledger = Ledger()
        names = [table for table, _ in TRACKED.values()]
        self.tables = {name: RecordedTable(name, snapshot.table(name).items(), ledger) for name in names}
        for name, table in self.tables.items():
            setattr(snapshot, name, table)
        self.topology = _Topology(snapshot, ledger)
        self.topology.build()
        self._inspected: Kept[str, frozenset[str]] = Kept(ledger, again=lambda _: self._inspecting)
        recorded = _Facts(self.topology, ledger)
        super().__init__(self.topology, recorded)
        self.of_vpc: Kept[str, tuple[Origin, ...]] = Kept(ledger, again=self.origins, rank=2)
        self.met: Kept[Any, tuple[Connection, ...]] = Kept(ledger)
        #: Classes whose way and whose groups are not both those of classes that were met before.
        self.strange: dict[Any, None] = {}
        self._answers = Kept(ledger)
        self._admits = Kept(ledger)
        self._of_nodes = KeptInRound(ledger)
        self._appliances = Kept(ledger, again=self._has_appliance, rank=1)
        self._keep_parts(ledger, recorded)

    def _keep_parts(self, ledger: Ledger, facts: _Facts) -> None:
        """Kept values in the place of every dictionary of values that are made once."""
        ways, relays = self.ways, self.relays
        facts._partitions = Kept(ledger, made_of=lambda key: [("route_tables", key[0])])  # noqa: SLF001 - see above
        facts._acls = Kept(ledger, made_of=lambda key: [("network_acls", key[0])])  # noqa: SLF001
        facts._transit = Kept(ledger)  # noqa: SLF001
        ways._found = Kept(ledger, again=lambda key: ways.into(*key))  # noqa: SLF001
        ways._open = Kept(ledger, again=lambda key: ways.open_ways(*key), rank=1)  # noqa: SLF001
        ways._absent = Kept(ledger, again=lambda key: ways.assumed_absent(*key), rank=1)  # noqa: SLF001
        ways._vpcs = Kept(ledger)  # noqa: SLF001
        relays._onwards = Kept(ledger)  # noqa: SLF001
        groups = self.connectors["ipv4"].groups
        shares: Kept[Any, Share] = Kept(ledger, again=lambda key: groups.of_group(*key))
        unions: Kept[Any, Share] = Kept(ledger, again=lambda key: groups.of_groups(*key), rank=1)
        facts.shares = groups._shares = shares  # noqa: SLF001
        facts.unions = groups._unions = unions  # noqa: SLF001
        self._places = _Places(ledger, (shares, unions))
        self._direct: Kept[Any, Place | None] = _Places(ledger, (shares, unions))

    @property
    def _inspecting(self) -> frozenset[str]:
        if "all" not in self._inspected:
            self._inspected["all"] = Assessor._inspecting.func(self)  # type: ignore[attr-defined]  # noqa: SLF001
        return self._inspected["all"]

    def meet(self, host: Host, origin: Origin, key: Any) -> tuple[Connection, ...]:  # noqa: ANN401 - a class is the assessor's own
        """The connections of the class, which is that of the host and the origin."""
        if key not in self.met:
            self.met[key] = self._connections(host, origin, key) or self.no_way(host, origin)
            if not self._is_familiar(host, key, self.met[key]):
                self.strange[key] = None
        return self.met[key]

    def direct(self, host: Host, origin: Origin) -> Iterator[Connection]:
        """As the assessor's, with the groups of the host laid over what was walked for its place before.

        What stands behind load balancers is a place of its own for those alone; directly it is reached as others are.
        """
        key = self._class(host, origin)._replace(groups=(), behind=())
        groups, known = self.connectors[host.family].groups, self._direct.get(key)
        if known:
            yield from regrouped(self.facts, groups, known, host)
            return
        connections = tuple(super().direct(host, origin))
        if key not in self._direct:
            self._direct[key] = None if any(key.gates) else place_of(self.facts, groups, connections, host)
        yield from connections

    def explained(self, host: Host, origin: Origin, key: Any) -> Answer:  # noqa: ANN401
        """The answer of the class with all that stands behind it."""
        if key not in self._answers:
            connections = self.meet(host, origin, key)
            self._answers[key] = (self._answer(host, origin, connections), connections)
        return self._answers[key][0]

    def origins(self, vpc_id: str) -> tuple[Origin, ...]:
        if vpc_id not in self.of_vpc:
            self.of_vpc[vpc_id] = super().origins(vpc_id)
        return self.of_vpc[vpc_id]

    def put(self, before: Record, after: Record) -> Iterator[Name]:
        """The record in the place of the one before; the names of what changed with it."""
        table, _ = TRACKED[type(after)]
        name = record_key(table, after, Scope(None, None))
        self.tables[table].put(name, after)
        self.topology.put(before, after)
        yield from ((table, name), (table, ANY))
        if isinstance(after, RouteTable) and after.vpc_id:
            yield _TABLES_OF, after.vpc_id


class Turn(NamedTuple):
    """Rows, by their places, of which something else is said now; `connections` are what it is said of."""

    rows: tuple[int, ...]
    before: Said
    after: Said
    connections: tuple[Connection, ...]


class Standing:
    """The rows of some interfaces with what is said of them, which follow the records."""

    def __init__(
        self,
        snapshot: Snapshot,
        select: Callable[[Topology], Iterable[NetworkInterface]],
        origins: tuple[Origin, ...] = ORIGINS,
    ) -> None:
        self.assessor = RecordedAssessor(snapshot)
        self.rows: list[Row] = []
        self._hosts: list[Host] = []
        self._classes: list[Any] = []
        self._members: dict[Any, dict[int, None]] = {}
        self._said: dict[Any, Said] = {}
        self._met: dict[Any, tuple[Connection, ...]] = {}
        self._keyed: Kept[frozenset[Node], None] = Kept(self.assessor.ledger)
        self._keyed_rows: dict[frozenset[Node], list[int]] = {}
        for interface in self.assessor.in_order(select(self.assessor.topology)):
            for host in hosts_of(interface):
                for origin in self.assessor.origins(interface.vpc_id or ""):
                    if origin in origins:
                        self._add(host, origin)

    def _add(self, host: Host, origin: Origin) -> None:
        place = len(self.rows)
        self.rows.append(self.assessor._row(host, origin))  # noqa: SLF001 - rows are made where answers are
        self._hosts.append(host)
        key = self._class_of(place)
        self._classes.append(key)
        self._members.setdefault(key, {})[place] = None
        if key not in self._said:
            self._met[key] = self.assessor.meet(host, origin, key)
            self._said[key] = said(self._met[key])

    def _class_of(self, place: int) -> Any:  # noqa: ANN401 - a class is the assessor's own
        """The class of the row, with a note of what that depends on: few rows differ in it."""
        host, origin = self._hosts[place], self.rows[place].origin
        key, needs = self.assessor.ledger.noting(lambda: self.assessor._class(host, origin))  # noqa: SLF001
        if needs not in self._keyed:
            for need in needs:
                self.assessor.ledger.use(need)
            self._keyed[needs] = None
        self._keyed_rows.setdefault(needs, []).append(place)
        return key

    def told(self) -> Iterator[tuple[Row, Said]]:
        """Every row with what is said of it."""
        for row, key in zip(self.rows, self._classes, strict=True):
            yield row, self._said[key]

    def judged(self) -> Iterator[Judged]:
        """Every row with its answer, as it stands."""
        for place, key in enumerate(self._classes):
            first = min(self._members[key])
            found = self.assessor.explained(self._hosts[first], self.rows[first].origin, key)
            yield Judged(self.rows[place], found, self.assessor.met[key], familiar=True)

    def strange(self) -> Iterator[tuple[Connection, ...]]:
        """The connections of classes whose way and groups are not both those of others, once."""
        for key in self.assessor.strange:
            if key in self._members:
                yield self.assessor.met[key]
        self.assessor.strange.clear()

    def change(self, pairs: Iterable[tuple[Record, Record]]) -> tuple[Turn, ...] | None:
        """Records in the place of others, and the rows of which something else is said; None where rows come or go.

        Every pair `is_tracked`. After None nothing holds any more: assess from the beginning.
        """
        names = [name for before, after in pairs for name in self.assessor.put(before, after)]
        gone = self.assessor.ledger.changed(names)
        if any(node.owner is self.assessor.of_vpc for node in gone):
            return None
        moved = self._moved(node.key for node in gone if node.owner is self._keyed)
        stale = [node.key for node in gone if node.owner is self.assessor.met and self._members.get(node.key)]
        turns: dict[tuple[Said, Said], Turn] = {}
        for key in dict.fromkeys([*stale, *(self._classes[place] for place in moved)]):
            before = self._said_again(key)
            for place in self._members[key]:
                turn = (moved.get(place, before), self._said[key])
                if turn[0] != turn[1]:
                    known = turns.get(turn) or Turn((), *turn, self.assessor.met[key])
                    turns[turn] = known._replace(rows=(*known.rows, place))
        self.assessor.strange.clear()
        return tuple(turns.values())

    def _moved(self, undone: Iterable[Any]) -> dict[int, Said]:
        """Rows that are of another class now, with what was said of them."""
        moved: dict[int, Said] = {}
        for place in [place for needs in undone for place in self._keyed_rows.pop(needs, ())]:
            key, before = self._class_of(place), self._classes[place]
            if key != before:
                moved[place] = self._said[before]
                del self._members[before][place]
                self._members.setdefault(key, {})[place] = None
                self._classes[place] = key
        return moved

    def _said_again(self, key: Any) -> Said:  # noqa: ANN401
        """Say anew what holds of the class; what was said of it before, where something was."""
        first = min(self._members[key])
        before, old = self._said.get(key), self._met.get(key, ())
        met = self._met[key] = self.assessor.meet(self._hosts[first], self.rows[first].origin, key)
        if before is None or not (len(met) == len(old) and all(map(_alike, met, old))):
            self._said[key] = said(met)
        return before or self._said[key]


def _alike(one: Connection, other: Connection) -> bool:
    """Whether the same is delivered and answered, in the same ways."""
    return one is other or one._replace(checks=()) == other._replace(checks=())
