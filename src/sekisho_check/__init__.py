"""Checks certificates of Sekisho against the raw answers of AWS: its own reading of files and rules, nothing shared."""

from sekisho_check import border, gateways, middleboxes, transit

__all__ = ["border", "gateways", "middleboxes", "transit"]
