"""The models of a comparison: ticked to be run together, each with its DSC on this case."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from gui.widgets.labels import ElidedLabel, make_label, number, plain_tip
from gui.widgets.meter import Meter
from gui.widgets.palette import DARK, Theme

_AMBER, _RED = 0.80, 0.60
_ROW = 38


@dataclass(frozen=True)
class ComparedModel:
    """A model as the list shows it; `dsc` of the case on screen, None while not known."""

    id: str
    title: str
    detail: str = ""
    dsc: float | None = None
    champion: bool = False


class ModelList(QWidget):
    """A row a model; `ticked_changed` when another set of them is to be compared."""

    ticked_changed = Signal(tuple)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Models to compare")
        self._theme: Theme = DARK
        self._rows: dict[str, _Row] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    @property
    def ticked(self) -> tuple[str, ...]:
        """Ids of the ticked models, in their order."""
        return tuple(name for name, row in self._rows.items() if row.tick.isChecked())

    def set_models(self, models: Sequence[ComparedModel], ticked: Sequence[str]) -> None:
        """Offer models."""
        for row in self._rows.values():
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = {}
        for place, model in enumerate(models, start=1):
            row = _Row(place, model)
            row.tick.setChecked(model.id in ticked)
            row.tick.toggled.connect(lambda _: self.ticked_changed.emit(self.ticked))
            self._rows[model.id] = row
            self._column.addWidget(row)
        self.set_theme(self._theme)

    def show_dsc(self, scores: dict[str, float | None]) -> None:
        """Show the DSC of each model on the case on screen."""
        for name, row in self._rows.items():
            row.show_dsc(scores.get(name), self._theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for row in self._rows.values():
            row.show_dsc(row.dsc, theme)


class _Row(QWidget):
    def __init__(self, place: int, model: ComparedModel) -> None:
        super().__init__()
        self.setFixedHeight(_ROW)
        self.dsc = model.dsc
        self.tick = QCheckBox()
        self.tick.setAccessibleName(f"Compare {model.title}")
        self.tick.setToolTip(plain_tip(model.id))
        self._meter = Meter(width=56)
        self._score = make_label("", "value")
        self._score.setMinimumWidth(36)
        words = QVBoxLayout()
        words.setSpacing(0)
        title = QHBoxLayout()
        title.setSpacing(6)
        title.addWidget(ElidedLabel(model.title, "section"), 1)
        words.addStretch(1)
        words.addLayout(title)
        champion = "champion, " if model.champion else ""
        words.addWidget(ElidedLabel(f"{champion}{model.detail}", "caption"))
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.tick)
        row.addWidget(make_label(str(place), "key"))
        row.addLayout(words, 1)
        row.addWidget(self._meter)
        row.addWidget(self._score)

    def show_dsc(self, dsc: float | None, theme: Theme) -> None:
        self.dsc = dsc
        self._score.setText(number(dsc, 3))
        value = dsc or 0.0
        colour = theme.bad if value < _RED else theme.warn if value < _AMBER else theme.t2
        self._meter.set_parts([(value, colour)] if dsc is not None else [], track=theme.bg4)
