"""Where something is drawn ahead for: a view as it lies and as large as it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QWidget

_KEPT_BYTES, _PIXEL_BYTES = 128 * 2**20, 4
_REACH = 3


@dataclass(frozen=True)
class Screen:
    """From voxels to pixels of a view of that size, at a pixel ratio."""

    to_screen: QTransform
    size: QSize
    ratio: float

    @property
    def reach(self) -> int:
        """How many slices on each side are drawn ahead: of a very large view few, or none.

        With it so many images may be kept as `kept` says.
        """
        pixels = self.size.width() * self.size.height() * self.ratio**2
        room = 0 if self.size.isEmpty() else int(_KEPT_BYTES / (_PIXEL_BYTES * pixels))
        return min(_REACH, max(room - 1, 0) // 2)

    @property
    def kept(self) -> int:
        """How many images of the view may be kept."""
        return 2 * self.reach + 2 if self.reach else 0


def screen_of(painter: QPainter, widget: QWidget | None) -> Screen:
    """Return what a painter of a view draws on."""
    size = QSize() if widget is None else widget.size()
    return Screen(QTransform(painter.worldTransform()), size, painter.device().devicePixelRatioF())


@contextmanager
def blank_image(screen: Screen) -> Iterator[tuple[QImage, QPainter]]:
    """Give a clear image as large as the view, and what paints on it, on any thread."""
    image = QImage(screen.size * screen.ratio, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(screen.ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    try:
        yield image, painter
    finally:
        painter.end()
