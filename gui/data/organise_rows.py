"""How a case that was found is painted: a small picture, its id, what its files say."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.data.organise_form import FoundRow, RowKind
from gui.widgets.icons import pixmap
from gui.widgets.palette import DARK, Theme
from gui.widgets.theme import app_font

ROW_HEIGHT, ROW_ROLE = 52, Qt.ItemDataRole.UserRole + 1
_TILE = QRect(8, 6, 40, 40)
_TEXT_X, _ID_BASE, _DETAIL_BASE = 58, 22, 39
_GLYPH, _RIGHT = 16, 10
_GLYPHS: dict[RowKind, str] = {"ok": "tick", "warn": "warning", "bad": "cross-circle"}


class FoundRowDelegate(QStyledItemDelegate):
    """Paints rows of one height."""

    def __init__(self) -> None:
        super().__init__()
        self.theme: Theme = DARK
        self._id_font = app_font(size_px=13, weight=500)
        self._caption = app_font(size_px=11)

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        del option, index
        return QSize(0, ROW_HEIGHT)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: FoundRow = index.data(ROW_ROLE)
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.translate(area.topLeft())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, area.size(), state)
        self._paint_tile(painter, row)
        self._paint_words(painter, row, area.width())
        painter.restore()

    def _paint_ground(self, painter: QPainter, size: QSize, state: QStyle.StateFlag) -> None:
        whole = QRect(0, 0, size.width(), size.height())
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(whole, QColor(self.theme.accsoft))
            painter.fillRect(QRect(0, 0, 2, size.height()), QColor(self.theme.acc))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(whole, QColor(self.theme.bg3))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(self.theme.acc))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(whole.adjusted(0, 0, -1, -1), 5, 5)

    def _paint_tile(self, painter: QPainter, row: FoundRow) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.bg2))
        painter.drawRoundedRect(_TILE, 4, 4)
        if row.tile is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(_TILE, row.tile)

    def _paint_words(self, painter: QPainter, row: FoundRow, width: int) -> None:
        theme = self.theme
        colour = {"ok": theme.ok, "warn": theme.warn, "bad": theme.bad}[row.kind]
        drawn = pixmap(_GLYPHS[row.kind], colour, _GLYPH, painter.device().devicePixelRatio())
        right = width - _RIGHT - _GLYPH
        painter.drawPixmap(QPointF(right, _ID_BASE - 13), drawn)
        said = QFontMetricsF(self._caption).horizontalAdvance(row.said)
        painter.setFont(self._caption)
        painter.setPen(QColor(theme.t3))
        painter.drawText(QPointF(right - 8 - said, _ID_BASE), row.said)
        painter.setFont(self._id_font)
        painter.setPen(QColor(theme.t1))
        room = right - 16 - said - _TEXT_X
        painter.drawText(QPointF(_TEXT_X, _ID_BASE), _cut(row.case_id, self._id_font, room))
        painter.setFont(self._caption)
        painter.setPen(QColor(colour if row.notice else theme.t3))
        text = _cut(row.notice or row.detail, self._caption, width - _RIGHT - _TEXT_X)
        painter.drawText(QPointF(_TEXT_X, _DETAIL_BASE), text)


def _cut(text: str, font: QFont, room: float) -> str:
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
