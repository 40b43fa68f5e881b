"""Sets a blinded reading up, and lists those there are: to go on with, or to unblind."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.domain.figure_text import counted
from core.review.blinded import StudyState
from core.review.blinded_plan import FEWEST, MOST, BlindedQuestion
from gui.widgets.fields import spin_field
from gui.widgets.labels import make_label, make_wrapped_label
from gui.widgets.palette import OverlayColours, Theme
from gui.widgets.theme import indent_text

_ID = Qt.ItemDataRole.UserRole
_LARGEST_SEED = 999_999
_WIDTH = 620
_QUESTIONS: tuple[tuple[BlindedQuestion, str], ...] = (
    ("prefer", "Which one is best"),
    ("rate", "A rating of 1 to 5 for each"),
)


@dataclass(frozen=True)
class BlindedForm:
    """What is chosen: model ids, what is asked, how many cases are shown twice, the seed."""

    models: tuple[str, ...]
    question: BlindedQuestion
    repeats: int
    seed: int


class BlindedDialog(QDialog):
    """A form for a new reading above the list of readings; ids of readings go out."""

    begin_asked = Signal(object)
    go_on_asked = Signal(int)
    unblind_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Blinded reading")
        self.setMinimumWidth(_WIDTH)
        self._cases = 0
        self._studies: Sequence[StudyState] = ()
        self._models = QListWidget()
        self._models.setAccessibleName("Models to read blinded")
        self._models.itemChanged.connect(lambda _: self._enable())
        self._question = QComboBox()
        self._question.setAccessibleName("Question")
        for key, title in _QUESTIONS:
            self._question.addItem(title, key)
        self._repeats = spin_field("Cases shown twice", 0, 0)
        self._seed = spin_field("Seed", 0, _LARGEST_SEED)
        self._hint = make_wrapped_label("", "caption")
        self._begin = _button("Begin reading", "Names are hidden until all is answered")
        self._begin.setProperty("primary", True)
        self._begin.clicked.connect(lambda: self.begin_asked.emit(self.form))
        self._list = QListWidget()
        self._list.setAccessibleName("Readings")
        self._list.currentRowChanged.connect(lambda _: self._enable())
        self._none = make_label("None yet.", "caption")
        self._go_on = _button("Go on", "Go on where this reading stopped")
        self._go_on.clicked.connect(lambda: self._ask(self.go_on_asked))
        self._unblind = _button("Unblind", "Show names and counts; then nothing can be answered")
        self._unblind.clicked.connect(lambda: self._ask(self.unblind_asked))
        self._lay_out()

    @property
    def form(self) -> BlindedForm:
        """What is chosen."""
        items = [self._models.item(row) for row in range(self._models.count())]
        ticked = [item for item in items if item.checkState() == Qt.CheckState.Checked]
        question: BlindedQuestion = "rate" if self._question.currentData() == "rate" else "prefer"
        return BlindedForm(
            tuple(str(item.data(_ID)) for item in ticked),
            question,
            self._repeats.value(),
            self._seed.value(),
        )

    def set_offer(self, models: Sequence[tuple[str, str]], cases: int, seed: int) -> None:
        """Offer models as (id, title) over a number of cases."""
        self._cases = cases
        self._models.clear()
        for number, (model_id, title) in enumerate(models):
            item = QListWidgetItem(title)
            item.setData(_ID, model_id)
            on = number < MOST
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            self._models.addItem(item)
        row = self._models.sizeHintForRow(0) if models else 0
        self._models.setFixedHeight(min(max(row * len(models) + 8, 40), 180))
        self._repeats.setMaximum(cases)
        self._repeats.setValue(min(self._repeats.value(), cases))
        self._seed.setValue(seed)
        self._enable()

    def set_studies(self, studies: Sequence[StudyState]) -> None:
        """List readings, the newest first."""
        self._studies = studies
        self._list.clear()
        self._list.addItems([_line(study) for study in studies])
        self._list.setVisible(bool(studies))
        self._none.setVisible(not studies)
        if studies:
            self._list.setCurrentRow(0)
        self._enable()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """The style sheet colours all of it."""

    def is_unblinded(self, study_id: int) -> bool:
        """Whether the names of a reading were shown before."""
        return any(study.id == study_id and study.unblinded for study in self._studies)

    def _chosen(self) -> StudyState | None:
        row = self._list.currentRow()
        return self._studies[row] if 0 <= row < len(self._studies) else None

    def _ask(self, signal: object) -> None:
        study = self._chosen()
        if study is not None:
            signal.emit(study.id)  # type: ignore[attr-defined]

    def _enable(self) -> None:
        count = len(self.form.models)
        fits = FEWEST <= count <= MOST and self._cases > 0
        self._begin.setEnabled(fits)
        cases = f"{counted(self._cases, 'case')} of the worklist as filtered"
        wrong = f"Tick {FEWEST} to {MOST} models; {count} are ticked."
        self._hint.setText(f"{cases}, in an order drawn by the seed." if fits else wrong)
        study = self._chosen()
        done = study is not None and study.done == study.total
        self._go_on.setEnabled(study is not None and not done)
        self._unblind.setVisible(done)
        shown = study is not None and study.unblinded
        self._unblind.setText("Show the result" if shown else "Unblind")

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        form.addRow("Models", self._models)
        form.addRow("Question", self._question)
        form.addRow("Cases shown twice", self._repeats)
        form.addRow("Seed", self._seed)
        for box in (self._repeats, self._seed):
            indent_text(box)
        rule = QFrame()
        rule.setProperty("rule", "horizontal")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        column.addWidget(make_label("Blinded reading", "title"))
        column.addWidget(make_wrapped_label(_ABOUT, "body"))
        column.addLayout(form)
        column.addLayout(_row(self._hint, self._begin))
        column.addWidget(rule)
        column.addWidget(make_label("Readings", "section"))
        column.addWidget(self._none)
        column.addWidget(self._list, 1)
        close = _button("Close", "")
        close.clicked.connect(self.reject)
        foot = QHBoxLayout()
        for widget in (self._go_on, self._unblind):
            foot.addWidget(widget)
        foot.addStretch(1)
        foot.addWidget(close)
        column.addLayout(foot)


_ABOUT = (
    "Each case is shown with the models under letters, in an order drawn anew every time. The "
    "window shows no names until every case is answered."
)


def _line(study: StudyState) -> str:
    asked = "best of" if study.question == "prefer" else "ratings of"
    state = "unblinded" if study.unblinded else f"{study.done} of {study.total} answered"
    return f"Reading {study.id}: {asked} {study.models} models, {state}, {study.reader}"


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setToolTip(tip)
    return button


def _row(left: QWidget, right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(left, 1)
    row.addWidget(right)
    return row
