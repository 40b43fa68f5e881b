"""The panel at the right while models are compared: models, this case, agreement, signature."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.studies.compare_models import ComparedModel, ModelList
from gui.widgets.labels import ElidedLabel, make_label, make_wrapped_label, plain_tip, set_colour
from gui.widgets.meter import Meter
from gui.widgets.palette import DARK, OverlayColours, Theme
from gui.widgets.section import INSET, Section
from gui.widgets.segments import Segments

_STEPS = 1000
_FEW = "Tick two models that were run on this case to see where they agree."
_WOULD_SIGN = "I would sign: "
_HEADS = ("HD95", "Sens.", "Prec.", "Volume")
_VOTES = ("#9B8CFF", "#6557CF", "#4A3FA0", "#2F2A5F")
"""How many models agree, from all of them down; see the pictures of the comparison."""


@dataclass(frozen=True)
class RunView:
    """How a run stands; `fraction` None while none goes on. `trouble` says why it ended early."""

    fraction: float | None = None
    message: str = ""
    stopping: bool = False
    trouble: str = ""


@dataclass(frozen=True)
class CaseLine:
    """One model on the case or slice on screen: HD95, sensitivity, precision, volume as texts."""

    title: str
    cells: tuple[str, str, str, str]
    best: frozenset[int] = frozenset()


@dataclass(frozen=True)
class RegionScores:
    """One region on the case or slice on screen: the DSC by each model as texts."""

    title: str
    cells: tuple[str, ...]
    best: frozenset[int] = frozenset()


class CompareSide(QFrame):
    """Asks for runs and answers; the ids of the ticked models go out with `run_asked`."""

    run_asked = Signal(tuple, bool)
    cancel_asked = Signal()
    ticked_changed = Signal(tuple)
    scope_chosen = Signal()
    signed = Signal(str)
    """The model whose contour the reader would sign; empty for none of them."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("Inspector")
        self._theme: Theme = DARK
        self._run_view, self._ground = RunView(), ""
        self._lines: tuple[CaseLine, ...] | None = None
        self._regions_shown: tuple[tuple[str, ...], tuple[RegionScores, ...]] | None = None
        self._sections = {
            name: Section(name)
            for name in (
                "Models",
                "This case",
                "Agreement on this slice",
                "Which contour would you sign?",
            )
        }
        content = QWidget()
        column = _column(content)
        for section in self._sections.values():
            column.addWidget(section)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        _column(self).addWidget(scroll)
        models, case, agreement, sign = self._sections.values()
        self._make_models(_body(models))
        self._make_case(case)
        self._make_agreement(_body(agreement))
        self._make_sign(_body(sign))
        self.show_run(self._run_view)
        self.show_agreement((), 0)

    @property
    def ticked(self) -> tuple[str, ...]:
        """Ids of the ticked models, in their order."""
        return self.models.ticked

    @property
    def ensemble(self) -> bool:
        """Whether the mean of the models is wanted too."""
        return self._ensemble.isChecked() and len(self.ticked) > 1

    @property
    def of_slice(self) -> bool:
        """Whether the figures are of the slice on screen alone."""
        return self._scope.index == 1

    def set_models(self, models: Sequence[ComparedModel], ticked: Sequence[str]) -> None:
        """Offer models to run and to sign."""
        self.models.set_models(models, ticked)
        self._offer_signatures(models)
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

    def show_case(self, lines: Sequence[CaseLine]) -> None:
        """Show the figures of each model on the case or slice on screen."""
        if tuple(lines) == self._lines:
            return
        self._lines = tuple(lines)
        _empty(self._table)
        right = Qt.AlignmentFlag.AlignRight
        for column, head in enumerate(_HEADS, start=1):
            self._table.addWidget(make_label(head, "caption"), 0, column, right)
        for row, line in enumerate(lines, start=1):
            self._table.addWidget(ElidedLabel(line.title, "body"), row, 0)
            for column, text in enumerate(line.cells):
                label = make_label(text, "value")
                if column in line.best:
                    set_colour(label, self._theme.ok)
                self._table.addWidget(label, row, column + 1, right)
        if not lines:
            said = make_label("No model was run on this case.", "caption")
            # In the first column alone it would push the figures' heads out of the panel.
            self._table.addWidget(said, 1, 0, 1, len(_HEADS) + 1)

    def show_regions(self, models: Sequence[str], lines: Sequence[RegionScores]) -> None:
        """Show the DSC of each region, by models of these numbers; nothing of binary cases."""
        shown = (tuple(models), tuple(lines))
        self._region_holder.setVisible(bool(lines) and bool(models))
        if shown == self._regions_shown:
            return
        self._regions_shown = shown
        _empty(self._region_grid)
        right = Qt.AlignmentFlag.AlignRight
        self._region_grid.addWidget(make_label("DSC by model", "caption"), 0, 0)
        for column, title in enumerate(models, start=1):
            self._region_grid.addWidget(make_label(title, "caption"), 0, column, right)
        for row, line in enumerate(lines, start=1):
            self._region_grid.addWidget(ElidedLabel(line.title, "body"), row, 0)
            for column, text in enumerate(line.cells):
                label = make_label(text, "value")
                if column in line.best:
                    set_colour(label, self._theme.ok)
                self._region_grid.addWidget(label, row, column + 1, right)

    def show_agreement(self, shares: Sequence[float], models: int) -> None:
        """Show what share of the voxels marked by any is marked by all, all but one and so on."""
        self._votes.set_parts(
            [(share, _vote(place, models)) for place, share in enumerate(shares) if models > 1],
            track=self._theme.bg4,
        )
        said = [f"{models - place} of {models}  {share:.0%}" for place, share in enumerate(shares)]
        nothing = "No lesion on this slice." if models > 1 else _FEW
        self._said.setText("   ".join(said) if shares and models > 1 else nothing)

    def show_signable(self, model_ids: Collection[str]) -> None:
        """Let only contours be signed that there are: of models that were run on the case."""
        self._signable = frozenset(model_ids)
        for name, button in self._signatures.items():
            button.setEnabled(name in self._signable or (not name and bool(self._signable)))
            run = button.isEnabled() or not name
            title = button.accessibleName().removeprefix(_WOULD_SIGN)
            button.setToolTip(plain_tip(title if run else f"{title} was not run on this case"))

    def show_signed(self, model_id: str | None) -> None:
        """Mark the answer of the case on screen; None for none yet."""
        self._answers.setExclusive(False)
        for name, button in self._signatures.items():
            button.setChecked(name == model_id)
        self._answers.setExclusive(True)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme = theme
        for section in self._sections.values():
            section.set_look(theme, overlays)
        self.models.set_theme(theme)
        lines, self._lines = self._lines or (), None
        self.show_case(lines)
        shown, self._regions_shown = self._regions_shown or ((), ()), None
        self.show_regions(*shown)

    def _make_models(self, column: QVBoxLayout) -> None:
        self.models = ModelList()
        self.models.ticked_changed.connect(self._on_ticked)
        self._ensemble = QCheckBox("Their mean as one more")
        self._ensemble.setToolTip("Average the probabilities of the ticked models")
        self._run = QPushButton("Run all ticked models on all cases")
        self._run.setProperty("primary", True)
        self._run.setToolTip("One job of its own; what was predicted before is not run again")
        self._run.clicked.connect(lambda: self.run_asked.emit(self.ticked, self.ensemble))
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the comparison")
        self._message = make_wrapped_label("", "caption")
        self._cancel = QPushButton("Cancel")
        self._cancel.setProperty("small", True)
        self._cancel.setToolTip("Stop after the slices in hand; what is predicted is kept")
        self._cancel.clicked.connect(self.cancel_asked)
        foot = QHBoxLayout()
        foot.addWidget(self._message, 1)
        foot.addWidget(self._cancel, 0, Qt.AlignmentFlag.AlignTop)
        for widget in (self.models, self._ensemble, self._run, self._bar):
            column.addWidget(widget)
        column.addLayout(foot)

    def _make_case(self, section: Section) -> None:
        self._scope = Segments(("Case", "Slice"), name="Figures of")
        self._scope.chosen.connect(lambda _: self.scope_chosen.emit())
        section.set_corner(self._scope)
        holder = QWidget()
        self._table = QGridLayout(holder)
        self._table.setContentsMargins(0, 0, 0, 0)
        self._table.setHorizontalSpacing(12)
        self._table.setVerticalSpacing(6)
        self._table.setColumnStretch(0, 1)
        self._region_holder = QWidget()
        self._region_grid = QGridLayout(self._region_holder)
        self._region_grid.setContentsMargins(0, 0, 0, 0)
        self._region_grid.setHorizontalSpacing(12)
        self._region_grid.setVerticalSpacing(6)
        self._region_grid.setColumnStretch(0, 1)
        column = _body(section)
        column.addWidget(holder)
        column.addWidget(self._region_holder)
        self.show_case(())
        self.show_regions((), ())

    def _make_agreement(self, column: QVBoxLayout) -> None:
        self._votes = Meter(height=6)
        self._said = make_wrapped_label("", "caption")
        for widget in (self._votes, self._said):
            column.addWidget(widget)

    def _make_sign(self, column: QVBoxLayout) -> None:
        self._answers = QButtonGroup(self)
        self._signatures: dict[str, QPushButton] = {}
        self._signable = frozenset[str]()
        self._row = QHBoxLayout()
        self._row.setSpacing(6)
        column.addLayout(self._row)
        said = "By the numbers of the list above. Names are hidden in a blinded reading."
        column.addWidget(make_wrapped_label(said, "caption"))

    def _offer_signatures(self, models: Sequence[ComparedModel]) -> None:
        for button in self._signatures.values():
            self._answers.removeButton(button)
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._signatures = {}
        offered = [(model.id, str(place), model.title) for place, model in enumerate(models, 1)]
        for name, text, title in (*offered, ("", "None", "None of them")):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setProperty("small", True)
            button.setAccessibleName(f"{_WOULD_SIGN}{title}")
            button.clicked.connect(lambda _=False, name=name: self.signed.emit(name))
            self._answers.addButton(button)
            self._signatures[name] = button
            self._row.addWidget(button, 1)
        self.show_signable(self._signable)

    def _on_ticked(self, ticked: tuple[str, ...]) -> None:
        self._enable()
        self.ticked_changed.emit(ticked)

    def _enable(self) -> None:
        count = len(self.ticked)
        self._run.setEnabled(bool(count) and self._run_view.fraction is None)
        self._ensemble.setEnabled(count > 1)


def _vote(place: int, models: int) -> str:
    """Return the colour of the voxels that all but `place` of the models mark."""
    last = len(_VOTES) - 1
    return _VOTES[min(round(place * last / max(models - 1, 1)), last)]


def _empty(grid: QGridLayout) -> None:
    """Take all widgets out of a table."""
    while (item := grid.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def _column(widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return column


def _body(section: Section) -> QVBoxLayout:
    column = QVBoxLayout(section.body)
    column.setContentsMargins(INSET, 2, INSET, 12)
    column.setSpacing(8)
    return column
