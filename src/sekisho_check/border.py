"""Carrier gateways, local gateways and pools of public addresses."""
