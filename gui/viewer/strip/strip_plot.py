"""The plot of the slice strip: a column a slice, chosen by pointer or key."""

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from gui.viewer.strip.strip_data import StripData, slice_sentence
from gui.viewer.strip.strip_painter import StripGeometry, StripPainter, axis_font, numbered, plan
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS
from gui.widgets.theme import OverlayColours, Theme

_PILL_RADIUS = 4.5
_NO_CASE = "Slices stand here once a case is open."
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class StripPlot(QWidget):
    """Bars of area and a line of DSC; what does not depend on the slice on screen is kept."""

    slice_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: StripData | None = None
        self._current = 0
        self._hovered: int | None = None
        self._dragged: int | None = None
        self._theme = DARK
        self._overlays = DEFAULT_OVERLAYS
        self._layer: QPixmap | None = None
        self._geometry: StripGeometry | None = None
        self._numbers: list[QRectF] = []
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Slices")

    @property
    def geometry_of_columns(self) -> StripGeometry | None:
        """Where the columns lie; None without slices."""
        if self._data is None or self._data.count == 0:
            return None
        if self._geometry is None:
            self._geometry = plan(self._data, self.width(), self.height())
        return self._geometry

    def set_data(self, data: StripData | None) -> None:
        if data == self._data:
            return
        self._data = data
        self._hovered = self._dragged = None
        self._redraw()

    def set_current(self, index: int) -> None:
        self._current = index
        self._describe()
        self.update()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme, self._overlays = theme, overlays
        self._redraw()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._index_under(event.pos().x())
            text = slice_sentence(self._data, index) if self._data and index is not None else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_under(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self._choose(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        geometry = self.geometry_of_columns
        if self._dragged is not None and geometry is not None:
            index = geometry.index_at(event.position().x())
            if index != self._dragged:
                self._choose(index)
        self._hover(self._index_under(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        del event
        self._dragged = None

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        count = self._data.count if self._data else 0
        targets: dict[int, int] = {key: self._current + step for key, step in _STEPS.items()}
        targets |= {Qt.Key.Key_Home: 0, Qt.Key.Key_End: count - 1}
        target = targets.get(event.key())
        if target is None:
            super().keyPressEvent(event)
        elif 0 <= target < count and target != self._current:
            self.slice_chosen.emit(target)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._redraw()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.bg1))
        geometry = self.geometry_of_columns
        if self._data is None or geometry is None:
            painter.setFont(axis_font())
            painter.setPen(QColor(self._theme.t3))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, _NO_CASE)
        else:
            self._paint_columns(painter, self._data, geometry)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.acc), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _paint_columns(self, painter: QPainter, data: StripData, geometry: StripGeometry) -> None:
        if self._hovered is not None:
            painter.fillRect(geometry.column(self._hovered), QColor(self._theme.bg3))
        shown = 0 <= self._current < data.count
        if shown:
            painter.fillRect(geometry.column(self._current), QColor(self._theme.accsoft))
        ratio = self.devicePixelRatioF()
        if self._layer is None or self._layer.devicePixelRatio() != ratio:
            self._layer = self._drawn(data, geometry, ratio)
        painter.drawPixmap(0, 0, self._layer)
        if shown:
            self._paint_pill(painter, data, geometry)

    def _paint_pill(self, painter: QPainter, data: StripData, geometry: StripGeometry) -> None:
        font = axis_font(bold=True)
        metrics = QFontMetricsF(font)
        text = str(data.slice_numbers[self._current])
        pill = geometry.number_box(self._current, metrics.horizontalAdvance(text) + 10)
        for box in self._numbers:
            if box.intersects(pill.adjusted(-2, 0, 2, 0)):
                painter.fillRect(box, QColor(self._theme.bg1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.acc))
        painter.drawRoundedRect(pill, _PILL_RADIUS, _PILL_RADIUS)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.bg1))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _drawn(self, data: StripData, geometry: StripGeometry, ratio: float) -> QPixmap:
        layer = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        layer.setDevicePixelRatio(ratio)
        layer.fill(Qt.GlobalColor.transparent)
        painter = QPainter(layer)
        StripPainter(data, geometry).paint(painter, self._theme, self._overlays)
        painter.end()
        width = QFontMetricsF(axis_font(bold=True)).horizontalAdvance
        self._numbers = [
            geometry.number_box(index, width(str(data.slice_numbers[index])) + 2)
            for index in numbered(data, geometry)
        ]
        return layer

    def _redraw(self) -> None:
        self._layer = self._geometry = None
        self._describe()
        self.update()

    def _describe(self) -> None:
        known = self._data is not None and 0 <= self._current < self._data.count
        text = slice_sentence(self._data, self._current) if self._data and known else _NO_CASE
        self.setAccessibleDescription(text)

    def _index_under(self, x: float) -> int | None:
        geometry = self.geometry_of_columns
        if geometry is None or not geometry.left <= x < geometry.right:
            return None
        return geometry.index_at(x)

    def _hover(self, index: int | None) -> None:
        if index != self._hovered:
            self._hovered = index
            self.update()

    def _choose(self, index: int) -> None:
        self._dragged = index
        self.slice_chosen.emit(index)
