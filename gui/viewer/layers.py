"""The layers over the image: which show, how strongly, as contour or filled."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.domain.prediction import Postprocessing
from gui.shell.view_state import LayerKey
from gui.viewer.layer_sample import LayerSample
from gui.widgets.icons import Tint, tinted_icon
from gui.widgets.labels import ElidedLabel, make_label, plain_tip
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS
from gui.widgets.section import INSET, Section
from gui.widgets.theme import OverlayColours, Theme

_ROW_HEIGHT = 26
_SLIDER_WIDTH = 58
_ICON = 16
_MAPS = frozenset({"uncertainty"})  # drawn voxel by voxel: they have no contour


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer as the reader sees it; `opacity` from 0 to 1."""

    key: LayerKey
    title: str
    detail: str = ""
    visible: bool = True
    opacity: float = 1.0
    filled: bool = False
    available: bool = True


class LayersPanel(QWidget):
    """A row a layer, and below them how masks are cleaned and drawn."""

    visibility_changed = Signal(str, bool)
    opacity_changed = Signal(str, float)
    filled_changed = Signal(str, bool)
    largest_changed = Signal(bool)
    no_small_changed = Signal(bool)
    holes_changed = Signal(bool)
    exact_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._overlays = DARK, DEFAULT_OVERLAYS
        self._rows: dict[str, _RowView] = {}
        self.section = Section("Layers")
        self._row_column = QVBoxLayout()
        self._row_column.setSpacing(0)
        self._largest = _check("Largest component only", "Keep only the largest predicted part")
        self._no_small = _check(
            "No small components", "Leave out predicted parts under 30 % of the largest"
        )
        self._holes = _check("Fill holes", "Fill what a predicted part encloses within a slice")
        self._exact = _check("Exact voxels", "Show voxels as they are, without smoothing")
        self._largest.clicked.connect(self.largest_changed)
        self._no_small.clicked.connect(self.no_small_changed)
        self._holes.clicked.connect(self.holes_changed)
        self._exact.clicked.connect(self.exact_changed)
        self._lay_out()

    def set_layers(self, layers: Sequence[LayerRow]) -> None:
        """Show these layers in this order."""
        if [layer.key for layer in layers] != list(self._rows):
            self._replace_rows(layers)
        for layer in layers:
            self._rows[layer.key].show_layer(layer)

    def set_options(self, post: Postprocessing, *, exact: bool) -> None:
        """Tick what holds."""
        self._largest.setChecked(post.largest_component)
        self._no_small.setChecked(post.smallest_share > 0)
        self._holes.setChecked(post.fill_holes)
        self._exact.setChecked(exact)

    def set_expanded(self, expanded: bool) -> None:
        """Fold or unfold."""
        self.section.set_expanded(expanded)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme, self._overlays = theme, overlays
        self.section.set_look(theme, overlays)
        for row in self._rows.values():
            row.set_look(theme, overlays)

    def _lay_out(self) -> None:
        body = QVBoxLayout(self.section.body)
        body.setContentsMargins(0, 0, 0, 8)
        body.setSpacing(0)
        body.addLayout(self._row_column)
        options = QGridLayout()
        options.setContentsMargins(INSET, 4, INSET, 0)
        options.setSpacing(6)
        for row, pair in enumerate(((self._largest, self._holes), (self._no_small, self._exact))):
            for side, option in enumerate(pair):
                options.addWidget(option, row, side)
        body.addLayout(options)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.section)

    def _replace_rows(self, layers: Sequence[LayerRow]) -> None:
        for row in self._rows.values():
            self._row_column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = {layer.key: _RowView(layer) for layer in layers}
        for row in self._rows.values():
            row.set_look(self._theme, self._overlays)
            row.visibility_changed.connect(self.visibility_changed)
            row.opacity_changed.connect(self.opacity_changed)
            row.filled_changed.connect(self.filled_changed)
            self._row_column.addWidget(row)


def _check(text: str, tip: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setAccessibleName(text)
    box.setToolTip(plain_tip(tip))
    return box


class _RowView(QWidget):
    visibility_changed = Signal(str, bool)
    opacity_changed = Signal(str, float)
    filled_changed = Signal(str, bool)

    def __init__(self, layer: LayerRow) -> None:
        super().__init__()
        self._layer = layer
        self._shown: LayerRow | None = None
        self._theme, self._overlays = DARK, DEFAULT_OVERLAYS
        self.setFixedHeight(_ROW_HEIGHT)
        self._eye = _toggle()
        self._eye.clicked.connect(self._on_eye_clicked)
        self._sample = LayerSample(layer.key, _ROW_HEIGHT)
        self._title = make_label(layer.title, "section")
        self._detail = ElidedLabel("", "caption")
        self._detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._slider = _OpacitySlider(Qt.Orientation.Horizontal)
        self._slider.valueChanged.connect(self._on_slider_changed)
        self._fill = _toggle()
        held = self._fill.sizePolicy()
        held.setRetainSizeWhenHidden(True)
        self._fill.setSizePolicy(held)
        if layer.key in _MAPS:
            self._fill.hide()
        self._fill.clicked.connect(self._on_fill_clicked)
        self._lay_out()

    def show_layer(self, layer: LayerRow) -> None:
        if layer == self._shown:
            return  # Icons and tooltips set anew are painted anew, at every slice.
        self._layer = self._shown = layer
        self.setEnabled(layer.available)
        self._title.setText(layer.title)
        self._detail.setText(layer.detail)
        self._eye.setChecked(layer.visible)
        self._fill.setChecked(layer.filled)
        with QSignalBlocker(self._slider):
            self._slider.setValue(round(layer.opacity * 100))
        self._name_controls()
        self._paint_icons()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme, self._overlays = theme, overlays
        self._paint_icons()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(INSET - 6, 0, INSET - 6, 0)
        row.setSpacing(0)
        row.addWidget(self._eye)
        row.addSpacing(2)
        row.addWidget(self._sample)
        row.addSpacing(9)
        row.addWidget(self._title)
        row.addSpacing(8)
        row.addWidget(self._detail, 1)
        row.addSpacing(8)
        row.addWidget(self._slider)
        row.addSpacing(4)
        row.addWidget(self._fill)

    def _name_controls(self) -> None:
        title = self._layer.title
        for button, verb in (
            (self._eye, "Hide" if self._layer.visible else "Show"),
            (self._fill, "Only the contour of" if self._layer.filled else "Fill"),
        ):
            name = f"{verb} {title[:1].lower()}{title[1:]}"
            button.setAccessibleName(name)
            button.setToolTip(plain_tip(name))
        self._slider.setAccessibleName(f"Opacity of {title[:1].lower()}{title[1:]}")
        self._slider.setToolTip(f"Opacity {self._slider.value()}%")

    def _paint_icons(self) -> None:
        theme, layer = self._theme, self._layer
        plain = Tint(theme.t2, theme.t1, theme.t2, theme.t4)
        self._eye.setIcon(
            tinted_icon("eye" if layer.visible else "eye-off", tint=plain, size=_ICON)
        )
        self._fill.setIcon(
            tinted_icon("filled" if layer.filled else "contour", tint=plain, size=_ICON)
        )
        self._sample.show_as(theme, self._overlays, faded=not (layer.visible and layer.available))
        # A hidden layer reads like a disabled one, though its controls still answer.
        self._title.setEnabled(layer.visible)
        self._detail.setEnabled(layer.visible)

    def _on_eye_clicked(self, visible: bool) -> None:
        self.visibility_changed.emit(self._layer.key, visible)

    def _on_slider_changed(self, percent: int) -> None:
        self._slider.setToolTip(f"Opacity {percent}%")
        self.opacity_changed.emit(self._layer.key, percent / 100)

    def _on_fill_clicked(self, filled: bool) -> None:
        self.filled_changed.emit(self._layer.key, filled)


def _toggle() -> QToolButton:
    button = QToolButton()
    button.setCheckable(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    # The icon says the state; the violet of other checked buttons would say "selected".
    button.setStyleSheet("QToolButton:checked:!hover { background: transparent; }")
    return button


class _OpacitySlider(QSlider):
    def __init__(self, orientation: Qt.Orientation) -> None:
        super().__init__(orientation)
        self.setRange(0, 100)
        self.setPageStep(10)
        self.setSingleStep(5)
        self.setFixedWidth(_SLIDER_WIDTH)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # The wheel scrolls the inspector; it must not change a layer on its way.
