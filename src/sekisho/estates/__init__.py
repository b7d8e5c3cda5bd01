"""The estates that come with Sekisho: snapshots in the shape that the AWS CLI prints."""

from importlib.resources import files
from importlib.resources.abc import Traversable

#: `story`: two web servers of one image, one in a private and one in a public subnet, with one security group.
#: `all`: two accounts and two Regions with every kind of network construct that Sekisho models.
NAMES = ("story", "all")


def estate(name: str) -> Traversable:
    """The folder of a bundled estate."""
    return files(__name__).joinpath(name)
