"""How a row of the worklist is painted: wide, or as a thumbnail of the rail."""

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.domain.figure_text import MISSING
from gui.widgets.icons import pixmap
from gui.widgets.labels import number
from gui.widgets.palette import Theme
from gui.widgets.theme import app_font
from gui.worklist.worklist_model import FIGURE_ROLE, ROW_ROLE, WorklistModel
from gui.worklist.worklist_rows import FAIR_DSC, LOW_DSC, WorklistRow
from gui.worklist.worklist_thumbnails import Thumbnails

ROW_HEIGHT = 52
RAIL_ROW_HEIGHT = 54
METER_HEIGHT = 3

_THUMBNAIL = QRect(12, 6, 40, 40)
_RAIL_THUMBNAIL = QRect(10, 5, 36, 36)
_RAIL_METER_Y = 45
_RAIL_GLYPH = QPointF(43.0, 9.0)
_RAIL_GLYPH_SIZE = 13
_RAIL_DISC = 7.5
_TEXT_X = 62
_ID_BASE = 22
_CAPTION_BASE = 39
_METER_Y = 33
_METER_WIDTH = 56
_METER_RIGHT = 37  # From the right edge of the row, as the glyph.
_GLYPH_RIGHT = 27
_GLYPH_SIZE = 16
_GAP = 8
_SHORTEST_CAPTION = 32
_BADGE = "synthetic"
_BADGE_HEIGHT = 16
_BADGE_GAP = 4
_RING = 2


def paint_meter(painter: QPainter, area: QRectF, fraction: float, colours: tuple[str, str]) -> None:
    """Paint a rounded bar filled up to `fraction`, in the colours of the track and of the fill."""
    painter.setPen(Qt.PenStyle.NoPen)
    radius = area.height() / 2
    painter.setBrush(QColor(colours[0]))
    painter.drawRoundedRect(area, radius, radius)
    if fraction > 0:
        filled = QRectF(area)
        filled.setWidth(max(area.width() * min(fraction, 1.0), area.height()))
        painter.setBrush(QColor(colours[1]))
        painter.drawRoundedRect(filled, radius, radius)


@dataclass(frozen=True)
class _Fonts:
    case_id: QFont
    score: QFont
    caption: QFont
    badge: QFont

    @classmethod
    def load(cls) -> "_Fonts":
        return cls(
            app_font(size_px=13, weight=500),
            app_font(size_px=13, weight=600),
            app_font(size_px=11),
            app_font(size_px=10, weight=600),
        )


class WorklistDelegate(QStyledItemDelegate):
    """Paints rows of one height."""

    def __init__(self, thumbnails: Thumbnails, theme: Theme) -> None:
        super().__init__()
        self._thumbnails = thumbnails
        self._fonts = _Fonts.load()
        self.theme = theme
        self.compact = False
        self.ringed = False

    @property
    def row_height(self) -> int:
        """The height of every row, in pixels."""
        return RAIL_ROW_HEIGHT if self.compact else ROW_HEIGHT

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        del option, index
        return QSize(0, self.row_height)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: WorklistRow = index.data(ROW_ROLE)
        model = index.model()
        current = isinstance(model, WorklistModel) and model.current == row.case_id
        area, state = option.rect, option.state
        painter.save()
        painter.translate(area.topLeft())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, area.size(), current, bool(state & _HOVERED))
        if self.compact:
            self._paint_rail_row(painter, row)
        else:
            figure = str(index.data(FIGURE_ROLE))
            self._paint_wide_row(painter, row, area.width(), current, figure)
        if self.ringed and state & _FOCUSED:
            self._paint_ring(painter, area.size())
        painter.restore()

    def _paint_ground(self, painter: QPainter, size: QSize, current: bool, hovered: bool) -> None:
        if current:
            painter.fillRect(QRect(0, 0, size.width(), size.height()), QColor(self.theme.accsoft))
            painter.fillRect(QRect(0, 0, 2, size.height()), QColor(self.theme.acc))
        elif hovered:
            painter.fillRect(QRect(0, 0, size.width(), size.height()), QColor(self.theme.bg3))

    def _paint_ring(self, painter: QPainter, size: QSize) -> None:
        painter.setPen(QPen(QColor(self.theme.acc), _RING))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ring = QRectF(0, 0, size.width(), size.height()).adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(ring, 5, 5)

    def _paint_wide_row(
        self, painter: QPainter, row: WorklistRow, width: int, current: bool, figure: str
    ) -> None:
        self._paint_thumbnail(painter, row.case_id, _THUMBNAIL)
        right = width - _METER_RIGHT
        room = right - _METER_WIDTH - _GAP - _TEXT_X
        done = row.status in {"accepted", "corrected", "rejected"}
        painter.setFont(self._fonts.case_id)
        painter.setPen(QColor(self.theme.t2 if done and not current else self.theme.t1))
        painter.drawText(_TEXT_X, _ID_BASE, _cut(row.title, self._fonts.case_id, room))
        self._paint_caption(painter, row, room, current)
        self._paint_score(painter, row, right, figure)
        if row.dsc is not None or row.run == "running":
            meter = QRectF(right - _METER_WIDTH, _METER_Y, _METER_WIDTH, METER_HEIGHT)
            self._paint_row_meter(painter, row, meter)
        name, colour = self._glyph(row)
        drawn = pixmap(name, colour, _GLYPH_SIZE, painter.device().devicePixelRatio())
        painter.drawPixmap(width - _GLYPH_RIGHT, 9, drawn)

    def _paint_caption(
        self, painter: QPainter, row: WorklistRow, room: float, current: bool
    ) -> None:
        text, colour = row.caption, self.theme.t2 if current else self.theme.t3
        if row.run in {"queued", "running"}:
            text = row.run
            colour = self.theme.acc if row.run == "running" else colour
        if row.synthetic:
            room -= self._paint_badge(painter, text, room, current) + _BADGE_GAP
        if room < _SHORTEST_CAPTION:
            return
        painter.setFont(self._fonts.caption)
        painter.setPen(QColor(colour))
        painter.drawText(_TEXT_X, _CAPTION_BASE, _cut(text, self._fonts.caption, room))

    def _paint_badge(self, painter: QPainter, text: str, room: float, current: bool) -> float:
        width = QFontMetricsF(self._fonts.badge).horizontalAdvance(_BADGE) + 8
        beside = QFontMetricsF(self._fonts.caption).horizontalAdvance(text) + _BADGE_GAP
        left = _TEXT_X + max(min(beside, room - width), 0.0)
        badge = QRectF(left, 26.5, width, _BADGE_HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.bg1 if current else self.theme.accsoft))
        painter.drawRoundedRect(badge, 3, 3)
        painter.setFont(self._fonts.badge)
        painter.setPen(QColor(self.theme.acc))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, _BADGE)
        return width

    def _paint_score(self, painter: QPainter, row: WorklistRow, right: int, figure: str) -> None:
        text, font, colour = figure or number(row.dsc, 3), self._fonts.score, self.theme.t1
        if text == MISSING:
            failed = row.run == "failed"
            text, font = ("failed", self._fonts.caption) if failed else (text, font)
            colour = self.theme.bad if failed else self.theme.t3
        painter.setFont(font)
        painter.setPen(QColor(colour))
        left = right - QFontMetricsF(font).horizontalAdvance(text)
        painter.drawText(QPointF(left, _ID_BASE), text)

    def _paint_row_meter(self, painter: QPainter, row: WorklistRow, area: QRectF) -> None:
        if row.run == "running":
            paint_meter(painter, area, row.progress, (self.theme.bg4, self.theme.acc))
        elif row.dsc is not None:
            paint_meter(painter, area, row.dsc, (self.theme.bg4, self._grade(row.dsc)))

    def _paint_rail_row(self, painter: QPainter, row: WorklistRow) -> None:
        self._paint_thumbnail(painter, row.case_id, _RAIL_THUMBNAIL)
        left, width = _RAIL_THUMBNAIL.left(), _RAIL_THUMBNAIL.width()
        self._paint_row_meter(painter, row, QRectF(left, _RAIL_METER_Y, width, METER_HEIGHT))
        name, colour = self._glyph(row)
        if name == "dashed-circle":
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.bg1))
        painter.drawEllipse(_RAIL_GLYPH, _RAIL_DISC, _RAIL_DISC)
        drawn = pixmap(name, colour, _RAIL_GLYPH_SIZE, painter.device().devicePixelRatio())
        half = _RAIL_GLYPH_SIZE / 2
        painter.drawPixmap(_RAIL_GLYPH - QPointF(half, half), drawn)

    def _paint_thumbnail(self, painter: QPainter, case_id: str, area: QRect) -> None:
        ratio = painter.device().devicePixelRatio()
        drawn = self._thumbnails.pixmap(case_id, area.width(), ratio)
        if drawn is not None:
            painter.drawPixmap(area.topLeft(), drawn)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.bg3))
        painter.drawRoundedRect(area, 4, 4)

    def _grade(self, dsc: float) -> str:
        if dsc < LOW_DSC:
            return self.theme.bad
        return self.theme.warn if dsc < FAIR_DSC else self.theme.t2

    def _glyph(self, row: WorklistRow) -> tuple[str, str]:
        if row.run == "failed":
            return "warning", self.theme.bad
        return {
            "unreviewed": ("dashed-circle", self.theme.t4),
            "open": ("dot-circle", self.theme.t1),
            "accepted": ("tick-circle", self.theme.ok),
            "corrected": ("pencil-circle", self.theme.acc),
            "rejected": ("cross-circle", self.theme.bad),
        }[row.status]


_HOVERED = QStyle.StateFlag.State_MouseOver
_FOCUSED = QStyle.StateFlag.State_HasFocus


def _cut(text: str, font: QFont, room: float) -> str:
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
