"""Asks for the size of a voxel that no file tells, for one case or for all."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.domain.grid import Spacing
from gui.widgets.labels import make_wrapped_label

LEAST_MM, MOST_MM = 0.01, 100.0
_FIRST = (5.0, 1.0, 1.0)
_TITLES = ("Distance of slices (z)", "Distance of rows (y)", "Distance of columns (x)")
_ABOUT = (
    "Lengths are then in mm and volumes in mL, and each says that the spacing was given. Files are "
    "never changed, and exports say no more of their geometry than the originals."
)


class SpacingDialog(QDialog):
    """Three lengths in mm; `given` has the spacing (z, y, x) or None, and whether it is for all.

    None takes the spacing back.
    """

    given = Signal(object, bool)

    def __init__(
        self, parent: QWidget, case_id: str, *, cases: int, before: Spacing | None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Give the spacing")
        self._subject = make_wrapped_label(
            f"No file of {case_id} tells how large a voxel is.", "body"
        )
        self.fields = [
            _field(title, value) for title, value in zip(_TITLES, before or _FIRST, strict=True)
        ]
        self.all = QCheckBox(f"For all {cases} cases of this folder whose files tell none")
        self.all.setChecked(True)
        self.all.setVisible(cases > 1)
        self.take = _button("Use this spacing", self._on_take)
        self.take.setProperty("primary", True)
        self.take.setDefault(True)
        self.back = _button("Take it back", lambda: self._emit(None))
        self.back.setVisible(before is not None)
        self._close = _button("Close", self.reject)
        self._lay_out()

    @property
    def spacing(self) -> Spacing:
        """What the fields say, (z, y, x) in mm."""
        z, y, x = (field.value() for field in self.fields)
        return z, y, x

    def _on_take(self) -> None:
        self._emit(self.spacing)

    def _emit(self, spacing: Spacing | None) -> None:
        everywhere = self.all.isChecked()
        self.accept()
        self.given.emit(spacing, everywhere)

    def _lay_out(self) -> None:
        form = QFormLayout()
        for title, field in zip(_TITLES, self.fields, strict=True):
            form.addRow(title, field)
        buttons = QHBoxLayout()
        buttons.addWidget(self.back)
        buttons.addStretch(1)
        buttons.addWidget(self._close)
        buttons.addWidget(self.take)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        column.addWidget(self._subject)
        column.addLayout(form)
        column.addWidget(self.all)
        column.addWidget(make_wrapped_label(_ABOUT, "caption"))
        column.addLayout(buttons)
        self.setMinimumWidth(440)


def _field(title: str, value: float) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setAccessibleName(title)
    field.setRange(LEAST_MM, MOST_MM)
    field.setDecimals(3)
    field.setSuffix(" mm")
    field.setSingleStep(0.1)
    field.setValue(value)
    return field


def _button(text: str, slot: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.clicked.connect(lambda: slot())
    return button
