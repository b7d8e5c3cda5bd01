"""A standing assessment is what an assessment from the beginning says, and its differences are exact."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estates import acl, eni, entry, igw, instance, perm, route, rtb, sg, snapshot, subnet, vpc
from incremental.edits import edit
from random_estates import drawn
from random_networks import id_of, table_of
from sekisho.analysis import assess
from sekisho.engine.dependencies import Kept
from sekisho.engine.standing import RecordedAssessor
from sekisho.engine.verdict import Said
from sekisho.errors import QueryError
from sekisho.findings.assessment import Assessment
from sekisho.incremental import Difference, StandingAssessment, with_records
from sekisho.model.filters import SecurityGroup
from sekisho.model.snapshot import Snapshot

Rows = dict[tuple[str, str, str], Said]
SSH, WEB = perm("tcp", 22, "0.0.0.0/0"), perm("tcp", 80, "0.0.0.0/0")
V = vpc("vpc-1", "10.0.0.0/16")
A, B = subnet("subnet-a", "vpc-1", "10.0.1.0/24"), subnet("subnet-b", "vpc-1", "10.0.2.0/24")
LOCAL, OUT = route("10.0.0.0/16", "local"), route("0.0.0.0/0", "igw-1")


def estate() -> Snapshot:
    """X and Y in subnets A and B, each public, each with a group, an ACL and a table of its own."""
    return snapshot(
        *(V, A, B, igw("igw-1", "vpc-1"), instance("i-x"), instance("i-y")),
        *(sg("sg-x", "vpc-1", (SSH,)), sg("sg-y", "vpc-1", (SSH,))),
        *(acl("acl-a", "vpc-1", ["subnet-a"]), acl("acl-b", "vpc-1", ["subnet-b"])),
        *(rtb("rtb-a", "vpc-1", ["subnet-a"], LOCAL, OUT), rtb("rtb-b", "vpc-1", ["subnet-b"], LOCAL, OUT)),
        eni("eni-x", A, ("10.0.1.10", "203.0.113.5"), groups=["sg-x"], instance="i-x"),
        eni("eni-y", B, ("10.0.2.10", "203.0.113.6"), groups=["sg-y"], instance="i-y"),
    )


def rows(found: Assessment) -> Rows:
    answers = {key: Said(a.verdict, a.flows, a.possible) for key, a in found.answers.items()}
    return {(r.interface, r.address, r.origin): answers[r.answer] for r in found.rows}


def differences(before: Rows, after: Rows) -> dict[tuple[str, str, str], tuple[Said | None, Said | None]]:
    pairs = {key: (before.get(key), after.get(key)) for key in {**before, **after}}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def told(found: Difference) -> dict[tuple[str, str, str], tuple[Said | None, Said | None]]:
    return {(r.interface, r.address, r.origin): (c.before, c.after) for c in found.changes for r in c.rows}


def verdicts(found: Difference) -> set[tuple[str, str | None, str | None]]:
    return {
        (r.interface, c.before and c.before.verdict.value, c.after and c.after.verdict.value)
        for c in found.changes
        for r in c.rows
    }


# Equality with an assessment from the beginning -----------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**9))
def test_it_is_the_assessment_from_the_beginning(seed: int) -> None:
    r = Random(seed)
    _, network = drawn(seed)
    standing = StandingAssessment(network.snapshot())
    before = rows(assess(standing.snapshot))
    for _ in range(3):
        record = edit(r, standing.snapshot)
        if record is None:
            continue
        changed = with_records(standing.snapshot, {(table_of(record), id_of(record)): record})
        found = standing.update([record]) if r.random() < 0.5 else standing.follow(changed)
        assert standing.snapshot.table(table_of(record))[id_of(record)] == record
        whole = assess(standing.snapshot)
        assert standing.assessment() == whole
        after = rows(whole)
        assert told(found) == differences(before, after)
        before = after


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**9))
def test_one_snapshot_after_another_is_followed(seed: int) -> None:
    """Another network altogether too."""
    first, second = (drawn(seed + n)[1].snapshot() for n in (0, 1))
    standing = StandingAssessment(first)
    found = standing.follow(second)
    assert standing.assessment() == assess(second)
    assert told(found) == differences(rows(assess(first)), rows(assess(second)))


def test_most_edits_of_tracked_records_are_followed_without_a_new_beginning() -> None:
    whole = []
    for seed in range(8):
        standing = StandingAssessment(drawn(seed)[1].snapshot())
        record = edit(Random(seed), standing.snapshot, any_kind=0)
        whole += [standing.update([record]).whole] if record else []
    assert whole.count(True) <= len(whole) // 4


# One edit after another -----------------------------------------------------------------------------------


def test_a_rule_changes_the_holders_of_its_group_alone() -> None:
    standing = StandingAssessment(estate())
    found = standing.update([sg("sg-x", "vpc-1", ())])
    assert (verdicts(found), found.whole) == ({("eni-x", "reachable", "unreachable")}, False)
    assert verdicts(standing.update([sg("sg-x", "vpc-1", (SSH,))])) == {("eni-x", "unreachable", "reachable")}


def test_a_port_more_changes_flows_and_no_verdict() -> None:
    found = StandingAssessment(estate()).update([sg("sg-x", "vpc-1", (SSH, WEB))])
    assert verdicts(found) == {("eni-x", "reachable", "reachable")}
    [change] = found.changes
    assert change.before
    assert change.after
    ports = [sorted(p for f in said.flows for p, _ in f.destination_ports) for said in (change.before, change.after)]
    assert ports == [[22], [22, 80]]


def test_an_entry_changes_the_subnets_of_its_acl_alone() -> None:
    closed = acl("acl-a", "vpc-1", ["subnet-a"], entry(100, "deny", "-1", "0.0.0.0/0"))
    found = StandingAssessment(estate()).update([closed])
    assert (verdicts(found), found.whole) == ({("eni-x", "reachable", "unreachable")}, False)


def test_a_route_changes_the_subnets_of_its_table_alone() -> None:
    found = StandingAssessment(estate()).update([rtb("rtb-a", "vpc-1", ["subnet-a"], LOCAL)])
    assert (verdicts(found), found.whole) == ({("eni-x", "reachable", "forward-only")}, False)


def test_what_is_told_of_one_place_changes_for_every_interface_there() -> None:
    """The second interface of a subnet has its answer from what was walked for the first."""
    base = [record for page in estate().pages for record in page.records]
    more = (instance("i-z"), eni("eni-z", A, ("10.0.1.11", "203.0.113.7"), groups=["sg-y"], instance="i-z"))
    standing = StandingAssessment(snapshot(*base, *more))
    closed = acl("acl-a", "vpc-1", ["subnet-a"], entry(100, "deny", "-1", "0.0.0.0/0"))
    found = standing.update([closed])
    lost = {("eni-x", "reachable", "unreachable"), ("eni-z", "reachable", "unreachable")}
    assert (verdicts(found), found.whole) == (lost, False)
    assert standing.assessment() == assess(standing.snapshot)


def test_a_route_to_a_gateway_that_was_not_named_before_opens_an_origin() -> None:
    standing = StandingAssessment(estate())
    found = standing.update([rtb("rtb-a", "vpc-1", ["subnet-a"], LOCAL, OUT, route("10.9.0.0/16", "pcx-9"))])
    assert {(r.interface, r.origin, c.before) for c in found.changes for r in c.rows} >= {
        ("eni-x", "peering", None),
        ("eni-y", "peering", None),
    }
    assert standing.assessment() == assess(standing.snapshot)


def test_what_is_read_alike_changes_nothing() -> None:
    standing = StandingAssessment(estate())
    same = sg("sg-x", "vpc-1", (perm("tcp", 22, "0.0.0.0/1", "128.0.0.0/1"),))
    assert standing.update([same]) == Difference()
    assert standing.update([same]) == Difference()
    assert standing.snapshot.security_groups["sg-x"] == same


def test_another_association_is_assessed_from_the_beginning() -> None:
    closed = entry(100, "deny", "-1", "0.0.0.0/0")
    records = [acl("acl-a", "vpc-1", ["subnet-a", "subnet-b"], closed), acl("acl-b", "vpc-1", [])]
    found = StandingAssessment(estate()).update(records)
    assert found.whole
    assert verdicts(found) == {("eni-x", "reachable", "unreachable"), ("eni-y", "reachable", "unreachable")}


def test_an_interface_that_comes_and_goes() -> None:
    base = estate()
    more = [record for page in base.pages for record in page.records]
    larger = snapshot(*more, eni("eni-z", B, "10.0.2.11", groups=["sg-y"]))
    standing = StandingAssessment(base)
    assert verdicts(standing.follow(larger)) == {("eni-z", None, "unreachable")}
    assert verdicts(standing.follow(base)) == {("eni-z", "unreachable", None)}


def test_a_record_that_is_not_there_is_refused() -> None:
    standing = StandingAssessment(estate())
    with pytest.raises(QueryError, match="`sg-z` is not in the snapshot"):
        standing.update([sg("sg-z", "vpc-1", ())])
    assert standing.assessment() == assess(estate())


def test_the_snapshot_given_stays_as_it_is() -> None:
    given_ = estate()
    before = assess(given_)
    StandingAssessment(given_).update([sg("sg-x", "vpc-1", ())])
    assert assess(given_) == before


# What is tracked ------------------------------------------------------------------------------------------


def test_every_value_that_the_engine_keeps_is_tracked() -> None:
    """A dictionary of the engine is tracked, or holds nothing that a tracked record could change."""
    harmless = {"strange", "connectors", "_connectors", "tables"}
    assessor = RecordedAssessor(estate())
    groups = assessor.connectors["ipv4"].groups
    parts = (assessor, assessor.facts, assessor.ways, assessor.relays, groups)
    kept = {
        f"{type(part).__name__}.{name}"
        for part in parts
        for name, value in vars(part).items()
        if isinstance(value, dict) and not isinstance(value, Kept) and name not in harmless
    }
    # Where each record was read does not change with its contents, nor do the members of groups with their rules.
    assert kept == {"_Facts._places", "_Facts._members", "_Facts.noted"}


def test_a_table_that_is_tracked_is_looked_through_nowhere_unseen() -> None:
    group = SecurityGroup(group_id="sg-x", vpc_id="vpc-1", ip_permissions=(SSH,))
    assessor = RecordedAssessor(snapshot(V, A, group))
    groups = assessor.facts.snapshot.security_groups
    (_, first) = assessor.ledger.noting(lambda: groups.get("sg-x"))
    (_, every) = assessor.ledger.noting(lambda: list(groups.values()))
    assert [node.key for node in first] == [("security_groups", "sg-x")]
    assert [node.key for node in every] == [("security_groups", "*")]
