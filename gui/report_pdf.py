"""A report's HTML as a PDF through Qt; usable on a worker."""

from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextCursor,
    QTextDocument,
    QTextImageFormat,
)

from core.errors import WorkspaceError
from core.files.atomic import atomic_path
from core.progress import Progress, silent
from gui.theme import app_font

_WIDTH = 1120.0
"""Pixels of the report across a page; a page is as wide as the HTML at its widest."""

_DPI = 300
_MARGIN_MM = 12.0
_FOOT = 24.0
_CASE_PICTURE, _CHART = 330.0, 500.0


def write_pdf(path: Path, text: str, *, title: str, progress: Progress = silent) -> int:
    """Write HTML as A4 pages across and return their number; atomic.

    `progress` may raise `Cancelled` between pages; then `path` stays as it was. Raises
    `WorkspaceError` when the system refuses the write.
    """
    with atomic_path(path) as temporary:
        writer = QPdfWriter(str(temporary))
        writer.setTitle(title)
        writer.setCreator("Overread")
        writer.setResolution(_DPI)
        margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
        landscape = QPageLayout.Orientation.Landscape
        unit = QPageLayout.Unit.Millimeter
        writer.setPageLayout(
            QPageLayout(QPageSize(QPageSize.PageSizeId.A4), landscape, margins, unit)
        )
        painter = QPainter()
        if not painter.begin(writer):
            raise WorkspaceError(
                f"{path}: expected a file that can be written, found one that cannot. "
                "Choose another folder."
            )
        try:
            return _paint(painter, writer, text, progress)
        finally:
            painter.end()


def _paint(painter: QPainter, writer: QPdfWriter, text: str, progress: Progress) -> int:
    scale = writer.width() / _WIDTH
    height = writer.height() / scale - _FOOT
    document = _document(text, QSizeF(_WIDTH, height))
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


def _document(text: str, page: QSizeF) -> QTextDocument:
    document = QTextDocument()
    document.setUndoRedoEnabled(False)
    document.setDocumentMargin(0)
    document.setDefaultFont(app_font(size_px=13))
    document.setHtml(text)
    _fit_images(document)
    document.setPageSize(page)
    return document


def _fit_images(document: QTextDocument) -> None:
    """Give every picture the width it has in a browser: Qt knows no style of one."""
    block = document.begin()
    while block.isValid():
        found = []
        fragments = block.begin()
        while not fragments.atEnd():
            fragment = fragments.fragment()
            if fragment.charFormat().isImageFormat():
                found.append((fragment.position(), fragment.charFormat().toImageFormat()))
            fragments += 1
        for position, image in found:
            _fit(document, position, image)
        block = block.next()


def _fit(document: QTextDocument, position: int, image: QTextImageFormat) -> None:
    loaded = document.resource(QTextDocument.ResourceType.ImageResource.value, image.name())
    if loaded is None or loaded.isNull():
        return
    chart = loaded.width() > loaded.height() * 1.2 or loaded.width() == 540
    wanted = min(_CHART if chart else _CASE_PICTURE, float(loaded.width()))
    image.setWidth(wanted)
    image.setHeight(wanted * loaded.height() / loaded.width())
    cursor = QTextCursor(document)
    cursor.setPosition(position)
    cursor.setPosition(position + 1, QTextCursor.MoveMode.KeepAnchor)
    cursor.setCharFormat(image)
