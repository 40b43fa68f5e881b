"""The thumbnails of the worklist: kept small, cut to rounded squares, asked for once."""

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPixmap

_RADIUS = 4.0
_KEPT_PX = 96  # The largest shown, 40, at a device pixel ratio of 2 and a little more.


class Thumbnails:
    """Pictures by case id."""

    def __init__(self) -> None:
        self._images: dict[str, QImage] = {}
        self._drawn: dict[str, tuple[int, float, QPixmap]] = {}
        self._asked: set[str] = set()

    def clear(self) -> None:
        """Forget the pictures and what was asked for."""
        self._images.clear()
        self._drawn.clear()
        self._asked.clear()

    def expire(self) -> None:
        """Ask for every picture again, and show the old ones until the new ones come."""
        self._asked.clear()

    def put(self, case_id: str, image: QImage) -> None:
        """Keep a picture of any size."""
        if max(image.width(), image.height()) > _KEPT_PX:
            image = image.scaled(
                QSize(_KEPT_PX, _KEPT_PX),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        self._images[case_id] = image
        self._asked.add(case_id)
        self._drawn.pop(case_id, None)

    def take_wanted(self, case_ids: Iterable[str]) -> list[str]:
        """Return those not asked for yet; from now on they are."""
        wanted = [case_id for case_id in case_ids if case_id not in self._asked]
        self._asked.update(wanted)
        return wanted

    def pixmap(self, case_id: str, edge: int, ratio: float) -> QPixmap | None:
        """Return a picture as a square of `edge` logical pixels, None where there is none yet."""
        drawn = self._drawn.get(case_id)
        if drawn is not None and drawn[:2] == (edge, ratio):
            return drawn[2]
        image = self._images.get(case_id)
        if image is None:
            return None
        rounded = _rounded(image, edge, ratio)
        self._drawn[case_id] = (edge, ratio, rounded)
        return rounded


def _rounded(image: QImage, edge: int, ratio: float) -> QPixmap:
    pixels = round(edge * ratio)
    drawn = QPixmap(pixels, pixels)
    drawn.fill(Qt.GlobalColor.transparent)
    fitted = image.scaled(
        QSize(pixels, pixels),
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    square = QPainterPath()
    square.addRoundedRect(QRectF(0, 0, pixels, pixels), _RADIUS * ratio, _RADIUS * ratio)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(square, QColor(Qt.GlobalColor.black))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceAtop)
    corner = QPointF((pixels - fitted.width()) // 2, (pixels - fitted.height()) // 2)
    painter.drawImage(corner, fitted)
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn
