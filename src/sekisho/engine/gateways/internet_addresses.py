"""Which addresses an internet gateway carries, and how it rejects the others (S-ADR-01, S-ADR-02, S-IGW-03)."""

from sekisho.engine.facts import Facts
from sekisho.engine.transit import Stated
from sekisho.model.interface import NetworkInterface
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Range, internet, overlap, parse, parse_ranges, subtract

RFC1918 = parse_ranges(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"), "ipv4")
RFC6598 = parse_ranges(("100.64.0.0/10",), "ipv4")


def private_ipv6(facts: Facts, interface: NetworkInterface, address: int) -> str | None:
    """Why an IPv6 address does not cross an internet gateway, or None (S-IGW-03, S-ENI-05)."""
    if interface.deny_all_igw_traffic or facts.topology.balancers.denies_internet(interface) is True:
        return "the interface denies all traffic of internet gateways"
    return unpublic_ipv6(facts, interface, address)


def unpublic_ipv6(facts: Facts, interface: NetworkInterface, address: int) -> str | None:
    """Why an IPv6 address is none of the internet, or None (S-IGW-03)."""
    if not overlap([(address, address)], internet("ipv6")):
        return "the address is not a global one"
    vpc = facts.snapshot.vpcs.get(interface.vpc_id or "")
    subnet = facts.snapshot.subnets.get(interface.subnet_id or "")
    blocks = (vpc.ipv6_cidr_block_association_set if vpc else ()) + (
        subnet.ipv6_cidr_block_association_set if subnet else ()
    )
    private = (b.ipv6_cidr_block for b in blocks if b.ipv6_address_attribute == "private")
    if any(overlap([(address, address)], [parse(block).range]) for block in private):
        return "the address is in a private IPv6 block"
    return None


def rejected_sources(region: FlowSet, admitted: FlowSet, vpc_ranges: tuple[Range, ...]) -> Stated:
    """Why an internet gateway rejects the sources of `region` outside `admitted`."""
    left = region - admitted
    family = left.family
    if not (left & FlowSet.of_remotes(family, vpc_ranges)).is_empty:
        return Stated(
            "GATEWAY_REJECTS_SPOOFED_TRAFFIC", "internet gateway", "the source is an address of the VPC itself"
        )
    shared = family == "ipv4" and not (left & FlowSet.of_remotes(family, RFC6598)).is_empty
    code = "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS" if shared else "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS"
    return Stated(code, "internet gateway", "the source is no address of the internet")


def rejected_privately(family: str, ranges: tuple[Range, ...]) -> list[str]:
    """The codes of an internet gateway's rejection where all of the addresses are private or shared, else none."""
    if family != "ipv4" or subtract(ranges, RFC1918 + RFC6598):
        return []
    private = "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS" if overlap(ranges, RFC1918) else ""
    shared = "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS" if overlap(ranges, RFC6598) else ""
    return [code for code in (private, shared) if code]
