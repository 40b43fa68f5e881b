"""Keeps the panels of labels and regions in step with the session."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QInputDialog

from core.domain.label_counts import LabelCounts, count_cut, count_labels
from core.domain.label_set import Colour, LabelMap, LabelSet, Region
from core.domain.metrics import Overlap
from core.domain.plane import Cut
from core.studies.scores.case_figures import CaseFigures
from gui.shell.context import Context
from gui.shell.label_desk import LabelDesk
from gui.shell.label_state import LabelState
from gui.shell.session import Session
from gui.shell.tasks import Task
from gui.viewer.drawn.shown_case import slice_overlap
from gui.viewer.figures.correction_counts import CorrectionCounts
from gui.viewer.labels.label_layer import predicted_labels
from gui.viewer.labels.labels_panel import LabelsPanel, ShownLabel
from gui.viewer.labels.regions_panel import RegionFigures, RegionRow, RegionsPanel

_KEYS = range(1, 10)
_GIVEN = "Spacing given."
_FOCUSED = "Whatever is in focus"

_Counted: TypeAlias = tuple[LabelMap | None, LabelMap | None, tuple[int, ...]]
AskColour: TypeAlias = Callable[[str, Colour], Colour | None]
"""Asks for another colour of what is named; None where the reader leaves it."""
AskRegion: TypeAlias = Callable[[Sequence[str], str], str | None]
"""Asks for one of several names, one of them chosen; None where the reader leaves it."""


@dataclass(frozen=True, eq=False)
class LabelViews:
    """What of the window shows labels and regions."""

    labels: LabelsPanel
    regions: RegionsPanel


class LabelsPresenter(QObject):
    """Counts the labels of the case on screen on a worker, and shows what they come to."""

    def __init__(self, context: Context, views: LabelViews, desk: LabelDesk) -> None:
        super().__init__()
        self._session, self._lanes = context.session, context.lanes
        self._views, self._desk = views, desk
        self.ask_colour: AskColour = partial(_ask_colour, context)
        self.ask_region: AskRegion = partial(_ask_region, context)
        self._counts: LabelCounts | None = None
        self._across: tuple[Cut, LabelCounts] | None = None
        self._counted: _Counted = (None, None, ())
        self._task: Task[LabelCounts] | None = None
        self._corrected = CorrectionCounts(context.session, context.lanes)
        self._corrected.changed.connect(self._on_corrected)
        context.closing.connect(self._corrected.stop)
        session = self._session
        for changed in (session.case_changed, session.result_changed, session.labels_changed):
            changed.connect(self._on_changed)
        session.view_changed.connect(self._on_view_changed)
        views.regions.scope_changed.connect(self._show_regions)
        session.case_state_changed.connect(self._on_case_state_changed)
        panel = views.labels
        panel.shown_changed.connect(desk.show_label)
        panel.lock_changed.connect(desk.lock)
        panel.held.connect(desk.hold)
        panel.renamed.connect(self._rename)
        panel.add_asked.connect(desk.add)
        panel.recolour_asked.connect(self._recolour)
        regions, editor = views.regions, views.regions.editor
        regions.focus_chosen.connect(desk.focus_on)
        regions.add_asked.connect(lambda: editor.ask(self._session.labels.labels.labels))
        regions.change_asked.connect(self._change_region)
        editor.saved.connect(self._save_region)
        editor.removed.connect(self._remove_region)

    def _rename(self, value: int, name: str) -> None:
        self._views.labels.show_problem(value, self._desk.rename(value, name), name)

    def _recolour(self, value: int) -> None:
        label = self._session.labels.labels.label(value)
        colour = self.ask_colour(label.name, label.colour)
        if colour is not None:
            self._desk.recolour(value, colour)

    def choose_filled(self) -> None:
        """Ask which region or label a mask without labels is of, as a binary model makes it."""
        labels = self._session.labels.labels
        names = [_FOCUSED, *(region.name for region in labels.scored)]
        before = _FOCUSED if labels.filled is None else labels.fills
        chosen = self.ask_region(names, before)
        if chosen is not None:
            self._desk.fill(chosen if names.index(chosen) else "")

    def _change_region(self, name: str) -> None:
        labels = self._session.labels.labels
        self._views.regions.editor.ask(labels.labels, name, labels.region(name).values)

    def _save_region(self, name: str, values: tuple[int, ...], instead_of: str) -> None:
        editor = self._views.regions.editor
        fault = self._desk.put_region(name, values, instead_of)
        editor.show_problem(fault)
        if not fault:
            editor.hide()

    def _remove_region(self, name: str) -> None:
        self._views.regions.editor.hide()
        self._desk.remove_region(name)

    def _on_changed(self) -> None:
        self._count()
        self._show_labels()
        self._show_regions()

    def _on_corrected(self) -> None:
        self._show_labels()
        self._show_regions()

    def _on_view_changed(self) -> None:
        if self._views.regions.of_slice:
            self._show_regions()

    def _on_case_state_changed(self, case_id: str) -> None:
        if case_id == self._session.current:
            self._show_regions()

    def _count(self) -> None:
        """Count truth and prediction when either, or what their values mean, is another."""
        opened, labels = self._session.open_case, self._session.labels.labels
        if opened is None or labels.is_binary:
            self._counts, self._counted = None, (None, None, ())
            return
        truth, predicted = opened.loaded.labels, predicted_labels(self._session)
        of = (truth, predicted, labels.values)
        # While a prediction is looked for, what was counted last may still hold.
        coming = predicted is None and self._session.seeking
        same = truth is self._counted[0] and labels.values == self._counted[2]
        if same and (coming or predicted is self._counted[1]):
            return
        self._counted, self._counts = of, None
        if self._task is not None:
            self._task.cancel()
        if truth is None and predicted is None:
            return
        self._task = self._lanes.run(
            "io",
            lambda _: count_labels(truth, predicted, labels),
            lambda found: self._keep(found, of),
        )

    def _keep(self, found: LabelCounts, of: _Counted) -> None:
        if self._counted is of:
            self._task, self._counts, self._across = None, found, None
            self._show_labels()
            self._show_regions()

    def _show_labels(self) -> None:
        session, state = self._session, self._session.labels
        opened = session.open_case
        if opened is None or state.labels.is_binary:
            self._views.labels.set_rows((), unit="", truth=False, said="")
            return
        grid = opened.loaded.volume.geometry
        ml = grid.voxel_ml
        rows = [
            ShownLabel(
                label,
                shown=label.value not in state.hidden,
                locked=label.value in state.rule.locked,
                in_hand=label.value == state.in_hand,
                dotted=label.value in state.labels.dotted,
                key=f"Alt {label.value}" if label.value in _KEYS else "",
                predicted=_volume(self._counts, label.value, 1, ml),
                truth=_volume(self._counts, label.value, 0, ml),
                corrected=_volume(self._corrected.counts, label.value, 1, ml),
            )
            for label in state.labels.labels
        ]
        self._views.labels.set_rows(
            rows,
            unit=grid.volume_unit,
            truth=opened.loaded.labels is not None,
            corrected=self._corrected.counts is not None,
            said=f"{rule_words(state)} {_GIVEN}" if grid.is_given else rule_words(state),
        )

    def _show_regions(self) -> None:
        session, state = self._session, self._session.labels
        opened = session.open_case
        if opened is None or state.labels.is_binary:
            self._views.regions.editor.hide()
            self._views.regions.set_rows((), unit="", scored=False)
            return
        of_slice = self._views.regions.of_slice
        rows = [
            RegionRow(
                region.name,
                tuple(state.labels.label(value).colour for value in region.values),
                focused=region == state.focus,
                figures=self._figures(region, of_slice=of_slice),
                corrected=self._of_correction(region, of_slice=of_slice),
                named=region in state.labels.regions,
            )
            for region in state.labels.scored
        ]
        self._views.regions.set_rows(
            rows,
            unit=opened.loaded.volume.geometry.length_unit,
            scored=opened.loaded.ground_truth is not None,
            fills="" if state.labels.filled is None else state.labels.fills,
            corrected=self._corrected.counts is not None,
        )

    def _figures(self, region: Region, *, of_slice: bool) -> RegionFigures:
        """Return the figures of a prediction; beside a correction those of the same kind."""
        if of_slice:
            return self._of_slice(region)
        if self._corrected.counts is not None:
            # A correction is counted as its labels lie, not as a region's own components do.
            return _of_counts(self._overlap(region, None))
        return self._of_case(region)

    def _of_correction(self, region: Region, *, of_slice: bool) -> float | None:
        """Return the DSC of a region of the correction; None where it is not known or empty."""
        counts, cut = self._corrected.counts, self._session.view.cut
        if counts is None or not counts.has_truth or not counts.knows(region):
            return None
        if not of_slice:
            return counts.overlap(region).dsc
        if not cut.plane.axis:
            found = counts.overlap(region, cut.index)
        else:
            opened, correction = self._session.open_case, self._session.correction
            assert opened is not None
            assert correction is not None
            maps = opened.loaded.labels, correction.label_map
            found = count_cut(maps, counts.labels, cut).overlap(region)
        return found.dsc if found.truth_voxels or found.predicted_voxels else None

    def _of_case(self, region: Region) -> RegionFigures:
        """Return what is kept of a region, else what is counted of it."""
        session = self._session
        state = session.case_states.get(session.current)
        kept = None if state is None else state.labels.get(region.name)
        if kept is None and state is not None and region == session.labels.focus:
            kept = state.figures
        if kept is not None and session.result is not None and session.post == session.listed:
            return _figures_of(kept)
        return _of_counts(self._overlap(region, None))

    def _of_slice(self, region: Region) -> RegionFigures:
        found = self._overlap(region, self._session.view.cut)
        empty = found is not None and not found.truth_voxels and not found.predicted_voxels
        return RegionFigures() if empty else _of_counts(found)

    def _overlap(self, region: Region, cut: Cut | None) -> Overlap | None:
        counts = self._counts
        if counts is None or not (counts.has_truth and counts.has_prediction):
            return _of_focus(self._session, region, cut)
        if not counts.knows(region):
            return None
        if cut is None or not cut.plane.axis:
            return counts.overlap(region, None if cut is None else cut.index)
        if self._across is None or self._across[0] != cut:
            truth, predicted, _ = self._counted
            self._across = cut, count_cut((truth, predicted), counts.labels, cut)
        return self._across[1].overlap(region)


def _volume(counts: LabelCounts | None, value: int, side: int, ml: float | None) -> float | None:
    """Return how large a label is in the truth (side 0) or in what is held against it (1)."""
    there = counts is not None and (counts.has_truth, counts.has_prediction)[side]
    if counts is None or not there or value not in counts.labels.values:
        return None
    return counts.voxels(value)[side] * (1.0 if ml is None else ml)


def rule_words(state: LabelState) -> str:
    """Say what tools write, and what they leave alone."""
    labels: LabelSet = state.labels
    over = {"all": "", "background": " over background alone"}.get(state.rule.over)
    if over is None:
        over = f" over {labels.label(state.rule.over_value).name} alone"
    name = labels.label(state.in_hand).name
    if state.rule.stuck:
        return f"{name} is in hand and locked: nothing is written."
    written = f"Brush and clicks write {name}{over}."
    locked = [label.name for label in labels.labels if label.value in state.rule.locked]
    if not locked:
        return written
    verb = "is" if len(locked) == 1 else "are"
    return f"{written} {' and '.join(locked)} {verb} locked."


def _of_focus(session: Session, region: Region, cut: Cut | None) -> Overlap | None:
    """Return the counts of a prediction without labels, which is of the region in focus alone."""
    result, opened = session.result, session.open_case
    counted = None if result is None else result.counted
    if counted is None or opened is None or not counted.has_truth:
        return None
    if region != session.labels.focus:
        return None
    if cut is None:
        return counted.counts.pooled()
    return slice_overlap(counted, opened.loaded.ground_truth, cut)


def _figures_of(kept: CaseFigures) -> RegionFigures:
    empty = kept.truth_voxels == 0 and not kept.predicted_voxels
    return RegionFigures(kept.dsc, kept.hd95, kept.volume_difference, empty)


def _of_counts(found: Overlap | None) -> RegionFigures:
    if found is None:
        return RegionFigures()
    empty = not found.truth_voxels and not found.predicted_voxels
    return RegionFigures(found.dsc, None, found.volume_difference, empty)


def _ask_colour(context: Context, name: str, colour: Colour) -> Colour | None:
    chosen = QColorDialog.getColor(QColor(*colour), context.window, f"Colour of {name}")
    return (chosen.red(), chosen.green(), chosen.blue()) if chosen.isValid() else None


def _ask_region(context: Context, names: Sequence[str], before: str) -> str | None:
    name, chosen = QInputDialog.getItem(
        context.window,
        "What a binary model fills",
        "Its masks, and corrections made before there were labels, are:",
        list(names),
        list(names).index(before),
        False,
    )
    return name if chosen else None
