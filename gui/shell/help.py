"""The user guide and what Overread is."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QKeySequence,
    QPalette,
    QShortcut,
    QShowEvent,
    QTextLength,
    QTextTable,
)
from PySide6.QtWidgets import QDialog, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from core.io.resource_paths import resource
from gui.shell.page_search import PageSearch

GUIDE = "guide.md"
_CELL_PADDING = 5
_ABOUT = """# Overread

Overread AI segmentations of brain MRI lesions: see where a model is wrong and prove that it
got better.

**Not for clinical use.** MIT licence. The bundled models were trained on the public LGG data
set (Buda, Saha, Mazurowski 2019; images of TCIA's TCGA-LGG collection) and are for
non-commercial research.
"""


class Page(QDialog):
    """Shows a page of Markdown; links between pages of the guide work, others open outside."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(760, 640)
        column = QVBoxLayout(self)
        self.browser = QTextBrowser()
        self.browser.setOpenExternalLinks(True)
        self.browser.setSearchPaths([str(resource("help"))])
        self.search = PageSearch(self.browser)
        column.addWidget(self.search)
        QShortcut(QKeySequence.StandardKey.Find, self, self.search.focus)
        column.addWidget(self.browser)
        close = QPushButton("Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.quieten_tables()

    def quieten_tables(self) -> None:
        """Draw tables with hairlines; Markdown gives them frames as strong as the text."""
        line = self.palette().color(QPalette.ColorRole.Mid)
        for frame in self.browser.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                shape = frame.format().toTableFormat()
                shape.setBorderBrush(line)
                shape.setCellPadding(_CELL_PADDING)
                shape.setBorderCollapse(True)
                shape.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
                frame.setFormat(shape)
        # Qt's layout would leave out what stands between two changed tables.
        document = self.browser.document()
        document.markContentsDirty(0, document.characterCount())


def show_guide(parent: QWidget) -> None:
    """Show the user guide."""
    _show("Overread: user guide", parent, _fill_guide)


def show_about(parent: QWidget) -> None:
    """Show what Overread is, who made its data, and what it is not for."""
    _show("About Overread", parent, _fill_about)


def _show(title: str, parent: QWidget, fill: Callable[[Page], None]) -> None:
    """Bring a page to the front: the one there is of that title, or a new one."""
    there = [page for page in parent.findChildren(Page) if page.windowTitle() == title]
    page = there[0] if there else Page(title, parent)
    if not there:
        fill(page)
    page.show()
    page.raise_()
    page.activateWindow()


def _fill_guide(page: Page) -> None:
    page.browser.setSource(QUrl.fromLocalFile(str(resource("help", GUIDE))))
    page.browser.sourceChanged.connect(page.quieten_tables)


def _fill_about(page: Page) -> None:
    page.resize(520, 320)
    page.search.hide()
    page.browser.setMarkdown(_ABOUT)
