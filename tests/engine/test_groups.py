"""Security groups as sets of flows, beside what whole connections show."""

from estates import acl, eni, group_pair, perm, sg, snapshot, subnet, vpc
from sekisho.engine.assess import Assessor
from sekisho.model.topology import Topology
from sekisho.sets.flows import TCP, FlowSet

A = subnet("subnet-a", "vpc-1", "10.0.1.0/24")


def test_rules_that_name_a_group_which_nobody_is_seen_to_hold() -> None:
    """By destination port, from anywhere: members that are not shown may be anywhere (S-SG-08)."""
    held, unheld = perm("tcp", (80, 80), group_pair("sg-x")), perm("tcp", (22, 22), group_pair("sg-service"))
    estate = snapshot(
        vpc("vpc-1", "10.0.0.0/16"),
        A,
        acl("acl-1", "vpc-1", ["subnet-a"]),
        sg("sg-x", "vpc-1", [held, unheld, perm("tcp", (443, 443), "0.0.0.0/0")]),
        sg("sg-service", "vpc-1", []),
        eni("eni-x", A, "10.0.1.10", groups=["sg-x"]),
    )
    connector = Assessor(Topology(estate)).connectors["ipv4"]
    found = connector.groups.unheld(estate.interfaces["eni-x"], "ipv4")
    assert found == FlowSet.build("ipv4", protocols=[(TCP, TCP)], thirds=[(22, 22)])
