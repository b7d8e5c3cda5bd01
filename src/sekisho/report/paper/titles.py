"""A finding in one sentence of the reader's language. Rules keep the names that Inspector Classic gave them."""

from sekisho.report.parts import Document

from .blocks import LONGEST, told
from .brief import Brief


def title(finding: Document, brief: Brief) -> str:
    """What is open, on which instance, from where."""
    t, words = brief.words.text, brief.words.words
    origin = words.origins[finding["origin"]].phrase
    who = f"{brief.name_of(finding['interface'])} ({finding['instance']})"
    return t["finding_title"].format(who=told(who, LONGEST), what=opening(finding, brief), origin=origin)


def opening(finding: Document, brief: Brief) -> str:
    """`TCP 22 (SSH)`, or the ranges of a network exposure."""
    t = brief.words.text
    if finding["port"] is None:
        what = t["ports_open"].format(port_ranges(finding))
    else:
        service = f" ({finding['service']})" if finding["service"] else ""
        what = f"{(finding['protocol'] or '').upper()} {finding['port']}{service}"
    return what + (t["without_reply"] if not finding["reply"] else "")


def port_ranges(finding: Document, longest: int = 8) -> str:
    """`tcp 22, 80-443; udp 53`, shortened where there are many."""
    parts = []
    for protocol in ("tcp", "udp"):
        ranges = finding[f"{protocol}_ports"]
        if ranges:
            more = f", +{len(ranges) - longest}" if len(ranges) > longest else ""
            parts.append(f"{protocol} {', '.join(ranges[:longest])}{more}")
    return "; ".join(parts)
