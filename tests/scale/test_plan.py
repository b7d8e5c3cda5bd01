"""How an estate is divided: into chunks of whole subnets, by components that have nothing in common."""

from itertools import chain, groupby

from estates import at, eni, group_pair, pcx, perm, sg, snapshot, subnet, vpc
from scale.sharing import Alone, result
from sekisho.model.balancing import (
    Action,
    BalancerZone,
    Listener,
    Listeners,
    LoadBalancer,
    Target,
    TargetDescription,
    TargetGroup,
    Targets,
)
from sekisho.model.record import Record
from sekisho.model.snapshot import Snapshot
from sekisho.model.topology import Topology
from sekisho.scale.components import components
from sekisho.scale.plan import chunks, has_circle
from sekisho.scale.work import Chunk

ARN = "arn:aws:elasticloadbalancing:ap-northeast-1:111122223333"


def name(kind: str, number: int) -> str:
    return f"{kind}-{number:08x}"


VPCS = [vpc(name("vpc", n), f"10.{n}.0.0/16") for n in range(4)]
SUBNETS = [subnet(name("subnet", n), v.vpc_id, f"10.{n}.0.0/24") for n, v in enumerate(VPCS)]


def networks(*more: Record) -> Snapshot:
    return snapshot(*VPCS, *SUBNETS, *more)


# Components -------------------------------------------------------------------------------------------


def test_vpcs_without_a_tie_are_apart() -> None:
    assert components(networks()) == {v.vpc_id: n for n, v in enumerate(VPCS)}


def test_a_peering_connection_joins_its_two_vpcs() -> None:
    found = components(networks(pcx("pcx-0000000a", VPCS[0], VPCS[2])))
    assert found == {VPCS[0].vpc_id: 0, VPCS[1].vpc_id: 1, VPCS[2].vpc_id: 0, VPCS[3].vpc_id: 2}


def test_a_reference_to_a_group_joins_the_vpcs_of_the_two() -> None:
    far = sg("sg-0000000b", VPCS[3].vpc_id)
    near = sg("sg-0000000a", VPCS[1].vpc_id, [perm("tcp", 22, group_pair("sg-0000000b"))])
    found = components(networks(near, far))
    assert found[VPCS[1].vpc_id] == found[VPCS[3].vpc_id]
    assert len(set(found.values())) == 3


def test_a_group_joins_the_vpcs_of_its_members() -> None:
    group = sg("sg-0000000a", VPCS[0].vpc_id)
    found = components(networks(group, eni("eni-0000000a", SUBNETS[1], "10.1.0.5", groups=["sg-0000000a"])))
    assert found[VPCS[0].vpc_id] == found[VPCS[1].vpc_id]


def test_an_account_and_a_region_join_nothing() -> None:
    found = components(snapshot(at(VPCS[0], VPCS[1], account="444455556666"), VPCS[2]))
    assert len(set(found.values())) == 3


# Chunks -----------------------------------------------------------------------------------------------


def test_a_subnet_is_never_divided_and_nothing_is_lost(estate: Snapshot) -> None:
    topology = Topology(estate)
    ordered = [estate.interfaces[i] for i in sorted(estate.interfaces)]
    found = chunks(topology, ordered, workers=2, least=10)
    assert sorted(chain(*(chunk.names for chunk in found))) == sorted(estate.interfaces)
    places = [groupby(chunk.names, lambda i: estate.interfaces[i].subnet_id) for chunk in found]
    runs = [subnet_id for place in places for subnet_id, _ in place]
    assert len(runs) == len(set(runs)) > 1
    assert all(len(chunk.names) >= 10 for chunk in found[:-1])


def test_a_chunk_is_worth_its_way(estate: Snapshot) -> None:
    ordered = [estate.interfaces[i] for i in sorted(estate.interfaces)]
    assert len(chunks(Topology(estate), ordered, workers=8)) == 1


def test_a_chunk_knows_its_components() -> None:
    """So that a worker forgets what it worked out of one component when it comes to another."""
    joined = pcx("pcx-0000000a", VPCS[0], VPCS[2])
    whole = networks(joined, *(eni(name("eni", n), s, f"10.{n}.0.5") for n, s in enumerate(SUBNETS)))
    ordered = [whole.interfaces[i] for i in sorted(whole.interfaces)]
    assert chunks(Topology(whole), ordered, workers=8, least=1) == [
        Chunk((name("eni", 0),), 0, 0),
        Chunk((name("eni", 2),), 0, 0),
        Chunk((name("eni", 1),), 1, 1),
        Chunk((name("eni", 3),), 2, 2),
    ]
    assert chunks(Topology(whole), ordered, workers=8, least=3) == [
        Chunk((name("eni", 0), name("eni", 2), name("eni", 1)), 0, 1),
        Chunk((name("eni", 3),), 2, 2),
    ]


def test_no_interfaces_are_no_chunks() -> None:
    assert chunks(Topology(networks()), [], workers=2) == []


# Circles ----------------------------------------------------------------------------------------------


def balancer(number: int, *targets: str) -> list[Record]:
    """A Network Load Balancer in the subnet of that number, its node at address .9, with targets by address."""
    short, home = f"net/lb{number}/{number:016x}", SUBNETS[number]
    arn, group = f"{ARN}:loadbalancer/{short}", f"{ARN}:targetgroup/lb{number}/{number:016x}"
    forward = Action(type="forward", target_group_arn=group)
    listener = Listener(
        listener_arn=f"{arn}/1", load_balancer_arn=arn, port=80, protocol="TCP", default_actions=(forward,)
    )
    return [
        eni(
            name("eni", 16 + number),
            home,
            f"10.{number}.0.9",
            description=f"ELB {short}",
            interface_type="network_load_balancer",
        ),
        LoadBalancer(
            load_balancer_arn=arn,
            load_balancer_name=f"lb{number}",
            scheme="internet-facing",
            type="network",
            vpc_id=home.vpc_id,
            availability_zones=(BalancerZone(subnet_id=home.subnet_id),),
        ),
        Listeners(load_balancer_arn=arn, listeners=(listener,)),
        TargetGroup(
            target_group_arn=group,
            protocol="TCP",
            port=80,
            vpc_id=home.vpc_id,
            target_type="ip",
            load_balancer_arns=(arn,),
        ),
        Targets(
            target_group_arn=group,
            targets=tuple(TargetDescription(target=Target(id=address, port=80)) for address in targets),
        ),
    ]


CHAIN = networks(*balancer(0, "10.1.0.9"), *balancer(1, "10.1.0.7"), eni("eni-00000007", SUBNETS[1], "10.1.0.7"))
CIRCLE = networks(*balancer(0, "10.1.0.9"), *balancer(1, "10.0.0.9"), eni("eni-00000007", SUBNETS[1], "10.1.0.7"))


def test_a_chain_of_balancers_is_no_circle() -> None:
    assert not has_circle(Topology(CHAIN))
    assert has_circle(Topology(CIRCLE))


def test_where_balancers_go_in_a_circle_nothing_is_divided() -> None:
    """Whom one asks first decides where the chain is cut."""
    ordered = [CIRCLE.interfaces[i] for i in sorted(CIRCLE.interfaces)]
    assert chunks(Topology(CIRCLE), ordered, workers=8, least=1) == [Chunk(tuple(sorted(CIRCLE.interfaces)))]
    assert result(CIRCLE, Alone()) == result(CIRCLE, None)
    assert result(CHAIN, Alone()) == result(CHAIN, None)


def test_a_balancer_joins_the_vpcs_of_its_targets() -> None:
    found = components(networks(*balancer(2, "10.2.0.7"), eni("eni-00000007", SUBNETS[2], "10.2.0.7")))
    assert len(set(found.values())) == 4
