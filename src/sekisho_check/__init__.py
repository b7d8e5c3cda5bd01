"""Checks certificates of Sekisho against the raw answers of AWS: its own reading of files and rules, nothing shared."""

from sekisho_check import border, client_vpn, gated, gateways, links, middleboxes, nodes, privatelink, services, transit

__all__ = [
    "border",
    "client_vpn",
    "gated",
    "gateways",
    "links",
    "middleboxes",
    "nodes",
    "privatelink",
    "services",
    "transit",
]
