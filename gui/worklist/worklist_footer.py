"""The foot of the worklist, and what stands in the list when nothing does."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from gui.widgets.icons import pixmap
from gui.widgets.labels import make_label, make_wrapped_label
from gui.widgets.palette import DARK, Theme
from gui.worklist.worklist_delegate import METER_HEIGHT, paint_meter
from gui.worklist.worklist_header import rule

_HEIGHT = 49
_EMPTY_ICON = 28


class WorklistFooter(QWidget):
    """Two texts over a thin bar; one short text in the rail."""

    def __init__(self) -> None:
        super().__init__()
        self._left = make_label("", "section")
        self._right = make_label("", "caption")
        self._short = make_label("", "value")
        self._short.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._meter = _Meter()
        self._texts = QHBoxLayout()
        self._texts.addWidget(self._left, 1)
        self._texts.addWidget(self._right)
        self._texts.addWidget(self._short, 1)
        self._inner = QVBoxLayout()
        self._inner.setSpacing(8)
        self._inner.addLayout(self._texts)
        self._inner.addWidget(self._meter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(rule())
        column.addLayout(self._inner, 1)
        self.setFixedHeight(_HEIGHT)
        self.set_compact(False)

    def set_texts(self, *, left: str, right: str, short: str, fraction: float) -> None:
        """Say how far the work is; `short` is for the rail."""
        self._left.setText(left)
        self._right.setText(right)
        self._short.setText(short)
        self._meter.set_fraction(fraction)
        self._say_tooltip()

    def set_compact(self, compact: bool) -> None:
        self._left.setVisible(not compact)
        self._right.setVisible(not compact)
        self._short.setVisible(compact)
        inset = 10 if compact else 14
        self._inner.setContentsMargins(inset, 9, inset - (0 if compact else 1), 10)
        self._say_tooltip()

    def set_theme(self, theme: Theme) -> None:
        self._meter.set_theme(theme)

    def _say_tooltip(self) -> None:
        hidden = self._left.isHidden()
        parts = [text for text in (self._left.text(), self._right.text()) if text]
        self.setToolTip(", ".join(parts) if hidden else "")


class _Meter(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._fraction = 0.0
        self._theme = DARK
        self.setFixedHeight(METER_HEIGHT)

    def set_fraction(self, fraction: float) -> None:
        self._fraction = fraction
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = (self._theme.bg4, self._theme.acc)
        paint_meter(painter, QRectF(self.rect()), self._fraction, colours)


class EmptyList(QWidget):
    """An icon, a title, a sentence and, where a filter hides the cases, a way out."""

    clear_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._icon = QLabel()
        self._title = make_label("", "section")
        self._sentence = make_wrapped_label("", "body")
        self._button = QPushButton("Clear the filter")
        self._button.clicked.connect(self.clear_requested)
        for label in (self._icon, self._title, self._sentence):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 40, 16, 16)
        column.setSpacing(0)
        column.addWidget(self._icon)
        column.addSpacing(16)
        column.addWidget(self._title)
        column.addSpacing(8)
        column.addWidget(self._sentence)
        column.addSpacing(20)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    def set_total(self, total: int, problem: str) -> None:
        """Say why nothing is listed: a filter over `total` cases, or no case at all.

        `problem` says what of the search is not understood.
        """
        if problem:
            self._title.setText("Not understood")
            self._sentence.setText(problem)
            self._button.setText("Clear the search")
            self._button.show()
            return
        self._button.setText("Clear the filter")
        cases = "the only case" if total == 1 else f"all {total} cases"
        self._title.setText("No case matches" if total else "No cases")
        self._sentence.setText(
            f"The filter hides {cases}." if total else "Open a dataset to list its cases."
        )
        self._button.setVisible(total > 0)

    def set_theme(self, theme: Theme) -> None:
        drawn = pixmap("search", theme.t3, _EMPTY_ICON, self.devicePixelRatioF())
        self._icon.setPixmap(drawn)
