"""The left side of the comparison: which models are ticked, and how far their run is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.widgets.labels import make_label, make_wrapped_label, plain_tip

_ID = Qt.ItemDataRole.UserRole
_STEPS = 1000
_WIDTH = 264


@dataclass(frozen=True)
class RunView:
    """How a run stands; `fraction` None while none goes on. `trouble` says why it ended early."""

    fraction: float | None = None
    message: str = ""
    stopping: bool = False
    trouble: str = ""


class StudySide(QWidget):
    """Ticks and runs; the ids of the ticked models go out with `run_asked`."""

    run_asked = Signal(tuple, bool)
    ticked_changed = Signal(tuple)
    cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(_WIDTH)
        self._run_view = RunView()
        self._ground = ""
        self._list = QListWidget()
        self._list.setAccessibleName("Models to compare")
        self._list.itemChanged.connect(self._on_item_changed)
        self._ensemble = QCheckBox("Their mean as one more")
        self._ensemble.setToolTip("Average the probabilities of the ticked models")
        self._run = QPushButton("Run all ticked models on all cases")
        self._run.setProperty("primary", True)
        self._run.setAutoDefault(False)
        self._run.setToolTip("One job of its own; what was predicted before is not run again")
        self._run.clicked.connect(lambda: self.run_asked.emit(self.ticked, self.ensemble))
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setAccessibleName("Progress of the comparison")
        self._message = make_wrapped_label("", "caption")
        self._cancel = QPushButton("Cancel")
        self._cancel.setAutoDefault(False)
        self._cancel.setToolTip("Stop after the slices in hand; what is predicted is kept")
        self._cancel.clicked.connect(self.cancel_asked)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 16, 16)
        column.setSpacing(10)
        column.addWidget(make_label("Models", "section"))
        column.addWidget(self._list, 1)
        for widget in (self._ensemble, self._run, self._bar, self._message, self._cancel):
            column.addWidget(widget)
        self.show_run(RunView())

    @property
    def ticked(self) -> tuple[str, ...]:
        """Ids of the ticked models, in their order."""
        items = [self._list.item(row) for row in range(self._list.count())]
        return tuple(
            str(item.data(_ID)) for item in items if item.checkState() == Qt.CheckState.Checked
        )

    @property
    def ensemble(self) -> bool:
        """Whether the mean of the models is wanted too."""
        return self._ensemble.isChecked() and len(self.ticked) > 1

    def set_models(self, models: Iterable[tuple[str, str]], ticked: Sequence[str]) -> None:
        """Offer models as (id, title)."""
        self._list.clear()
        for model_id, title in models:
            item = QListWidgetItem(title)
            item.setData(_ID, model_id)
            item.setToolTip(plain_tip(model_id))
            on = model_id in ticked
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            self._list.addItem(item)
        self._enable()

    def set_ground(self, said: str) -> None:
        """Say what the models would be run on."""
        self._ground = said
        self.show_run(self._run_view)

    def show_run(self, view: RunView) -> None:
        """Show how far a run is."""
        self._run_view = view
        busy = view.fraction is not None
        self._bar.setVisible(busy)
        self._cancel.setVisible(busy)
        self._bar.setValue(round((view.fraction or 0.0) * _STEPS))
        self._cancel.setEnabled(not view.stopping)
        self._cancel.setText("Stopping…" if view.stopping else "Cancel")
        self._message.setText(view.message if busy else view.trouble or self._ground)
        role = "error" if view.trouble and not busy else "caption"
        if self._message.property("role") != role:
            self._message.setProperty("role", role)
            self._message.style().polish(self._message)
        self._enable()

    def _on_item_changed(self) -> None:
        self._enable()
        self.ticked_changed.emit(self.ticked)

    def _enable(self) -> None:
        count = len(self.ticked)
        self._run.setEnabled(bool(count) and self._run_view.fraction is None)
        self._ensemble.setEnabled(count > 1)
