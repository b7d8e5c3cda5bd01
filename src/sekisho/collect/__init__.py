"""AWS -> saved answers: what a snapshot is made of, asked of the accounts themselves. Only reading calls are made."""

from .accounts import Connection
from .policy import policy
from .run import Refused, Summary, collect
from .store import pack

__all__ = ["Connection", "Refused", "Summary", "collect", "pack", "policy"]
