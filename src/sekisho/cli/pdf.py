"""A report as PDF/A, set with Typst in the font of a package: no font of the system, the same bytes everywhere."""

from typing import TYPE_CHECKING, Any

from sekisho.errors import QueryError

if TYPE_CHECKING:
    from sekisho.report.paper.blocks import Paper


def to_pdf(paper: "Paper") -> bytes:
    """The report: tagged, with bookmarks and page numbers. QueryError where what makes PDFs is not installed."""
    try:
        import pylopdf_fonts_jp  # noqa: PLC0415 - an extra, and large
        import typst  # noqa: PLC0415
    except ImportError:
        raise QueryError("PDF reports need the extra `pdf`: pip install 'sekisho[pdf]'") from None
    from sekisho.report.paper.pdf import STANDARD, data, template  # noqa: PLC0415

    font = pylopdf_fonts_jp.sans_path()
    compiled: Any = typst.compile  # its annotations ask for a root of the type of the input
    made: bytes = compiled(
        template(),
        root=str(font.parent),
        font_paths=[str(font.parent)],
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=[STANDARD],
        sys_inputs={"paper": data(paper, font.read_bytes())},
        timestamp=paper.moment,
    )
    return made
