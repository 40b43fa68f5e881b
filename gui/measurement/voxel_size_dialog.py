"""Asks for the size of a voxel that no file tells, for one case or for all."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDoubleSpinBox,
    QWidget,
)

from core.domain.grid import Spacing
from gui.widgets.labels import make_wrapped_label
from gui.widgets.question_form import QuestionForm, answer_button, lay_out_question

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
        self.take = answer_button("Use this spacing", self._on_take, primary=True)
        self.back = answer_button("Take it back", lambda: self._emit(None))
        self.back.setVisible(before is not None)
        self._close = answer_button("Close", self.reject)
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
        form = QuestionForm(
            self._subject,
            zip(_TITLES, self.fields, strict=True),
            [self.all, make_wrapped_label(_ABOUT, "caption")],
            aside=self.back,
            buttons=[self._close, self.take],
        )
        lay_out_question(self, form)


def _field(title: str, value: float) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setAccessibleName(title)
    field.setRange(LEAST_MM, MOST_MM)
    field.setDecimals(3)
    field.setSuffix(" mm")
    field.setSingleStep(0.1)
    field.setValue(value)
    return field
