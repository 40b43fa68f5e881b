"""The bar at the top: what is open, which model, run, threshold, channel, device, menu."""

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QMouseEvent, QResizeEvent
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

from gui.shell.actions import Actions
from gui.shell.commands import Keys
from gui.shell.layout_choice import LayoutChoice
from gui.widgets.icons import icon, pixmap
from gui.widgets.labels import ElidedLabel, make_label, plain_tip
from gui.widgets.palette import OverlayColours, Theme
from gui.widgets.quiet_choice import QuietChoice
from gui.widgets.segments import Segments

HEIGHT = 48
_THRESHOLD_STEPS = 100
_DEVICE_WIDTH = 78
_LONGEST_NAME, _READER = 150, 76
_WIDE = 1680
Mode = Literal["review", "compare"]
_MODES: tuple[Mode, ...] = ("review", "compare")
_MODE_COMMANDS = ("review_mode", "compare_models", "train")
_OPENS = ("open_dataset", "open_demo", "open_predictions")
_WINDOW = (
    "auto_window", "reset_window", "window_contrast", "window_lesion", "window_soft", "invert",
    "cine",
)  # fmt: skip


class TopBar(QFrame):
    """Shows the model, threshold and channel in use, and asks for others."""

    run_case_asked = Signal()
    run_all_asked = Signal()
    model_chosen = Signal(str)
    threshold_moved = Signal(float)
    threshold_reset = Signal()
    channel_chosen = Signal(str)
    device_chosen = Signal(str)
    engine_chosen = Signal(str)
    layout_asked = Signal(str)
    mode_asked = Signal(str)
    """The id of the command that reviews, compares or trains."""

    _channel: Segments
    _channel_slot: QHBoxLayout
    _champion: QLabel
    _compact: bool
    _dataset: QPushButton
    _device: QPushButton
    _device_menu: QMenu
    _is_champion: bool
    _layouts: LayoutChoice
    _mark: QLabel
    _mode: Segments
    _mode_shown: int
    _model: QComboBox
    _window: QToolButton
    _reader: ElidedLabel
    _run: QPushButton
    _run_more: QPushButton
    _synthetic: QLabel
    _threshold: "_ThresholdSlider"
    _threshold_title: QLabel
    _threshold_value: QLabel

    def __init__(self, recent: QMenu, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("TopBar")
        self.setFixedHeight(HEIGHT)
        self._channels: tuple[str, ...] = ()
        self._engines: tuple[tuple[str, str], ...] = ()
        self._engine, self._engine_actions = "auto", list[QAction]()
        self._build_parts(recent, actions)
        self._lay_out()

    def set_dataset(self, name: str, *, synthetic: bool) -> None:
        """Name the dataset that is open."""
        metrics = self._dataset.fontMetrics()
        short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, _LONGEST_NAME)
        self._dataset.setText(short.replace("&", "&&"))
        self._dataset.setToolTip(plain_tip(name))
        self._synthetic.setVisible(synthetic)
        self._fit()

    def set_reader(self, name: str) -> None:
        """Name who reads, beside what is read."""
        self._reader.setText(name or "No reader")
        self._reader.setAccessibleName(f"Reader: {name}" if name else "")

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

    def set_mode(self, mode: Mode) -> None:
        """Mark what the window is laid out for."""
        self._mode_shown = _MODES.index(mode)
        self._mode.blockSignals(True)
        self._mode.set_index(self._mode_shown)
        self._mode.blockSignals(False)

    def set_layout(self, command: str) -> None:
        """Mark the layout of the views, by the id of its command."""
        self._layouts.set_layout(command)

    def set_keys(self, changed: Keys) -> None:
        """Name the keys that the reader gave to commands."""
        self._layouts.set_keys(changed)

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
        self._offer_engines()

    def set_engines(self, engines: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer what computes models, as (id, title)."""
        self._engines, self._engine = tuple(engines), chosen
        for action in self._engine_actions:
            self._device_menu.removeAction(action)
        self._offer_engines()

    def engines(self) -> dict[str, bool]:
        """Return the titles on offer, True for what is in use."""
        actions = [each for each in self._engine_actions if each.isCheckable()]
        return {action.text(): action.isChecked() for action in actions}

    def _offer_engines(self) -> None:
        self._engine_actions = [self._device_menu.addSection("Computed by")]
        for name, title in self._engines:
            action = self._device_menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(name == self._engine)
            action.triggered.connect(lambda _=False, name=name: self.engine_chosen.emit(name))
            self._engine_actions.append(action)

    def set_runnable(self, runnable: bool) -> None:
        """Say whether a model can be run on the case on screen."""
        self._run.setEnabled(runnable)
        self._run_more.setEnabled(runnable)

    def set_compact(self, compact: bool) -> None:
        """Leave out what a narrow window has no room for."""
        self._compact = compact
        policy = self._champion.sizePolicy()
        policy.setRetainSizeWhenHidden(not compact)  # where there is room, nothing moves for it
        self._champion.setSizePolicy(policy)
        self._champion.setVisible(self._is_champion and not compact)
        self._device.setVisible(not compact)
        self._fit()
        self._model.setMinimumWidth(140 if compact else 160)
        self._layouts.set_compact(compact)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave out what there is no room for, the least needed first."""
        wide = self.width() >= _WIDE
        # The slider says what it is under the pointer, too.
        self._threshold_title.setVisible(wide)
        room = wide or (not self._compact and self._synthetic.isHidden())
        self._reader.setVisible(room)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme."""
        ratio = self.devicePixelRatioF()
        self._mark.setPixmap(pixmap("mark", theme.acc, 24, ratio))
        self._run.setIcon(icon("play", colour=theme.acc, size=14))
        self._device.setIcon(icon("chip", colour=theme.t2, size=16))
        self._window.setIcon(icon("window-level", colour=theme.t2, size=18))
        self._layouts.set_theme(theme)

    def _build_parts(self, recent: QMenu, actions: Actions) -> None:
        self._compact = self._is_champion = False
        self._build_place(recent, actions)
        self._model = QuietChoice()
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
        self._threshold.setValue(_THRESHOLD_STEPS // 2)
        self._threshold.setFixedWidth(92)
        self._threshold.setAccessibleName("Threshold")
        self._threshold.valueChanged.connect(self._on_threshold_changed)
        self._threshold_value = make_label("0.50", "value")
        self._threshold_value.setMinimumWidth(30)
        self._channel = Segments(("–",), name="Channel")
        self._device = QPushButton("Auto")
        self._device.setProperty("flat", True)
        self._device.setMinimumWidth(_DEVICE_WIDTH)
        self._device.setToolTip("Where models run")
        self._device.setAccessibleName("Device")
        self._device_menu = QMenu(self)
        self._device.setMenu(self._device_menu)
        self._window = _menu_button("Window and level", _menu_of(self, actions, _WINDOW))
        self._layouts = LayoutChoice(actions)
        self._layouts.asked.connect(self.layout_asked)

    def _build_place(self, recent: QMenu, actions: Actions) -> None:
        """Make what says where the reader is: the dataset, and what the window is laid out for."""
        self._mark = QLabel()
        self._dataset = QPushButton("No dataset")
        self._dataset.setProperty("flat", True)
        self._dataset.setAccessibleName("Dataset")
        self._dataset.setMenu(_dataset_menu(self, recent, actions))
        self._reader = _ReaderLabel("No reader", "caption")
        self._reader.setMaximumWidth(_READER)
        self._synthetic = make_label("synthetic", "badge-warn")
        self._synthetic.hide()
        self._mode_shown = 0
        self._mode = Segments(("Review", "Compare", "Train"), name="Mode")
        self._mode.chosen.connect(self._on_mode_chosen)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 12, 0)
        row.setSpacing(8)
        name = make_label("Overread", "title")
        for widget in (self._mark, name, _rule(), self._dataset, self._reader, self._synthetic):
            row.addWidget(widget)
        row.addWidget(self._mode)
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
        row.addWidget(self._window)
        row.addWidget(self._layouts)
        row.addWidget(self._device)

    def _run_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("Run this case\tCtrl+R", self.run_case_asked.emit)
        menu.addAction("Run all cases\tCtrl+Shift+R", self.run_all_asked.emit)
        return menu

    def _on_threshold_changed(self, value: int) -> None:
        self._threshold_value.setText(f"{value / _THRESHOLD_STEPS:.2f}")
        self.threshold_moved.emit(value / _THRESHOLD_STEPS)

    def _on_mode_chosen(self, index: int) -> None:
        # The mark follows the window, not the click: training is a dialog over what is shown.
        self.set_mode(_MODES[self._mode_shown])
        self.mode_asked.emit(_MODE_COMMANDS[index])

    def _on_channel_chosen(self, index: int) -> None:
        self.channel_chosen.emit(self._channels[index])


class _ReaderLabel(ElidedLabel):
    """Has the same room whatever the name, which is given later, and gives it up to a control."""

    def sizeHint(self) -> QSize:
        return QSize(_READER, super().sizeHint().height())


class _ThresholdSlider(QSlider):
    reset_asked = Signal()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_asked.emit()
        event.accept()


def _menu_button(name: str, menu: QMenu) -> QToolButton:
    button = QToolButton()
    button.setToolTip(name)
    button.setAccessibleName(name)
    button.setIconSize(QSize(18, 18))
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return button


def _menu_of(parent: QWidget, actions: Actions, commands: Sequence[str]) -> QMenu:
    menu = QMenu(parent)
    for name in commands:
        menu.addAction(actions[name])
    return menu


def _dataset_menu(parent: QWidget, recent: QMenu, actions: Actions) -> QMenu:
    menu = _menu_of(parent, actions, _OPENS[:1])
    menu.addMenu(recent)
    for name in _OPENS[1:]:
        menu.addAction(actions[name])
    return menu


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
