"""The pane of surfaces: turned, enlarged, cut and clicked; what it shows is drawn elsewhere."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from gui.viewer.surface.surface_frame import Camera
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, OverlayColours, Theme
from gui.widgets.segments import Segments
from gui.widgets.theme import app_font

BUSY = "Building surfaces…"
_TITLE = "Surfaces"
_HINT = "Drag turns"
_INSET = 10
_DEGREES_A_PIXEL = 0.5
_CLICK_PIXELS = 4.0
_ARM, _TRIAD = 22.0, 40.0
_AXES = (("R", (1.0, 0.0, 0.0)), ("A", (0.0, 1.0, 0.0)), ("S", (0.0, 0.0, 1.0)))
CUTS = (
    ("", "No cut"),
    ("axial", "Cut axial"),
    ("coronal", "Cut coronal"),
    ("sagittal", "Cut sagittal"),
)
_LEAST_SHARE = 0.38


class SurfacePane(QWidget):
    """Shows a picture of surfaces; asks for others by where it is seen from, and for what is hit.

    `clicked` has a point in pixels of the screen, `source_chosen` and `cut_chosen` have keys.
    """

    camera_changed = Signal()
    look_changed = Signal()
    clicked = Signal(QPointF)
    source_chosen = Signal(str)
    cut_chosen = Signal(str)
    resized = Signal()
    maximise_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("SurfacePane")
        self.setAccessibleName("Surfaces")
        self.setMinimumSize(200, 140)
        self.camera = Camera()
        self.theme, self.overlays = DARK, DEFAULT_OVERLAYS
        self._picture: QImage | None = None
        self._message, self._problem, self._known = "", "", True
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._moved = False
        self._sources: list[str] = []
        self._segments: Segments | None = None
        self._cut = QComboBox()
        self._cut.setAccessibleName("Cut the surfaces at the slice")
        self._cut.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for key, title in CUTS:
            self._cut.addItem(title, key)
        self._cut.activated.connect(lambda _: self.cut_chosen.emit(self._cut.currentData()))
        self._row = QHBoxLayout()
        self._row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(_INSET, _INSET - 2, _INSET, _INSET - 2)
        column.addLayout(self._row)
        column.addStretch(1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self._cut)
        column.addLayout(foot)
        self._cut.hide()

    @property
    def pixels(self) -> tuple[int, int]:
        """The size of the picture it has room for, in pixels of the screen."""
        ratio = self.devicePixelRatioF()
        return max(round(self.width() * ratio), 1), max(round(self.height() * ratio), 1)

    @property
    def message(self) -> str:
        """What it says in place of surfaces, or while they are built."""
        return self._problem or self._message

    @property
    def picture(self) -> QImage | None:
        """What it shows."""
        return self._picture

    @property
    def caption(self) -> str:
        """From where the surfaces are seen, in words."""
        return from_where(self.camera) if self._known else ""

    def set_picture(self, picture: QImage | None) -> None:
        """Show another picture, or none."""
        self._picture = picture
        self._cut.setVisible(picture is not None)
        self.update()

    def set_message(self, message: str) -> None:
        """Say what happens; what is shown stays."""
        if message != self._message:
            self._message = message
            self.update()

    def set_problem(self, problem: str) -> None:
        """Say why there are no surfaces here; empty when there may be some."""
        self._problem = problem
        self.set_picture(None if problem else self._picture)

    def set_known(self, known: bool) -> None:
        """Say whether the sides of the patient are known, or left out."""
        self._known = known
        self.update()

    def set_sources(self, sources: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer whose surfaces are shown, as (key, title)."""
        keys = [key for key, _ in sources]
        if keys != self._sources:
            if self._segments is not None:
                self._row.removeWidget(self._segments)
                self._segments.deleteLater()
                self._segments = None
            self._sources = keys
            if len(keys) > 1:
                self._segments = Segments([title for _, title in sources], name="Surfaces of")
                self._segments.chosen.connect(lambda at: self.source_chosen.emit(self._sources[at]))
                self._row.addWidget(self._segments)
        if self._segments is not None and chosen in keys:
            self._segments.blockSignals(True)
            self._segments.set_index(keys.index(chosen))
            self._segments.blockSignals(False)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme and a palette."""
        if (theme, overlays) != (self.theme, self.overlays):
            self.theme, self.overlays = theme, overlays
            self.update()
            self.look_changed.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed, self._moved = event.position(), False
        self._last = event.position()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        step, away = event.position() - self._last, event.position() - self._pressed
        if not self._moved and max(abs(away.x()), abs(away.y())) < _CLICK_PIXELS:
            return
        self._moved, self._last = True, event.position()
        if event.buttons() & Qt.MouseButton.RightButton:
            self._see(self.camera.nearer(1.01 ** -step.y()))
        else:
            right, up = step.x() * _DEGREES_A_PIXEL, step.y() * _DEGREES_A_PIXEL
            self._see(self.camera.turned(right, up))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return
        if self._moved:
            self.camera_changed.emit()
        elif event.button() == Qt.MouseButton.LeftButton:
            ratio = self.devicePixelRatioF()
            self.clicked.emit(QPointF(pressed.x() * ratio, pressed.y() * ratio))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._pressed = None
        self.maximise_asked.emit()
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._see(self.camera.nearer(1.15 ** (event.angleDelta().y() / 120)))
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.canvas))
        if self._picture is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self.rect(), self._picture)
        self._write(painter)
        if self._picture is not None and self._known:
            self._paint_triad(painter)

    def _see(self, camera: Camera) -> None:
        self.camera = camera
        self.update()
        self.camera_changed.emit()

    def _write(self, painter: QPainter) -> None:
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(app_font(size_px=12, weight=600))
        painter.setPen(QColor("#ffffff"))
        painter.drawText(QRect(_INSET, _INSET - 2, 120, 18), int(left), _TITLE)
        painter.setFont(app_font(size_px=11))
        painter.setPen(QColor("#D5DAE0"))
        said = self._message or self.caption
        if self._picture is not None:
            painter.drawText(QRect(_INSET, _INSET + 16, 200, 16), int(left), said)
        elif self.message:
            room = self.rect().adjusted(24, 40, -24, -24)
            middle = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room, int(middle), self.message)

    def _paint_triad(self, painter: QPainter) -> None:
        """Draw where right, anterior and superior are."""
        middle = QPointF(_TRIAD, self.height() - _TRIAD)
        right, up = _screen_axes(self.camera)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(app_font(size_px=11, weight=600))
        for letter, axis in _AXES:
            x = sum(a * b for a, b in zip(axis, right, strict=True))
            y = sum(a * b for a, b in zip(axis, up, strict=True))
            end = middle + QPointF(x, -y) * _ARM
            painter.setPen(QPen(QColor("#A9B1BB"), 1.2))
            painter.drawLine(middle, end)
            painter.setPen(QColor("#ffffff"))
            at = middle + QPointF(x, -y) * (_ARM + 9)
            area = QRectF(at.x() - 8, at.y() - 8, 16, 16)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, letter)


def _screen_axes(
    camera: Camera,
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Return the directions that point to the right and up on the screen."""
    x, y, z = camera.direction
    flat = max((x * x + y * y) ** 0.5, 1e-6)
    right = (-y / flat, x / flat, 0.0)
    up = (
        y * 0.0 - z * right[1],
        z * right[0] - x * 0.0,
        x * right[1] - y * right[0],
    )
    return right, up


def from_where(camera: Camera) -> str:
    """Return from where the patient is seen, such as `From right, front`."""
    x, y, z = camera.direction
    named = ((x, "right", "left"), (y, "front", "behind"), (z, "above", "below"))
    strong = [
        (abs(share), positive if share > 0 else negative)
        for share, positive, negative in named
        if abs(share) > _LEAST_SHARE
    ]
    return "From " + ", ".join(word for _, word in sorted(strong, key=lambda each: -each[0]))
