"""A workspace from before there were label maps opens, with all of its undo, and goes on."""

from contextlib import closing

import numpy as np
import pytest

from core.annotation.correction import Correction
from core.annotation.journal import Journal, begun_corrections, load_draft
from core.annotation.label_rule import LabelRule
from core.annotation.live_figures import References
from core.annotation.patch import Patch
from core.annotation.versions import load_label_map, load_version, save_version, versions
from core.domain.label_set import BINARY, Label, LabelSet
from core.workspace.schema import STEPS
from core.workspace.workspace_folder import open_workspace
from tests.core.corrections.old_workspace import digest, old_workspace

_TWO = LabelSet((BINARY.labels[0], Label(2, "Oedema", (1, 2, 3))))


@pytest.fixture
def old(tmp_path):
    known = old_workspace(tmp_path / "workspace")
    with closing(open_workspace(tmp_path / "workspace")) as opened:
        yield opened, known


def test_it_is_led_to_the_newest_version(old):
    workspace, known = old
    assert workspace.store.read("PRAGMA user_version") == [(len(STEPS),)]
    assert known.version < len(STEPS)
    assert begun_corrections(workspace.store) == {"APPLIED", "FOLDED"}


@pytest.mark.parametrize("case_id", ["APPLIED", "FOLDED", "UNDONE", "SAVED"])
def test_undo_and_redo_lead_through_the_masks_it_had(old, case_id):
    workspace, known = old
    draft, expected = load_draft(workspace.store, case_id, known.shape), known.drafts[case_id]
    assert draft is not None
    assert draft.labels == BINARY
    assert draft.history.head == expected.head
    assert draft.history.tools == expected.tools
    correction = Correction(draft, References())
    assert not correction.several
    assert np.shares_memory(correction.mask, correction.label_map)
    assert digest(correction.mask) == expected.states[expected.applied]
    seen = []
    while correction.undo():
        seen.insert(0, digest(correction.mask))
    assert seen == expected.states[: expected.applied]
    seen = seen[:1] or [expected.states[0]]
    while correction.redo():
        seen.append(digest(correction.mask))
    assert seen == expected.states


def test_its_versions_are_read(old):
    workspace, known = old
    found = {
        f"{case_id} {version.number}": digest(load_version(version, known.shape))
        for case_id in known.drafts
        for version in versions(workspace, case_id)
    }
    assert found == known.versions
    assert len(found) > 2


def test_a_label_can_be_added_to_an_old_correction(old):
    workspace, known = old
    draft = load_draft(workspace.store, "APPLIED", known.shape)
    assert draft is not None
    correction, journal = Correction(draft, References()), Journal(workspace.store, draft)
    before = correction.snapshot_map()
    step = correction.change_labels("add label", 1, _TWO)
    assert step is not None
    assert step.edit.voxels == 0
    journal.record(step)
    correction.set_rule(LabelRule(2))
    corner = (3, 4, 13, 14, 11, 12)
    step = correction.apply("brush", 3, Patch(corner, np.ones((1, 1, 1), np.uint8)))
    assert step is not None
    assert step.box == corner
    journal.record(step)
    saved = save_version(workspace, correction.snapshot(), author="Ann")
    assert load_label_map(saved, known.shape)[3, 13, 11] == 2
    again = load_draft(workspace.store, "APPLIED", known.shape)
    assert again is not None
    assert again.labels == _TWO
    later = Correction(again, References())
    assert later.label_map[3, 13, 11] == 2
    later.undo()
    assert later.undo() is not None
    assert later.labels == BINARY
    assert np.array_equal(later.label_map, before)
