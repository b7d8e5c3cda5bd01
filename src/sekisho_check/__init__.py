"""Checks certificates of Sekisho against the raw answers of AWS: its own reading of files and rules, nothing shared."""

from sekisho_check import border, gateways, links, middleboxes, nodes, transit

__all__ = ["border", "gateways", "links", "middleboxes", "nodes", "transit"]
