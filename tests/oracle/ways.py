"""Ways into a VPC, and what Block Public Access keeps out of its subnets."""

from typing import NamedTuple

from sekisho.model.vpc import Subnet

from .estate import Estate, NotEncoded


class Way(NamedTuple):
    """A gateway that hands packets into the VPC of the host; None where the VPC has no internet gateway."""

    kind: str
    gateway: str | None


def ways(estate: Estate, vpc_id: str) -> dict[str, list[Way]]:
    """Every gateway by which each origin gets into the VPC; for the internet one in any case."""
    internet, vpn = estate.internet_gateway_of(vpc_id), estate.vpn_gateway_of(vpc_id)
    peerings = sorted(p.vpc_peering_connection_id for p in estate.active_peerings_of(vpc_id))
    return {
        "internet": [Way("internet-gateway", internet.internet_gateway_id if internet else None)],
        "peering": [Way("vpc-peering-connection", name) for name in peerings],
        "vgw": [Way("virtual-private-gateway", vpn.vpn_gateway_id)] if vpn else [],
    }


def blocked(estate: Estate, subnet: Subnet) -> bool:
    """Whether Block Public Access stops what an internet gateway brings into the subnet (S-BPA-01)."""
    snapshot = estate.snapshot
    spoken = [r.block_public_access_states for r in (subnet, estate.vpc(subnet.vpc_id))]
    modes = [s.internet_gateway_block_mode for s in spoken if s and s.internet_gateway_block_mode]
    options = list(snapshot.bpa_options.values())
    if len(options) > 1 or (not options and modes):
        raise NotEncoded("only subnets or VPCs speak of Block Public Access")
    if not options or options[0].internet_gateway_block_mode == "off":
        return False
    if not estate.was_read("bpa_exclusions") and modes:
        return modes[0] != "off"
    lifting = {
        e.resource_arn.rpartition("/")[2]
        for e in snapshot.bpa_exclusions.values()
        if e.internet_gateway_exclusion_mode == "allow-bidirectional"
        and e.state in {"create-complete", "update-complete"}
    }
    return lifting.isdisjoint({subnet.subnet_id, subnet.vpc_id})
