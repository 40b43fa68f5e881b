"""Which region is in focus and what labels are called, the same for every case of a dataset."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from core.annotation.label_rule import Over
from core.domain.label_set import Colour, Label, LabelSet, Region, new_label
from core.io.datasets.dataset import Dataset
from core.workspace.chosen_labels import redrawn
from gui.shell.context import Context
from gui.shell.label_state import LabelState
from gui.shell.place_reader import plain_states, with_scores
from gui.shell.session_parts import CaseState, Place


@dataclass(frozen=True)
class _Change:
    """Labels before and after the reader changed them, and after how many edits of whose mask.

    The label `in_hand` was so before, the one that it `takes` is from then on; 0 for none.
    """

    before: LabelSet
    after: LabelSet
    case_id: str = ""
    edits: int = 0
    in_hand: int = 0
    takes: int = 0

    @property
    def names(self) -> Mapping[str, str]:
        """The new name of each label and region that is called otherwise afterwards."""
        return _new_names(self.before, self.after)

    @property
    def turned(self) -> "_Change":
        """The same taken back."""
        return _Change(self.after, self.before)


class LabelDesk(QObject):
    """Changes the focus and the labels of the dataset that is open.

    The case on screen is shown again from memory, with the ground truth of the region in focus, so
    that whatever is drawn, counted or exported of it follows. `failed` says what was not kept.
    Names, colours, regions and labels that were added are in hand until the mask is drawn on: undo
    is for them first.
    """

    failed = Signal(str, str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._session, self._lanes = context.session, context.lanes
        self._operations, self._in_hand = context.operations, context.in_hand
        self._done: list[_Change] = []
        self._undone: list[_Change] = []
        context.session.mask_painted.connect(lambda _: self._on_mask_painted())
        context.session.place_changed.connect(self._on_place_changed)

    def focus_on(self, name: str) -> None:
        """Look at another region, or at a label, by its name."""
        place, labels = self._session.place, self._session.labels.labels
        region = "" if name == labels.whole.name else name
        if place is None or name == self._session.labels.focus.name:
            return
        self._retell(place, region=region)

    def rename(self, value: int, name: str) -> str:
        """Call a label otherwise; return why it cannot be called so."""
        labels = self._session.labels.labels
        fault = labels.label_fault(value, name)
        if not fault:
            self._change_label(replace(labels.label(value), name=name.strip()))
        return fault

    def recolour(self, value: int, colour: Colour) -> None:
        """Draw a label in another colour."""
        self._change_label(replace(self._session.labels.labels.label(value), colour=colour))

    def add(self) -> None:
        """Add a label of the lowest value that is free, and take it in hand.

        What had one label is a label map from then on, its mask the label it was.
        """
        state, opened = self._session.labels, self._session.open_case
        known = state.labels
        if known.is_binary and opened is not None and opened.loaded.label_set:
            known = opened.loaded.label_set  # under the name and value that its file gives
        label = new_label(known)
        if label is None or opened is None:
            return
        if known.is_binary:
            known = replace(known, fills=known.labels[0].name)
        labels = known.with_label(label)
        self._change(labels, takes=label.value)

    def fill(self, name: str) -> None:
        """Take masks without labels, as binary models make them, for this region or label."""
        self._change(replace(self._session.labels.labels, fills=name))

    def drop(self, labels: LabelSet) -> None:
        """Have these labels, without one that no voxel has."""
        self._change(labels)

    def put_region(self, name: str, values: tuple[int, ...], instead_of: str = "") -> str:
        """Have a region, or another one in place of one there is; return why there can be none."""
        labels = self._session.labels.labels
        fault = labels.region_fault(name, values, instead_of)
        if not fault:
            self._change(labels.with_region(Region(name, values), instead_of))
        return fault

    def remove_region(self, name: str) -> None:
        """Have a region no more; its labels stay."""
        self._change(self._session.labels.labels.without_region(name))

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back, of the labels as they are.

        What was drawn after it goes first.
        """
        change = self._done[-1] if self._done else None
        if change is None or change.after != self._session.labels.labels:
            return False
        return change.edits >= self._edits() or change.case_id != self._session.current

    @property
    def can_redo(self) -> bool:
        """Whether there is a change that was taken back, of the labels as they are.

        What had been drawn before it comes first.
        """
        change = self._undone[-1] if self._undone else None
        if change is None or change.before != self._session.labels.labels:
            return False
        return change.edits <= self._edits() or change.case_id != self._session.current

    def undo(self) -> bool:
        """Take the last change back."""
        if not self.can_undo:
            return False
        change = self._done.pop()
        self._undone.append(change)
        held = self._session.labels.in_hand
        # A label that was taken in hand by being added, or left by being deleted, and no other.
        back = held not in change.before.values or change.in_hand not in change.after.values
        self._put(change.turned)
        if back and not change.before.is_binary:
            self._take(change.before, change.in_hand)
        self._in_hand.take(self)
        return True

    def redo(self) -> bool:
        """Make the change again that was taken back."""
        if not self.can_redo:
            return False
        change = self._undone.pop()
        self._done.append(change)
        self._put(change)
        if change.takes:
            self._take(change.after, change.takes)
        self._in_hand.take(self)
        return True

    def delete(self) -> bool:
        """Delete nothing: labels and regions go by commands of their own."""
        return False

    def hold(self, value: int) -> None:
        """Take a label in hand: tools write it from now on."""
        state = self._session.labels
        if value in state.labels.values:
            self._choose(replace(state, rule=replace(state.rule, value=value)))

    def show_label(self, value: int, shown: bool) -> None:
        """Fill a label, or not."""
        state = self._session.labels
        hidden = state.hidden - {value} if shown else state.hidden | {value}
        self._choose(replace(state, hidden=hidden))

    def lock(self, value: int, locked: bool) -> None:
        """Let no tool write over a label, or let them again."""
        state = self._session.labels
        values = state.rule.locked | {value} if locked else state.rule.locked - {value}
        self._choose(replace(state, rule=replace(state.rule, locked=values)))

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
        self._put(_Change(self._session.labels.labels, labels))

    def _choose(self, state: LabelState) -> None:
        """Hold, hide or lock others, and keep that at once: a lock outlives a crash."""
        self._session.set_labels(state)
        self._operations.keep_place()

    def _take(self, labels: LabelSet, value: int) -> None:
        """Have a label of these in hand, before the case is shown again that they are of."""
        state = self._session.labels
        name = _focus_after(state, labels, {})
        focus = labels.region(name) if name else labels.whole
        rule = replace(state.rule, value=value)
        self._choose(replace(state, labels=labels, focus=focus, rule=rule))

    def _change_label(self, label: Label) -> None:
        self._change(self._session.labels.labels.with_label(label))

    def _change(self, labels: LabelSet, *, takes: int = 0) -> None:
        """Have other labels, as the reader wants it, who can take it back."""
        session, state = self._session, self._session.labels
        hands = state.in_hand, takes
        change = _Change(state.labels, labels, session.current, self._edits(), *hands)
        if self._session.place is None or change.before == labels:
            return
        self._done.append(change)
        self._undone.clear()
        self._put(change)
        if takes:
            self._take(labels, takes)
        self._in_hand.take(self)

    def _put(self, change: _Change) -> None:
        """Have other labels; the focus stays with what is called otherwise, else is the whole."""
        place, state, labels = self._session.place, self._session.labels, change.after
        if place is None or labels == state.labels:
            return
        changed = redrawn(change.before, labels)
        self._lanes.run(
            "journal",
            lambda _: place.workspace.put_labels(labels, changed),
            failed=lambda said: self.failed.emit("The labels were not kept", said),
        )
        self._retell(place, labels=labels, region=_focus_after(state, labels, change.names))

    def _edits(self) -> int:
        """Return how many edits the correction on screen has, which a change comes after."""
        correction = self._session.correction
        return 0 if correction is None else correction.applied

    def resume(self) -> None:
        """Be for undo first again, where edits made since the last change were taken back."""
        if self.can_undo or self.can_redo:
            self._in_hand.take(self)

    def _on_mask_painted(self) -> None:
        """Let undo be for the mask; what is drawn anew is not what a change was taken back from."""
        self._in_hand.drop(self)
        correction = self._session.correction
        if correction is None or not self._undone:
            return
        last = self._undone[-1]
        anew = correction.painting or correction.applied > last.edits
        if anew and last.case_id == self._session.current:
            self._undone.clear()

    def _on_place_changed(self) -> None:
        """Forget what was changed in another dataset."""
        self._done.clear()
        self._undone.clear()
        self._in_hand.drop(self)

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
        # A reader on the way to another case gets there, and finds it told as this one would be.
        leaves = self._session.pending not in ("", self._session.current)
        wanted = self._session.case_states.get(self._session.wanted)
        if wanted is not None and (leaves or self._session.open_case is not None):
            self._operations.case_loader.open(wanted.case, slice_index=-1 if leaves else index)
        # Labels that changed are written first, and what was kept of other voxels is gone then.
        self._lanes.run(
            "io" if labels is None else "journal",
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


def _focus_after(state: LabelState, labels: LabelSet, names: Mapping[str, str]) -> str:
    """Return which region of other labels is in focus, as cases name it: empty for the whole."""
    name = state.focus.name
    if name not in _names(labels):
        name = names.get(name, "")
    return "" if name == labels.whole.name else name


def _names(labels: LabelSet) -> set[str]:
    return {region.name for region in labels.scored}


def _new_names(before: LabelSet, after: LabelSet) -> Mapping[str, str]:
    """Return the new name of each label by its value, and of each region by its place or values."""
    there = _names(after)
    now = {label.value: label.name for label in after.labels}
    found = {label.name: now[label.value] for label in before.labels if label.value in now}
    if len(before.regions) == len(after.regions):
        pairs = zip(before.regions, after.regions, strict=True)
        found |= {one.name: other.name for one, other in pairs if one.name not in there}
    return {old: new for old, new in found.items() if old != new}
