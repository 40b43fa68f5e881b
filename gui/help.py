"""The user guide, the shortcut sheet and what Overread is."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QPalette, QTextLength, QTextTable
from PySide6.QtWidgets import QDialog, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from core.resource_paths import resource
from gui.actions import shortcut_rows

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
        column.addWidget(self.browser)
        close = QPushButton("Close")
        close.clicked.connect(self.reject)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)

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


def guide(parent: QWidget) -> Page:
    """Return the user guide."""
    page = Page("Overread: user guide", parent)
    page.browser.setSource(QUrl.fromLocalFile(str(resource("help", GUIDE))))
    page.quieten_tables()
    page.browser.sourceChanged.connect(page.quieten_tables)
    return page


def shortcut_sheet(parent: QWidget) -> Page:
    """Return the sheet of all keys, made from the table of commands."""
    page = Page("Keyboard and mouse", parent)
    rows = shortcut_rows()
    lines: list[str] = []
    for group in dict.fromkeys(row[0] for row in rows):
        lines += [f"\n## {group}\n", "| Command | Keys |", "|---|---|"]
        lines += [f"| {text} | {_cell(keys)} |" for part, text, keys in rows if part == group]
    page.browser.setMarkdown("\n".join(lines))
    page.quieten_tables()
    return page


def about(parent: QWidget) -> Page:
    """Return what Overread is, who made its data, and what it is not for."""
    page = Page("About Overread", parent)
    page.resize(520, 320)
    page.browser.setMarkdown(_ABOUT)
    return page


def _cell(keys: str) -> str:
    return keys.replace("|", "\\|").replace("PgDown", "PgDn")
