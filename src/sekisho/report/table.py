"""An assessment or an explanation for the terminal, readable in 80 columns, with colour or without."""

from collections import Counter
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .english import ENGLISH
from .parts import Document
from .view import SYMBOLS, Cell, Line, flow_lines, headline, lines, opened, origins, visible
from .words import Words

_STYLES = {"reachable": "bold red", "unknown": "magenta", "forward-only": "yellow", "unreachable": "green"}
_SEVERITY_STYLES = {"High": "bold red", "Medium": "red", "Low": "yellow", "Informational": "dim"}
_MANY_LINES = 200
_ISSUES_SHOWN = 8
_SOURCES_SHOWN = 4
_GAP_STATUSES = ("failed", "incomplete", "not-read")


def print_assessment(document: Document, console: Console, words: Words = ENGLISH) -> None:
    """The headline, the verdict of every address by origin, findings by severity, and what was not covered."""
    words = words.of(document["scope"].get("direction", "ingress"))
    for sentence in headline(document, words):
        console.print(_text(sentence, "bold"))
    if document["verdicts"]:
        every_line = lines(document, words)
        shown = _worth_showing(every_line)
        console.print()
        console.print(_matrix(shown, document, words))
        if len(shown) < len(every_line):
            console.print(_text(words.text["left_out"].format(f"{len(every_line) - len(shown):,}"), "dim"))
        console.print()
        console.print(_legend(document, words))
    console.print()
    if document["scope"].get("direction") != "egress":
        console.print(_severities(document, words))
    console.print(_coverage(document, words))
    for warning in _warnings(document, words):
        console.print(_hanging("! ", _text(warning), "yellow"))


def print_explanation(document: Document, console: Console, words: Words = ENGLISH) -> None:
    """The answer in one sentence, the packets it holds for, the way there and back, and what stands in it."""
    verdict = document["verdict"]
    console.print(_text(_question(document["query"]), "dim"))
    console.print(_hanging(f"{SYMBOLS[verdict]} ", _text(words.answers[verdict], "bold"), _STYLES[verdict]))
    if document["latent"] not in {None, verdict}:
        console.print(_text(words.text["latent"].format(words.verdicts[document["latent"]]), "yellow"))
    _print_flows(document, console, words)
    for heading, key in (("hops_forward", "forward"), ("hops_return", "return")):
        _print_hops(words.text[heading], document[key], console)
    _print_barriers(document["barriers"], console, words)
    for heading in ("reasons", "assumptions", "relies_on_absent"):
        _print_list(words.text[heading], document[heading], console)


def _text(content: str, style: str = "") -> Text:
    """Plain text: nothing in it is read as markup, and control characters are spelled out."""
    return Text(visible(content), style)


def _hanging(mark: str, body: Text, style: str = "") -> Table:
    grid = Table.grid(padding=0)
    grid.add_column(width=len(mark), no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(mark, style), body)
    return grid


# The assessment --------------------------------------------------------------------------------------


def _worth_showing(every_line: tuple[Line, ...]) -> tuple[Line, ...]:
    """All lines, or where they are many only those that are not unreachable from everywhere."""
    if len(every_line) <= _MANY_LINES:
        return every_line
    return tuple(x for x in every_line if any(cell and cell.verdict != "unreachable" for cell in x.cells))


def _matrix(shown: tuple[Line, ...], document: Document, words: Words) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), leading=1)
    table.add_column(words.text["address"], overflow="fold", ratio=None, min_width=16)
    for origin in origins(document):
        table.add_column(words.origins[origin].heading, overflow="fold")
    for line in shown:
        table.add_row(_address(line), *(_cell(cell, words) for cell in line.cells))
    return table


def _address(line: Line) -> Text:
    ids = dict.fromkeys(part for part in (line.about, line.interface) if part and part != line.name)
    text = _text(line.name, "bold")
    text.append("\n" + visible(line.address))
    if line.public_address:
        text.append(f" → {visible(line.public_address)}")
    if ids:
        text.append("\n" + visible(" ".join(ids)), "dim")
    return text


def _cell(cell: Cell | None, words: Words) -> Text:
    if cell is None:
        return Text(f"- {words.text['no_way']}", "dim")
    text = Text(f"{cell.symbol} {cell.word}", _STYLES[cell.verdict])
    for more in (part for detail in cell.details for part in detail if part):
        text.append("\n" + visible(more), "default")
    return text


def _legend(document: Document, words: Words) -> Table:
    """What the symbols that occur mean, in one sentence each."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    occurring = {row["verdict"] for row in document["verdicts"]}
    for verdict, symbol in SYMBOLS.items():
        if verdict not in occurring:
            continue
        name = Text(f"{symbol} {words.cells[verdict]}", _STYLES[verdict])
        grid.add_row(name, Text(words.meanings[verdict], "dim"))
    return grid


def _severities(document: Document, words: Words) -> Text:
    counts = document["summary"]["findings"]
    text = Text(words.count("finding", sum(counts.values())), "bold")
    for position, (severity, number) in enumerate((s, n) for s, n in counts.items() if n):
        text.append(": " if position == 0 else ", ", "default")
        text.append(f"{number:,} {severity}", _SEVERITY_STYLES[severity])
    return text


def _coverage(document: Document, words: Words) -> Text:
    """How many of the interfaces were in scope, and how the calls were read."""
    population = document["coverage"]["population"]
    whole, scoped = (sum(p[key] for p in population) for key in ("interfaces", "interfaces_in_scope"))
    statuses = Counter(call["status"] for call in document["coverage"]["calls"])
    calls = ", ".join(f"{number:,} {words.call_statuses[status]}" for status, number in statuses.items())
    in_scope = words.text["in_scope_of"].format(f"{scoped:,}", words.count("interface", whole))
    return _text(f"{in_scope}; {words.text['calls']}: {calls}" if calls else in_scope)


def _warnings(document: Document, words: Words) -> list[str]:
    """What was not read as it should be, and what follows from it: calls with gaps, then issues."""
    coverage = document["coverage"]
    gaps = [call for call in coverage["calls"] if call["status"] in _GAP_STATUSES]
    found = [
        f"{call['call']} {words.call_statuses[call['status']]}{_place(call)}{': ' if call['why'] else ''}{call['why']}"
        for call in gaps
    ]
    found += [f"{item['component']}: {item['detail']}" for item in coverage["unmodelled"]]
    found += [
        f"{i['file']}{i['pointer'] and ' '}{i['pointer']}: {i['what']}; {i['effect']}" for i in coverage["issues"]
    ]
    hidden = len(found) - _ISSUES_SHOWN
    return [*found[:_ISSUES_SHOWN], *([words.count("more", hidden)] if hidden > 0 else [])]


def _place(call: Document) -> str:
    where = " ".join(part for part in (call["account"], call["region"]) if part)
    return f" ({where})" if where else ""


# The explanation -------------------------------------------------------------------------------------


def _question(query: Document) -> str:
    return ", ".join(f"{key} {_value(value)}" for key, value in query.items() if value not in {None, ""})


def _value(value: object) -> str:
    """A member of a query or rule on one line."""
    if isinstance(value, dict):
        return " ".join(f"{key}={_value(member)}" for key, member in value.items() if member is not None)
    if isinstance(value, list):
        return ",".join(map(_value, value))
    return str(value)


def _print_flows(document: Document, console: Console, words: Words) -> None:
    if not document["flows"] and not document["possible"]:
        return
    console.print()
    for flow in flow_lines(document, words):
        more = [
            words.breadth(flow.width),
            *([f"{words.text['via']} {', '.join(flow.via)}"] if flow.via else []),
            *flow.more,
        ]
        body = _text(f"{flow.protocol} {flow.ports}".rstrip(), "bold").append(
            visible("  " + "; ".join(more)), "default"
        )
        console.print(_hanging("  • ", body))
        if flow.width != "world":
            console.print(Padding(_text(_shortened(flow.sources, words), "dim"), (0, 0, 0, 4)))
    if document["possible"]:
        undecided = f"{words.text['possible']}: {opened(document['possible'], words)}"
        console.print(_hanging("  ? ", _text(undecided), "magenta"))


def _shortened(cidrs: Iterable[str], words: Words) -> str:
    every = tuple(cidrs)
    hidden = len(every) - _SOURCES_SHOWN
    shown = ", ".join(every[:_SOURCES_SHOWN])
    return f"{shown} {words.count('more', hidden)}" if hidden > 0 else shown


def _print_hops(heading: str, hops: list[Document], console: Console) -> None:
    if not hops:
        return
    console.print()
    console.print(_text(heading, "bold"))
    header: Document | None = None
    for number, hop in enumerate(hops, 1):
        style = "bold red" if hop["action"] == "deny" else ""
        body = _text(f"{hop['action']:9} {hop['component']}", style).append(visible(f" ({hop['kind']})"), "dim")
        if hop["header"] != header:
            body.append("\n" + visible(_header(hop["header"])), "default")
        if hop["rule"]:
            body.append("\n" + visible(_value(hop["rule"])), "dim")
        console.print(_hanging(f"{number:3} ", body))
        header = hop["header"]


def _header(header: Document) -> str:
    source, destination = (_end(header, side) for side in ("source", "destination"))
    kind = [f"type {header['icmp_type']} code {header.get('icmp_code', 0)}"] if "icmp_type" in header else []
    return " ".join([header["protocol"], *kind, source, "→", destination])


def _end(header: Document, side: str) -> str:
    port = header.get(f"{side}_port")
    address = header[side]
    if port is None:
        return str(address)
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _print_barriers(barriers: list[Document], console: Console, words: Words) -> None:
    if not barriers:
        return
    console.print()
    console.print(_text(words.text["barriers"], "bold"))
    for number, barrier in enumerate(barriers, 1):
        body = _text(words.barrier(barrier["code"], barrier["direction"]))
        known = barrier["component"] in barrier["detail"]
        body.append(
            "\n" + ("" if known else f"{visible(barrier['component'])}: ") + visible(barrier["detail"]), "default"
        )
        body.append(f"\n{visible(barrier['code'])}", "dim")
        for place in barrier["evidence"]:
            body.append(f"\n{visible(place['file'])} {visible(place['pointer'])}", "dim")
        console.print(_hanging(f"{number:3} ", body))


def _print_list(heading: str, sentences: list[str], console: Console) -> None:
    if not sentences:
        return
    console.print()
    console.print(_text(heading, "bold"))
    for sentence in sentences:
        console.print(_hanging("  • ", _text(sentence)))
