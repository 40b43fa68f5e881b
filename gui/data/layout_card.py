"""A layout as a card that can be chosen: its title, how many cases it finds, a tick."""

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter

from gui.data.organise_form import LayoutCard
from gui.widgets.icons import pixmap
from gui.widgets.labels import plain_tip
from gui.widgets.palette import DARK, Theme
from gui.widgets.theme import app_font

_HEIGHT, _TICK = 52, 14
_LEFT, _TITLE_BASE, _SAID_BASE = 10, 22, 40


class LayoutCardButton(QPushButton):
    """One card; those that find nothing can be chosen too, and say why."""

    def __init__(self, card: LayoutCard) -> None:
        super().__init__(f"{card.title}\n{card.said}")
        self._card = card
        self._theme: Theme = DARK
        self.setObjectName(card.key)
        self.setProperty("card", True)
        self.setCheckable(True)
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        why = f" {card.why}" if card.why else ""
        self.setToolTip(plain_tip(f"{card.title}: {card.said}.{why}"))
        self.setAutoDefault(False)
        self.setAccessibleName(f"Layout {card.title}: {card.said}")

    def minimumSizeHint(self) -> QSize:
        return QSize(60, _HEIGHT)

    def set_look(self, theme: Theme) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        self._write(painter)

    def _write(self, painter: QPainter) -> None:
        chosen, fits = self.isChecked(), self._card.fits
        painter.setFont(app_font(size_px=12, weight=600 if chosen else 500))
        painter.setPen(QColor(self._theme.t1 if fits or chosen else self._theme.t2))
        painter.drawText(QPointF(_LEFT, _TITLE_BASE), self._card.title)
        painter.setFont(app_font(size_px=11))
        painter.setPen(QColor(self._theme.acc if chosen else self._theme.t3))
        painter.drawText(QPointF(_LEFT, _SAID_BASE), self._card.said)
        if chosen:
            ratio = self.devicePixelRatio()
            drawn = pixmap("tick", self._theme.acc, _TICK, ratio)
            painter.drawPixmap(QPointF(self.width() - _TICK - 8, 10), drawn)
