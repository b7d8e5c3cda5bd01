"""What can go wrong, in the user's nouns; each message is one line and says what to do.

Bad input inside a snapshot is collected as issues and makes answers `unknown`; these errors are
for input that cannot be used at all. `InternalError` means that two of our own readings disagree:
it is a bug, never a verdict.
"""


class SekishoError(Exception):
    """Base of every error that a user can act on; the message is one line."""


class SnapshotError(SekishoError):
    """The snapshot cannot be read at all (exit 2)."""


class QueryError(SekishoError):
    """The question cannot be understood, or names something that is nowhere in the snapshot (exit 2)."""


class ResourceError(SekishoError):
    """Something that the work needs besides its input is not to be had: workers, a scheduler, an extra (exit 4)."""


class AwsError(ResourceError):
    """AWS cannot be asked: no credentials, nobody answers."""


class InternalError(Exception):
    """The engine and `trace` disagree, or an invariant does not hold: please report it."""
