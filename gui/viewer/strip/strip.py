"""The slice strip: areas and DSC of every slice below the image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from gui.viewer.strip.strip_data import AreaUnit, StripData, next_lesion, worst_slice
from gui.viewer.strip.strip_plot import StripPlot
from gui.widgets.icons import Tint, tinted_icon
from gui.widgets.labels import make_label
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS
from gui.widgets.segments import Segments
from gui.widgets.theme import OverlayColours, Theme, app_font
from gui.widgets.wheel_notches import WheelNotches

__all__ = ["AreaUnit", "SliceStrip", "StripData"]

_HEIGHT = 136
_COMPACT_HEIGHT = 112
_FILM_HEIGHT, _COMPACT_FILM_HEIGHT = 168, 136
_HEADER_HEIGHT = 29


class SliceStrip(QWidget):
    """A header with legend and jumps over a plot with a column a slice."""

    slice_chosen = Signal(int)
    scope_chosen = Signal()
    plane_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._data: StripData | None = None
        self._current = 0
        self._wheel = WheelNotches()
        self._compact = self._tall = False
        self._theme, self._overlays = DARK, DEFAULT_OVERLAYS
        self._plot = StripPlot()
        self._plot.slice_chosen.connect(self.slice_chosen)
        self._scope = Segments(("Predicted", "Corrected"), name="Bars of")
        self._scope.chosen.connect(lambda _: self.scope_chosen.emit())
        self._scope.hide()
        self._planes = Segments(("Axial", "Coronal", "Sagittal"), name="Slices of the plane")
        self._planes.chosen.connect(self.plane_chosen)
        self._legend = _Legend()
        self._worst = QPushButton("Worst slice")
        self._worst.setProperty("small", True)
        self._worst.setToolTip("Go to the slice with the most wrong area")
        self._worst.clicked.connect(self._on_worst_clicked)
        self._previous = _arrow("Previous slice with lesion")
        self._previous.clicked.connect(lambda: self._jump(-1))
        self._next = _arrow("Next slice with lesion")
        self._next.clicked.connect(lambda: self._jump(1))
        self._lay_out()
        self.set_compact(False)
        self.set_look(self._theme, self._overlays)
        self.set_data(None)

    @property
    def of_correction(self) -> bool:
        """True when the reader wants the bars of the correction, and there is one."""
        return not self._scope.isHidden() and self._scope.index == 1

    def offer_correction(self, there: bool) -> None:
        """Offer the bars of a correction beside those of the prediction, and show them first."""
        if there and self._scope.isHidden():
            self._scope.set_index(1)
        self._scope.setVisible(there)

    def set_planes(self, titles: Sequence[str], index: int) -> None:
        """Call the planes so, and mark the one whose slices are shown."""
        with QSignalBlocker(self._planes):
            self._planes.set_titles(titles)
            self._planes.set_index(index)

    def go_to_worst(self) -> None:
        """Ask for the slice with the most wrong area; nothing where none is wrong."""
        self._on_worst_clicked()

    def set_data(self, data: StripData | None) -> None:
        """Show the slices of a case, or none."""
        self._data = data
        self._plot.set_data(data)
        self._legend.set_areas(
            truth=data is None or data.truth, marked="Predicted" if data is None else data.marked
        )
        self._worst.setEnabled(data is not None and worst_slice(data) is not None)
        self._enable_jumps()

    def set_current(self, index: int) -> None:
        """Mark the slice on screen, by position."""
        self._current = index
        self._plot.set_current(index)
        self._enable_jumps()

    def set_compact(self, compact: bool) -> None:
        """Take less height, for small windows."""
        self._compact = compact
        self._fit()

    def set_tall(self, tall: bool) -> None:
        """Be as high as the film of carried clicks, so that nothing moves when that comes."""
        self._tall = tall
        self._fit()

    def _fit(self) -> None:
        plain = (_HEIGHT, _COMPACT_HEIGHT)
        heights = (_FILM_HEIGHT, _COMPACT_FILM_HEIGHT) if self._tall else plain
        self.setFixedHeight(heights[int(self._compact)])

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme, self._overlays = theme, overlays
        self._plot.set_look(theme, overlays)
        self._legend.set_look(theme, overlays)
        for button, name in ((self._previous, "chevron-left"), (self._next, "chevron-right")):
            button.setIcon(tinted_icon(name, tint=Tint.of(theme), size=16))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Move one slice a notch: away from the reader goes back, towards goes on."""
        event.accept()
        notches = self._wheel.turn(event.angleDelta().y())
        if self._data is None or notches == 0:
            return
        target = min(max(self._current - notches, 0), self._data.count - 1)
        if target not in {self._current, -1}:
            self.slice_chosen.emit(target)

    def _lay_out(self) -> None:
        header = QWidget()
        header.setFixedHeight(_HEADER_HEIGHT)
        row = QHBoxLayout(header)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(0)
        row.addWidget(make_label("Slices", "section"))
        row.addSpacing(12)
        row.addWidget(self._planes)
        row.addSpacing(8)
        row.addWidget(self._scope)
        row.addSpacing(12)
        row.addStretch(1)
        row.addWidget(self._legend)
        row.addSpacing(16)
        row.addWidget(self._worst)
        row.addSpacing(4)
        row.addWidget(self._previous)
        row.addWidget(self._next)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 1, 0, 0)
        column.setSpacing(0)
        column.addWidget(header)
        column.addWidget(self._plot, 1)

    def _enable_jumps(self) -> None:
        for button, step in ((self._previous, -1), (self._next, 1)):
            button.setEnabled(self._lesion(step) is not None)

    def _lesion(self, step: int) -> int | None:
        return None if self._data is None else next_lesion(self._data, self._current, step)

    def _jump(self, step: int) -> None:
        index = self._lesion(step)
        if index is not None:
            self.slice_chosen.emit(index)

    def _on_worst_clicked(self) -> None:
        index = None if self._data is None else worst_slice(self._data)
        if index is not None:
            self.slice_chosen.emit(index)


def _arrow(name: str) -> QToolButton:
    button = QToolButton()
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


@dataclass(frozen=True, slots=True)
class _Entry:
    title: str
    colour: str
    mark: Literal["area", "line"]

    @property
    def mark_width(self) -> int:
        return 8 if self.mark == "area" else 18


class _Legend(QWidget):
    _MARK_GAP = 6
    _ENTRY_GAP, _LEAST_GAP = 16, 8

    def __init__(self) -> None:
        super().__init__()
        self._theme, self._overlays = DARK, DEFAULT_OVERLAYS
        self._truth, self._marked = True, "Predicted"
        self._entries: tuple[_Entry, ...] = ()
        self.setFont(app_font(size_px=11))
        self._rebuild()

    def set_areas(self, *, truth: bool, marked: str) -> None:
        self._truth, self._marked = truth, marked
        self._rebuild()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme, self._overlays = theme, overlays
        self._rebuild()

    def sizeHint(self) -> QSize:
        return self._size(self._ENTRY_GAP)

    def minimumSizeHint(self) -> QSize:
        return self._size(self._LEAST_GAP)

    def _size(self, gap: int) -> QSize:
        """Return the size with that much room between entries."""
        metrics = QFontMetricsF(self.font())
        widths = [
            entry.mark_width + self._MARK_GAP + metrics.horizontalAdvance(entry.title)
            for entry in self._entries
        ]
        return QSize(round(sum(widths)) + gap * (len(widths) - 1) + 1, _HEADER_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, lacking = 0.0, max(self.sizeHint().width() - self.width(), 0)
        gap = self._ENTRY_GAP - lacking / max(len(self._entries) - 1, 1)
        for entry in self._entries:
            self._paint_mark(painter, entry, x)
            x += entry.mark_width + self._MARK_GAP
            painter.setPen(QColor(self._theme.t2))
            room = QRectF(x, 0, self.width() - x, self.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, entry.title)
            x += QFontMetricsF(self.font()).horizontalAdvance(entry.title) + gap

    def _paint_mark(self, painter: QPainter, entry: _Entry, x: float) -> None:
        middle = self.height() / 2
        painter.setBrush(QColor(entry.colour))
        if entry.mark == "area":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(QRectF(x, middle - 4, 8, 8), 2, 2)
            return
        painter.setPen(QPen(QColor(entry.colour), 1.5))
        painter.drawLine(QPointF(x, middle), QPointF(x + entry.mark_width, middle))
        painter.drawEllipse(QPointF(x + entry.mark_width / 2, middle), 2.25, 2.25)

    def _rebuild(self) -> None:
        overlays = self._overlays
        if self._truth:
            self._entries = (
                _Entry("True positive", overlays.true_positive, "area"),
                _Entry("False positive", overlays.false_positive, "area"),
                _Entry("False negative", overlays.false_negative, "area"),
                _Entry("DSC", self._theme.t1, "line"),
            )
        else:
            corrected = self._marked == "Corrected"
            colour = overlays.correction if corrected else overlays.prediction
            self._entries = (_Entry(self._marked, colour, "area"),)
        self.setAccessibleName("Legend: " + ", ".join(entry.title for entry in self._entries))
        self.updateGeometry()
        self.update()
