"""Terraform plans: what is known, what is joined by references, what stays unknown, and where that matters."""

import json
from pathlib import Path
from typing import Any

import pytest

from iac.forms import saved
from iac.terraform_plans import EVERYTHING, Module, Ref, plan, ref, rule
from sekisho.analysis import assess
from sekisho.errors import SnapshotError
from sekisho.iac import load
from sekisho.iac.document import annotate
from sekisho.model.snapshot import Snapshot
from sekisho.report.document import assessment_document

Verdicts = dict[tuple[str, str], tuple[str, tuple[str, ...]]]


def read(root: Module, tmp_path: Path) -> Snapshot:
    return load(saved(plan(root), tmp_path / "plan.json")).snapshot


def verdicts(snapshot: Snapshot) -> Verdicts:
    """Instance or interface, and origin -> verdict and reasons, of IPv4."""
    found = assess(snapshot)
    answers = found.answers
    return {
        (row.instance or row.interface, row.origin): (answers[row.answer].verdict.value, answers[row.answer].reasons)
        for row in found.rows
        if row.family == "ipv4"
    }


def public(*rules: dict[str, Any]) -> Module:
    """One instance with a public address behind one group, in a VPC with a way to the internet."""
    root = Module()
    root.add("aws_vpc", "main", cidr_block="10.0.0.0/16")
    root.add("aws_subnet", "a", vpc_id=ref("aws_vpc.main.id"), cidr_block="10.0.0.0/24", map_public_ip_on_launch=True)
    root.add("aws_internet_gateway", "main", vpc_id=ref("aws_vpc.main.id"))
    internet = {"cidr_block": "0.0.0.0/0", "gateway_id": ref("aws_internet_gateway.main.id")}
    root.add("aws_route_table", "a", vpc_id=ref("aws_vpc.main.id"), route=[internet])
    root.add(
        "aws_route_table_association", "a", subnet_id=ref("aws_subnet.a.id"), route_table_id=ref("aws_route_table.a.id")
    )
    root.add("aws_security_group", "web", vpc_id=ref("aws_vpc.main.id"), ingress=list(rules), egress=[EVERYTHING])
    groups = [ref("aws_security_group.web.id")]
    return root.add("aws_instance", "web", subnet_id=ref("aws_subnet.a.id"), vpc_security_group_ids=groups)


def test_an_open_rule_is_reachable(tmp_path: Path) -> None:
    assert verdicts(read(public(rule(22, "0.0.0.0/0")), tmp_path))["i-web", "internet"] == ("reachable", ())


def test_a_group_without_rules_is_proven_closed(tmp_path: Path) -> None:
    assert verdicts(read(public(), tmp_path))["i-web", "internet"] == ("unreachable", ())


def test_a_source_that_is_known_after_apply_leaves_only_its_rule_open(tmp_path: Path) -> None:
    later = rule(443, "x") | {"cidr_blocks": [ref("aws_eip.office.public_ip")]}
    verdict, reasons = verdicts(read(public(later), tmp_path))["i-web", "internet"]
    assert verdict == "unknown"
    assert any("aws_security_group.web" in r and "known after apply" in r for r in reasons)
    assert verdicts(read(public(later, rule(22, "0.0.0.0/0")), tmp_path))["i-web", "internet"][0] == "reachable"


def test_a_type_that_is_not_understood_is_listed_and_unsettles_what_it_names(tmp_path: Path) -> None:
    snapshot = read(
        public(rule(22, "0.0.0.0/0")).add("aws_route_odd", "x", route_table_id=ref("aws_route_table.a.id")), tmp_path
    )
    assert "aws_route_odd.x: aws_route_odd is not understood" in {i.what for i in snapshot.issues}
    assert verdicts(snapshot)["i-web", "internet"][0] == "unknown"


def test_a_type_that_says_nothing_of_packets_changes_nothing(tmp_path: Path) -> None:
    snapshot = read(public(rule(22, "0.0.0.0/0")).add("aws_flow_log", "x", vpc_id=ref("aws_vpc.main.id")), tmp_path)
    assert verdicts(snapshot)["i-web", "internet"] == ("reachable", ())


def test_a_vpc_that_is_not_declared_leaves_what_stands_in_it_unknown(tmp_path: Path) -> None:
    root = Module()
    root.add("aws_security_group", "web", vpc_id="vpc-0123", ingress=[rule(22, "0.0.0.0/0")], egress=[EVERYTHING])
    groups = [ref("aws_security_group.web.id")]
    root.add(
        "aws_instance",
        "web",
        subnet_id="subnet-0123",
        vpc_security_group_ids=groups,
        private_ip="10.0.0.9",
        associate_public_ip_address=True,
    )
    assert verdicts(read(root, tmp_path))["i-web", "internet"][0] == "unknown"


def test_what_comes_by_way_of_a_local_is_the_only_one_of_its_kind_and_that_is_said(tmp_path: Path) -> None:
    root = Module()
    root.add("aws_vpc", "main", cidr_block="10.0.0.0/16")
    root.add("aws_subnet", "a", vpc_id=Ref(("local.vpc_id",)), cidr_block="10.0.0.0/24")
    snapshot = read(root, tmp_path)
    assert snapshot.subnets["subnet-a"].vpc_id == "vpc-main"
    assert any(i.what.startswith("aws_subnet.a: vpc_id comes by way of a local") for i in snapshot.issues)


def test_of_two_by_way_of_a_local_none_is_taken(tmp_path: Path) -> None:
    root = Module()
    root.add("aws_vpc", "one", cidr_block="10.0.0.0/16").add("aws_vpc", "two", cidr_block="10.1.0.0/16")
    root.add("aws_subnet", "a", vpc_id=Ref(("local.vpc_id",)), cidr_block="10.0.0.0/24")
    assert read(root, tmp_path).subnets["subnet-a"].vpc_id == "known after apply"


def test_a_network_balancer_brings_the_internet_to_private_targets(tmp_path: Path) -> None:
    root = public()
    root.add("aws_subnet", "private", vpc_id=ref("aws_vpc.main.id"), cidr_block="10.0.1.0/24")
    root.add(
        "aws_security_group",
        "app",
        vpc_id=ref("aws_vpc.main.id"),
        ingress=[rule(8080, "0.0.0.0/0")],
        egress=[EVERYTHING],
    )
    root.add(
        "aws_instance",
        "app",
        subnet_id=ref("aws_subnet.private.id"),
        vpc_security_group_ids=[ref("aws_security_group.app.id")],
    )
    root.add(
        "aws_lb",
        "front",
        name="front",
        load_balancer_type="network",
        internal=False,
        subnets=[ref("aws_subnet.a.id")],
        enable_cross_zone_load_balancing=True,
    )
    root.add("aws_lb_target_group", "app", name="app", port=8080, protocol="TCP", vpc_id=ref("aws_vpc.main.id"))
    root.add(
        "aws_lb_target_group_attachment",
        "app",
        target_group_arn=ref("aws_lb_target_group.app.arn"),
        target_id=ref("aws_instance.app.id"),
        port=8080,
    )
    forward = {"type": "forward", "target_group_arn": ref("aws_lb_target_group.app.arn")}
    root.add(
        "aws_lb_listener",
        "app",
        load_balancer_arn=ref("aws_lb.front.arn"),
        port=443,
        protocol="TCP",
        default_action=[forward],
    )
    found = verdicts(read(root, tmp_path))
    assert found["i-app", "internet"] == ("reachable", ())
    assert found["i-web", "internet"] == ("unreachable", ())


def test_one_instance_stands_for_a_group_in_each_of_its_subnets(tmp_path: Path) -> None:
    root = public(rule(22, "0.0.0.0/0"))
    root.add("aws_subnet", "b", vpc_id=ref("aws_vpc.main.id"), cidr_block="10.0.1.0/24")
    root.add("aws_launch_template", "t", name="t", vpc_security_group_ids=[ref("aws_security_group.web.id")])
    root.add(
        "aws_autoscaling_group",
        "g",
        max_size=4,
        vpc_zone_identifier=[ref("aws_subnet.a.id"), ref("aws_subnet.b.id")],
        launch_template=[{"id": ref("aws_launch_template.t.id")}],
    )
    found = verdicts(read(root, tmp_path))
    # The first subnet gives public addresses and has a way to the internet, the second neither.
    assert (found["i-one_g_0", "internet"][0], found["i-one_g_1", "internet"][0]) == ("reachable", "unreachable")


def hub() -> Module:
    """Two VPCs that a transit gateway joins, and a database in one."""
    root = Module()
    root.add("aws_ec2_transit_gateway", "hub")
    for name, cidr in (("a", "10.0.0.0/16"), ("b", "10.1.0.0/16")):
        root.add("aws_vpc", name, cidr_block=cidr)
        root.add(
            "aws_subnet",
            name,
            vpc_id=ref(f"aws_vpc.{name}.id"),
            cidr_block=cidr.replace(".0.0/16", ".1.0/24"),
            availability_zone="ap-northeast-1a",
        )
        root.add(
            "aws_ec2_transit_gateway_vpc_attachment",
            name,
            transit_gateway_id=ref("aws_ec2_transit_gateway.hub.id"),
            vpc_id=ref(f"aws_vpc.{name}.id"),
            subnet_ids=[ref(f"aws_subnet.{name}.id")],
        )
        root.add(
            "aws_default_route_table",
            name,
            default_route_table_id=ref(f"aws_vpc.{name}.default_route_table_id"),
            route=[{"cidr_block": "10.0.0.0/8", "transit_gateway_id": ref("aws_ec2_transit_gateway.hub.id")}],
        )
    root.add(
        "aws_security_group", "b", vpc_id=ref("aws_vpc.b.id"), ingress=[rule(5432, "10.0.0.0/16")], egress=[EVERYTHING]
    )
    root.add(
        "aws_instance", "db", subnet_id=ref("aws_subnet.b.id"), vpc_security_group_ids=[ref("aws_security_group.b.id")]
    )
    return root


def test_attachments_of_a_transit_gateway_propagate_into_its_default_table(tmp_path: Path) -> None:
    snapshot = read(hub(), tmp_path)
    (routes,) = snapshot.transit_gateway_routes.values()
    assert [r.destination_cidr_block for r in routes.routes] == ["10.0.0.0/16", "10.1.0.0/16"]
    assert verdicts(snapshot)["i-db", "tgw"] == ("reachable", ())
    assert verdicts(snapshot)["i-db", "internet"] == ("unreachable", ())


def test_a_policy_table_leaves_what_enters_by_attachments_unknown(tmp_path: Path) -> None:
    root = hub().add(
        "aws_ec2_transit_gateway_policy_table", "p", transit_gateway_id=ref("aws_ec2_transit_gateway.hub.id")
    )
    assert verdicts(read(root, tmp_path))["i-db", "tgw"][0] == "unknown"


def test_default_groups_and_acls_are_those_declared(tmp_path: Path) -> None:
    root = public(rule(22, "0.0.0.0/0"))
    root.add("aws_default_security_group", "d", vpc_id=ref("aws_vpc.main.id"))
    root.add("aws_default_network_acl", "d", default_network_acl_id=ref("aws_vpc.main.default_network_acl_id"))
    snapshot = read(root, tmp_path)
    groups = [g for g in snapshot.security_groups.values() if g.group_name == "default"]
    assert [(g.vpc_id, g.ip_permissions, g.ip_permissions_egress) for g in groups] == [("vpc-main", (), ())]
    # The ACL that the subnet has by default lets nothing in now.
    assert verdicts(snapshot)["i-web", "internet"] == ("unreachable", ())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_plans_that_powershell_wrote_are_read(encoding: str, tmp_path: Path) -> None:
    text = json.dumps(plan(public(rule(22, "0.0.0.0/0"))))
    place = tmp_path / "plan.json"
    place.write_bytes((("\ufeff" if encoding == "utf-16-le" else "") + text).encode(encoding))
    assert verdicts(load(place).snapshot)["i-web", "internet"][0] == "reachable"


def test_a_state_is_read_by_its_ids(tmp_path: Path) -> None:
    values = (
        (
            "aws_vpc",
            "main",
            {"id": "vpc-1", "cidr_block": "10.0.0.0/16", "owner_id": "111122223333", "default_route_table_id": "rtb-1"},
        ),
        (
            "aws_subnet",
            "a",
            {"id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24", "availability_zone": "eu-west-1a"},
        ),
        (
            "aws_instance",
            "web",
            {"id": "i-1", "subnet_id": "subnet-1", "private_ip": "10.0.0.7", "primary_network_interface_id": "eni-1"},
        ),
    )
    resources = [{"address": f"{t}.{n}", "mode": "managed", "type": t, "name": n, "values": v} for t, n, v in values]
    state = {"format_version": "1.0", "terraform_version": "1.9.8", "values": {"root_module": {"resources": resources}}}
    snapshot = load(saved(state, tmp_path / "state.json")).snapshot
    assert [(i.network_interface_id, i.private_ip_address, i.instance_id) for i in snapshot.interfaces.values()] == [
        ("eni-1", "10.0.0.7", "i-1")
    ]
    assert snapshot.calls.scopes == (("111122223333", "eu-west-1"),)
    assert "rtb-1" in snapshot.route_tables


def test_a_plan_in_terraforms_own_format_names_the_command(tmp_path: Path) -> None:
    place = tmp_path / "tfplan"
    place.write_bytes(b"PK\x03\x04")
    with pytest.raises(SnapshotError, match="terraform show -json"):
        load(place)


def test_evidence_and_findings_lead_to_the_declaration(tmp_path: Path) -> None:
    loaded = load(saved(plan(public(rule(22, "0.0.0.0/0"))), tmp_path / "plan.json"))
    place = loaded.declared["sg-web"]
    assert (place.file, place.address, place.pointer) == (
        "plan.json",
        "aws_security_group.web",
        "/planned_values/root_module/resources/5",
    )
    assert loaded.snapshot.source("security_groups", "sg-web") == (place.file, place.pointer)


def test_secrets_of_a_plan_are_in_no_output(tmp_path: Path) -> None:
    root = public(rule(22, "0.0.0.0/0"))
    secrets: dict[str, Any] = {"password": "hunter2-secret", "username": "admin-secret"}
    root.add("aws_db_instance", "db", db_subnet_group_name="none", **secrets)
    document = plan(root) | {"variables": {"token": {"value": "variable-secret"}}}
    loaded = load(saved(document, tmp_path / "plan.json"))
    report = assessment_document(assess(loaded.snapshot))
    annotate(report, loaded.declared)
    assert "secret" not in json.dumps(report)
