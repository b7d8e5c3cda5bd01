"""The report in English."""

from sekisho.report.english import ENGLISH as WORDS

from .catalogue import Catalogue

ENGLISH = Catalogue(
    words=WORDS,
    severities={"High": "High", "Medium": "Medium", "Low": "Low", "Informational": "Informational"},
    severity_meanings={
        "High": "Reachable from the internet, and the service is one that should hardly ever be.",
        "Medium": "Reachable from the internet, or a service of the first kind reachable from another network.",
        "Low": "Reachable, but of a kind that is often meant to be, or not from the internet.",
        "Informational": "Told for completeness; it may well be intended.",
    },
    rules={
        "RecognizedPortWithListener": "A process listens on a port of a well-known service, and the port is reachable.",
        "RecognizedPortNoListener": (
            "A port of a well-known service is reachable; by the inventory nothing listens there."
        ),
        "RecognizedPortNoAgent": (
            "A port of a well-known service is reachable; no inventory says whether anything listens there."
        ),
        "UnrecognizedPortWithListener": (
            "A process listens on a port of no well-known service, and the port is reachable."
        ),
        "NetworkExposure": "All ports of an instance that are reachable, in one finding for each way in.",
    },
    kinds={
        "accelerator": "Accelerator",
        "carrier-gateway": "Carrier gateway",
        "client-vpn-endpoint": "Client VPN endpoint",
        "egress-only-internet-gateway": "Egress-only internet gateway",
        "endpoint-service": "Endpoint service",
        "firewall": "Network firewall",
        "instance": "Instance",
        "instance-connect-endpoint": "Instance Connect Endpoint",
        "internet-gateway": "Internet gateway",
        "load-balancer": "Load balancer",
        "local-gateway": "Local gateway",
        "local-gateway-route-table": "Local gateway route table",
        "nat-gateway": "NAT gateway",
        "network-acl": "Network ACL",
        "network-interface": "Network interface",
        "route-table": "Route table",
        "security-group": "Security group",
        "transit-gateway": "Transit gateway",
        "transit-gateway-attachment": "Transit gateway attachment",
        "transit-gateway-policy-table": "Transit gateway policy table",
        "transit-gateway-route-table": "Transit gateway route table",
        "verified-access-endpoint": "Verified Access endpoint",
        "virtual-private-gateway": "Virtual private gateway",
        "vpc-endpoint": "VPC endpoint",
        "vpc-origin": "VPC origin",
        "vpc-peering-connection": "Peering connection",
    },
    actions={
        "allow": "lets it pass",
        "deny": "stops it",
        "route": "routes it",
        "translate": "translates it",
        "deliver": "takes delivery",
    },
    contributions={
        "ingress": "Severity and origin matrix: {serious} findings of High or Medium, {closed} of {rows} checks closed",
        "paths": "Sheets: the way in or the cut of {interfaces} interfaces, with the rule at each hop",
        "coverage": "Coverage: population reconciled, gaps and assumptions named",
        "map": "Map of the estate, drawn from the configuration of this run",
        "changes": "Changes since the previous assessment",
        "exceptions": "Accepted exceptions: {exceptions}, with owner, reason and expiry",
        "findings": "Findings by rule: {findings}",
        "passed": "Passed checks: {closed} of {rows} proven closed",
        "ports": "Findings by rule: every open port and service, by way and by sender",
        "digest": "Input digests: which configuration was examined",
        "sign-off": "Sign-off: who ran, reviewed and approved",
    },
    reasons={},
    method=(
        (
            "The configuration of the network, as AWS's own calls describe it, is read from files. Nothing is sent "
            "to the network."
        ),
        (
            "From every origin the packets of all sources, protocols and ports are followed as sets through gateways, "
            "route tables, network ACLs and security groups to every address, and their replies back. The rules are "
            "those that AWS documents, numbered in the semantics, version {semantics}."
        ),
        (
            "Each answer was checked against a second, independent reading that follows single packets. What the input "
            "does not say makes an answer undecided; it is never taken as closed."
        ),
        (
            "This is an examination of configuration at the time given. It supports a penetration test, and does not "
            "replace one."
        ),
    ),
    roles=("Run by", "Reviewed by", "Approved by"),
    fields=("Name", "Role", "Date", "Signature"),
    text={
        "answer_title": "Question and answer",
        "question": "Asked: what can reach {target} from these origins: {origins}?",
        "answer_closed": (
            "None of the {total} addresses in scope can be reached from any origin asked about; this is proven."
        ),
        "answer_open": "{opened} of {total} addresses can be reached from outside their VPC{undecided}; {findings}.",
        "answer_undecided": ", and {} more are undecided",
        "answer_findings": "findings that are not accepted: {}",
        "answer_no_findings": "no finding is open",
        "population_open": "The population may not be complete; the coverage says why.",
        "listed": ", ",
        "kind": "Report",
        "kind_finding": "Findings report",
        "kind_full": "Full report",
        "matrix_title": "Severity and origin",
        "matrix_note": "Findings by severity, then addresses by verdict, each by where the packets come from.",
        "findings_by": "Findings",
        "verdicts_by": "Verdicts (addresses)",
        "severity": "Severity",
        "verdict": "Verdict",
        "total": "Total",
        "coverage_title": "Scope, population and coverage",
        "population": "Population: interfaces in the snapshot, in scope, and answered",
        "not_assessed": "Not assessed, and why",
        "nothing_left_out": "Nothing in scope was left out, and every call that was made was read whole.",
        "assumptions_title": "Assumptions and open questions",
        "no_assumptions": "No answer rests on an assumption, an open question or something taken as absent.",
        "what_kind": "Kind",
        "sentence": "What is said",
        "origins": "Origins",
        "origin": "Origin",
        "where": "Account, Region",
        "why": "Why",
        "assumed_absent_too": " (taken as absent: {})",
        "map_title": "Map of the estate",
        "map_note": (
            "Red: addresses are reached that way. Grey: a connection by which nothing is reached. "
            "Figures: addresses that are reached, of all."
        ),
        "map_cut": "The first {} of {} VPCs are drawn. The verdicts speak of all of them.",
        "map_alt": "Map of the VPCs {}.",
        "map_internet": "INTERNET",
        "map_reached": "{} of {} reached",
        "one_subnet": "1 subnet",
        "subnets": "{} subnets",
        "connection": "Connection",
        "connections": "Connections between VPCs and to other networks",
        "state": "State",
        "ends": "Between",
        "changes_title": "Changes",
        "no_previous": "No previous assessment was given to compare with.",
        "compared_with": "Compared with the configuration of {}, input ",
        "other_semantics": (
            "The previous assessment was made under semantics version {}, this one under {}: "
            "a difference may come from the tool."
        ),
        "no_changes": "Nothing changed: the same findings, the same verdicts, the same flows.",
        "changed": "{} new findings, {} gone, {} remain; {} verdicts or their flows changed.",
        "new_findings": "New findings",
        "gone_findings": "Findings that are gone",
        "changed_rows": "Changed verdicts and flows",
        "address": "Address",
        "before": "Before",
        "now": "Now",
        "not_there": "not there",
        "flows": "{} flows",
        "finding": "Finding",
        "sheets_title": "Instance by instance",
        "sheets_note": (
            "What reaches each instance or interface, with the way in or the place where it is cut. The picture "
            "follows one example packet; the table above it has all packets."
        ),
        "sheets_left_out": "{} instances and interfaces that nothing reaches are in the full report only.",
        "accepted": "accepted",
        "packet_goes": "The packet",
        "reply_comes": "Its reply",
        "not_reached": "Not reached",
        "no_rule": "nothing admits it",
        "on_the_packet": "Packet stops at",
        "on_the_reply": "Reply stops at",
        "way_alt": "The packet passes {}.",
        "back_alt": "The reply passes {}.",
        "cut_alt": "Barriers: {}.",
        "colon": ": ",
        "ports_open": "ports {}",
        "finding_title": "{who}: {what} reachable {origin}",
        "without_reply": " (no reply)",
        "rules_title": "Findings by rule",
        "rules_note": (
            "Rules, severities and names are those of Amazon Inspector Classic's Network Reachability package. "
            "Failed N: N instances have a finding under the rule."
        ),
        "rules_caption": "Rules with findings",
        "rule": "Rule",
        "what_is_open": "Open",
        "instances": "Instances",
        "worst": "Highest severity",
        "failed": "Failed",
        "failed_n": "Failed {}",
        "findings": "Findings",
        "through": "Through",
        "senders": "Who can send",
        "listener": "process {}",
        "passed_title": "Passed checks",
        "passed_note": (
            "A check is one address and one origin. It is passed where it is proven that no packet gets through."
        ),
        "passed_caption": "Closed, by origin",
        "closed_of": "Closed / checked",
        "one_layer": "Of these one layer deep",
        "least_depth": "Least depth",
        "passed_rules": "Rules without a finding",
        "result": "Result",
        "passed_rule": "passed",
        "undecided_rule": "undecided",
        "every_check": "Every check, row by row",
        "exceptions_title": "Accepted exceptions",
        "exceptions_note": "Judged on the day of the configuration. An expired exception accepts nothing.",
        "no_exceptions": "No exception was given.",
        "covers": "Covers",
        "owner": "Owner",
        "reason": "Reason",
        "expires": "Expires",
        "status": "Status",
        "approved_by": "approved by {}",
        "in_force": "in force",
        "expired": "expired",
        "covers_n": "covers {} findings",
        "covers_none": "covers no finding",
        "method_title": "Method and limits",
        "controls_title": "Control mapping",
        "controls_note": (
            "What this report contributes to controls of common frameworks. What a control asks is put in our "
            "own words; the framework's text decides. The mapping claims no compliance."
        ),
        "to_be_confirmed": "To be confirmed against the licensed text",
        "control": "Control",
        "asks": "What it asks, in our words",
        "contributes": "What this report contributes",
        "appendix_title": "Appendix",
        "ports_title": "Ports of well-known services",
        "ports_note": "What counts as a recognized port, and how much an open one weighs.",
        "service": "Service",
        "from_internet": "From the internet",
        "from_elsewhere": "From elsewhere",
        "severities_title": "Severities",
        "meaning": "Meaning",
        "inputs_title": "Input digests",
        "inputs_note": "Digest over the names and digests of all files that were read: ",
        "file": "File",
        "bytes": "Bytes",
        "more_files": "{} more files; the digest covers them.",
        "sign_off_title": "Sign-off",
        "sign_off_note": (
            "To be filled in by hand or under an electronic signature. Reviewer and runner should not be one person."
        ),
        "running": "Input {}",
        "contents": "Contents",
        "page": "Page",
    },
    outwards={
        "question": "Asked: what can {target} reach at these destinations: {origins}?",
        "answer_closed": "None of the {total} addresses in scope can reach any of these destinations; this is proven.",
        "answer_open": "{opened} of {total} addresses can reach something outside their VPC{undecided}.",
        "matrix_title": "Verdicts",
        "matrix_note": "Addresses by verdict, each by where the packets go.",
        "rules_note": "Findings speak of what comes in, so there are none here.",
        "map_reached": "{} of {} reach out",
        "map_note": "Red: packets go out that way. Grey: a connection by which nothing goes out.",
        "senders": "Destinations",
        "sheets_note": "What each instance or interface reaches, with the way out or the place where it is cut.",
    },
)
