"""One packet, hop by hop: the plain reading of docs/SEMANTICS.md, without sets."""

from .run import answered, trace

__all__ = ["answered", "trace"]
