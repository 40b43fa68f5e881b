"""How often is trained: once, in folds, or as a search; a card of the train dialog."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QPushButton, QVBoxLayout, QWidget

from core.jobs.runners import RunnerName
from gui.training.several_form import SeveralForm, SeveralKind
from gui.widgets.fields import combo_field, fill, line_field, side_by_side, spin_field
from gui.widgets.labels import make_label, make_wrapped_label
from gui.widgets.segments import Segments
from gui.widgets.theme import indent_text

_KINDS: tuple[tuple[SeveralKind, str, str], ...] = (
    ("one", "One model", ""),
    (
        "folds",
        "Folds",
        "Every case is scored by a model that never saw it. Folds are alike in lesion volume, "
        "freeze nothing, and leave out the cases that judge.",
    ),
    (
        "search",
        "Search",
        "Every combination is trained and judged by cases held out of those to learn from; those "
        "that judge models are never looked at.",
    ),
)
_RUNNERS: tuple[tuple[RunnerName, str], ...] = (("local", "This computer"), ("ray", "Ray"))
_EXAMPLE = "learning_rate=1e-3,3e-4 loss=dice,soft-iou"


class SeveralCard(QFrame):
    """One model, folds or a search, and where the trainings of the last two are done."""

    changed = Signal()
    table_asked = Signal()
    """A table of groups is to be chosen."""

    def __init__(self) -> None:
        super().__init__()
        self._kind = Segments([title for _, title, _ in _KINDS], name="Train")
        self._said = make_wrapped_label("", "caption")
        self._make_fields()
        self._folds_part = _grid(
            (("Folds", self._folds), ("Repeats", self._repeats)),
            (("Cases that stay together", side_by_side(self._group, self._choose)),),
        )
        self._search_part = QWidget()
        column = QVBoxLayout(self._search_part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(make_label("Settings to try", "body"))
        column.addWidget(self._tried)
        column.addWidget(self._early)
        self._place_part = _grid(
            (("Where", self._runner), ("At once", self._workers), ("Address", self._address))
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self._kind, self._said, self._folds_part, self._search_part):
            column.addWidget(widget)
        column.addWidget(self._place_part)
        self._connect()
        self._show_kind()

    @property
    def form(self) -> SeveralForm:
        """What is chosen."""
        ray = self._runner.currentData() == "ray"
        return SeveralForm(
            kind=_KINDS[self._kind.index][0],
            folds=self._folds.value(),
            repeats=self._repeats.value(),
            group=self._group.text().strip(),
            tried=self._tried.text().strip(),
            stop_early=self._early.isChecked(),
            runner="ray" if ray else "local",
            workers=self._workers.value(),
            address=self._address.text().strip() if ray else "",
        )

    def set_table(self, path: str) -> None:
        """Take a table of groups; its column is still to be typed."""
        self._group.setText(f"{path}:")
        self._group.setFocus()

    def mark(self, *, invalid: bool) -> None:
        """Show whether what is typed or chosen cannot be used."""
        form = self.form
        odd_group = bool(form.group) and not form.group.rpartition(":")[0]
        wrong = self._tried if form.kind == "search" else self._group if odd_group else self._folds
        for field in (self._folds, self._group, self._tried):
            marked = invalid and field is wrong
            if field.property("invalid") != marked:
                field.setProperty("invalid", marked)
                field.style().polish(field)

    def _make_fields(self) -> None:
        self._folds = spin_field("Folds", 2, 20)
        self._folds.setValue(5)
        self._repeats = spin_field("Repeats", 1, 20)
        self._repeats.setToolTip("Deal the cases out anew and train again, as often")
        self._group = line_field("Cases that stay together")
        self._group.setPlaceholderText("sites.csv:site")
        self._group.setToolTip("A table and its column: cases of one value are in one fold")
        self._choose = QPushButton("Table…")
        self._choose.setAutoDefault(False)
        self._choose.setToolTip("Choose the table; then type its column after the colon")
        self._tried = line_field("Settings to try")
        self._tried.setPlaceholderText(_EXAMPLE)
        self._tried.setToolTip("NAME=VALUE,VALUE of the settings of train --set, and arg.NAME")
        self._early = QCheckBox("Stop the worse half of the trials early")
        self._runner = combo_field("Where")
        fill(self._runner, [(title, name) for name, title in _RUNNERS])
        self._workers = spin_field("At once", 1, 64)
        self._workers.setToolTip("Trainings at once, each in a process of its own")
        self._address = line_field("Address of the cluster")
        self._address.setPlaceholderText("its own")
        for spin in (self._folds, self._repeats, self._workers):
            indent_text(spin)

    def _connect(self) -> None:
        self._kind.chosen.connect(self._show_kind)
        self._choose.clicked.connect(self.table_asked)
        self._runner.currentIndexChanged.connect(self._show_kind)
        self._early.toggled.connect(self.changed)
        for spin in (self._folds, self._repeats, self._workers):
            spin.valueChanged.connect(self.changed)
        for line in (self._group, self._tried, self._address):
            line.textChanged.connect(self.changed)

    def _show_kind(self) -> None:
        kind, _, said = _KINDS[self._kind.index]
        self._said.setText(said)
        self._said.setVisible(bool(said))
        self._folds_part.setVisible(kind == "folds")
        self._search_part.setVisible(kind == "search")
        self._place_part.setVisible(kind != "one")
        self._address.setEnabled(self._runner.currentData() == "ray")
        self.changed.emit()


def _grid(*rows: Sequence[tuple[str, QWidget]]) -> QWidget:
    """Return named fields, each row below the one before, its fields side by side."""
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(4)
    columns = max(map(len, rows))
    for row, fields in enumerate(rows):
        span = columns // len(fields)
        for place, (name, field) in enumerate(fields):
            grid.addWidget(make_label(name, "body"), 2 * row, place * span, 1, span)
            grid.addWidget(field, 2 * row + 1, place * span, 1, span)
    for column in range(columns):
        grid.setColumnStretch(column, 1)
    return holder
