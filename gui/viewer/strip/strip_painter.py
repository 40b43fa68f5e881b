"""How the slice strip is drawn: where its columns lie, and the part that seldom changes."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen

from gui.viewer.strip.strip_data import StripData, area_text, axis_top
from gui.widgets.theme import OverlayColours, Theme, app_font

_TOP = 6
_BASE_FROM_BOTTOM = 22
_NUMBERS_FROM_BOTTOM = 11
_LEFT = 56
_RIGHT = 43
_AXIS_GAP = 8
_TRIAGE_HEIGHT = 3
_BAR_WIDTH = 22
_BAR_SHARE = 0.54
_NUMBER_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True, slots=True)
class StripGeometry:
    """Where `count` columns lie in a plot of `width` by `height` logical pixels."""

    width: int
    height: int
    count: int
    left: int

    @property
    def right(self) -> int:
        """The end of the columns."""
        return self.width - _RIGHT

    @property
    def base(self) -> int:
        """The line on which the bars stand."""
        return self.height - _BASE_FROM_BOTTOM

    @property
    def pitch(self) -> float:
        """The width of a column."""
        return max(self.right - self.left, 1) / max(self.count, 1)

    def centre(self, index: int) -> float:
        """Return the middle of a column."""
        return self.left + (index + 0.5) * self.pitch

    def column(self, index: int) -> QRectF:
        """Return the area of a column above the base, never thinner than can be seen."""
        width = max(self.pitch, 3.0)
        return QRectF(self.centre(index) - width / 2, 0, width, self.base)

    def bar(self, index: int, *, bottom: float, top: float) -> QRectF:
        """Return a part of a bar between two shares of the plot's height, on whole pixels."""
        width = max(1, min(_BAR_WIDTH, round(self.pitch * _BAR_SHARE)))
        high, low = round(self.at(top)), round(self.at(bottom))
        return QRectF(round(self.centre(index) - width / 2), high, width, low - high)

    def number_box(self, index: int, width: float, height: float = 16) -> QRectF:
        """Return the box of the number below a column."""
        box = QRectF(0, 0, width, height)
        box.moveCenter(QPointF(self.centre(index), self.height - _NUMBERS_FROM_BOTTOM))
        return box

    def at(self, share: float) -> float:
        """Return the height of a share of the plot, 0 at the base and 1 at the top."""
        return self.base - share * (self.base - _TOP)

    def index_at(self, x: float) -> int:
        """Return the column at `x`, the first or last one outside."""
        return min(max(int((x - self.left) // self.pitch), 0), self.count - 1)


def plan(data: StripData, width: int, height: int) -> StripGeometry:
    """Return the geometry that leaves room for the labels of the area axis."""
    label = _area_label(data, axis_top(data))
    room = round(QFontMetricsF(axis_font()).horizontalAdvance(label)) + _AXIS_GAP + _AXIS_GAP
    return StripGeometry(width, height, data.count, max(_LEFT, room))


@cache
def axis_font(*, bold: bool = False) -> QFont:
    """Return the font of axes and slice numbers."""
    return app_font(size_px=11, weight=600 if bold else 400)


def numbered(data: StripData, geometry: StripGeometry) -> list[int]:
    """Return the positions whose number is written, so that no two numbers touch."""
    widest = max(data.slice_numbers, key=lambda value: len(str(value)))
    room = QFontMetricsF(axis_font(bold=True)).horizontalAdvance(str(widest)) + _AXIS_GAP
    step = next((step for step in _NUMBER_STEPS if step * geometry.pitch >= room), data.count)
    first = data.slice_numbers[0]
    contiguous = data.slice_numbers == tuple(range(first, first + data.count))
    values = data.slice_numbers if contiguous else range(data.count)
    return [index for index, value in enumerate(values) if value % step == 0]


class StripPainter:
    """Draws everything of the strip that does not depend on the slice on screen."""

    def __init__(self, data: StripData, geometry: StripGeometry) -> None:
        self._data = data
        self._geometry = geometry
        self._area_top = axis_top(data)

    def paint(self, painter: QPainter, theme: Theme, overlays: OverlayColours) -> None:
        """Draw grid, bars, DSC and numbers on a transparent ground."""
        self._paint_axes(painter, theme)
        for index in range(self._data.count):
            if index in self._data.unreadable:
                self._paint_unreadable(painter, index, theme)
            else:
                self._paint_bar(painter, index, theme, overlays)
        self._paint_base(painter, theme)
        self._paint_triage(painter, theme)
        self._paint_scores(painter, theme)
        self._paint_numbers(painter, theme)

    def _paint_axes(self, painter: QPainter, theme: Theme) -> None:
        geometry = self._geometry
        for share, offset in ((1.0, 4), (0.5, 0), (0.0, -3)):
            y = round(geometry.at(share))
            if share:
                painter.fillRect(
                    QRectF(geometry.left, y, geometry.right - geometry.left, 1), QColor(theme.line)
                )
            painter.setPen(QColor(theme.t3))
            painter.setFont(axis_font())
            right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            area = QRectF(0, y + offset - 8, geometry.left - _AXIS_GAP, 16)
            painter.drawText(area, right, _area_label(self._data, share * self._area_top))
            if self._data.truth:
                left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
                room = QRectF(geometry.right + 7, y + offset - 8, _RIGHT - 7, 16)
                painter.drawText(room, left, f"{share:.1f}")

    def _paint_base(self, painter: QPainter, theme: Theme) -> None:
        geometry = self._geometry
        line = QRectF(geometry.left, geometry.base, geometry.right - geometry.left, 1)
        painter.fillRect(line, QColor(theme.line2))

    def _paint_triage(self, painter: QPainter, theme: Theme) -> None:
        """Draw a thin row below the base: the stronger, the likelier a lesion."""
        width = max(self._geometry.pitch - 1, 1.0)
        for index, chance in enumerate(self._data.triage):
            tint = QColor(theme.acc)
            tint.setAlphaF(min(max(chance, 0.0), 1.0))
            left = self._geometry.centre(index) - width / 2
            painter.fillRect(QRectF(left, self._geometry.base + 2, width, _TRIAGE_HEIGHT), tint)

    def _paint_bar(
        self, painter: QPainter, index: int, theme: Theme, overlays: OverlayColours
    ) -> None:
        bottom = 0.0
        for area, colour in self._parts(index, theme, overlays):
            top = bottom + area / self._area_top
            part = self._geometry.bar(index, bottom=bottom, top=top)
            if area > 0 and part.height() < 1:  # A single voxel must be seen in a large case.
                part.setTop(part.bottom() - 1)
            # A gap of one pixel parts the colours also for those who cannot tell them apart.
            gap = 1 if part.height() > 2 else 0
            painter.fillRect(part.adjusted(0, 0, 0, -gap), QColor(colour))
            bottom = top

    def _parts(self, index: int, theme: Theme, overlays: OverlayColours) -> list[tuple[float, str]]:
        data = self._data
        if not data.is_predicted(index):
            return [(data.truth_area(index), theme.bg4)]
        if not data.truth:
            corrected = data.marked == "Corrected"
            colour = overlays.correction if corrected else overlays.prediction
            return [(data.predicted_area(index), colour)]
        return [
            (data.true_positive[index], overlays.true_positive),
            (data.false_positive[index], overlays.false_positive),
            (data.false_negative[index], overlays.false_negative),
        ]

    def _paint_unreadable(self, painter: QPainter, index: int, theme: Theme) -> None:
        column = self._geometry.column(index).adjusted(1, _TOP, -1, 0)
        painter.fillRect(column, QBrush(QColor(theme.line3), Qt.BrushStyle.BDiagPattern))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.bg1), 1.5))
        painter.setBrush(QColor(theme.warn))
        painter.drawEllipse(QPointF(self._geometry.centre(index), _TOP + 6), 3.75, 3.75)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_scores(self, painter: QPainter, theme: Theme) -> None:
        geometry = self._geometry
        points = [
            None if score is None else QPointF(geometry.centre(index), geometry.at(score) + 0.5)
            for index, score in enumerate(map(self._data.scored, range(self._data.count)))
        ]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lines = [QLineF(a, b) for a, b in pairwise(points) if a is not None and b is not None]
        for colour, width in ((theme.bg1, 3.5), (theme.t1, 1.5)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLines(lines)
        radius = max(min(3.75, geometry.pitch / 3), 1.0)
        painter.setPen(QPen(QColor(theme.bg1), 1.5 if radius > 2 else 0.0))
        painter.setBrush(QColor(theme.t1))
        for point in points:
            if point is not None:
                painter.drawEllipse(point, radius, radius)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_numbers(self, painter: QPainter, theme: Theme) -> None:
        data = self._data
        for index in numbered(data, self._geometry):
            lesion = data.has_lesion(index)
            known = data.is_predicted(index) and index not in data.unreadable
            painter.setFont(axis_font(bold=lesion))
            painter.setPen(QColor((theme.t1 if lesion else theme.t3) if known else theme.t4))
            box = self._geometry.number_box(index, 60)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(data.slice_numbers[index]))


def _area_label(data: StripData, area: float) -> str:
    top = axis_top(data)
    text = area_text(area, "voxels") if top >= 2 else f"{area:g}"
    return f"{text} {data.unit}" if area == top else text
