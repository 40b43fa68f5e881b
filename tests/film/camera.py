"""A camera over a window: what is on screen, with pointer and caption, as frames of a film."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from gui.widgets.theme import app_font

SIZE = QSize(1280, 800)
_BAND = 34
_GROUND, _INK, _ACCENT = "#0C0E11", "#E8EBEE", "#9B8CFF"
_SCRIM = QColor(4, 5, 7, 170)
_ARROW = ((0, 0), (0, 19), (4.6, 14.8), (7.8, 22), (11, 20.6), (7.9, 13.6), (14, 13.6))


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture and how long it is shown."""

    image: QImage
    seconds: float


@dataclass
class Camera:
    """Takes pictures of `window` and of the dialogs over it."""

    window: QWidget
    frames: list[Frame] = field(default_factory=list)

    def shot(self, said: str, seconds: float, pointer: QPoint | None = None) -> None:
        """Take a picture with a caption; `pointer` is a place of the window."""
        QApplication.processEvents()
        whole = self.window.grab().toImage()
        painter = QPainter(whole)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for dialog in _dialogs(self.window):
            painter.fillRect(whole.rect(), _SCRIM)
            shown = dialog.grab().toImage()
            corner = whole.rect().center() - shown.rect().center()
            painter.drawImage(corner, shown)
        if pointer is not None:
            _draw_pointer(painter, pointer)
        painter.end()
        self.frames.append(Frame(_captioned(whole, said), seconds))

    def write(self, path: Path, *, quality: int) -> None:
        """Write the film as an animated WebP that goes on for ever."""
        first, *rest = [_as_pillow(frame.image) for frame in self.frames]
        times = [round(frame.seconds * 1000) for frame in self.frames]
        path.parent.mkdir(parents=True, exist_ok=True)
        first.save(
            path, format="WEBP", save_all=True, append_images=rest, duration=times, loop=0,
            quality=quality, method=6, minimize_size=True,
        )  # fmt: skip


def _dialogs(window: QWidget) -> Sequence[QDialog]:
    top = QApplication.topLevelWidgets()
    return [w for w in top if isinstance(w, QDialog) and w.isVisible() and w is not window]


def _draw_pointer(painter: QPainter, at: QPoint) -> None:
    arrow = QPolygonF([QPointF(at) + QPointF(x, y) for x, y in _ARROW])
    painter.setPen(QPen(QColor("#000000"), 1.4))
    painter.setBrush(QColor("#FFFFFF"))
    painter.drawPolygon(arrow)


def _captioned(whole: QImage, said: str) -> QImage:
    """Return a picture in the size of the film, over a line that says what is done."""
    made = QImage(SIZE.width(), SIZE.height() + _BAND, QImage.Format.Format_RGB32)
    made.fill(QColor(_GROUND))
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    smooth = Qt.TransformationMode.SmoothTransformation
    painter.drawImage(0, 0, whole.scaled(SIZE, Qt.AspectRatioMode.KeepAspectRatio, smooth))
    band = QRectF(16, SIZE.height(), SIZE.width() - 32, _BAND)
    painter.setFont(app_font(size_px=14, weight=600))
    painter.setPen(QColor(_INK))
    painter.drawText(band, Qt.AlignmentFlag.AlignVCenter, said)
    painter.setFont(app_font(size_px=12, weight=500))
    painter.setPen(QColor(_ACCENT))
    right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.drawText(band, right, "Synthetic data. Not for clinical use")
    painter.end()
    return made


def _as_pillow(image: QImage) -> Image.Image:
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    size = (plain.width(), plain.height())
    raw = bytes(plain.constBits())
    return Image.frombuffer("RGB", size, raw, "raw", "RGB", plain.bytesPerLine(), 1)
