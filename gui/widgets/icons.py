"""The line icons, coloured and sharp at any size and device pixel ratio."""

import functools
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer

from core.io.resource_paths import resource
from gui.widgets.palette import Theme

_DISABLED_ALPHA = 0.4


@dataclass(frozen=True, slots=True)
class Tint:
    """The colours of one icon in its states, as `#RRGGBB` or `#AARRGGBB`."""

    rest: str
    hover: str
    checked: str
    disabled: str

    @classmethod
    def plain(cls, colour: str) -> "Tint":
        """Return one colour for every state, faded where disabled."""
        faded = QColor(colour)
        faded.setAlphaF(_DISABLED_ALPHA)
        return cls(colour, colour, colour, faded.name(QColor.NameFormat.HexArgb))

    @classmethod
    def of(cls, theme: Theme) -> "Tint":
        """Return the tint of a tool button: secondary at rest, accent where checked."""
        return cls(theme.t2, theme.t1, theme.acc, theme.t4)

    def colour(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        """Return the colour of a state; disabled wins over checked, checked over hover."""
        if mode == QIcon.Mode.Disabled:
            return self.disabled
        if state == QIcon.State.On:
            return self.checked
        return self.hover if mode == QIcon.Mode.Active else self.rest


def icon(name: str, *, colour: str, size: int = 20) -> QIcon:
    """Return an icon in one colour; `size` is the largest edge it is drawn at, in pixels."""
    return tinted_icon(name, tint=Tint.plain(colour), size=size)


def tinted_icon(name: str, *, tint: Tint, size: int = 20) -> QIcon:
    """Return an icon whose colour follows the state of the button that shows it."""
    return QIcon(_SvgIconEngine(name, tint, size))


def pixmap(name: str, colour: str, size: int, device_pixel_ratio: float = 1.0) -> QPixmap:
    """Return the icon as a square of `size` logical pixels.

    Raises:
        FileNotFoundError: no icon has this name.
    """
    key = f"icon/{name}/{colour}/{size}/{device_pixel_ratio:.4f}"
    cached = QPixmap()
    if QPixmapCache.find(key, cached):
        return cached
    drawn = _draw(name, colour, round(size * device_pixel_ratio))
    drawn.setDevicePixelRatio(device_pixel_ratio)
    QPixmapCache.insert(key, drawn)
    return drawn


@functools.cache
def _source(name: str) -> str:
    return resource("icons", f"{name}.svg").read_text(encoding="utf-8")


def _draw(name: str, colour: str, edge: int) -> QPixmap:
    wanted = QColor(colour)
    svg = _source(name).replace("currentColor", wanted.name())
    drawn = QPixmap(edge, edge)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    # Opacity is applied to the whole icon: the SVG Tiny renderer knows no #AARRGGBB.
    painter.setOpacity(wanted.alphaF())
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, edge, edge))
    painter.end()
    return drawn


class _SvgIconEngine(QIconEngine):
    # Qt owns what clone() returns, but PySide would free it with its last Python reference.
    # Only a change of a shared QIcon clones, which nothing here does.
    _clones: ClassVar[list[QIconEngine]] = []

    def __init__(self, name: str, tint: Tint, size: int) -> None:
        super().__init__()
        self._name = name
        self._tint = tint
        self._size = size
        _source(name)  # A wrong name fails here, where the caller can be seen.

    def clone(self) -> QIconEngine:
        self._clones.append(_SvgIconEngine(self._name, self._tint, self._size))
        return self._clones[-1]

    def isNull(self) -> bool:
        return False

    def actualSize(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QSize:
        del mode, state
        return QSize(self._size, self._size).boundedTo(self._square(size))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        canvas = QPixmap(size * scale)
        canvas.setDevicePixelRatio(scale)
        canvas.fill(Qt.GlobalColor.transparent)
        painter = QPainter(canvas)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return canvas

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        edge = self.actualSize(rect.size(), mode, state).width()
        ratio = painter.device().devicePixelRatioF()
        drawn = pixmap(self._name, self._tint.colour(mode, state), edge, ratio)
        left = rect.x() + (rect.width() - edge) // 2
        top = rect.y() + (rect.height() - edge) // 2
        painter.drawPixmap(QPoint(left, top), drawn)

    @staticmethod
    def _square(size: QSize) -> QSize:
        edge = min(size.width(), size.height())
        return QSize(edge, edge)
