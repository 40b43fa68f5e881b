"""What is known of the model in use."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from gui.widgets.labels import ElidedLabel, make_label, make_wrapped_label
from gui.widgets.section import INSET, Section
from gui.widgets.theme import OverlayColours, Theme

_NAME_WIDTH = 88
_ROW_HEIGHT = 22
_MEASURING = "measuring…"
_NO_MODEL = "No model is chosen."


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model in words; `gmac` and `memory` are None until measured.

    `memory` is that of a batch of 8 slices of 256×256; `figures` are names and values.
    """

    title: str
    model_id: str
    champion: bool
    architecture: str
    parameters: str
    gmac: str | None
    memory: str | None
    channels: str
    given: str
    made_for: str
    preprocessing: str
    trained_on: str
    licence: str
    figures: tuple[tuple[str, str], ...] = ()


class ModelPanel(QWidget):
    """Title, size, input, origin and figures of a model; folded until asked for."""

    expanded_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.section = Section("Model", expanded=False)
        self.section.expanded_changed.connect(self.expanded_changed)
        self._body = QVBoxLayout(self.section.body)
        self._body.setContentsMargins(INSET, 0, INSET, 12)
        self._card: QWidget | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.section)
        self.set_model(None)

    def set_model(self, model: ModelView | None) -> None:
        """Show a model, or that there is none."""
        if self._card is not None:
            self._body.removeWidget(self._card)
            self._card.hide()
            self._card.deleteLater()
        self._card = make_wrapped_label(_NO_MODEL, "body") if model is None else _card(model)
        self._body.addWidget(self._card)

    def set_expanded(self, expanded: bool) -> None:
        """Fold or unfold."""
        self.section.set_expanded(expanded)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self.section.set_look(theme, overlays)


def _card(model: ModelView) -> QWidget:
    card = QWidget()
    column = QVBoxLayout(card)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    head = QHBoxLayout()
    head.setSpacing(8)
    head.addWidget(ElidedLabel(model.title, "panel"))
    if model.champion:
        head.addWidget(make_label("Champion", "badge"))
    head.addStretch(1)
    column.addLayout(head)
    column.addWidget(ElidedLabel(model.model_id, "caption"))
    column.addSpacing(6)
    column.addLayout(_facts(model))
    if model.figures:
        column.addSpacing(8)
        column.addWidget(make_label("Figures", "caption"))
        column.addLayout(_figures(model.figures))
    return card


def _facts(model: ModelView) -> QGridLayout:
    rows = (
        ("Architecture", model.architecture),
        ("Parameters", model.parameters),
        ("GMAC, 256×256", model.gmac or _MEASURING),
        ("Memory, 8 slices", model.memory or _MEASURING),
        ("Channels", model.channels),
        ("Given here", model.given),
        ("Made for", model.made_for),
        ("Preprocessing", model.preprocessing),
        ("Trained on", model.trained_on),
        ("Licence", model.licence),
    )
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(6)
    grid.setColumnMinimumWidth(0, _NAME_WIDTH)
    grid.setColumnStretch(1, 1)
    for row, (name, value) in enumerate(rows):
        grid.addWidget(make_label(name, "body"), row, 0, Qt.AlignmentFlag.AlignTop)
        text = make_wrapped_label(value, "value")
        text.setAccessibleName(f"{name}: {value}")
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(text, row, 1)
    return grid


def _figures(figures: tuple[tuple[str, str], ...]) -> QGridLayout:
    grid = QGridLayout()
    grid.setSpacing(0)
    grid.setColumnStretch(0, 1)
    for row, (name, value) in enumerate(figures):
        grid.addWidget(ElidedLabel(name, "body"), row, 0)
        grid.addWidget(make_label(value, "value"), row, 1, Qt.AlignmentFlag.AlignRight)
        grid.setRowMinimumHeight(row, _ROW_HEIGHT)
    return grid
