"""An assessment's document in the formats of other tools. Each format is a module with one function `render`."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

#: Name of a format on the command line -> its module here.
FORMATS = {
    "csv": "tables",
    "verdicts-csv": "tables",
    "xlsx": "workbook",
    "markdown": "markdown",
    "sarif": "sarif",
    "asff": "asff",
    "ocsf": "ocsf",
    "oscal": "oscal",
    "junit": "junit",
    "inspector": "inspector",
}


def render(document: Any, output_format: str) -> str | bytes:  # noqa: ANN401 - a JSON document
    """The document (schema `sekisho.assessment/1`) in the format; the same document gives the same bytes.

    KeyError where the format is none of FORMATS.
    """
    module = import_module(f"{__name__}.{FORMATS[output_format]}")
    function: Callable[[Any], str | bytes] = getattr(module, _FUNCTIONS.get(output_format, "render"))
    return function(document)


_FUNCTIONS = {"csv": "findings", "verdicts-csv": "verdicts"}
