"""The parts of the metrics panel: the DSC large, the table, the volumes as bars."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from core.domain.figure_text import MISSING
from core.domain.metrics import HD95_RULE
from gui.widgets.labels import ElidedLabel, keep_room, make_label, number, set_colour
from gui.widgets.metrics_view import MetricsView, PendingFigure
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS
from gui.widgets.theme import OverlayColours, Theme, app_font

_HERO_HEIGHT = 44
_ROW_HEIGHT = 18
_HEAD_HEIGHT = 14
_BAR_ROW_HEIGHT = 16
_BAR_HEIGHT = 4
_HEADROOM = 1.12
_COLUMN = 52
_BETWEEN = 6


class Hero(QWidget):
    """The DSC large; beside a correction how much it has gained."""

    def __init__(self) -> None:
        super().__init__()
        self._score = make_label(MISSING, "hero")
        self._score.setFont(app_font(size_px=34, weight=600, tabular=False))
        self._score.setAccessibleName("DSC")
        self._title = make_label("DSC", "section")
        self._what = ElidedLabel("", "caption")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(self._title)
        words.addWidget(self._what)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self._score)
        row.addLayout(words, 1)
        self.setFixedHeight(_HERO_HEIGHT)
        self._theme = DARK

    def set_look(self, theme: Theme) -> None:
        self._theme = theme

    def show_view(self, view: MetricsView, corrected: MetricsView | None) -> None:
        now = view if corrected is None else corrected
        waiting = view.state == "running" and now.dsc is None
        self._score.setText("…" if waiting else number(now.dsc, 3))
        title, colour, what = "DSC", self._theme.t1, now.message
        if corrected is not None and corrected.other:
            what = f"correction of {corrected.other}"
        elif corrected is not None and corrected.dsc is not None and view.dsc is not None:
            gain = round(corrected.dsc - view.dsc, 3)
            arrow = "↑ +" if gain > 0 else "↓ " if gain < 0 else "± "
            title = f"{arrow}{number(gain, 3)}"
            colour = self._theme.ok if gain > 0 else self._theme.bad if gain < 0 else colour
            what = f"DSC, was {number(view.dsc, 3)}"
        self._title.setText(title)
        set_colour(self._title, colour)
        self._what.setText(what)


_DISTANCES = {"hd95": "HD95 pooled", "hd95_max": "HD95 maximum"}
_LONGER = "hd95_max"


def _short(title: str) -> str:
    return title.replace("maximum", "max.")


class Table(QWidget):
    """One row a figure; with a correction the columns predicted, corrected and change."""

    _KEYS = ("iou", "hd95", "hd95_max", "sensitivity", "precision")
    _TITLES = ("IoU", "HD95 pooled", "HD95 maximum", "Sensitivity", "Precision")
    _HEADS = ("Predicted", "Corrected", "Change")

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(0)
        grid.setHorizontalSpacing(_BETWEEN)
        grid.setColumnStretch(0, 1)
        right = Qt.AlignmentFlag.AlignRight
        self._heads = [make_label(text, "caption") for text in self._HEADS]
        for column, label in enumerate(self._heads):
            grid.addWidget(label, 0, column + 1, right)
        self._names: dict[str, ElidedLabel] = {}
        self._values: dict[str, list[QLabel]] = {}
        for row, (key, title) in enumerate(zip(self._KEYS, self._TITLES, strict=True), start=1):
            self._names[key] = ElidedLabel(title, "body")
            grid.addWidget(self._names[key], row, 0)
            self._values[key] = [make_label(MISSING, "value") for _ in self._HEADS]
            for column, label in enumerate(self._values[key]):
                grid.addWidget(label, row, column + 1, right)
            grid.setRowMinimumHeight(row, _ROW_HEIGHT)
        grid.setRowMinimumHeight(0, _HEAD_HEIGHT)
        for label in self._heads:  # they come with a correction, which moves nothing below
            label.setFixedHeight(_HEAD_HEIGHT)
        self._grid = grid
        self._theme = DARK
        self.set_short(False)

    def set_look(self, theme: Theme) -> None:
        self._theme = theme

    def set_short(self, short: bool) -> None:
        """Leave the larger of two distances to the tool tip of the other; `show_view` follows."""
        self._short = short
        rows = len(self._KEYS) - short
        self._grid.setRowMinimumHeight(1 + self._KEYS.index(_LONGER), 0 if short else _ROW_HEIGHT)
        self._names[_LONGER].setVisible(not short)
        self.setFixedHeight(_HEAD_HEIGHT + rows * _ROW_HEIGHT)

    def show_view(self, view: MetricsView, corrected: MetricsView | None) -> None:
        for key, title in _DISTANCES.items():
            whole = f"{title}, {view.length_unit}"
            # Beside three columns there is no room for all of it, which the tool tip says.
            self._names[key].setText(whole if corrected is None else _short(title))
            self._names[key].tip = f"{whole}\n{HD95_RULE}"
        if self._short:
            longer = _figure(getattr(view, _LONGER), 1)
            self._names["hd95"].tip += f"\n{_DISTANCES[_LONGER]}: {longer} {view.length_unit}"
        beside = corrected is not None
        for column in (2, 3):
            self._grid.setColumnMinimumWidth(column, _COLUMN if beside else 0)
        for label in self._heads:
            label.setVisible(beside)
        for key in self._KEYS:
            self._show_row(key, view, corrected)

    def _show_row(self, key: str, view: MetricsView, corrected: MetricsView | None) -> None:
        decimals = 1 if key in _DISTANCES else 3
        before = getattr(view, key)
        after = None if corrected is None else getattr(corrected, key)
        texts = [_figure(before, decimals), _figure(after, decimals), ""]
        colour = self._theme.t1
        same = corrected is not None and not corrected.other
        if same and isinstance(before, float) and isinstance(after, float):
            change = round(after - before, decimals)
            texts[2] = f"{'+' if change > 0 else ''}{number(change, decimals)}"
            better = change < 0 if key in _DISTANCES else change > 0
            colour = self._theme.ok if better and change else colour
            colour = self._theme.bad if change and not better else colour
        for label, text in zip(self._values[key], texts, strict=True):
            label.setText(text)
            there = corrected is not None or label is self._values[key][0]
            label.setVisible(there and not (self._short and key == _LONGER))
        set_colour(self._values[key][2], colour)
        self._values[key][0].setAccessibleName(f"{self._names[key].text()} {texts[0]}")


class Volumes(QWidget):
    """Volumes as bars of one scale; the room of three lines, whatever is known."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(0)
        grid.setColumnMinimumWidth(0, 64)
        grid.setColumnStretch(1, 1)
        self._rows = [_add_row(grid) for _ in range(3)]
        self._colours = dict.fromkeys(("Predicted", "Corrected", "Truth"), "#000000")
        self._track = DARK.bg4

    def show_view(self, view: MetricsView, corrected: MetricsView | None) -> None:
        volumes: list[tuple[str, float | None]] = []
        if view.predicted_volume is not None or corrected is None:
            volumes.append(("Predicted", view.predicted_volume))
        if corrected is not None and corrected.predicted_volume is not None:
            volumes.append(("Corrected", corrected.predicted_volume))
        if view.state != "no_truth" and view.truth_volume is not None:
            volumes.append(("Truth", view.truth_volume))
        whole = max((volume or 0.0 for _, volume in volumes), default=0.0) * _HEADROOM
        decimals = 0 if view.volume_unit == "voxels" else 1
        for row in self._rows:
            row.set_visible(False)
        for row, (name, volume) in zip(self._rows, volumes, strict=False):
            text = MISSING if volume is None else f"{number(volume, decimals)} {view.volume_unit}"
            row.name.setText(name)
            row.value.setText(text)
            row.bar.set_share((volume or 0.0) / whole if whole else 0.0)
            row.bar.set_colours(self._colours[name], self._track)
            row.set_visible(True)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._track = theme.bg4
        self._colours = {
            "Predicted": overlays.prediction,
            "Corrected": theme.t1,
            "Truth": overlays.truth,
        }


def without_prediction(view: MetricsView, corrected: MetricsView) -> MetricsView:
    """Return what stands in the predicted column beside a correction that began from nothing."""
    return replace(
        view, state="ready", truth_volume=corrected.truth_volume, volume_unit=corrected.volume_unit
    )


def _figure(value: float | PendingFigure | None, decimals: int) -> str:
    return "…" if value == "pending" else number(value, decimals)


def _add_row(grid: QGridLayout) -> "_VolumeRow":
    index = grid.rowCount()
    row = _VolumeRow(make_label("", "caption"), _Bar(), make_label(MISSING, "value"))
    grid.addWidget(row.name, index, 0)
    grid.addWidget(row.bar, index, 1)
    grid.addWidget(row.value, index, 2, Qt.AlignmentFlag.AlignRight)
    for widget in (row.name, row.value):
        widget.setFixedHeight(_BAR_ROW_HEIGHT)
    keep_room(row.name)
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

    def set_visible(self, visible: bool) -> None:
        for widget in (self.name, self.bar, self.value):
            widget.setVisible(visible)
