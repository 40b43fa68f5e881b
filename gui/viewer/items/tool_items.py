"""What a tool shows on the slice before and while it is used: the brush's outline and a trace."""

from dataclasses import dataclass
from typing import Literal

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from gui.widgets.palette import HALO_ALPHA
from gui.widgets.theme import app_font

Sign = Literal["", "+", "−"]

_WIDTH = 1.4
_WHITE = "#ffffff"
_HALO = 1.0
_BAND_ALPHA = 0.45
_DASH = (6.0, 4.0)
_SIGN_ARM = 4.0
_SMALLEST_SIGNED = 9.0
_BESIDE = 11.0
_CORNER, _APART = 12.0, 6.0
_LABEL_HEIGHT, _LABEL_INSET, _LABEL_GAP, _LABEL_ALPHA = 20, 7, 4, 190
_FAR = QRectF(-1e5, -1e5, 2e5, 2e5)


class BrushCursor(pg.GraphicsObject):  # type: ignore[misc]
    """A circle of the brush's size under the pointer, with the sign of what a press will do.

    Without a radius the sign stands beside the pointer, alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self._centre: QPointF | None = None
        self._radius = self._high = 1.0
        self._sign: Sign = ""
        self._colour = ""
        self.setZValue(10)

    @property
    def centre(self) -> QPointF | None:
        """Where it is, in voxels; None for nowhere."""
        return self._centre

    @property
    def sign(self) -> Sign:
        """The sign that is shown; empty for none."""
        return self._sign if self._centre is not None else ""

    @property
    def colour(self) -> str:
        """What it is drawn in; empty for white."""
        return self._colour

    def place(
        self,
        centre: QPointF | None,
        radius: float,
        sign: Sign,
        *,
        high: float | None = None,
        colour: str = "",
    ) -> None:
        """Show it at `centre` in voxels, or nowhere; `radius` in columns, fractions count.

        It is `high` rows high to each side, as many as columns where nothing is said; white
        without a `colour`.
        """
        self.prepareGeometryChange()
        self._colour = colour
        self._centre, self._radius, self._sign = centre, radius, sign
        self._high = radius if high is None else high
        self.update()

    def boundingRect(self) -> QRectF:
        if self._centre is None:
            return QRectF()
        beside = (_BESIDE + _SIGN_ARM + 4.0) / max(abs(self.sceneTransform().m11()), 0.01)
        wide, high = (each + 4.0 if self._radius else beside for each in (self._radius, self._high))
        return QRectF(self._centre.x() - wide, self._centre.y() - high, 2 * wide, 2 * high)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._centre is None:
            return
        to_screen = painter.worldTransform()
        middle = to_screen.map(self._centre)
        # A voxel may be taller than wide, and the picture mirrored.
        radius, tall = self._radius * abs(to_screen.m11()), self._high * abs(to_screen.m22())
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        if radius:
            outline.addEllipse(middle, radius, tall)
        else:
            middle += QPointF(_BESIDE, -_BESIDE)
        if self._sign and (not radius or radius >= _SMALLEST_SIGNED):
            outline.moveTo(middle.x() - _SIGN_ARM, middle.y())
            outline.lineTo(middle.x() + _SIGN_ARM, middle.y())
            if self._sign == "+":
                outline.moveTo(middle.x(), middle.y() - _SIGN_ARM)
                outline.lineTo(middle.x(), middle.y() + _SIGN_ARM)
        _stroke(painter, outline, self._colour or _WHITE)
        painter.restore()


@dataclass(frozen=True, eq=False)
class TraceLine:
    """A line through `points` in voxels; an empty colour means white.

    With a `width`, in voxels, it is drawn as wide as that, and what is below shines through.
    """

    points: tuple[QPointF, ...]
    colour: str = ""
    width: float = 0.0
    dashed: bool = False


class Trace(pg.GraphicsObject):  # type: ignore[misc]
    """The line drawn so far by the lasso or the scribbles of the smart fill."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[TraceLine, ...] = ()
        self.setZValue(9)

    @property
    def lines(self) -> tuple[TraceLine, ...]:
        """The lines that are shown."""
        return self._lines

    def set_lines(self, lines: tuple[TraceLine, ...]) -> None:
        """Show other lines; none hides them."""
        self.prepareGeometryChange()
        self._lines = lines
        self.update()

    def boundingRect(self) -> QRectF:
        return _FAR if self._lines else QRectF()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        to_screen = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in self._lines:
            path = QPainterPath()
            path.addPolygon(QPolygonF([to_screen.map(point) for point in line.points]))
            if len(line.points) == 1 and line.width:  # a dot has no length to be drawn along
                path.lineTo(path.currentPosition() + QPointF(0.01, 0))
            if line.width:
                _band(painter, path, line.colour, line.width * to_screen.m11())
            else:
                _stroke(painter, path, line.colour or _WHITE, dashed=line.dashed)
        painter.restore()


class Marker(pg.GraphicsObject):  # type: ignore[misc]
    """Corners around a region, with a short text beside them."""

    def __init__(self) -> None:
        super().__init__()
        self._box: QRectF | None = None
        self._text = ""
        self._colour = _WHITE
        self.setZValue(8)

    @property
    def text(self) -> str:
        """What stands beside the region."""
        return self._text

    def place(self, box: tuple[int, int, int, int] | None, text: str, colour: str) -> None:
        """Show it around (y0, y1, x0, x1) in voxels, or nowhere."""
        self.prepareGeometryChange()
        self._text, self._colour = text, colour
        if box is None:
            self._box = None
        else:
            y0, y1, x0, x1 = box
            self._box = QRectF(x0, y0, x1 - x0, y1 - y0)
        self.update()

    def boundingRect(self) -> QRectF:
        return _FAR if self._box is not None else QRectF()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._box is None:
            return
        area = (
            painter.worldTransform().mapRect(self._box).adjusted(-_APART, -_APART, _APART, _APART)
        )
        painter.save()
        painter.resetTransform()
        path = QPainterPath()
        for x, along in ((area.left(), _CORNER), (area.right(), -_CORNER)):
            for y, down in ((area.top(), _CORNER), (area.bottom(), -_CORNER)):
                path.moveTo(x + along, y)
                path.lineTo(x, y)
                path.lineTo(x, y + down)
        _stroke(painter, path, self._colour)
        if self._text:
            view = area if widget is None else QRectF(widget.rect())
            _label(painter, self._text, self._colour, beside=area, inside=view)
        painter.restore()


def _band(painter: QPainter, path: QPainterPath, colour: str, width: float) -> None:
    tint = QColor(colour)
    tint.setAlphaF(_BAND_ALPHA)
    pen = QPen(tint, max(width, 1.0))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(path, pen)


def _label(painter: QPainter, text: str, colour: str, *, beside: QRectF, inside: QRectF) -> None:
    """Write on a ground of its own, above a frame, or below it where there is no room above."""
    painter.setFont(app_font(size_px=12, weight=600))
    size = painter.fontMetrics().boundingRect(text)
    plate = QRectF(0, 0, size.width() + 2 * _LABEL_INSET, _LABEL_HEIGHT)
    plate.moveBottomLeft(beside.topLeft() - QPointF(0, _LABEL_GAP))
    if plate.top() < inside.top():
        plate.moveTop(beside.bottom() + _LABEL_GAP)
    room = inside.adjusted(_LABEL_GAP, _LABEL_GAP, -_LABEL_GAP, -_LABEL_GAP)
    plate.moveLeft(max(min(plate.left(), room.right() - plate.width()), room.left()))
    plate.moveTop(max(min(plate.top(), room.bottom() - plate.height()), room.top()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, _LABEL_ALPHA))
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(QColor(colour))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)


def _stroke(
    painter: QPainter, path: QPainterPath, colour: str = _WHITE, *, dashed: bool = False
) -> None:
    halo = QColor(0, 0, 0)
    halo.setAlphaF(HALO_ALPHA)
    for tint, width in ((halo, _WIDTH + 2 * _HALO), (QColor(colour), _WIDTH)):
        pen = QPen(tint, width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        if dashed:
            pen.setDashPattern([length / width for length in _DASH])
        painter.strokePath(path, pen)
