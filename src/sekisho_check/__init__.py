"""Checks certificates of Sekisho against the raw answers of AWS: its own reading of files and rules, nothing shared."""

from sekisho_check import (
    accelerators,
    anyway,
    behind,
    border,
    client_vpn,
    gated,
    gateways,
    middleboxes,
    nodes,
    privatelink,
    transit,
    vpc_origins,
)

__all__ = [
    "accelerators",
    "anyway",
    "behind",
    "border",
    "client_vpn",
    "gated",
    "gateways",
    "middleboxes",
    "nodes",
    "privatelink",
    "transit",
    "vpc_origins",
]
