"""Exact algebra of packet headers; knows no AWS."""
