"""The right side of the train dialog: what training would see, and the job that runs."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.training.curve import CurvePlot
from gui.training.job_parts import JobBar, VerdictList
from gui.training.jobs_view import JobView
from gui.widgets.labels import make_label, make_wrapped_label
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, OverlayColours, Theme

_COLUMNS, _ROWS, _GAP = 4, 2, 6
_RADIUS = 4.0
_TINT = 0.35
_HIGHEST_GRID = 270


@dataclass(frozen=True, eq=False)
class PreviewView:
    """What is known of a preview: `planes` (N, 2, h, w) as `core.jobs.train_preview` gives them."""

    state: Literal["none", "running", "stale", "ready", "failed"] = "none"
    said: str = ""
    planes: NDArray[np.uint8] | None = None


class PreviewPanel(QWidget):
    """A slice as it is, and as augmentation varies it; asked for with a button."""

    asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._ask = QPushButton("Time and preview")
        self._ask.setProperty("small", True)
        self._ask.setToolTip("Take 20 steps on this computer and show what they were given")
        self._ask.clicked.connect(self.asked)
        self._tiles = _Tiles()
        self._said = make_wrapped_label("", "caption")
        head = QHBoxLayout()
        head.addWidget(make_label("As training sees it", "section"))
        head.addStretch(1)
        head.addWidget(self._ask)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._tiles)
        column.addWidget(self._said)

    def show_preview(self, view: PreviewView) -> None:
        """Show how the preview stands."""
        # Never disabled: focus would jump to the next button, which is Cancel.
        self._ask.setText("Timing…" if view.state == "running" else "Time and preview")
        role = "error" if view.state == "failed" else "caption"
        if self._said.property("role") != role:
            self._said.setProperty("role", role)
            self._said.style().polish(self._said)
        self._said.setText(view.said)
        self._tiles.show_planes(view.planes, faded=view.state in ("stale", "running"))

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._tiles.set_look(theme, overlays)


class RunningPanel(QWidget):
    """The job that runs now, with its curves and what is known of its candidate."""

    def __init__(self) -> None:
        super().__init__()
        self._name = make_label("", "panel")
        self._at = make_label("", "section")
        self._left = make_label("", "body")
        self._bar = JobBar()
        self._dsc, self._loss = CurvePlot(axes=True), CurvePlot(axes=True)
        self._verdicts = VerdictList()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._name)
        head.addStretch(1)
        head.addWidget(self._at)
        head.addWidget(self._left)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._bar)
        plots = QHBoxLayout()
        plots.setSpacing(16)
        for plot in (self._dsc, self._loss):
            plots.addWidget(plot, 1)
        column.addLayout(plots, 1)
        column.addWidget(_rule())
        column.addWidget(self._verdicts)
        self.show_job(None)

    def show_job(self, job: JobView | None) -> None:
        """Show a job; nothing without one."""
        self.setVisible(job is not None)
        if job is None:
            return
        self._name.setText(f"{job.name}, running now")
        self._at.setText(job.at)
        self._left.setText(job.left)
        self._bar.show_job(job)
        self._dsc.set_curve(job.dsc)
        self._loss.set_curve(job.loss)
        self._verdicts.show_verdicts(job.verdicts, job.verdict_note, job.verdict_title)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        for plot in (self._dsc, self._loss):
            plot.set_look(theme, overlays)
        self._verdicts.set_theme(theme)


class TrainSide(QFrame):
    """Preview above, the running job below."""

    def __init__(self) -> None:
        super().__init__()
        self.preview, self.running = PreviewPanel(), RunningPanel()
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(14)
        column.addWidget(self.preview)
        column.addWidget(_rule())
        column.addWidget(self.running, 1)
        column.addStretch(0)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self.preview.set_look(theme, overlays)
        self.running.set_look(theme, overlays)


class _Tiles(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._planes: NDArray[np.uint8] | None = None
        self._faded = False
        self._theme: Theme = DARK
        self._overlays = DEFAULT_OVERLAYS
        self._images: list[QImage] = []
        self.setMinimumWidth(200)
        self.setAccessibleName("A slice and variations of it")

    def show_planes(self, planes: NDArray[np.uint8] | None, *, faded: bool) -> None:
        """Show other slices."""
        self._faded = faded
        if planes is not self._planes:
            self._planes = planes
            self._draw()
        self.update()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme, self._overlays = theme, overlays
        self._draw()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        edge = (self.width() - _GAP * (_COLUMNS - 1)) / _COLUMNS
        self.setFixedHeight(min(round(_ROWS * edge + _GAP * (_ROWS - 1)), _HIGHEST_GRID))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for index in range(_COLUMNS * _ROWS):
            self._paint_tile(painter, index)

    def _paint_tile(self, painter: QPainter, index: int) -> None:
        row, column = divmod(index, _COLUMNS)
        edge = min(
            (self.width() - _GAP * (_COLUMNS - 1)) / _COLUMNS,
            (self.height() - _GAP * (_ROWS - 1)) / _ROWS,
        )
        pitch = (self.width() - edge) / (_COLUMNS - 1)
        box = QRectF(column * pitch, row * (edge + _GAP), edge, edge)
        if index >= len(self._images):
            painter.setPen(QPen(QColor(self._theme.line), 1))
            painter.setBrush(QColor(self._theme.bg2))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
            return
        painter.setOpacity(0.4 if self._faded else 1.0)
        painter.drawImage(box, self._images[index])
        if index == 0:
            painter.setPen(QColor("#FFFFFF"))
            inside = box.adjusted(6, 4, -6, -4)
            side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
            painter.drawText(inside, side, "as it is")
        painter.setOpacity(1.0)

    def _draw(self) -> None:
        self._images = []
        if self._planes is None:
            return
        tint = QColor(self._overlays.truth)
        colour = np.array([tint.red(), tint.green(), tint.blue()], np.float32)
        for grey, mask in self._planes[: _COLUMNS * _ROWS]:
            rgb = np.repeat(grey[..., np.newaxis], 3, axis=2).astype(np.float32)
            inside = mask > 0
            rgb[inside] = (1 - _TINT) * rgb[inside] + _TINT * colour
            self._images.append(_image(rgb.astype(np.uint8)))


def _image(rgb: NDArray[np.uint8]) -> QImage:
    height, width, _ = rgb.shape
    pixels = np.ascontiguousarray(rgb)
    image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.copy()  # the pixels are numpy's, and go with them


def _rule() -> QFrame:
    rule = QFrame()
    rule.setProperty("rule", "horizontal")
    return rule
