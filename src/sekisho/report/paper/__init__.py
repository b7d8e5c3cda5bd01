"""The report that people read: one view model of plain data, set as HTML and as PDF by two renderers."""

from .catalogue import Catalogue


def catalogues() -> dict[str, Catalogue]:
    """The catalogue of every language, by its code."""
    from .english import ENGLISH  # noqa: PLC0415 - the catalogues are large
    from .japanese import JAPANESE  # noqa: PLC0415

    return {"en": ENGLISH, "ja": JAPANESE}
