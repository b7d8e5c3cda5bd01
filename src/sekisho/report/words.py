"""The words of the renderings, in English. Another language is another `Words` with the same keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

Width = int | str


class OriginWords(NamedTuple):
    """`heading` heads a column, `phrase` completes `reachable ...`."""

    heading: str
    phrase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A catalogue: what the keys of documents are called, and the sentences around them."""

    language: str
    verdicts: Mapping[str, str]
    cells: Mapping[str, str]
    meanings: Mapping[str, str]
    answers: Mapping[str, str]
    tallies: Mapping[str, tuple[str, str]]
    origins: Mapping[str, OriginWords]
    barriers: Mapping[str, tuple[str, str]]
    counts: Mapping[str, tuple[str, str]]
    call_statuses: Mapping[str, str]
    proven: tuple[str, ...]
    not_proven: tuple[str, ...]
    text: Mapping[str, str]

    def count(self, noun: str, number: int) -> str:
        """`1 barrier`, `4,096 addresses`, `2^64 addresses`; beyond a trillion the nearest power of two."""
        one, many = self.counts[noun]
        if number == 1:
            return one
        exponent = number.bit_length() - 1
        huge = f"2^{exponent}" if number == 1 << exponent else f"{self.text['about']} 2^{exponent}"
        return many.format(huge if number > _TRILLION else f"{number:,}")

    def breadth(self, width: Width) -> str:
        """How wide an opening is: everyone, or so many addresses."""
        return self.text["anywhere"] if isinstance(width, str) else self.count("from_address", width)

    def senders(self, width: Width) -> str:
        """The same as the name of those who can send."""
        return self.text["anyone"] if isinstance(width, str) else self.count("address", width)

    def barrier(self, code: str, direction: str) -> str:
        """What the barrier does to the packet, or to its reply, in one sentence."""
        forward, back = self.barriers.get(code, (self.text["barrier"], self.text["barrier_return"]))
        return forward if direction == "forward" else back


_TRILLION = 10**12

ENGLISH = Words(
    language="en",
    verdicts={
        "reachable": "reachable",
        "unknown": "unknown",
        "forward-only": "one way only",
        "unreachable": "unreachable",
    },
    cells={
        "reachable": "reachable",
        "unknown": "unknown",
        "forward-only": "one way",
        "unreachable": "no",
    },
    meanings={
        "reachable": "Some packet is proven to be delivered, and its reply to come back to the sender.",
        "unknown": "Whether a packet gets through hangs on something that the snapshot or the model does not cover.",
        "forward-only": "Packets are delivered, but for none of them does a reply come back.",
        "unreachable": "No packet is delivered. This is proven for every source, protocol and port.",
    },
    answers={
        "reachable": "Yes: the packets below are delivered, and their replies come back.",
        "unknown": "Undecided: the answer hangs on what the reasons below name.",
        "forward-only": "One way only: packets are delivered, but no reply comes back.",
        "unreachable": "No: no such packet is delivered.",
    },
    tallies={
        "reachable": ("1 address can be reached", "{} addresses can be reached"),
        "unknown": ("1 is undecided", "{} are undecided"),
        "forward-only": ("1 receives packets but cannot reply", "{} receive packets but cannot reply"),
        "unreachable": ("1 provably cannot", "{} provably cannot"),
    },
    origins={
        "internet": OriginWords("Internet", "from the internet"),
        "peering": OriginWords("Peered VPC", "from a peered VPC"),
        "vgw": OriginWords("VPN, Direct Connect", "through a virtual private gateway"),
        "tgw": OriginWords("Transit gateway", "through a transit gateway"),
        "privatelink": OriginWords("PrivateLink", "through PrivateLink"),
        "gated": OriginWords("Authenticated", "for an authenticated caller"),
    },
    barriers={
        "NO_ROUTE_TO_DESTINATION": (
            "No route leads to the destination.",
            "No route leads the reply back to the sender.",
        ),
        "MORE_SPECIFIC_ROUTE": (
            "A more specific route sends the packet elsewhere.",
            "A more specific route sends the reply elsewhere.",
        ),
        "HIGHER_PRIORITY_ROUTE": (
            "Another route for the same block has priority and sends the packet elsewhere.",
            "Another route for the same block has priority and sends the reply elsewhere.",
        ),
        "BAD_STATE_ROUTE": (
            "The route that decides is not usable, so it drops the packet.",
            "The route that decides is not usable, so it drops the reply.",
        ),
        "BAD_STATE": (
            "The component is not in operation.",
            "The component is not in operation, so the reply stops there.",
        ),
        "BAD_STATE_ATTACHMENT": (
            "The component is not attached, so nothing passes.",
            "The component is not attached, so the reply stops there.",
        ),
        "SUBNET_ACL_RESTRICTION": (
            "The network ACL of the subnet denies the packet.",
            "The network ACL of the subnet denies the reply.",
        ),
        "ENI_SG_RULES_MISMATCH": (
            "No rule of the security groups admits the packet.",
            "No rule of the security groups admits the reply.",
        ),
        "SG_HAS_NO_RULES": (
            "The security group has no rule in this direction, so it admits nothing.",
            "The security group has no rule in this direction, so it admits no reply.",
        ),
        "SG_REFERENCES_NOT_PRESERVED": (
            "The rule names a security group, and the packet does not come straight from a member of it.",
            "The rule names a security group, and the reply does not come straight from a member of it.",
        ),
        "ENI_SOURCE_DEST_CHECK_RESTRICTION": (
            "The source/destination check drops packets that are not for the interface's own addresses.",
            "The source/destination check drops replies that are not for the interface's own addresses.",
        ),
        "ENI_ADDRESS_RESTRICTION": (
            "The address is not one of the interface's own.",
            "The address of the reply is not one of the interface's own.",
        ),
        "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS": (
            "The address has no public IP address, so the internet gateway delivers nothing to it.",
            "The address has no public IP address, so the internet gateway carries no reply.",
        ),
        "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS": (
            "The sender has no public IP address, so the internet gateway drops the packet.",
            "The address has no public IP address, so the internet gateway drops the reply.",
        ),
        "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR": (
            "A peering connection carries only packets between addresses of the two VPCs.",
            "A peering connection carries only replies between addresses of the two VPCs.",
        ),
        "VPC_BLOCK_PUBLIC_ACCESS_ENABLED": (
            "VPC Block Public Access stops the packet at the internet gateway.",
            "VPC Block Public Access stops the reply at the internet gateway.",
        ),
        "VPC_LOCAL_ROUTE_CIDR_RESTRICTION": (
            "The local route carries only packets for addresses inside the VPC.",
            "The local route carries only replies for addresses inside the VPC.",
        ),
        "NGW_REQUIRES_SOURCE_IN_VPC": (
            "A NAT gateway serves only packets from its own VPC.",
            "A NAT gateway serves only replies to what it translated.",
        ),
        "NO_POSSIBLE_DESTINATION": (
            "The component can deliver the packet to nobody.",
            "The component can deliver the reply to nobody.",
        ),
        "PROTOCOL_RESTRICTION": (
            "The component does not carry this protocol.",
            "The component does not carry the protocol of the reply.",
        ),
        "FIREWALL_RULES_RESTRICTION": (
            "A rule of the network firewall drops the packet.",
            "A rule of the network firewall drops the reply.",
        ),
    },
    counts={
        "address": ("1 address", "{} addresses"),
        "from_address": ("from 1 address", "from {} addresses"),
        "interface": ("1 interface", "{} interfaces"),
        "barrier": ("1 barrier", "{} barriers"),
        "reason": ("1 open question", "{} open questions"),
        "finding": ("1 finding", "{} findings"),
        "more": ("and 1 more", "and {} more"),
        "layer": ("1 layer", "{} layers"),
        "block": ("1 block", "{} blocks"),
        "record": ("1 record", "{} records"),
    },
    call_statuses={
        "read": "read",
        "incomplete": "incomplete",
        "failed": "failed",
        "assumed-absent": "taken as absent",
        "not-read": "not read",
    },
    proven=(
        "Every address of every interface in scope has a verdict for each way in; the coverage reconciles them.",
        "Unreachable speaks of every packet from that origin: no source address, protocol or port gets through.",
        "Reachable names exactly the packets that the network delivers and whose reply it brings back.",
        "Each barrier points to the file and the record of the snapshot that makes it.",
    ),
    not_proven=(
        "Whether a process listens on an open port, unless a listener inventory was given.",
        "What a host does with a packet: host firewalls, log-ins, and relaying by bastions or proxies.",
        "Traffic between interfaces of one VPC, and traffic that goes out.",
        "What changed after the snapshot was collected, or what its calls left out.",
        "Behaviour that AWS's documents do not describe: there the numbered semantics say what is assumed.",
    ),
    text={
        "about": "about",
        "anywhere": "from anywhere",
        "anyone": "the whole internet",
        "all_ports": "all ports",
        "all_types": "all types",
        "types": "type {}",
        "everything": "everything",
        "other_protocols": "other protocols",
        "barrier": "The packet is stopped here.",
        "barrier_return": "The reply is stopped here.",
        "no_reply": "no reply",
        "unusual_source_port": "only from source ports below 1024",
        "source_ports": "from source ports {}",
        "latent": "The instance does not run. If it ran: {}.",
        "if_running": "if it ran: {}",
        "in_scope_of": "{} of {} in scope",
        "calls": "calls",
        "no_way": "no way in",
        "address": "Address",
        "via": "through",
        "through": "Through",
        "hops_forward": "The way there",
        "hops_return": "The way back",
        "barriers": "What stands in the way",
        "reasons": "Open questions",
        "assumptions": "What is assumed",
        "relies_on_absent": "What is taken as absent",
        "possible": "may also get through",
        "title": "Network reachability assessment",
        "evidence": "Evidence:",
        "code": "Code:",
        "protocol": "Protocol",
        "ports": "Ports",
        "who": "Who can send",
        "possible_sentence": "Undecided: {}.",
        "scope": "Scope",
        "target_all": "every interface",
        "accounts": "Accounts",
        "regions": "Regions",
        "account": "Account",
        "region": "Region",
        "not_known": "not known",
        "collected": "Configuration collected",
        "to": "to",
        "semantics": "Semantics version",
        "tool": "Tool",
        "digest": "Digest of the input",
        "verdicts_title": "What can reach each address",
        "verdicts_note": (
            "One row for each address, one column for each way into its network. A verdict leads to its evidence."
        ),
        "filter": "Show rows with",
        "interface": "Interface",
        "instance": "Instance",
        "state": "State",
        "kind": "Kind",
        "description": "Description",
        "subnet": "Subnet",
        "security_group": "Security group",
        "security_groups": "Security groups",
        "network_acl": "Network ACL",
        "route_table": "Route table",
        "public": "public",
        "interfaces_title": "Interface by interface",
        "interfaces_note": (
            "What is open and to whom, or what stands in the way, with the rule or route that makes it so. "
            "Addresses with the same answer point to where it is set out."
        ),
        "no_vpc": "No VPC",
        "depth": "{} would have to be opened",
        "same_as": "Same as {}",
        "findings_title": "Findings",
        "findings_note": "Open ports of instances, under the rules and severities of Amazon Inspector Classic.",
        "no_findings": "No port of an instance is open.",
        "severity": "Severity",
        "finding": "Finding",
        "coverage_title": "Coverage",
        "coverage_note": "What the answers rest on: what was read, what was not, and what was taken as absent.",
        "population_note": "Interfaces in the snapshot, in scope, and answered",
        "in_snapshot": "Interfaces",
        "in_scope": "In scope",
        "addresses": "Addresses",
        "rows": "Verdicts",
        "calls_note": "Calls",
        "status": "Status",
        "call": "Call",
        "records": "Records",
        "files": "Files",
        "issues": "Issues in the input",
        "unmodelled": "Present, but not modelled",
        "missing_origins": "Ways in that a VPC does not have",
        "none": "None.",
        "proof_title": "What this report proves, and what it does not",
        "proven": "Proven from the configuration",
        "not_proven": "Not shown here",
        "colophon": "Made by {} under semantics version {} from input with this digest:",
        "lead_none": "No interface address is in scope.",
        "none_reachable": "No address can be reached",
    },
)
