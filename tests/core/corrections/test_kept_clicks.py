"""Clicks that the journal keeps: the mask they found, and the one that was saved in the end."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.annotation import strokes
from core.annotation.click_ground import ClickGround, Scene
from core.annotation.correction import Correction
from core.annotation.draft import Step, new_draft
from core.annotation.guided import guided
from core.annotation.journal import Journal
from core.annotation.kept_clicks import kept_clicks
from core.annotation.label_rule import LabelRule, hand_of, mask_of
from core.annotation.live_figures import References
from core.annotation.versions import save_version
from core.domain.guide import Click
from core.domain.label_set import Label, LabelSet, colour_of
from core.domain.plane import PLANES, Cut
from core.workspace.workspace_folder import Workspace, open_workspace
from tests.core.corrections.acting import FROM_PREDICTION, SHAPE, start_mask

FIRST, SECOND = Click(2, ((6, 5),)), Click(3, ((20, 20),), False)


class Reader:
    """A reader who corrects one case, and whose journal is written as in the window."""

    def __init__(self, workspace: Workspace, labels: LabelSet | None = None) -> None:
        mask = start_mask()
        given = {} if labels is None else {"labels": labels}
        draft = new_draft("CASE", mask, FROM_PREDICTION, author="Ann", **given)
        self.workspace = workspace
        self.correction = Correction(draft, References())
        self._journal = Journal(workspace.store, draft)

    def click(self, *clicks: Click, hand: int = 1) -> np.ndarray:
        """Accept clicks; returns the mask of the label in hand before them."""
        correction = self.correction
        before = mask_of(correction.label_map, (hand,))
        pixels = np.random.default_rng(0).integers(0, 255, (1, *SHAPE)).astype(np.uint8)
        ground = ClickGround(Scene(pixels, ("FLAIR",)), before)
        aim = hand_of(LabelRule(hand)) if correction.several else None
        patch = guided(ground, clicks).patch()
        self._keep(correction.apply("guided click", 2, patch, clicks=clicks, aim=aim))
        return before

    def paint(self, z: int, at: tuple[float, float]) -> None:
        patch = strokes.stroke(self.correction.mask, z, [at], size=5)
        self._keep(self.correction.apply("brush", z, patch))

    def undo(self) -> None:
        self._keep(self.correction.undo())

    def save(self) -> np.ndarray:
        snapshot = self.correction.snapshot()
        save_version(self.workspace, snapshot, author="Ann")
        self.correction.mark_saved(snapshot.head)
        return np.array(self.correction.label_map)

    def _keep(self, step: Step | None) -> None:
        assert step is not None
        self._journal.record(step)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with closing(open_workspace(tmp_path / "workspace")) as opened:
        yield opened


def test_each_clicked_slice_has_what_was_found_and_what_was_saved(workspace: Workspace) -> None:
    reader = Reader(workspace)
    found = reader.click(FIRST, SECOND)
    reader.paint(2, (40, 30))
    again = reader.click(Click(2, ((7, 8),)))
    saved = reader.save()
    one, two, three = kept_clicks(workspace.store, "CASE", SHAPE)
    assert [each.clicks for each in (one, two, three)] == [
        (FIRST,),
        (SECOND,),
        (Click(2, ((7, 8),)),),
    ]
    for kept, before in ((one, found), (two, found), (three, again)):
        np.testing.assert_array_equal(kept.before, kept.cut.of(before))
        np.testing.assert_array_equal(kept.after, kept.cut.of(saved))
    assert one.after[40, 30]  # also what was painted afterwards
    assert not one.before[40, 30]
    assert three.before[40, 30]


def test_what_no_version_holds_is_not_learnt_from(workspace: Workspace) -> None:
    reader = Reader(workspace)
    reader.click(FIRST)
    assert kept_clicks(workspace.store, "CASE", SHAPE) == ()
    saved = reader.save()
    reader.click(SECOND)
    reader.paint(2, (40, 30))
    (kept,) = kept_clicks(workspace.store, "CASE", SHAPE)
    assert kept.clicks == (FIRST,)
    np.testing.assert_array_equal(kept.after, saved[2])
    for _ in range(3):
        reader.undo()
    assert kept_clicks(workspace.store, "CASE", SHAPE) == ()
    assert kept_clicks(workspace.store, "OTHER", SHAPE) == ()


def test_clicks_in_another_plane_keep_it(workspace: Workspace) -> None:
    reader = Reader(workspace)
    click = Click(9, ((2, 7),), plane="coronal")
    found = reader.click(click)
    saved = reader.save()
    (kept,) = kept_clicks(workspace.store, "CASE", SHAPE)
    assert kept.cut == Cut(PLANES["coronal"], 9)
    np.testing.assert_array_equal(kept.before, kept.cut.of(found))
    np.testing.assert_array_equal(kept.after, kept.cut.of(saved))


def test_of_several_labels_the_one_that_was_clicked_counts(workspace: Workspace) -> None:
    labels = LabelSet(tuple(Label(value, f"L{value}", colour_of(value)) for value in (1, 2)))
    reader = Reader(workspace, labels)
    found = reader.click(FIRST, hand=2)
    saved = reader.save()
    (kept,) = kept_clicks(workspace.store, "CASE", SHAPE)
    assert not found.any()
    np.testing.assert_array_equal(kept.before, found[2])
    np.testing.assert_array_equal(kept.after, saved[2] == 2)
    assert kept.after[FIRST.spots[0]]
