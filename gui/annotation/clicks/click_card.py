"""The card over the image that says what the guided clicks in hand would change."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from core.domain.figure_text import MINUS, counted, figure
from gui.annotation.clicks.guided_clicks import GuidedFigures
from gui.widgets.labels import make_label

_WIDTH, _TOP, _RIGHT = 232, 92, 14


class ClickCard(QFrame):
    """Voxels and DSC of the slice, and voxels of the case; hidden while there are no clicks."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("ClickCard")
        self.setProperty("card", True)
        self.setFixedWidth(_WIDTH)
        self._title = make_label("", "section")
        self._voxels, self._dsc = make_label("", "body"), make_label("", "body")
        self._dsc.setWordWrap(True)  # the name of a label may be long
        self._case = make_label("", "caption")
        self._case.setWordWrap(True)
        self._note = make_label("", "caption")
        self._note.setWordWrap(True)
        self._image = parent
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(4)
        for part in (self._title, self._voxels, self._dsc, self._case, self._note):
            column.addWidget(part)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, line by line."""
        lines = (self._title, self._voxels, self._dsc, self._case, self._note)
        return "\n".join(line.text() for line in lines if line.text())

    def show_figures(self, figures: GuidedFigures | None) -> None:
        """Say what would change; None hides the card."""
        self.setVisible(figures is not None)
        if figures is None:
            return
        many = f"clicks 1 to {figures.clicks}" if figures.clicks > 1 else "click 1"
        self._title.setText(f"Preview, {many}")
        here = _change(figures.slice_added, figures.slice_taken)
        self._voxels.setText(f"{here} voxels on this slice")
        self._dsc.setVisible(figures.dsc is not None)
        if figures.dsc is not None:
            before, after = map(figure, figures.dsc)
            of = f" of {figures.dsc_of}" if figures.dsc_of else ""
            self._dsc.setText(f"DSC{of} {before} → {after} on this slice")
        whole = _change(figures.added, figures.taken)
        self._case.setText(f"Case: {whole} voxels, {counted(figures.slices, 'slice')}")
        self._note.setVisible(bool(figures.note))
        self._note.setText(figures.note)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        """Stand in the upper right corner of the image, below its words."""
        self.adjustSize()
        self.move(max(self._image.width() - _WIDTH - _RIGHT, 0), _TOP)
        self.raise_()


def _change(added: int, taken: int) -> str:
    return f"+{added:,} {MINUS}{taken:,}"
