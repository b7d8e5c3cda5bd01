"""JUnit XML: a suite for each origin, a test case for each interface address."""

import re
from typing import Any
from xml.etree import ElementTree as ET  # written, never read

from . import facts

# What XML 1.0 cannot hold, not even escaped (section 2.2).
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(document: Any) -> str:  # noqa: ANN401 - a JSON document
    """A case passes where the address is proven unreachable from the origin, fails where packets are delivered.

    `unknown` is an error: neither was shown.
    """
    root = ET.Element("testsuites", name="sekisho")
    origins: dict[str, list[Any]] = {}
    for row in document["verdicts"]:
        origins.setdefault(row["origin"], []).append(row)
    totals = [_suite(document, root, origin, rows) for origin, rows in origins.items()]
    for index, name in enumerate(("tests", "failures", "errors")):
        root.set(name, str(sum(total[index] for total in totals)))
    ET.indent(root)
    return "<?xml version='1.0' encoding='UTF-8'?>\n" + ET.tostring(root, encoding="unicode") + "\n"


def _suite(document: Any, root: ET.Element, origin: str, rows: list[Any]) -> tuple[int, int, int]:  # noqa: ANN401
    suite = ET.SubElement(root, "testsuite", name=f"reachability from {origin}", timestamp=facts.collected(document))
    failures = errors = 0
    for row in rows:
        named = ".".join(_clean(part) for part in (row["account"], row["region"], row["interface"]) if part)
        case = ET.SubElement(suite, "testcase", classname=named, name=_clean(f"{row['address']} from {origin}"))
        if row["verdict"] == "unreachable":
            continue
        undecided = row["verdict"] == "unknown"
        errors += undecided
        failures += not undecided
        told = ET.SubElement(case, "error" if undecided else "failure", type=row["verdict"])
        told.set("message", _clean(facts.why(document, row)))
    for name, value in (("tests", len(rows)), ("failures", failures), ("errors", errors)):
        suite.set(name, str(value))
    return len(rows), failures, errors


def _clean(value: object) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", str(value))
