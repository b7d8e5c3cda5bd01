"""By an interface endpoint to the endpoint service that it leads to: a consumer's leg, then the service's own.

Both are read on the consumer's address, and the port is the same in both; the node sees the consumer, a target
behind it the node (S-PL-03).
"""

from collections.abc import Iterable, Iterator, Mapping

from sekisho.engine.answer import Passage
from sekisho.engine.connected import Carried, Connection, Consumer, Host
from sekisho.engine.connection import Connector, unmodelled
from sekisho.engine.facts import Facts
from sekisho.engine.population import hosts_of
from sekisho.model.endpoints import VpcEndpoint
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family

from .balancers import Clients
from .ends import starts_nothing
from .entering import enter


def by_endpoints(connector: Connector, senders: Iterable[Host], node: Host) -> Iterator[Connection]:
    """Every connection of the senders to the node by an endpoint of the snapshot."""
    facts = connector.facts
    active = [s for s in senders if s.family == node.family and starts_nothing(facts, s.interface) is None]
    vpc_id = node.interface.vpc_id or ""
    services = facts.topology.services
    for endpoint in (*services.consumers_of(vpc_id), *services.perhaps_consumers_of(vpc_id)):
        for entered in handed_in(connector, endpoint, node):
            for interface in facts.topology.services.interfaces(endpoint):
                for at in hosts_of(interface, node.family):
                    for sender in active:
                        client = connector.between(sender, at, FlowSet.full(node.family))
                        yield _joined(client, entered, endpoint, at, node)


def handed_in(connector: Connector, endpoint: VpcEndpoint, node: Host) -> Iterator[Connection]:
    """What the service of the endpoint hands to the node, from whoever uses the endpoint."""
    service = connector.facts.topology.services.service_of(endpoint)
    if not endpoint.in_force:
        return
    if service is None:
        gap = connector.facts.topology.services.unread_service(endpoint, node.interface.vpc_id or "")
        if gap:
            yield unmodelled(connector, node, FlowSet.full(node.family), gap)
        return
    for entrance in connector.facts.entrances.named(service.service_id):
        entered = enter(connector, entrance, node, FlowSet.full(node.family))
        if entered is not None:
            yield entered


def clients_of_endpoint(connectors: Mapping[Family, Connector], sender: Host) -> Clients:
    """What an interface endpoint, of which the sender is one, hands to the nodes behind its service."""

    def clients(node: Host) -> tuple[Connection, ...]:
        connector = connectors[node.family]
        endpoint = connector.facts.topology.services.endpoint_of(sender.interface)
        return tuple(handed_in(connector, endpoint, node)) if endpoint and node.family == sender.family else ()

    return clients


def unread_endpoints(facts: Facts, senders: Iterable[Host], vpc_id: str) -> list[str]:
    """Why the senders may get to load balancers of the VPC by interface endpoints that the snapshot does not show."""
    topology, found = facts.topology, []
    serving = any(topology.services.behind(b.id) for b in topology.balancers.all.values() if b.vpc_id == vpc_id)
    for sender in senders:
        endpoint = topology.services.endpoint_of(sender.interface)
        if endpoint is not None:
            found.append(topology.services.unread_service(endpoint, vpc_id))
        elif serving:
            found.append(topology.asked_gap("vpc_endpoints", sender.interface.vpc_id or ""))
    return [reason for reason in found if reason]


def _joined(client: Connection, entered: Connection, endpoint: VpcEndpoint, at: Host, node: Host) -> Connection:
    carried = tuple(
        Carried(
            Passage(
                (*one.passage.via, endpoint.vpc_endpoint_id, *two.passage.via),
                one.passage.delivered & two.passage.delivered,
                one.passage.round_trip & two.passage.round_trip,
                two.passage.by_group,
            ),
            entry=((at.address, at.address),),
        )
        for one in client.carried
        for two in entered.carried
    )
    return Connection(
        question=client.question & entered.question,
        checks=client.checks + entered.checks,
        delivered=client.delivered & entered.delivered,
        round_trip=client.round_trip & entered.round_trip,
        carried=carried,
        host=node,
        sender=client.sender,
        entrance=entered.entrance,
        consumer=Consumer(at, client),
    )
