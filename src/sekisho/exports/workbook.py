"""An Excel workbook with summary, verdicts, findings and coverage."""

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from sekisho.errors import SekishoError

from . import facts, tables

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

_CELL_LIMIT = 32_767  # characters of a cell
_ROW_LIMIT = 1_048_575  # rows of a sheet below its names
_WIDTHS = {"title": 70, "why": 70, "description": 60, "recommendation": 60, "sources": 30, "rule": 40, "detail": 60}
_CREATED = datetime(1980, 1, 1)  # noqa: DTZ001 - the format has no time zones; the same document, the same bytes


def render(document: Any) -> bytes:  # noqa: ANN401 - a JSON document
    """The workbook as .xlsx. Cells are text and numbers, never formulas. SekishoError without the extra `xlsx`."""
    try:
        from xlsxwriter import Workbook  # noqa: PLC0415 - an extra
    except ImportError:
        raise SekishoError("-o xlsx needs the extra: pip install 'sekisho[xlsx]'") from None
    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(out, options)
    book.set_properties({"title": "Sekisho assessment", "created": _CREATED})
    _sheet(book, "Summary", ("what", "value"), _summary(document))
    _sheet(book, "Verdicts", tables.VERDICTS, tables.verdict_rows(document))
    _sheet(book, "Findings", [name for name, _ in tables.FINDINGS], tables.finding_rows(document))
    calls = ("call", "account", "region", "status", "records", "why")
    _sheet(book, "Coverage", calls, ([call[name] for name in calls] for call in document["coverage"]["calls"]))
    book.close()
    return out.getvalue()


def _summary(document: Any) -> Iterable[list[tables.Cell]]:  # noqa: ANN401 - a JSON document
    run, summary = document["run"], document["summary"]
    yield ["input digest", run["input_digest"]]
    yield ["collected", facts.collected(document) if run["collected_at"] else "not named by the snapshot"]
    yield ["sekisho", f"{run['version']}, semantics {run['semantics']}"]
    yield ["interfaces", summary["interfaces"]]
    yield ["addresses", summary["addresses"]]
    for origin, verdicts in summary["verdicts"].items():
        yield from ([f"{verdict} from {origin}", count] for verdict, count in verdicts.items())
    yield from ([f"findings, {severity}", count] for severity, count in summary["findings"].items())


def _sheet(book: "Workbook", name: str, names: Iterable[str], rows: Iterable[list[tables.Cell]]) -> None:
    sheet = book.add_worksheet(name)
    heads = list(names)
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet.write_row(0, 0, heads, bold)
    sheet.freeze_panes(1, 0)
    last = 0
    for last, row in enumerate(rows, 1):
        if last > _ROW_LIMIT:
            raise SekishoError(f"-o xlsx: a sheet holds {_ROW_LIMIT:,} rows, the assessment has more; use -o csv")
        _write(sheet, last, row)
    sheet.autofilter(0, 0, last, len(heads) - 1)
    for index, head in enumerate(heads):
        sheet.set_column(index, index, _WIDTHS.get(head, 22))


def _write(sheet: "Worksheet", line: int, row: list[tables.Cell]) -> None:
    for index, cell in enumerate(row):
        if isinstance(cell, str):
            sheet.write_string(line, index, facts.shortened(cell, _CELL_LIMIT))
        elif cell is not None:
            sheet.write_number(line, index, cell)
