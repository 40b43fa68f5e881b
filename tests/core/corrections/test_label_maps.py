"""Label maps under correction: what is written, painted over, undone, kept and read back."""

from contextlib import closing
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.annotation import regions, shapes, strokes
from core.annotation.correction import Correction, Of
from core.annotation.draft import Origin, Step, new_draft
from core.annotation.history import make_edit, pack_edits, unpack
from core.annotation.journal import Journal, load_draft
from core.annotation.label_rule import LabelRule, Over
from core.annotation.live_figures import References
from core.annotation.patch import Patch
from core.annotation.versions import (
    load_label_map,
    load_version,
    save_version,
    version_of,
    versions,
)
from core.domain.components import Box
from core.domain.label_set import BINARY, Label, LabelMap, LabelSet, Region, colour_of
from core.domain.mask import Mask
from core.domain.metrics import overlap
from core.workspace.workspace_folder import open_workspace

SHAPE = (3, 7, 6)
VALUES = (1, 2, 4, 255)
LABELS = LabelSet(
    tuple(Label(value, f"Label {value}", colour_of(value)) for value in VALUES),
    (Region("Whole tumour", VALUES), Region("Core", (1, 4))),
)
ORIGIN = Origin("empty")
FOCI = (Region("Whole tumour", VALUES), Region("Core", (1, 4)), Region("Label 2", (2,)))

boxes = st.tuples(*(st.tuples(st.integers(0, n - 1), st.integers(1, n)) for n in SHAPE)).map(
    lambda pairs: tuple(edge for low, n in pairs for edge in (low, max(low + 1, n)))
)
rules = st.builds(
    LabelRule,
    value=st.sampled_from(VALUES),
    over=st.sampled_from(("all", "background", "label")),
    over_value=st.sampled_from(VALUES),
    locked=st.frozensets(st.sampled_from(VALUES), max_size=2),
    clears_all=st.booleans(),
)
kinds = st.sampled_from(("hand", "focus", "any", "map"))


def painted(seed: int) -> LabelMap:
    """Return a map of lumps of all labels."""
    random = np.random.default_rng(seed)
    small = random.choice((0, *VALUES), (3, 4, 3))
    return small.repeat(2, axis=1).repeat(2, axis=2)[:, : SHAPE[1], : SHAPE[2]].astype(np.uint8)


def expected(before: LabelMap, wanted: Patch, of: Of, rule: LabelRule, focus: Region) -> LabelMap:
    """Say voxel by voxel what a patch makes of a map: the rule in plain words."""
    after = before.copy()
    z, y, x = wanted.box[::2]
    named = {"hand": (rule.value,), "focus": focus.values, "any": range(1, 256), "map": ()}[of]
    writes = rule.value
    if of != "hand" and rule.value not in named and of != "map":
        writes = next((v for v in named if v not in rule.locked), focus.values[0])
    for at in product(*map(range, wanted.values.shape)):
        there = (at[0] + z, at[1] + y, at[2] + x)
        value, is_asked = int(before[there]), int(wanted.values[at])
        if of == "map":
            new = is_asked
        elif is_asked and value not in named:
            new = writes
        elif not is_asked and value in named:
            new = 0
        else:
            new = value
        over = {"all": True, "background": value == 0, "label": value == rule.over_value}[rule.over]
        if value in rule.locked or new in rule.locked or (new and not over):
            new = value
        after[there] = new
    return after


class Reader(RuleBasedStateMachine):
    """A reader at a label map, and plain arrays that say what it has to be."""

    @initialize(seed=st.integers(0, 99))
    def begin(self, seed: int) -> None:
        self.folder = TemporaryDirectory()
        self.workspace = open_workspace(Path(self.folder.name) / "w")
        self.truth, self.start = painted(seed + 500), painted(seed)
        self.focus, self.rule = FOCI[0], LabelRule()
        self.states, self.at = [(self.start, LABELS)], 0
        draft = new_draft("CASE", self.start, ORIGIN, author="Ann", labels=LABELS)
        self._open(draft)

    def _open(self, draft) -> None:
        self.correction = Correction(draft, self._references(), focus=self.focus)
        self.correction.set_rule(self.rule)
        self.journal = Journal(self.workspace.store, draft)

    def _references(self) -> References:
        return References(np.isin(self.truth, self.focus.values).astype(np.uint8))

    def teardown(self) -> None:
        if hasattr(self, "workspace"):
            self.workspace.close()
            self.folder.cleanup()

    @property
    def now(self) -> LabelMap:
        return self.states[self.at][0]

    @property
    def labels(self) -> LabelSet:
        return self.states[self.at][1]

    def _made(self, step: Step | None, after: LabelMap, labels: LabelSet | None = None) -> None:
        labels = labels or self.labels
        changed = np.argwhere(after != self.now)
        assert (step is None) == (not len(changed) and labels == self.labels)
        if step is None:
            return
        if len(changed):
            assert step.box[::2] == tuple(changed.min(axis=0))
            assert step.box[1::2] == tuple(changed.max(axis=0) + 1)
        assert step.edit.voxels == len(changed)
        self.journal.record(step)
        self.states[self.at + 1 :] = [(after, labels)]
        self.at += 1

    @rule(wanted=boxes, of=kinds, seed=st.integers(0, 99))
    def paint(self, wanted: Box, of: Of, seed: int) -> None:
        patch = self._patch(wanted, of, seed)
        after = expected(self.now, patch, of, self.rule, self.focus)
        step = self.correction.apply("brush", 1, patch, aim=self.correction.aim(of))
        self._made(step, after)

    @rule(
        wanted=st.lists(st.tuples(boxes, st.integers(0, 99)), min_size=1, max_size=4),
        of=kinds,
        dropped=st.booleans(),
    )
    def stroke_on(self, wanted: list[tuple[Box, int]], of: Of, dropped: bool) -> None:
        """Paint several patches anywhere, as a stroke in another plane does, or drop them."""
        after = self.now
        self.correction.begin("brush", 1, self.correction.aim(of))
        for box, seed in wanted:
            patch = self._patch(box, of, seed)
            after = expected(after, patch, of, self.rule, self.focus)
            self.correction.paint(patch)
            np.testing.assert_array_equal(self.correction.label_map, after)
        if dropped:
            self.correction.cancel()
        else:
            self._made(self.correction.end(), after)

    @rule(tool=st.integers(0, 7), z=st.integers(0, 2), of=st.sampled_from(("hand", "focus")))
    def use_a_tool(self, tool: int, z: int, of: Of) -> None:
        """Use the tools of a reader on what they are given."""
        aim = self.correction.aim(of)
        ground = np.array(self.correction.ground(aim))
        values = (self.rule.value,) if of == "hand" else self.focus.values
        np.testing.assert_array_equal(ground, np.isin(self.now, values))
        patch = _tool(ground, tool, z)
        after = self.now
        if patch is not None:
            after = expected(self.now, patch, of, self.rule, self.focus)
        self._made(self.correction.apply("tool", z, patch, aim=aim), after)

    @rule(chosen=rules)
    def obey(self, chosen: LabelRule) -> None:
        self.rule = chosen
        self.correction.set_rule(chosen)

    @rule(focus=st.sampled_from(FOCI))
    def look_at(self, focus: Region) -> None:
        self.focus = focus
        self.correction.set_focus(focus, self._references())

    @rule(value=st.sampled_from(VALUES), into=st.sampled_from((0, *VALUES)))
    def merge(self, value: int, into: int) -> None:
        """Make one label another one, or background, and take it out of the set."""
        if value == into or value not in self.labels.values:
            return
        left = tuple(label for label in self.labels.labels if label.value != value)
        if not left:
            return
        after = np.where(self.now == value, np.uint8(into), self.now).astype(np.uint8)
        patch = regions.replace(self.correction.label_map, after)
        self._made(
            self.correction.change_labels("merge", 1, LabelSet(left), patch), after, LabelSet(left)
        )

    @rule(name=st.sampled_from("ab"))
    def rename(self, name: str) -> None:
        first, *rest = self.labels.labels
        labels = LabelSet((Label(first.value, name, first.colour), *rest))
        self._made(self.correction.change_labels("rename", 1, labels), self.now, labels)

    @precondition(lambda self: self.at > 0)
    @rule()
    def undo(self) -> None:
        step = self.correction.undo()
        assert step is not None
        self.journal.record(step)
        self.at -= 1

    @precondition(lambda self: self.at + 1 < len(self.states))
    @rule()
    def redo(self) -> None:
        step = self.correction.redo()
        assert step is not None
        self.journal.record(step)
        self.at += 1

    @rule()
    def save(self) -> None:
        saved = save_version(self.workspace, self.correction.snapshot(), author="Ann")
        np.testing.assert_array_equal(load_label_map(saved, SHAPE), self.now)
        for label in self.labels.labels if saved.labels is not None else ():
            assert saved.label_set.label(label.value) == label
        assert set(np.unique(self.now)) - {0} <= set(saved.label_set.values)
        self.correction.mark_saved(saved.head)

    @rule()
    def reopen(self) -> None:
        """Go on as after a crash: with what the journal holds."""
        draft = load_draft(self.workspace.store, "CASE", SHAPE)
        if draft is None:
            assert self.states == [(self.start, LABELS)]
            return
        np.testing.assert_array_equal(draft.start, self.start)
        self._open(draft)

    @invariant()
    def it_is_what_was_painted(self) -> None:
        if not hasattr(self, "correction"):
            return
        correction = self.correction
        np.testing.assert_array_equal(correction.label_map, self.now)
        mask = np.isin(self.now, self.focus.values).astype(np.uint8)
        np.testing.assert_array_equal(correction.mask, mask)
        assert correction.labels == self.labels
        assert (correction.can_undo, correction.can_redo) == (
            self.at > 0,
            self.at + 1 < len(self.states),
        )
        figures, begun = correction.figures(), np.isin(self.start, self.focus.values)
        truth = np.isin(self.truth, self.focus.values).astype(np.uint8)
        assert figures.voxels == mask.sum()
        assert figures.voxels_changed == np.count_nonzero(mask != begun)
        assert figures.dsc_truth == overlap(truth, mask).dsc

    def _patch(self, box: Box, of: Of, seed: int) -> Patch:
        random = np.random.default_rng(seed)
        size = tuple(high - low for low, high in zip(box[::2], box[1::2], strict=True))
        chosen = (0, *VALUES) if of == "map" else (0, 1)
        return Patch(box, random.choice(chosen, size).astype(np.uint8))


def _tool(ground: Mask, tool: int, z: int) -> Patch | None:
    path = [(1.0, 1.0), (4.5, 3.0)]
    return (
        lambda: strokes.stroke(ground, z, path, size=2),
        lambda: strokes.stroke(ground, z, path, size=3, value=0),
        lambda: strokes.polygon(ground, z, [(0, 0), (6, 1), (3, 5)]),
        lambda: shapes.grow(ground, by=1),
        lambda: shapes.smooth(ground, z=z),
        lambda: regions.fill_holes(ground),
        lambda: regions.copy_slice(ground, source=z, target=(z + 1) % 3),
        lambda: regions.delete_lesion(ground, (z, 3, 3)),
    )[tool]()


def test_whatever_a_reader_does_the_map_is_what_plain_arrays_say():
    run_state_machine_as_test(
        Reader, settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
    )


def correction(seed: int = 0, focus: Region | None = None) -> Correction:
    draft = new_draft("CASE", painted(seed), ORIGIN, author="Ann", labels=LABELS)
    return Correction(draft, References(), focus=focus)


def dot(value: int, at: tuple[int, int, int] = (1, 2, 3)) -> Patch:
    z, y, x = at
    return Patch((z, z + 1, y, y + 1, x, x + 1), np.full((1, 1, 1), value, np.uint8))


@pytest.mark.parametrize("over", ["all", "background", "label"])
def test_a_locked_label_neither_grows_nor_shrinks(over: Over):
    made = correction()
    before = made.snapshot_map()
    made.set_rule(LabelRule(2, over, 4, frozenset({1, 2})))
    everything = Patch((0, 3, 0, 7, 0, 6), np.ones(SHAPE, np.uint8))
    assert made.apply("fill", 1, everything) is None, "the label in hand is locked"
    made.set_rule(LabelRule(4, "all", 0, frozenset({1, 2})))
    made.apply("fill", 1, everything)
    assert np.array_equal(np.isin(made.label_map, (1, 2)), np.isin(before, (1, 2)))


def test_what_is_added_to_the_focus_gets_the_label_its_source_has():
    made, truth = correction(focus=Region("Core", (1, 4))), painted(3)
    made.set_rule(LabelRule(2))
    aim = made.aim("focus", source=truth)
    core = Patch((0, 3, 0, 7, 0, 6), np.isin(truth, (1, 4)).astype(np.uint8))
    made.apply("take", 1, core, aim=aim)
    assert np.array_equal(np.isin(made.label_map, (1, 4)), np.isin(truth, (1, 4)))
    added = np.isin(truth, (1, 4)) & ~np.isin(made.start, (1, 4))
    assert np.array_equal(made.label_map[added], truth[added])


def test_the_label_in_hand_is_written_where_the_focus_has_it():
    made = correction(focus=Region("Core", (1, 4)))
    z, y, x = np.argwhere(made.label_map == 0)[0].tolist()
    made.set_rule(LabelRule(4))
    made.apply("answer", z, dot(1, (z, y, x)), aim=made.aim("focus"))
    assert made.label_map[z, y, x] == 4
    made.undo()
    made.set_rule(LabelRule(2, locked=frozenset({1})))
    made.apply("answer", z, dot(1, (z, y, x)), aim=made.aim("focus"))
    assert made.label_map[z, y, x] == 4, "the first of the focus that is not locked"


def test_a_label_in_hand_is_seen_ahead_unless_a_stroke_came_between():
    made = correction(3)
    made.set_rule(LabelRule(2))
    assert not made.sees_hand
    late = made.hand_view()
    made.apply("brush", 1, dot(1), aim=made.aim("any"))
    assert not made.see_hand(late)
    assert not made.sees_hand
    assert made.see_hand(made.hand_view())
    assert made.sees_hand
    aim = made.aim()
    made.apply("brush", 1, dot(1, (0, 0, 0)), aim=aim)
    assert np.array_equal(made.ground(aim), made.label_map == 2)
    made.undo()
    assert np.array_equal(made.ground(aim), made.label_map == 2)
    mask = Correction(new_draft("CASE", painted(1) > 0, ORIGIN, author="Ann"), References())
    assert mask.sees_hand


def test_a_focus_seen_before_a_stroke_is_not_taken():
    made = correction()
    view = made.focused(FOCI[1], References())
    made.apply("brush", 1, dot(1 - int(made.label_map[1, 2, 3] == 1)))
    assert not made.look(view)
    assert made.focus.values == VALUES
    assert made.look(made.focused(FOCI[1], References()))
    assert made.focus == FOCI[1]


def test_of_one_label_the_mask_is_the_very_array():
    draft = new_draft("CASE", painted(1), ORIGIN, author="Ann")
    made = Correction(draft, References())
    assert np.shares_memory(made.mask, made.label_map)
    assert made.aim() is None
    assert set(np.unique(made.mask)) == {0, 1}
    made.set_rule(LabelRule(7, locked=frozenset({1})))
    made.apply("brush", 1, Patch((0, 3, 0, 7, 0, 6), np.zeros(SHAPE, np.uint8)))
    assert not made.mask.any(), "a mask knows no rule"


def test_a_mask_becomes_a_label_map_with_its_second_label():
    made = Correction(new_draft("CASE", painted(1), ORIGIN, author="Ann"), References())
    two = LabelSet((BINARY.labels[0], Label(9, "Nine", (1, 2, 3))))
    assert made.change_labels("add label", 2, two) is not None
    made.set_rule(LabelRule(9))
    made.apply("brush", 1, dot(1))
    assert made.label_map[1, 2, 3] == 9
    assert not made.mask[1, 2, 3], "it is no voxel of the first label"
    made.undo()
    made.undo()
    assert made.labels == BINARY
    assert np.array_equal(made.label_map, made.start)
    assert made.change_labels("none", 1, BINARY) is None


@given(st.integers(1, 4), st.integers(1, 9), st.integers(0, 99), st.sampled_from((1, 2, 255)))
def test_packing_values_loses_nothing(depth, width, seed, highest):
    random = np.random.default_rng(seed)
    block = random.integers(0, highest + 1, (depth, 3, width)).astype(np.uint8)
    assert np.array_equal(unpack(pack_edits(block), block.shape), block)


@pytest.mark.parametrize("before", [0, 1, 2, 255])
@pytest.mark.parametrize("after", [0, 1, 2, 255])
def test_an_edit_of_one_voxel_says_how_it_is_to_be_read(before, after):
    blocks = [np.full((1, 1, 1), value, np.uint8) for value in (before, after)]
    edit = make_edit(1, "brush", 0, changed=((0, 1, 0, 1, 0, 1), *blocks))
    if before == after:
        assert edit is None
        return
    assert edit is not None
    assert [unpack(data, (1, 1, 1)).item() for data in (edit.before, edit.after)] == [before, after]


@pytest.mark.parametrize(
    "damage", [lambda d: d[:-3], lambda d: d[:1], lambda d: d[1:], lambda d: b""]
)
def test_damaged_values_are_noticed(damage):
    data = pack_edits(painted(2))
    with pytest.raises(ValueError):
        unpack(damage(data), SHAPE)


def test_a_version_of_several_labels_is_pages_of_values_that_say_what_they_mean(tmp_path):
    made = correction(4, FOCI[1])
    made.apply("brush", 1, dot(1))
    with closing(open_workspace(tmp_path / "w")) as workspace:
        truth = painted(7)
        saved = save_version(workspace, made.snapshot(), author="Ann", truth=truth)
        assert [each.name for each in saved.regions] == [each.name for each in LABELS.scored]
        for each in saved.regions:
            values = LABELS.region(each.name).values
            before, after, true = (
                np.isin(values_of, values).astype(np.uint8)
                for values_of in (made.start, made.label_map, truth)
            )
            assert (each.voxels_before, each.voxels) == (before.sum(), after.sum())
            assert each.dsc_before == overlap(true, before).dsc
            assert each.dsc_after == overlap(true, after).dsc
        with tifffile.TiffFile(saved.path) as file:
            assert "Whole tumour" in file.pages.first.description
            assert np.array_equal(file.asarray(), made.label_map)
        assert saved.label_set == LABELS
        assert saved.region == "Core"
        assert version_of(workspace, "CASE", made.snapshot_map()) == saved
        core = load_version(saved, SHAPE, FOCI[1])
        assert np.array_equal(core, np.isin(made.label_map, (1, 4)))
        assert np.array_equal(load_version(saved, SHAPE), made.label_map > 0)
    (tmp_path / "w" / "workspace.sqlite").unlink()
    with closing(open_workspace(tmp_path / "w")) as workspace:
        (found,) = versions(workspace, "CASE")
        assert found.label_set == LABELS
        assert found.regions == saved.regions
        assert np.array_equal(load_label_map(found, SHAPE), made.label_map)


def test_what_was_merged_into_one_label_is_brought_back_after_a_restart(tmp_path):
    one = LabelSet(LABELS.labels[:1])
    with closing(open_workspace(tmp_path / "w")) as workspace:
        draft = new_draft("CASE", painted(6), ORIGIN, author="Ann", labels=LABELS)
        made, journal = Correction(draft, References()), Journal(workspace.store, draft)
        patch = regions.replace(made.label_map, (made.label_map > 0).astype(np.uint8))
        step = made.change_labels("merge", 1, one, patch)
        assert step is not None
        journal.record(step)
        again = load_draft(workspace.store, "CASE", SHAPE)
    assert again is not None
    later = Correction(again, References())
    assert later.several
    later.undo()
    assert later.labels == LABELS
    assert np.array_equal(later.label_map, painted(6))


def test_what_is_forgotten_keeps_the_labels_it_changed(tmp_path):
    with closing(open_workspace(tmp_path / "w")) as workspace:
        draft = new_draft("CASE", painted(5), ORIGIN, author="Ann", labels=LABELS)
        made, journal = Correction(draft, References()), Journal(workspace.store, draft)
        less = LabelSet(LABELS.labels[:2])
        values = np.where(np.isin(made.label_map, (4, 255)), np.uint8(0), made.label_map)
        patch = regions.replace(made.label_map, values.astype(np.uint8))
        steps = [made.change_labels("delete", 1, less, patch)]
        for value in (1, 2, 1, 2):
            made.set_rule(LabelRule(value))
            steps.append(made.apply("brush", 1, dot(1)))
        for step in steps:
            if step is not None:
                journal.record(step)
        small = load_draft(workspace.store, "CASE", SHAPE, budget=1)
        again = load_draft(workspace.store, "CASE", SHAPE)
        assert small is not None
        assert again is not None
        assert small.history.base_head > 0
        for found in (small, again):
            assert found.labels == less
            assert np.array_equal(found.mask, made.label_map)
