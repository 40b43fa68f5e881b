"""The bar at the top: what is open, which model, run, threshold, channel, device, menu."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QToolButton,
    QWidget,
)

from gui.widgets.icons import icon, pixmap
from gui.widgets.labels import make_label
from gui.widgets.palette import OverlayColours, Theme
from gui.widgets.segments import Segments

HEIGHT = 48
_THRESHOLD_STEPS = 100


class TopBar(QFrame):
    """Shows the model, threshold and channel in use, and asks for others."""

    run_case_asked = Signal()
    run_all_asked = Signal()
    model_chosen = Signal(str)
    threshold_moved = Signal(float)
    threshold_reset = Signal()
    channel_chosen = Signal(str)
    device_chosen = Signal(str)
    dataset_asked = Signal()

    _channel: Segments
    _channel_slot: QHBoxLayout
    _champion: QLabel
    _compact: bool
    _dataset: QLabel
    _device: QPushButton
    _device_menu: QMenu
    _is_champion: bool
    _mark: QLabel
    _model: QComboBox
    _more: QToolButton
    _open: QToolButton
    _run: QPushButton
    _run_more: QPushButton
    _synthetic: QLabel
    _threshold: "_ThresholdSlider"
    _threshold_title: QLabel
    _threshold_value: QLabel

    def __init__(self, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("TopBar")
        self.setFixedHeight(HEIGHT)
        self._theme: Theme | None = None
        self._channels: tuple[str, ...] = ()
        self._build_parts(menu)
        self._lay_out()

    def set_dataset(self, name: str, *, synthetic: bool) -> None:
        """Name the dataset that is open."""
        self._dataset.setText(name)
        self._synthetic.setVisible(synthetic)

    def set_models(self, models: Sequence[tuple[str, str]], current: str, champion: str) -> None:
        """Offer models as (id, title); `current` is in use."""
        self._model.blockSignals(True)
        self._model.clear()
        for model_id, title in models:
            self._model.addItem(title, model_id)
        self._model.setCurrentIndex(self._model.findData(current))
        self._model.blockSignals(False)
        self._champion.setVisible(bool(current) and current == champion and not self._compact)
        self._is_champion = bool(current) and current == champion

    def set_threshold(self, threshold: float, own: float) -> None:
        """Show the threshold in use; `own` is that of the model itself."""
        self._threshold.blockSignals(True)
        self._threshold.setValue(round(threshold * _THRESHOLD_STEPS))
        self._threshold.blockSignals(False)
        self._threshold_value.setText(f"{threshold:.2f}")
        said = "Probability above which a voxel counts as lesion, in every case of this model."
        back = f"Its own is {own:.2f}: a double click goes back."
        for widget in (self._threshold, self._threshold_value):
            widget.setToolTip(f"{said}\n{back}")

    def set_channels(self, channels: Sequence[str], current: str) -> None:
        """Offer the channels of the case on screen."""
        if tuple(channels) != self._channels:
            self._channels = tuple(channels)
            old, self._channel = self._channel, Segments(channels or ("–",), name="Channel")
            self._channel_slot.replaceWidget(old, self._channel)
            old.deleteLater()
            self._channel.chosen.connect(self._on_channel_chosen)
        if current in self._channels:
            self._channel.blockSignals(True)
            self._channel.set_index(self._channels.index(current))
            self._channel.blockSignals(False)

    def set_devices(self, devices: Sequence[str], chosen: str, used: str) -> None:
        """Offer devices; say where the last run took place."""
        shown = used or ("auto" if chosen == "auto" else chosen)
        self._device.setText(shown.upper() if shown != "auto" else "Auto")
        self._device_menu.clear()
        for name in ("auto", *devices):
            action = self._device_menu.addAction(
                "Automatic: the fastest" if name == "auto" else name.upper()
            )
            action.setCheckable(True)
            action.setChecked(name == chosen)
            action.triggered.connect(lambda _=False, name=name: self.device_chosen.emit(name))

    def set_runnable(self, runnable: bool) -> None:
        """Say whether a model can be run on the case on screen."""
        self._run.setEnabled(runnable)
        self._run_more.setEnabled(runnable)

    def set_compact(self, compact: bool) -> None:
        """Leave out what a narrow window has no room for."""
        self._compact = compact
        self._champion.setVisible(self._is_champion and not compact)
        for widget in (self._threshold_title, self._device):
            widget.setVisible(not compact)
        self._model.setMinimumWidth(140 if compact else 180)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        ratio = self.devicePixelRatioF()
        self._mark.setPixmap(pixmap("mark", theme.acc, 24, ratio))
        self._run.setIcon(icon("play", colour=theme.acc, size=14))
        self._device.setIcon(icon("chip", colour=theme.t2, size=16))
        self._more.setIcon(icon("more", colour=theme.t2, size=18))
        self._open.setIcon(icon("folder-open", colour=theme.t2, size=18))

    def _build_parts(self, menu: QMenu) -> None:
        self._compact = self._is_champion = False
        self._mark = QLabel()
        self._dataset = make_label("", "value")
        self._synthetic = make_label("synthetic", "badge-warn")
        self._synthetic.hide()
        self._open = _tool("Open folder (Ctrl+O)", self.dataset_asked.emit)
        self._model = QComboBox()
        self._model.setAccessibleName("Model")
        self._model.setToolTip("The model that predicts")
        self._model.setMinimumWidth(180)
        self._model.activated.connect(
            lambda index: self.model_chosen.emit(self._model.itemData(index))
        )
        self._champion = make_label("Champion", "badge")
        self._run = QPushButton("Run case")
        self._run.setToolTip("Run the model on this case (Ctrl+R)")
        self._run.setIconSize(QSize(14, 14))
        self._run.clicked.connect(self.run_case_asked)
        self._run_more = _split_arrow(self._run_menu())
        self._threshold_title = make_label("Threshold", "caption")
        self._threshold = _ThresholdSlider(Qt.Orientation.Horizontal)
        self._threshold.reset_asked.connect(self.threshold_reset)
        self._threshold.setRange(1, _THRESHOLD_STEPS - 1)
        self._threshold.setFixedWidth(92)
        self._threshold.setAccessibleName("Threshold")
        self._threshold.valueChanged.connect(self._on_threshold_changed)
        self._threshold_value = make_label("0.50", "value")
        self._threshold_value.setMinimumWidth(30)
        self._channel = Segments(("–",), name="Channel")
        self._device = QPushButton("Auto")
        self._device.setProperty("flat", True)
        self._device.setToolTip("Where models run")
        self._device.setAccessibleName("Device")
        self._device_menu = QMenu(self)
        self._device.setMenu(self._device_menu)
        self._more = _tool("Menu", lambda: None)
        self._more.setMenu(menu)
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 12, 0)
        row.setSpacing(8)
        name = make_label("Overread", "title")
        for widget in (self._mark, name, _rule(), self._dataset, self._synthetic, self._open):
            row.addWidget(widget)
        row.addWidget(_rule())
        row.addWidget(self._model)
        row.addWidget(self._champion)
        split = QHBoxLayout()
        split.setSpacing(0)
        split.addWidget(self._run)
        split.addWidget(self._run_more)
        row.addLayout(split)
        row.addSpacing(8)
        row.addWidget(self._threshold_title)
        row.addWidget(self._threshold)
        row.addWidget(self._threshold_value)
        row.addStretch(1)
        self._channel_slot = QHBoxLayout()
        self._channel_slot.addWidget(self._channel)
        row.addLayout(self._channel_slot)
        row.addWidget(_rule())
        row.addWidget(self._device)
        row.addWidget(self._more)

    def _run_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("Run this case\tCtrl+R", self.run_case_asked.emit)
        menu.addAction("Run all cases\tCtrl+Shift+R", self.run_all_asked.emit)
        return menu

    def _on_threshold_changed(self, value: int) -> None:
        self._threshold_value.setText(f"{value / _THRESHOLD_STEPS:.2f}")
        self.threshold_moved.emit(value / _THRESHOLD_STEPS)

    def _on_channel_chosen(self, index: int) -> None:
        self.channel_chosen.emit(self._channels[index])


class _ThresholdSlider(QSlider):
    reset_asked = Signal()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_asked.emit()
        event.accept()


def _tool(tip: str, started: object) -> QToolButton:
    button = QToolButton()
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setIconSize(QSize(18, 18))
    button.clicked.connect(started)
    return button


def _split_arrow(menu: QMenu) -> QPushButton:
    button = QPushButton()
    button.setFixedWidth(26)
    button.setToolTip("More ways to run")
    button.setAccessibleName("More ways to run")
    button.setMenu(menu)
    return button


def _rule() -> QFrame:
    rule = QFrame()
    rule.setProperty("rule", "vertical")
    rule.setFixedSize(1, 20)
    return rule
