"""A correction being edited: undo is exact, figures follow, and nothing makes an empty edit."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.annotation import regions, strokes
from core.annotation.correction import LONGEST_EDIT_PAUSE_SECONDS, Correction
from core.annotation.draft import Draft
from core.annotation.history import History, pack_edits, unpack
from core.annotation.live_figures import References
from core.annotation.patch import Patch
from core.domain.metrics import overlap, slice_counts
from tests.core.corrections.acting import (
    FROM_PREDICTION,
    SHAPE,
    act,
    fingerprint,
    fresh_draft,
    start_mask,
)

_TRUTH = np.roll(start_mask(), (4, -3), axis=(1, 2))
_PREDICTION = np.roll(start_mask(), (-2, 5), axis=(1, 2))
_REFERENCES = References(_TRUTH, _PREDICTION, 0.004)


@given(st.integers(0, 10_000))
def test_undo_leads_back_to_the_start_and_redo_to_the_end(seed):
    correction = Correction(fresh_draft(), References())
    random = np.random.default_rng(seed)
    for _ in range(15):
        act(correction, random)
    while correction.redo():
        pass
    end = correction.snapshot_mask()
    while correction.undo():
        pass
    assert np.array_equal(correction.mask, start_mask())
    while correction.redo():
        pass
    assert np.array_equal(correction.mask, end)


@given(st.integers(0, 10_000))
def test_live_figures_equal_those_counted_anew(seed):
    correction = Correction(fresh_draft(), _REFERENCES)
    random = np.random.default_rng(seed)
    for _ in range(12):
        act(correction, random)
        _require_figures(correction, _PREDICTION)
    other = np.roll(_PREDICTION, 3, axis=1)
    correction.set_prediction(other)
    _require_figures(correction, other)
    correction.begin("brush", 1)
    correction.paint(strokes.stroke(correction.mask, 1, [(5.0, 5.0), (30.0, 30.0)], size=9))
    _require_figures(correction, other)
    correction.cancel()
    _require_figures(correction, other)


@given(st.integers(0, 10_000))
def test_an_edit_is_the_smallest_box_of_what_changed(seed):
    correction = Correction(fresh_draft(), References())
    random = np.random.default_rng(seed)
    for _ in range(12):
        before = correction.snapshot_mask()
        step = act(correction, random)
        changed = np.argwhere(before != correction.mask)
        if step is None:
            assert len(changed) == 0
            continue
        assert step.edit.voxels == len(changed)
        assert step.box[::2] == tuple(changed.min(axis=0))
        assert step.box[1::2] == tuple(changed.max(axis=0) + 1)
        assert step.z in set(changed[:, 0]) or step.box[0] <= step.z < step.box[1]


def test_a_press_that_changes_nothing_makes_no_edit():
    correction = Correction(fresh_draft(), References())
    assert (
        correction.apply(
            "erase", 0, strokes.stroke(correction.mask, 0, [(1.0, 1.0)], size=3, value=0)
        )
        is None
    )
    correction.begin("brush", 0)
    assert correction.paint(Patch((0, 1, 1, 2, 1, 2), np.ones((1, 1, 1), np.uint8))) is not None
    assert correction.paint(Patch((0, 1, 1, 2, 1, 2), np.zeros((1, 1, 1), np.uint8))) is not None
    assert correction.end() is None
    assert not correction.can_undo
    assert not correction.dirty


def test_one_gesture_of_many_samples_is_one_edit():
    correction = Correction(fresh_draft(), References())
    correction.begin("brush", 3)
    for x in range(5, 30, 5):
        path = [(5.0, float(x - 5)), (5.0, float(x))]
        correction.paint(strokes.stroke(correction.mask, 3, path, size=4))
    assert correction.painting
    assert correction.undo() is None, "a gesture is in hand"
    step = correction.end()
    assert step is not None
    assert (step.kind, step.tool, step.z, step.head) == ("edit", "brush", 3, 1)
    assert correction.can_undo
    undone = correction.undo()
    assert undone is not None
    assert (undone.kind, undone.z, undone.head) == ("undo", 3, 0)
    assert np.array_equal(correction.mask, start_mask())
    assert (correction.can_undo, correction.can_redo) == (False, True)


def test_a_gesture_over_several_slices_leaves_those_between_alone():
    correction = Correction(fresh_draft(), References())
    correction.begin("brush", 0)
    for z in (0, 4):
        correction.paint(strokes.stroke(correction.mask, z, [(9.0, 9.0)], size=6))
    assert correction.end() is not None
    assert np.array_equal(correction.mask[1:4], start_mask()[1:4])
    correction.undo()
    assert np.array_equal(correction.mask, start_mask())


def test_a_cancelled_gesture_leaves_no_trace():
    correction = Correction(fresh_draft(), _REFERENCES, clock=lambda: 0.0)
    before = correction.figures()
    correction.begin("brush", 2)
    box = correction.paint(strokes.stroke(correction.mask, 2, [(9.0, 9.0)], size=11))
    assert correction.cancel() == box
    assert correction.end() is None
    assert np.array_equal(correction.mask, start_mask())
    assert correction.figures() == before
    assert correction.cancel() is None


def test_without_a_gesture_nothing_is_painted():
    correction = Correction(fresh_draft(), References())
    assert correction.paint(regions.clear(correction.mask)) is None
    assert correction.mask.any()


def test_undo_of_a_whole_volume_jumps_to_the_slice_the_reader_was_on():
    correction = Correction(fresh_draft(), References())
    step = correction.apply("clear", 3, regions.clear(correction.mask))
    assert step is not None
    assert step.z == 3
    painted = np.flatnonzero(start_mask().any(axis=(1, 2)))
    step = correction.undo()
    assert step is not None
    assert step.box[:2] == (painted[0], painted[-1] + 1)


def test_the_mask_shown_cannot_be_written_to():
    correction = Correction(fresh_draft(), References())
    with pytest.raises(ValueError, match="read-only"):
        correction.mask[0, 0, 0] = 1


def test_the_revision_grows_with_every_change():
    correction = Correction(fresh_draft(), References())
    seen = [correction.revision]
    correction.apply("clear", 3, regions.clear(correction.mask, z=3))
    seen.append(correction.revision)
    correction.undo()
    seen.append(correction.revision)
    correction.apply("nothing", 3, None)
    assert correction.revision == seen[-1]
    assert seen == sorted(set(seen))


def test_without_references_there_are_no_scores():
    figures = Correction(fresh_draft(), References()).figures()
    assert figures.dsc_truth is figures.dsc_truth_before is figures.dsc_prediction is None
    assert figures.volume_ml is None
    assert figures.voxels == start_mask().sum()


def test_time_spent_leaves_long_pauses_out():
    times = iter([0.0, 2.0, 2.0 + 3600.0, 3603.0])
    correction = Correction(fresh_draft(), References(), clock=lambda: next(times))
    correction.begin("brush", 1)
    correction.paint(regions.clear(correction.mask, z=1))
    correction.end()
    correction.begin("brush", 2)
    correction.paint(regions.clear(correction.mask, z=2))
    step = correction.end()
    assert step is not None
    assert step.seconds == pytest.approx(2 + LONGEST_EDIT_PAUSE_SECONDS + 1)
    assert correction.figures().seconds == step.seconds


def test_it_is_dirty_until_a_version_holds_it():
    correction = Correction(fresh_draft(), References())
    assert not correction.dirty
    correction.apply("clear", 2, regions.clear(correction.mask, z=2))
    assert correction.dirty
    correction.mark_saved(correction.snapshot().head)
    assert not correction.dirty
    correction.undo()
    assert correction.dirty
    correction.apply("clear", 3, regions.clear(correction.mask, z=3))
    assert correction.dirty, "another edit at the same place is another state"


def test_tools_are_those_of_what_is_applied():
    correction = Correction(fresh_draft(), _REFERENCES)
    correction.apply("clear", 2, regions.clear(correction.mask, z=2))
    correction.apply("clear all", 2, regions.clear(correction.mask))
    correction.undo()
    assert correction.tools == {"clear": 1}
    correction.redo()
    assert correction.tools == {"clear": 1, "clear all": 1}


def test_a_snapshot_stays_as_it_was():
    correction = Correction(fresh_draft(), _REFERENCES)
    correction.apply("clear", 2, regions.clear(correction.mask, z=2))
    snapshot = correction.snapshot()
    correction.apply("clear all", 2, regions.clear(correction.mask))
    assert snapshot.mask.any()
    assert snapshot.tools == {"clear": 1}
    assert snapshot.origin == FROM_PREDICTION
    assert snapshot.dsc_before == overlap(_TRUTH, start_mask()).dsc
    assert snapshot.dsc_after == overlap(_TRUTH, snapshot.mask).dsc
    assert snapshot.voxels_changed == start_mask()[2].sum()


@given(st.integers(0, 1000), st.integers(1500, 6000))
def test_the_oldest_gestures_are_forgotten_beyond_the_budget(seed, budget):
    start = start_mask()
    history = History(budget=budget)
    draft = Draft("CASE", "Reader", FROM_PREDICTION, start, start.copy(), history)
    correction = Correction(draft, References())
    random = np.random.default_rng(seed)
    made = Counter(step.tool for step in _edits(correction, random, 25))
    assert history.nbytes <= budget
    assert correction.tools == dict(made), "forgotten gestures still count"
    while correction.undo():
        pass
    assert history.head == history.base_head


def test_history_keeps_the_newest_gesture_however_large():
    correction = Correction(
        Draft("CASE", "R", FROM_PREDICTION, start_mask(), start_mask(), History(budget=1)),
        References(),
    )
    correction.apply("clear", 2, regions.clear(correction.mask))
    assert correction.undo() is not None
    assert np.array_equal(correction.mask, start_mask())


def test_looking_at_a_correction_changes_nothing():
    draft = fresh_draft()
    correction = Correction(draft, _REFERENCES)
    for _ in _edits(correction, np.random.default_rng(1), 5):
        pass
    correction.undo()
    before = (fingerprint(correction.mask, draft.history), correction.revision, correction.head)
    snapshot = correction.snapshot()
    snapshot.mask[:] = 1
    correction.snapshot_mask()[:] = 1
    correction.figures()
    assert (correction.can_undo, correction.can_redo, correction.dirty) == (True, True, True)
    assert (
        fingerprint(correction.mask, draft.history),
        correction.revision,
        correction.head,
    ) == before


@given(st.integers(1, 7), st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
def test_packing_loses_nothing(depth, height, width, seed):
    block = np.random.default_rng(seed).integers(0, 2, (depth, height, width)).astype(np.uint8)
    assert np.array_equal(unpack(pack_edits(block), block.shape), block)


@pytest.mark.parametrize(
    "damage", [lambda d: d[:-3], lambda d: d[:8] + b"?" + d[9:], lambda d: b""]
)
def test_damaged_bytes_are_noticed(damage):
    data = pack_edits(np.random.default_rng(0).integers(0, 2, (3, 40, 40)).astype(np.uint8))
    with pytest.raises(ValueError):
        unpack(damage(data), (3, 40, 40))
    with pytest.raises(ValueError, match="voxels"):
        unpack(data, (9, 40, 40))


def _edits(correction, random, count):
    """Yield `count` new edits, never stepping back."""
    made = 0
    while made < count:
        z = int(random.integers(SHAPE[0]))
        point = tuple(random.uniform(0, SHAPE[1:]))
        value = int(random.integers(2))
        patch = strokes.stroke(correction.mask, z, [point], size=13, value=value)
        step = correction.apply("brush" if value else "eraser", z, patch)
        if step is not None:
            made += 1
            yield step


def _require_figures(correction, prediction):
    figures = correction.figures()
    mask = np.array(correction.mask)
    assert figures.dsc_truth == overlap(_TRUTH, mask).dsc
    assert figures.dsc_truth_before == overlap(_TRUTH, start_mask()).dsc
    assert figures.dsc_prediction == overlap(prediction, mask).dsc
    assert figures.voxels == mask.sum()
    assert figures.volume_ml == mask.sum() * 0.004
    assert figures.voxels_changed == np.count_nonzero(mask != start_mask())
    live, counted = correction.truth_counts(), slice_counts(_TRUTH, mask)
    assert live is not None
    for name in ("true_positive", "false_positive", "false_negative"):
        assert np.array_equal(getattr(live, name), getattr(counted, name)), name
