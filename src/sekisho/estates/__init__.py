"""The estates that come with Sekisho: snapshots in the shape that the AWS CLI prints."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def story() -> Traversable:
    """The folder of a small estate: two web servers of one image, one in a private and one in a public subnet."""
    return files(__name__).joinpath("story")
