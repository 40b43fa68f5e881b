"""The card over the image that says what the guided clicks in hand would change."""

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from core.domain.figure_text import MINUS, counted, figure
from gui.annotation.guided_clicks import ClickLine, GuidedFigures
from gui.widgets.labels import make_label

_WIDTH, _TOP, _RIGHT = 232, 92, 14
_MOST_ROWS = 5


class ClickCard(QFrame):
    """Voxels, DSC and the clicks themselves, newest first; hidden while there are none.

    `remove_asked` names a click by its position, counted from 0.
    """

    remove_asked = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("ClickCard")
        self.setProperty("card", True)
        self.setFixedWidth(_WIDTH)
        self._title = make_label("", "section")
        self._voxels, self._dsc = make_label("", "body"), make_label("", "body")
        self._case = make_label("", "caption")
        self._case.setWordWrap(True)
        self._note = make_label("", "caption")
        self._note.setWordWrap(True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self._shown: tuple[ClickLine, ...] = ()
        self._image = parent
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(4)
        for part in (self._title, self._voxels, self._dsc, self._case, self._note):
            column.addWidget(part)
        column.addLayout(self._rows)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, line by line."""
        lines = (self._title, self._voxels, self._dsc, self._case, self._note)
        said = [line.text() for line in lines if line.text()]
        return "\n".join([*said, *(row_text(row) for row in self._shown)])

    def show_figures(self, figures: GuidedFigures | None) -> None:
        """Say what would change; None hides the card."""
        self.setVisible(figures is not None)
        if figures is None:
            return
        many = f"clicks 1 to {len(figures.rows)}" if len(figures.rows) > 1 else "click 1"
        self._title.setText(f"Preview, {many}")
        here = _change(figures.slice_added, figures.slice_taken)
        self._voxels.setText(f"{here} voxels on this slice")
        self._dsc.setVisible(figures.dsc is not None)
        if figures.dsc is not None:
            before, after = map(figure, figures.dsc)
            self._dsc.setText(f"DSC {before} → {after} on this slice")
        whole = _change(figures.added, figures.taken)
        self._case.setText(f"Case: {whole} voxels, {counted(figures.slices, 'slice')}")
        self._note.setVisible(bool(figures.note))
        self._note.setText(figures.note)
        self._show_rows(figures.rows[::-1][:_MOST_ROWS])
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _show_rows(self, rows: tuple[ClickLine, ...]) -> None:
        if rows == self._shown:
            return
        self._shown = rows
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row in rows:
            part = self._row(row)
            self._rows.addWidget(part)
            part.show()  # what is not shown yet gets no room when the card is sized

    def _row(self, row: ClickLine) -> QWidget:
        part = QWidget()
        line = QHBoxLayout(part)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(make_label(row_text(row), "caption"), 1)
        button = QToolButton()
        button.setText("×")
        button.setToolTip(f"Take click {row.number} back")
        button.setAccessibleName(f"Take click {row.number} back")
        button.clicked.connect(lambda: self.remove_asked.emit(row.number - 1))
        line.addWidget(button)
        return part

    def _place(self) -> None:
        """Stand in the upper right corner of the image, below its words."""
        self.adjustSize()
        self.move(max(self._image.width() - _WIDTH - _RIGHT, 0), _TOP)
        self.raise_()


def row_text(row: ClickLine) -> str:
    """Return a click in a line: its number, what it does, where, and how many voxels it changed."""
    verb = "Add" if row.adds else "Take away"
    changed = "…" if row.voxels is None else f"{row.voxels:+,}".replace("-", MINUS)
    return f"{row.number}  {verb}, {row.where}  {changed}"


def _change(added: int, taken: int) -> str:
    return f"+{added:,} {MINUS}{taken:,}"
