"""The figures of a case or of the slice on screen."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.palette import DARK, DEFAULT_OVERLAYS
from gui.panels.labels import MISSING, ElidedLabel, Glyph, make_label, make_wrapped_label, number
from gui.panels.section import INSET, Section
from gui.panels.segments import Segments
from gui.theme import OverlayColours, Theme, app_font

Pending = Literal["pending"]
State = Literal["ready", "no_case", "no_truth", "no_prediction", "running"]
VolumeUnit = Literal["voxels", "mL", "cm²"]
LengthUnit = Literal["voxels", "mm"]

_ROW_HEIGHT = 22
_BAR_ROW_HEIGHT = 18
_BAR_HEIGHT = 4
_HEADROOM = 1.12
_TITLES = {
    "no_case": "No case on screen",
    "no_truth": "No ground truth",
    "no_prediction": "No prediction yet",
}
_ICONS = {"no_case": "image", "no_truth": "info", "no_prediction": "play"}


@dataclass(frozen=True, slots=True)
class MetricsView:
    """Figures ready to show; `message` says what they are of, or what to do to get them."""

    state: State
    message: str = ""
    dsc: float | None = None
    iou: float | None = None
    hd95: float | Pending | None = None
    sensitivity: float | None = None
    precision: float | None = None
    predicted_volume: float | None = None
    truth_volume: float | None = None
    volume_unit: VolumeUnit = "voxels"
    length_unit: LengthUnit = "voxels"


class MetricsPanel(QWidget):
    """DSC large, the other figures in a table, volumes as bars; for the case or the slice."""

    run_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._views: tuple[MetricsView, MetricsView] | None = None
        self.section = Section("Metrics")
        self._scope = Segments(("Case", "Slice"), name="Metrics of")
        self._scope.chosen.connect(self._refresh)
        self.section.set_corner(self._scope)
        self._hero = _Hero()
        self._table = _Table()
        self._volumes = _Volumes()
        self._empty = _Empty()
        self._empty.run.clicked.connect(self.run_requested)
        body = QVBoxLayout(self.section.body)
        body.setContentsMargins(INSET, 0, INSET, 12)
        body.setSpacing(8)
        for part in (self._hero, self._empty, self._table, self._volumes):
            body.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.section)
        self.set_look(DARK, DEFAULT_OVERLAYS)
        self._refresh()

    def set_metrics(self, case: MetricsView, slice_: MetricsView) -> None:
        """Show the figures of a case and of its slice on screen."""
        before, self._views = self._views, (case, slice_)
        if before is None or before[self._scope.index] != self._views[self._scope.index]:
            self._refresh()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self.section.set_look(theme, overlays)
        self._empty.set_look(theme)
        self._volumes.set_look(theme, overlays)

    def _refresh(self) -> None:
        view = None if self._views is None else self._views[self._scope.index]
        scored = view is not None and view.state in {"ready", "running"}
        self._hero.setVisible(scored)
        self._table.setVisible(scored)
        self._empty.setVisible(not scored)
        self._volumes.setVisible(
            view is not None and view.state not in ("no_case", "no_prediction")
        )
        if view is None:
            self._empty.show_text("info", "No case open", "Open a case to see its metrics.")
        elif scored:
            self._hero.show_view(view)
            self._table.show_view(view)
        else:
            self._empty.show_text(_ICONS[view.state], _TITLES[view.state], view.message)
        self._empty.run.setVisible(view is not None and view.state == "no_prediction")
        if view is not None:
            self._volumes.show_view(view)


class _Hero(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._score = make_label(MISSING, "hero")
        self._score.setFont(app_font(size_px=34, weight=600, tabular=False))
        self._score.setAccessibleName("DSC")
        self._what = ElidedLabel("", "caption")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(make_label("DSC", "section"))
        words.addWidget(self._what)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(10)
        row.addWidget(self._score)
        row.addLayout(words, 1)

    def show_view(self, view: MetricsView) -> None:
        waiting = view.state == "running" and view.dsc is None
        self._score.setText("…" if waiting else number(view.dsc, 3))
        self._what.setText(view.message)


class _Table(QWidget):
    _KEYS = ("iou", "hd95", "sensitivity", "precision")
    _TITLES = ("IoU", "HD95", "Sensitivity", "Precision")

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.setColumnStretch(0, 1)
        self._names: dict[str, QLabel] = {}
        self._values: dict[str, QLabel] = {}
        for row, (key, title) in enumerate(zip(self._KEYS, self._TITLES, strict=True)):
            self._names[key] = make_label(title, "body")
            self._values[key] = make_label(MISSING, "value")
            grid.addWidget(self._names[key], row, 0)
            grid.addWidget(self._values[key], row, 1, Qt.AlignmentFlag.AlignRight)
            grid.setRowMinimumHeight(row, _ROW_HEIGHT)

    def show_view(self, view: MetricsView) -> None:
        self._names["hd95"].setText(f"HD95, {view.length_unit}")
        distance = "…" if view.hd95 == "pending" else number(view.hd95, 1)
        texts = {
            "iou": number(view.iou, 3),
            "hd95": distance,
            "sensitivity": number(view.sensitivity, 3),
            "precision": number(view.precision, 3),
        }
        for key, text in texts.items():
            self._values[key].setText(text)
            self._values[key].setAccessibleName(f"{self._names[key].text()} {text}")


class _Volumes(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._overlays = DEFAULT_OVERLAYS
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(0)
        grid.setColumnMinimumWidth(0, 64)
        grid.setColumnStretch(1, 1)
        self._rows = [self._add_row(grid, name) for name in ("Predicted", "Truth")]

    def show_view(self, view: MetricsView) -> None:
        volumes = (view.predicted_volume, view.truth_volume)
        shown = (True, view.state != "no_truth" and view.truth_volume is not None)
        whole = max((volume or 0.0 for volume in volumes), default=0.0) * _HEADROOM
        for row, volume, visible in zip(self._rows, volumes, shown, strict=True):
            decimals = 0 if view.volume_unit == "voxels" else 1
            text = MISSING if volume is None else f"{number(volume, decimals)} {view.volume_unit}"
            row.value.setText(text)
            row.bar.set_share((volume or 0.0) / whole if whole else 0.0)
            for widget in (row.name, row.bar, row.value):
                widget.setVisible(visible)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        for row, colour in zip(self._rows, (overlays.prediction, overlays.truth), strict=True):
            row.bar.set_colours(colour, theme.bg4)

    @staticmethod
    def _add_row(grid: QGridLayout, name: str) -> "_VolumeRow":
        index = grid.rowCount()
        row = _VolumeRow(make_label(name, "caption"), _Bar(), make_label(MISSING, "value"))
        grid.addWidget(row.name, index, 0)
        grid.addWidget(row.bar, index, 1)
        grid.addWidget(row.value, index, 2, Qt.AlignmentFlag.AlignRight)
        for widget in (row.name, row.value):
            widget.setFixedHeight(_BAR_ROW_HEIGHT)
        return row


class _Bar(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._share = 0.0
        self._colour, self._track = DEFAULT_OVERLAYS.prediction, DARK.bg4
        self.setFixedHeight(_BAR_ROW_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_share(self, share: float) -> None:
        self._share = share
        self.update()

    def set_colours(self, colour: str, track: str) -> None:
        self._colour, self._track = colour, track
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top = (self.height() - _BAR_HEIGHT) / 2
        for colour, share in ((self._track, 1.0), (self._colour, self._share)):
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(0, top, self.width() * share, _BAR_HEIGHT), 2, 2)


@dataclass(frozen=True, slots=True)
class _VolumeRow:
    name: QLabel
    bar: _Bar
    value: QLabel


class _Empty(QWidget):
    _ICON_SIZE = 28

    def __init__(self) -> None:
        super().__init__()
        self._glyph = Glyph("info", size=self._ICON_SIZE)
        self._title = make_label("", "section")
        self._sentence = make_wrapped_label("", "body")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.run = QPushButton("Run case")
        self.run.setToolTip("Run the model on this case (Ctrl+R)")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(8)
        for widget in (self._glyph, self._title):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._sentence)
        column.addWidget(self.run, 0, Qt.AlignmentFlag.AlignHCenter)

    def show_text(self, icon: str, title: str, sentence: str) -> None:
        self._glyph.set_icon(icon)
        self._title.setText(title)
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))

    def set_look(self, theme: Theme) -> None:
        self._glyph.set_colour(theme.t3)
