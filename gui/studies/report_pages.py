"""Lays a report's HTML out on pages, as a program of its own.

python -m gui.studies.report_pages OUT TITLE  < HTML  > how far it is, a share a line
"""

import re
import sys
from itertools import count
from pathlib import Path

from PySide6.QtCore import QBuffer, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)

from core.domain.errors import WorkspaceError, reason
from core.domain.progress import Progress, silent
from gui.widgets.theme import app_font

_WIDTH = 1300.0
"""Pixels of the report across a page, wide enough for the table of all cases."""

_DPI = 300
_MARGIN_MM = 12.0
_FOOT = 24.0
_CASE_PICTURE, _CHART = 290, 330
_CASES_A_PAGE = 2
_FIGURES = re.compile(r"(?:<figure class=\"\w+\">.*?</figure>\s*)+", re.DOTALL)
_BODY = re.compile(r"<figure[^>]*>(.*?)</figure>", re.DOTALL)
_CASES = re.compile(r"<section id=\"(?:cases|figures)\">.*?</section>", re.DOTALL)
_BREAK = 'style="page-break-before: always"'


def write_pages(path: Path, text: str, *, title: str, progress: Progress = silent) -> int:
    """Paint HTML as A4 pages across into `path` and return their number.

    Raises `WorkspaceError` when the file cannot be written.
    """
    # Into memory first: on a full disk Qt writes what fits, and does not say so.
    device = QBuffer()
    device.open(QBuffer.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(device)
    writer.setTitle(title)
    writer.setCreator("Overread")
    writer.setResolution(_DPI)
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    landscape, unit = QPageLayout.Orientation.Landscape, QPageLayout.Unit.Millimeter
    writer.setPageLayout(QPageLayout(QPageSize(QPageSize.PageSizeId.A4), landscape, margins, unit))
    painter = QPainter()
    if not painter.begin(writer):
        raise WorkspaceError(
            f"{path.name}: expected a file that can be written, found one that cannot. "
            "Choose another folder."
        )
    try:
        pages = _paint(painter, writer, text, progress)
    finally:
        painter.end()
    try:
        path.write_bytes(device.data().data())
    except OSError as error:
        raise WorkspaceError(
            f"the file could not be written ({reason(error)}); free some space, or choose another "
            "folder"
        ) from error
    return pages


def _paint(painter: QPainter, writer: QPdfWriter, text: str, progress: Progress) -> int:
    scale = writer.width() / _WIDTH
    height = writer.height() / scale - _FOOT
    document = lay_out(text, QSizeF(_WIDTH, height))
    pages = document.pageCount()
    for page in range(pages):
        progress(page / pages, f"page {page + 1} of {pages}")
        if page:
            writer.newPage()
        painter.save()
        painter.scale(scale, scale)
        painter.translate(0, -page * height)
        document.drawContents(painter, QRectF(0, page * height, _WIDTH, height))
        painter.translate(0, page * height)
        painter.setFont(app_font(size_px=12))
        painter.setPen(QColor("#5c6672"))
        foot = QRectF(0, height, _WIDTH, _FOOT)
        painter.drawText(foot, Qt.AlignmentFlag.AlignBottom, "Not for clinical use")
        right = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight
        painter.drawText(foot, right, f"{page + 1} / {pages}")
        painter.restore()
    return pages


def lay_out(text: str, page: QSizeF) -> QTextDocument:
    document = QTextDocument()
    document.setUndoRedoEnabled(False)
    document.setDocumentMargin(0)
    document.setDefaultFont(app_font(size_px=13))
    document.setHtml(_FIGURES.sub(_in_a_table, _CASES.sub(_on_own_pages, text)))
    document.setPageSize(page)
    _keep_headings(document)
    return document


def _keep_headings(document: QTextDocument) -> None:
    """Begin a page with each heading that would stand alone at the foot of the page before."""
    for _ in range(document.blockCount()):
        heading = _lonely_heading(document)
        if heading is None:
            return
        shape = heading.blockFormat()
        shape.setPageBreakPolicy(QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
        QTextCursor(heading).setBlockFormat(shape)
        # Laid out anew only from there, Qt leaves lines of what follows out.
        document.markContentsDirty(0, document.characterCount())


def _lonely_heading(document: QTextDocument) -> QTextBlock | None:
    """Return the first of headings that follow each other and whose text is on the next page."""
    height, layout = document.pageSize().height(), document.documentLayout()

    def page_of(block: QTextBlock) -> int:
        return int(layout.blockBoundingRect(block).top() // height)

    first: QTextBlock | None = None
    block = document.begin()
    while block.isValid():
        if block.blockFormat().headingLevel():
            first = block if first is None else first
        elif block.length() > 1:
            if first is not None and page_of(first) < page_of(block) and not _breaks(first):
                return first
            first = None
        block = block.next()
    return None


def _breaks(block: QTextBlock) -> bool:
    always = QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore
    return bool(block.blockFormat().pageBreakPolicy() & always)


def _on_own_pages(section: re.Match[str]) -> str:
    """Begin a page for figures, for every group of cases, and for every few cases in it."""
    groups = section.group(0).split("<h2>")
    return f"<h2 {_BREAK}>".join([groups[0], *(_broken(group) for group in groups[1:])])


def _broken(group: str) -> str:
    number = count()
    return re.sub(
        "<h3>",
        lambda _: f"<h3 {_BREAK}>" if (n := next(number)) and n % _CASES_A_PAGE == 0 else "<h3>",
        group,
    )


def _in_a_table(run: re.Match[str]) -> str:
    """Return figures that follow each other as cells of a table: Qt lays out no figure."""
    chart = run.group(0).startswith('<figure class="chart"')
    columns, width = (3, _CHART) if chart else (4, _CASE_PICTURE)
    plain = run.group(0).replace("<img ", f"<img width={width} ").replace("<figcaption>", "<br>")
    cells = [f"<td>{body}</td>" for body in _BODY.findall(plain)]
    rows = [cells[n : n + columns] for n in range(0, len(cells), columns)]
    lines = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<table cellpadding="6">{lines}</table>'


def main(arguments: list[str]) -> int:
    """Read HTML and write the PDF; returns the exit status."""
    out, title = arguments
    application = QGuiApplication([])
    text = sys.stdin.buffer.read().decode()

    def report(fraction: float, message: str) -> None:
        del message
        sys.stdout.write(f"{fraction:.4f}\n")
        sys.stdout.flush()

    try:
        write_pages(Path(out), text, title=title, progress=report)
    except WorkspaceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
