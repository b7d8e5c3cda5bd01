"""Sekisho: what can reach each network interface of an AWS estate, and the proof of what cannot."""

from .version import SEMANTICS_VERSION, __version__

__all__ = ["SEMANTICS_VERSION", "__version__"]
