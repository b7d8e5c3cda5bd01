"""VPC Block Public Access: what it lets through at an internet gateway, for one subnet (S-BPA-01)."""

from typing import Literal, NamedTuple

from sekisho.model.record import Scope, Source, Undecided
from sekisho.model.vpc import Subnet

from .facts import Facts

OPTIONS_CALL = "ec2:DescribeVpcBlockPublicAccessOptions"
EXCLUSIONS_CALL = "ec2:DescribeVpcBlockPublicAccessExclusions"
Use = Literal["ingress", "egress", "nat"]

_IN_FORCE = {"create-complete", "update-complete"}


class BlockPublicAccess(NamedTuple):
    """The effective mode of a subnet, its exclusion if any, and the record that says so."""

    mode: str
    exclusion: str | None
    evidence: Source | None

    def blocks(self, use: Use) -> bool:
        """Whether traffic is stopped: `ingress` and `egress` at the internet gateway, `nat` of what others started.

        `nat` is what goes out through a NAT gateway or an egress-only gateway.
        """
        if self.mode == "off" or self.exclusion == "allow-bidirectional":
            return False
        if self.mode == "block-ingress":
            return use != "nat"
        return not (self.exclusion == "allow-egress" and use != "ingress")


def block_public_access(facts: Facts, subnet: Subnet, *, whole_vpc: bool = False) -> BlockPublicAccess | Undecided:
    """The state for a subnet, by the settings of its owner's account and Region; what was not read counts as off.

    With `whole_vpc` an exclusion of the subnet alone does not count.
    """
    scope = facts.topology.vpc_scope(subnet.vpc_id)
    calls = facts.snapshot.calls
    key = f"{scope.account}/{scope.region}"
    options = facts.snapshot.bpa_options.get(key)
    if options is None:
        why = _open_options(facts, key, scope)
        return Undecided(why) if why else _by_record(facts, subnet)
    if options.internet_gateway_block_mode not in {"off", "block-bidirectional", "block-ingress"}:
        return Undecided(f"Block Public Access mode `{options.internet_gateway_block_mode}` is not known")
    evidence = facts.source("bpa_options", key)
    exclusion = None
    if options.internet_gateway_block_mode != "off":
        if calls.state(EXCLUSIONS_CALL, scope) is None:
            declared = _by_record(facts, subnet)
            if declared.evidence is not None:
                return declared
        exclusion = _exclusion(facts, subnet, whole_vpc=whole_vpc)
        gap = calls.gap(EXCLUSIONS_CALL, scope) if calls.state(EXCLUSIONS_CALL, scope) is not None else None
        gap = gap or _unusable(facts, "bpa_exclusions")
        if gap and exclusion != "allow-bidirectional":
            return Undecided(gap)
    return BlockPublicAccess(options.internet_gateway_block_mode, exclusion, evidence)


def _open_options(facts: Facts, key: str, scope: Scope) -> str | None:
    """Why the settings of the account and Region are not to be had, though there may be some."""
    if key in facts.snapshot.missing:
        return f"{key}: {facts.snapshot.missing[key].why}"
    asked = facts.snapshot.calls.state(OPTIONS_CALL, scope) is not None
    gap = facts.snapshot.calls.gap(OPTIONS_CALL, scope) if asked else None
    return gap or _unusable(facts, "bpa_options")


def _unusable(facts: Facts, table: str) -> str | None:
    """Why a record of the table cannot be used, if there is one: it may speak of any subnet."""
    found = next((m for m in facts.snapshot.missing.values() if m.table == table), None)
    return f"{found.id}: {found.why}" if found else None


def _by_record(facts: Facts, subnet: Subnet) -> BlockPublicAccess:
    """The effective mode as the subnet or the VPC itself shows it, off where neither does."""
    vpc = facts.snapshot.vpcs.get(subnet.vpc_id)
    for table, record_id, record in (("subnets", subnet.subnet_id, subnet), ("vpcs", subnet.vpc_id, vpc)):
        states = record.block_public_access_states if record else None
        if states and states.internet_gateway_block_mode:
            return BlockPublicAccess(states.internet_gateway_block_mode, None, facts.source(table, record_id))
    return BlockPublicAccess("off", None, None)


def _exclusion(facts: Facts, subnet: Subnet, *, whole_vpc: bool) -> str | None:
    """The widest exclusion in force for the subnet or its VPC."""
    excluded = {subnet.vpc_id} if whole_vpc else {subnet.subnet_id, subnet.vpc_id}
    found = {
        e.internet_gateway_exclusion_mode
        for e in facts.snapshot.bpa_exclusions.values()
        if e.state in _IN_FORCE and e.resource_arn.rsplit("/", 1)[-1] in excluded
    }
    return next((mode for mode in ("allow-bidirectional", "allow-egress") if mode in found), None)
