"""The left side of the train dialog: every setting a reader chooses."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QWidget,
)

from core.domain.figure_text import counted
from core.domain.model_output import OutputKind
from core.models.train_spec import LossName, PresetName
from gui.training.several_card import SeveralCard
from gui.training.train_cases import CasesCard, SplitCard
from gui.training.train_form import TrainForm, TrainOffer, replayed_cases
from gui.training.train_judges import split_choice, unlocked
from gui.widgets.fields import (
    combo_field,
    fill,
    line_field,
    rate_text,
    read_number,
    side_by_side,
    spin_field,
    tight_column,
)
from gui.widgets.labels import make_label, make_wrapped_label
from gui.widgets.palette import OverlayColours, Theme
from gui.widgets.segments import Segments
from gui.widgets.theme import indent_text

_LABEL_WIDTH = 104
_ARGUMENTS_WIDTH = 150
_OFF = "–"
_CLUSTER = "cluster"
_PRESETS: tuple[tuple[PresetName, str], ...] = (
    ("cpu", "This computer"),
    ("gpu", "GPU"),
    ("reference", "Reference"),
)
_LOSSES: tuple[tuple[LossName, str, str], ...] = (
    ("dice", "Dice", "Overlap over both areas; the articles' choice."),
    ("soft-iou", "Soft IoU", "Overlap over union, so a miss costs as much as an over-call."),
    ("bce-dice", "BCE + Dice", "Each voxel and the overlap, half and half; steady on small sets."),
    ("focal-tversky", "Focal Tversky", "Misses cost more than over-calls; for small lesions."),
)


_LEARNT: tuple[tuple[OutputKind | None, str], ...] = (
    (None, "One lesion"),
    ("classes", "Labels"),
    ("regions", "Regions"),
)


class TrainFields(QWidget):
    """Base model, name, cases, schedule and loss; says when any of them changes."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._offer = TrainOffer()
        self._errors: dict[str, QLabel] = {}
        self._judged: tuple[str, ...] = ()
        self._make_fields()
        self._lay_out()
        self._connect()

    @property
    def form(self) -> TrainForm:
        """What is chosen."""
        on_cluster = self._device.currentData() == _CLUSTER
        return TrainForm(
            base=self._base.currentData() or "",
            architecture=self._architecture.currentData() or "",
            arguments=self._arguments.text().strip(),
            preset="cpu" if self._base.currentData() else _PRESETS[self._preset.index][0],
            title=self._title.text(),
            cases=self.cases.chosen,
            replay=self.cases.replay,
            loss=_LOSSES[self._loss.index][0],
            epochs=self._epochs.value() or None,
            minutes=self._minutes.value() or None,
            learning_rate=read_number(self._rate.text()),
            batch_size=self._batch.value(),
            size=self._size.value() or None,
            device="auto" if on_cluster else self._device.currentData() or "auto",
            judges=self.split.judges,
            learn=_LEARNT[self._learn.index][0] if self._offer.labels else None,
            cluster=self._cluster.text().strip() if on_cluster else None,
            several=self.several.form,
        )

    def set_offer(self, offer: TrainOffer, base: str) -> None:
        """Offer models, networks and cases, the settings of `base` chosen."""
        self._offer = offer
        bases = [(b.title + (" · champion" if b.champion else ""), b.id) for b in offer.bases]
        fill(self._base, bases)
        fill(self._architecture, [(title, name) for name, title, _ in offer.architectures])
        devices = [("Automatic", "auto"), *((d.upper(), d) for d in offer.devices)]
        fill(self._device, [*devices, *([("Cluster", _CLUSTER)] if offer.cluster else [])])
        self.split.set_choices(offer.cases, offer.split)
        self._base.setCurrentIndex(max(self._base.findData(base), 0))
        self._on_base_chosen()

    def take_split(self, train: Collection[str], judges: Sequence[str]) -> None:
        """Tick the cases of a split: those that learn, and those that judge unless frozen."""
        if not self._offer.split.frozen:
            chosen = split_choice(judges, self._offer, frozen=False)
            self.split.set_choices(self._offer.cases, chosen)
        self.cases.set_cases(unlocked(self._offer.cases, self.split.judges), train)
        self._on_changed()

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Mark the fields that are wrong and say below each what is allowed."""
        for name, label in self._errors.items():
            label.setText(problems.get(name, ""))
            label.setVisible(name in problems)
        self.several.mark(invalid="several" in problems)
        marked = {
            "title": (self._title,),
            "arguments": (self._arguments,),
            "limits": (self._epochs, self._minutes),
            "learning_rate": (self._rate,),
            "cluster": (self._cluster,),
        }
        for name, fields in marked.items():
            for field in fields:
                if field.property("invalid") != (name in problems):
                    field.setProperty("invalid", name in problems)
                    field.style().polish(field)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        del overlays
        self.split.set_theme(theme)

    def focus_first(self) -> None:
        """Put the focus where a reader starts."""
        self._title.setFocus()
        self._title.selectAll()

    def _make_fields(self) -> None:
        self._base = combo_field("Base model")
        self._title = line_field("Save as")
        self._architecture = combo_field("Network")
        self._arguments = line_field("Arguments of the network")
        self._arguments.setFixedWidth(_ARGUMENTS_WIDTH)
        self._learn = Segments([title for _, title in _LEARNT], name="Learn")
        self._learn_said = make_wrapped_label("", "caption")
        self._preset = Segments([title for _, title in _PRESETS], name="Preset")
        self.cases = CasesCard()
        self.split = SplitCard()
        self.several = SeveralCard()
        self._epochs = spin_field("Epochs", 0, 10_000)
        self._minutes = QDoubleSpinBox()
        self._minutes.setRange(0, 100_000)
        self._minutes.setDecimals(1)
        self._minutes.setAccessibleName("Minutes")
        for field in (self._epochs, self._minutes):
            field.setSpecialValueText(_OFF)
        self._rate = line_field("Learning rate")
        self._batch = spin_field("Batch", 1, 1024)
        self._size = spin_field("Size", 0, 1024)
        self._size.setSingleStep(32)
        self._size.setSpecialValueText("native")
        self._device = combo_field("Device")
        self._cluster = line_field("Address of a cluster for one training")
        self._cluster.setPlaceholderText("HOST:PORT, or http://HOST:8265")
        self._cluster.setToolTip(
            "Empty: a cluster of this computer. Else one whose machines see these folders."
        )
        for field in (self._epochs, self._minutes, self._batch, self._size):
            indent_text(field)
        self._loss = Segments([title for _, title, _ in _LOSSES], name="Loss")
        self._loss_said = make_label("", "caption")

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(24, 20, 24, 20)
        grid.setHorizontalSpacing(0)
        grid.setVerticalSpacing(12)
        grid.setColumnMinimumWidth(0, _LABEL_WIDTH)
        grid.setColumnStretch(1, 1)
        self._add(grid, "Base model", self._base)
        self._add(grid, "Save as", self._title, "title")
        network = side_by_side(self._architecture, self._arguments)
        self._fresh = [
            *self._add(grid, "Network", network, "arguments"),
            *self._add(grid, "Preset", self._preset),
        ]
        learn = QWidget()
        told = tight_column(learn)
        told.addWidget(self._learn)
        told.addWidget(self._learn_said)
        self._several = self._add(grid, "Learn", learn, "learn")
        self._add(grid, "Training cases", self.cases, "cases")
        self._add(grid, "Validation", self.split)
        self._add(grid, "Train", self.several, "several")
        self._add(grid, "Schedule", self._schedule(), "limits", "learning_rate")
        self._place = self._add(grid, "Cluster", self._cluster, "cluster")
        loss = QWidget()
        below = tight_column(loss)
        below.addWidget(self._loss)
        below.addWidget(self._loss_said)
        self._add(grid, "Loss", loss)
        grid.setRowStretch(grid.rowCount(), 1)

    def _add(self, grid: QGridLayout, name: str, field: QWidget, *errors: str) -> list[QWidget]:
        """Put a field with its name into the next row, and below it room for what is wrong."""
        row = grid.rowCount()
        label = make_label(name, "body")
        label.setContentsMargins(0, 6, 0, 0)
        holder = QWidget()
        below = tight_column(holder)
        below.addWidget(field)
        for error in errors:
            below.addWidget(self._error(error))
        grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(holder, row, 1)
        return [label, holder]

    def _error(self, name: str) -> QLabel:
        label = make_wrapped_label("", "error")
        label.hide()
        self._errors[name] = label
        return label

    def _schedule(self) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        fields = (
            ("Epochs", self._epochs),
            ("Minutes at most", self._minutes),
            ("Learning rate", self._rate),
            ("Batch", self._batch),
            ("Size, pixels", self._size),
            ("Device", self._device),
        )
        for index, (name, field) in enumerate(fields):
            row, column = divmod(index, 3)
            grid.addWidget(make_label(name, "body"), 2 * row, column)
            grid.addWidget(field, 2 * row + 1, column)
            grid.setColumnStretch(column, 1)
        return holder

    def _connect(self) -> None:
        self._base.currentIndexChanged.connect(self._on_base_chosen)
        self._preset.chosen.connect(self._show_settings)
        self._learn.chosen.connect(self._on_changed)
        self._loss.chosen.connect(self._on_changed)
        self.cases.changed.connect(self._on_changed)
        self.split.changed.connect(self._on_judges_chosen)
        self.several.changed.connect(self._on_several_chosen)
        for combo in (self._architecture, self._device):
            combo.currentIndexChanged.connect(self._on_changed)
        for line in (self._title, self._arguments, self._rate, self._cluster):
            line.textChanged.connect(self._on_changed)
        for spin in (self._epochs, self._minutes, self._batch, self._size):
            spin.valueChanged.connect(self._on_changed)

    def _on_base_chosen(self) -> None:
        if not self._offer.bases:
            return
        base = self._offer.base(self._base.currentData())
        for widget in self._fresh:
            widget.setVisible(not base.id)
        for widget in self._several:
            widget.setVisible(bool(self._offer.labels))
        self._learn.set_index([kind for kind, _ in _LEARNT].index(base.gives))
        self._size.setEnabled(not base.id)
        self._title.setText(_next_title(base.title if base.id else "U-Net", self._offer))
        cases = unlocked(self._offer.cases, self.split.judges)
        free = [case for case in cases if not case.locked]
        corrected = {case.case_id for case in free if case.kind == "corrected"}
        unseen = {case.case_id for case in free} - base.trained_on
        chosen = (corrected or unseen) if base.id else {case.case_id for case in cases}
        self.cases.set_cases(cases, chosen)
        self._show_settings()

    def _on_judges_chosen(self) -> None:
        """Lock the cases that judge now; one that does no longer is there to learn from."""
        judges = self.split.judges
        freed = set(self._judged) - set(judges)
        self._show_judges()
        chosen = {*self.cases.chosen, *freed}
        self.cases.set_cases(unlocked(self._offer.cases, judges), chosen)
        self._on_changed()

    def _on_several_chosen(self) -> None:
        if self._offer.bases and not self._offer.split.frozen:
            self._show_judges()
        self._on_changed()

    def _show_judges(self) -> None:
        """Say which cases judge, and whether they are to be frozen: folds and a search do not."""
        shown = split_choice(self.split.judges, self._offer, frozen=False)
        if self.several.form.kind != "one" and shown.val:
            left_out = f"{counted(len(shown.val), 'case')} left out, not frozen by this job"
            shown = replace(shown, text=left_out)
        self.split.show_split(shown)

    def _show_settings(self) -> None:
        base = self._base.currentData() or ""
        preset: PresetName = "cpu" if base else _PRESETS[self._preset.index][0]
        settings = self._offer.settings[base, preset]
        self._epochs.setValue(settings.epochs or 0)
        self._minutes.setValue(settings.minutes or 0)
        self._rate.setText(rate_text(settings.learning_rate))
        self._batch.setValue(settings.batch_size)
        self._size.setValue(settings.size or 0)
        self._loss.set_index([name for name, _, _ in _LOSSES].index(settings.loss))
        self.cases.set_replay(settings.replay if base else None)
        self._on_changed()

    def _on_changed(self) -> None:
        if not self._offer.bases:
            return
        form = self.form
        self._judged = form.judges
        for widget in self._place:
            widget.setVisible(form.cluster is not None)
        self._loss_said.setText(_LOSSES[self._loss.index][2])
        self._learn_said.setText(_learn_words(form.learn, self._offer))
        takes = {name: arguments for name, _, arguments in self._offer.architectures}
        self._arguments.setPlaceholderText("init_features=16")
        self._arguments.setToolTip(f"NAME=VALUE of {takes.get(form.architecture, '')}")
        self.cases.set_replayed(len(replayed_cases(form, self._offer)))
        self.changed.emit()


def _learn_words(learn: OutputKind | None, offer: TrainOffer) -> str:
    """Return what a model of that kind will give."""
    if learn is None:
        lesion = offer.region or "all labels together"
        return f"Lesion or none: {lesion}. Look at another region to learn that."
    if learn == "classes":
        return f"One label a voxel, by softmax: {', '.join(offer.labels)}."
    return f"A sigmoid each, which may overlap: {', '.join(offer.regions or offer.labels)}."


def _next_title(title: str, offer: TrainOffer) -> str:
    """Return a title no model has: the base's with the number of the job."""
    return f"{title} {offer.job_name.lower()}".strip()
