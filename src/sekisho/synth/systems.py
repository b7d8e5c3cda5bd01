"""Systems: a load balancer, fleets behind it, a database, functions; and the groups that lead from one to the next."""

from collections.abc import Iterator
from typing import NamedTuple

from .balancers import Front, Pool, balancer
from .groups import ESTATE, OFFICES, ON_PREMISES, PARTNERS, group, pair, rule, world
from .interfaces import Member, Template, fleet
from .rows import Json, Row
from .services import database, functions
from .vpc import Group, Vpc

_NAMES = (
    *("accounts", "billing", "booking", "catalog", "checkout", "claims", "documents", "events", "identity"),
    *("inventory", "invoices", "ledger", "loans", "members", "orders", "payments", "portal", "pricing"),
    *("quotes", "reports", "routing", "search", "shipping", "tickets", "video", "wallet", "warehouse"),
)
#: How many instances a fleet has: weight in percent, fewest, most. The mean is 22.
FLEET_SIZES = (
    (25, (1, 1)),
    (18, (2, 3)),
    (20, (4, 9)),
    (19, (10, 29)),
    (12, (30, 79)),
    (5, (80, 200)),
    (1, (201, 400)),
)
#: What stands in front of a system, in turn: kind of balancer and whether it faces the internet.
_FRONTS: tuple[tuple[str, bool] | None, ...] = (
    ("application", True),
    ("network", True),
    ("application", False),
    None,
    ("application", True),
    None,
    ("network", False),
    None,
    ("application", False),
    None,
)
_NODES = 3
_WEB_PORT, _APP_PORT, _DATABASE_PORTS = 8080, 9000, (5432, 3306)


class _Groups(NamedTuple):
    """The groups of one system, named by what holds them."""

    balancer: Group
    web: Group
    app: Group
    data: Group
    function: Group


def systems(vpc: Vpc) -> Iterator[Row]:
    """One system after the other until every interface of the VPC is made."""
    number = 0
    while vpc.left:
        yield from _system(vpc, number)
        number += 1


def _system(vpc: Vpc, number: int) -> Iterator[Row]:
    draw = vpc.draw
    name = f"{draw.pick(_NAMES)}-{vpc.plan.number}-{number}"
    groups = _Groups(*(Group(draw.id("sg"), f"{name}-{part}") for part in ("lb", "web", "app", "db", "fn")))
    front = _front(vpc, name, _FRONTS[(vpc.plan.number + number) % len(_FRONTS)], groups)
    yield from _groups(vpc, front, groups)
    pools = []
    for part in ("web", "api") if draw.chance(40) else ("web",):
        members, rows = _fleet(vpc, f"{name}-{part}", groups.web, public=draw.chance(12))
        yield from rows
        pools += [Pool(f"{name}-{part}", _WEB_PORT, members)] if members else []
    if front:
        yield from balancer(vpc, front, pools if front.kind == "application" else pools[:1])
    for part in ("app", "worker", "batch")[: draw.between(0, 3)]:
        _, rows = _fleet(vpc, f"{name}-{part}", groups.app, public=False)
        yield from rows
    yield from database(vpc, f"{name}-db", groups.data)
    if draw.chance(30):
        yield from functions(vpc, f"{name}-fn", groups.function)


def _front(vpc: Vpc, name: str, kind: tuple[str, bool] | None, groups: _Groups) -> Front | None:
    """The balancer of the system, where interfaces are left for its nodes and for a target."""
    if kind is None or vpc.left <= _NODES:
        return None
    subnets = vpc.tier("public" if kind[1] else "private", 1)[: vpc.take(_NODES)]
    # A network balancer may be without groups; it was so for years.
    own = (groups.balancer,) if kind[0] == "application" or vpc.draw.chance(50) else ()
    return Front(name, kind[0], kind[1], own, subnets)


def _fleet(vpc: Vpc, name: str, own: Group, *, public: bool) -> tuple[list[Member], list[Row]]:
    draw = vpc.draw
    count = vpc.take(draw.between(*draw.weighted(FLEET_SIZES)), least=1)
    if not count:
        return [], []
    subnets = vpc.tier("public" if public else "private", count)
    if count == 1 or draw.chance(20):
        subnets = draw.some(subnets, 1 if count == 1 else 2)
    held = (own, vpc.base, *([vpc.temporary] if draw.chance(4) else []))
    ipv6 = vpc.plan.traits.ipv6 and draw.chance(70)
    shown = public and subnets[0].cut.tier == "public"
    members, rows = fleet(vpc, Template(name, subnets, held, public=shown, ipv6=ipv6), count)
    return members, list(rows)


# Groups -----------------------------------------------------------------------------------------------


def _groups(vpc: Vpc, front: Front | None, groups: _Groups) -> Iterator[Row]:
    """Each names the one before it, so that the database is reached from the application alone."""
    draw, port = vpc.draw, vpc.draw.pick(_DATABASE_PORTS)
    everyone = [rule(443, *world(vpc)), rule(80, *world(vpc))]
    offices = [ON_PREMISES] if vpc.vpn_gateway else []
    staff = [rule(443, ESTATE, *offices, prefix_list=vpc.place.corporate)]
    faces = front is not None and front.internet_facing
    yield group(vpc, groups.balancer, everyone if faces else staff)
    support = rule(8443, *OFFICES[: draw.between(1, 5)], *draw.some(PARTNERS, draw.between(0, 12)))
    yield group(vpc, groups.web, [_from_front(vpc, front, groups), support])
    gossip = rule((7000, 7001), groups=[pair(vpc, groups.app)])
    yield group(vpc, groups.app, [rule(_APP_PORT, groups=[pair(vpc, groups.web)]), gossip])
    holders = [pair(vpc, g) for g in (groups.app, groups.function, vpc.bastion)]
    yield group(vpc, groups.data, [rule(port, groups=holders)], [])
    outwards = [rule(443, *world(vpc)), rule(port, groups=[pair(vpc, groups.data)])]
    yield group(vpc, groups.function, [], outwards)


def _from_front(vpc: Vpc, front: Front | None, groups: _Groups) -> Json:
    """What lets requests in: the balancer's group; without one, whoever may ask the balancer."""
    if front and front.groups:
        return rule(_WEB_PORT, groups=[pair(vpc, groups.balancer)])
    return rule(_WEB_PORT, *(world(vpc) if front and front.internet_facing else (ESTATE,)))
