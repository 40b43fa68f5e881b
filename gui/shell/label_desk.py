"""Which region is in focus and what labels are called, the same for every case of a dataset."""

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from core.annotation.label_rule import Over
from core.domain.label_set import Colour, Label, LabelSet, new_label
from core.io.dataset import Dataset
from gui.shell.operations import Operations
from gui.shell.place_reader import plain_states, with_scores
from gui.shell.session import Session
from gui.shell.session_parts import CaseState, Place
from gui.shell.tasks import Lanes


class LabelDesk(QObject):
    """Changes the focus and the labels of the dataset that is open.

    The case on screen is shown again from memory, with the ground truth of the region in focus, so
    that whatever is drawn, counted or exported of it follows. `failed` says what was not kept.
    """

    failed = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes, operations: Operations) -> None:
        super().__init__()
        self._session, self._lanes, self._operations = session, lanes, operations

    def focus_on(self, name: str) -> None:
        """Look at another region, or at a label, by its name."""
        place, labels = self._session.place, self._session.labels.labels
        region = "" if name == labels.whole.name else name
        if place is None or name == self._session.labels.focus.name:
            return
        self._retell(place, region=region)

    def rename(self, value: int, name: str) -> None:
        """Call a label otherwise; a name that is empty or another label's is not taken."""
        labels = self._session.labels.labels
        taken = {label.name for label in labels.labels if label.value != value}
        if name.strip() and name.strip() not in taken:
            self._change_label(replace(labels.label(value), name=name.strip()))

    def recolour(self, value: int, colour: Colour) -> None:
        """Draw a label in another colour."""
        self._change_label(replace(self._session.labels.labels.label(value), colour=colour))

    def add(self) -> None:
        """Add a label of the lowest value that is free, and take it in hand."""
        state = self._session.labels
        label = new_label(state.labels)
        if label is not None:
            self._change_label(label)
            held = replace(state.rule, value=label.value)
            labels = state.labels.with_label(label)
            self._session.set_labels(replace(state, labels=labels, rule=held))

    def hold(self, value: int) -> None:
        """Take a label in hand: tools write it from now on."""
        state = self._session.labels
        if value in state.labels.values:
            self._session.set_labels(replace(state, rule=replace(state.rule, value=value)))

    def show_label(self, value: int, shown: bool) -> None:
        """Fill a label, or not."""
        state = self._session.labels
        hidden = state.hidden - {value} if shown else state.hidden | {value}
        self._session.set_labels(replace(state, hidden=hidden))

    def lock(self, value: int, locked: bool) -> None:
        """Let no tool write over a label, or let them again."""
        state = self._session.labels
        values = state.rule.locked | {value} if locked else state.rule.locked - {value}
        self._session.set_labels(replace(state, rule=replace(state.rule, locked=values)))

    def write_over(self, over: Over, value: int = 0) -> None:
        """Let tools write over everything, over background alone, or over one label alone."""
        state = self._session.labels
        rule = replace(state.rule, over=over, over_value=value if over == "label" else 0)
        self._session.set_labels(replace(state, rule=rule))

    def clear_all(self, clears: bool) -> None:
        """Let erasers take away any label that is not locked, or the one in hand alone."""
        state = self._session.labels
        self._session.set_labels(replace(state, rule=replace(state.rule, clears_all=clears)))

    def put(self, labels: LabelSet) -> None:
        """Have these labels from now on, as an edit or its undo has left them."""
        self._change(labels, None)

    def _change_label(self, label: Label) -> None:
        state = self._session.labels
        self._change(state.labels.with_label(label), label)

    def _change(self, labels: LabelSet, label: Label | None) -> None:
        """Have other labels; `label` is the one that was renamed, if one was."""
        place, state = self._session.place, self._session.labels
        if place is None or labels == state.labels:
            return
        self._lanes.run(
            "journal",
            lambda _: place.workspace.put_labels(labels),
            failed=lambda said: self.failed.emit("The labels were not kept", said),
        )
        region = None
        if state.labels.whole != state.focus and state.focus.name not in _names(labels):
            # The label in focus has another name now, or is gone.
            region = "" if label is None else label.name
        self._retell(place, labels=labels, region=region)

    def _retell(
        self, place: Place, *, labels: LabelSet | None = None, region: str | None = None
    ) -> None:
        """Tell every case otherwise, and show the one on screen again."""
        model, index = self._session.running_model, self._session.view.at[0]
        cases = tuple(
            replace(
                case,
                labels=labels or case.labels,
                region=case.region if region is None else region,
            )
            for case in place.dataset.cases
        )
        dataset: Dataset = replace(
            place.dataset, cases=cases, labels=labels or place.dataset.labels
        )
        told = replace(place, dataset=dataset)
        before = self._session.case_states
        known = {name: state.outlook for name, state in before.items()}
        self._session.change_place(told)
        here = self._session.case_states.get(self._session.current)
        if here is not None and self._session.open_case is not None:
            self._operations.case_loader.open(here.case, slice_index=index)
        self._lanes.run(
            "io",
            lambda _: with_scores(place.workspace, model, plain_states(dataset, known)),
            lambda found: self._show(found, told),
            failed=lambda said: self.failed.emit("The figures were not read", said),
        )

    def _show(self, found: Mapping[str, CaseState], place: Place) -> None:
        if self._session.place is not place:
            return
        for name, state in found.items():
            now = self._session.case_states[name]
            changed = replace(
                now,
                dsc=state.dsc,
                figures=state.figures,
                labels=state.labels,
                scored=state.scored,
                outlook=state.outlook,
            )
            if changed != now:
                self._session.set_case_state(changed)
        self._session.note_focus()


def _names(labels: LabelSet) -> set[str]:
    return {region.name for region in labels.scored}
