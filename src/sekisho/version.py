"""The tool's version, and that of the semantics: what a verdict means under it."""

__version__ = "0.1.0"

# Changes whenever the same snapshot may get another verdict, so that a comparison of two runs can tell
# a change of the tool from a change of the configuration.
SEMANTICS_VERSION = "1"
