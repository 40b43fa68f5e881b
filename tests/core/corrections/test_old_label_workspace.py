"""A workspace of several labels from before segments could overlap opens, and goes on.

The code of 5fd0b3c wrote it: a correction of a label map with strokes, locked labels, a merge and
three edits undone; one of a mask; one of labels alone; versions; names, regions, scores, a focus.
"""

from contextlib import closing
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.annotation import regions
from core.annotation.correction import Correction
from core.annotation.journal import Journal, begun_corrections, load_draft
from core.annotation.live_figures import References
from core.annotation.versions import load_label_map, versions
from core.domain.label_set import Label, LabelMap, Region
from core.domain.overlaps import merging
from core.workspace.schema import STEPS
from core.workspace.workspace_folder import Workspace, open_workspace
from tests.core.corrections.old_workspace import Written, put_workspace

_FILE = Path(__file__).with_name("workspace_of_version_13.json")


class State(msgspec.Struct):
    """What a label map was, and the values that its labels had."""

    digest: str
    values: tuple[int, ...]


class Draft(msgspec.Struct):
    """The states from the first to the last that was undone."""

    applied: int
    states: list[State]


class Known(Written, kw_only=True):
    shape: tuple[int, int, int]
    drafts: dict[str, Draft]
    versions: dict[str, str]


KNOWN = msgspec.json.decode(_FILE.read_bytes(), type=Known)


@pytest.fixture
def old(tmp_path):
    put_workspace(tmp_path / "workspace", KNOWN)
    with closing(open_workspace(tmp_path / "workspace")) as opened:
        yield opened


def digest(label_map: LabelMap) -> str:
    return sha256(np.ascontiguousarray(label_map).tobytes()).hexdigest()


def state(correction: Correction) -> State:
    return State(digest(correction.label_map), correction.labels.values)


def test_it_is_led_to_the_newest_version_with_names_regions_and_scores(old: Workspace) -> None:
    assert old.store.read("PRAGMA user_version") == [(len(STEPS),)]
    assert begun_corrections(old.store) == set(KNOWN.drafts)
    labels = old.labels()
    assert labels is not None
    assert labels.label(1) == Label(1, "Dead", (9, 8, 7))
    assert labels.regions == (Region("Whole tumour", (1, 2, 3)), Region("Core", (1, 3)))
    assert labels.filled is None
    assert labels.segments == labels.labels
    assert old.state().region == "Core"
    kept = {region: old.scores("model", region)["MAP"].dsc for region in ("", "Core", "Dead")}
    assert kept == {"": 0.8, "Core": 0.7, "Dead": 0.6}


@pytest.mark.parametrize("case_id", list(KNOWN.drafts))
def test_undo_and_redo_lead_through_the_maps_it_had(old: Workspace, case_id: str) -> None:
    draft, expected = load_draft(old.store, case_id, KNOWN.shape), KNOWN.drafts[case_id]
    assert draft is not None
    correction = Correction(draft, References())
    assert correction.applied == expected.applied
    assert state(correction) == expected.states[expected.applied]
    seen: list[State] = []
    while correction.undo():
        seen.insert(0, state(correction))
    assert seen == expected.states[: expected.applied]
    while correction.redo():
        seen.append(state(correction))
    assert seen[expected.applied :] == expected.states[1:]


def test_its_versions_are_read_with_their_labels(old: Workspace) -> None:
    found = {
        f"{case_id} {version.number}": version
        for case_id in KNOWN.drafts
        for version in versions(old, case_id)
    }
    assert {
        name: digest(load_label_map(version, KNOWN.shape)) for name, version in found.items()
    } == KNOWN.versions
    assert [label.name for label in found["MAP 1"].label_set.labels] == ["Necrosis", "Enhancing"]
    assert found["MASK 1"].labels is None


def test_a_label_is_merged_in_it_now_and_the_journal_holds_it(old: Workspace) -> None:
    draft = load_draft(old.store, "MAP", KNOWN.shape)
    assert draft is not None
    correction, journal = Correction(draft, References()), Journal(old.store, draft)
    before, labels = correction.snapshot_map(), correction.labels
    first, last = labels.values[0], labels.values[-1]
    left, become = merging(labels, last, first)
    values = np.where(before == last, first, before).astype(np.uint8)
    assert become == {last: first}
    step = correction.change_labels("merge", 0, left, regions.merged(before, become))
    assert step is not None
    journal.record(step)
    again = load_draft(old.store, "MAP", KNOWN.shape)
    assert again is not None
    later = Correction(again, References())
    assert np.array_equal(later.label_map, values)
    later.undo()
    assert np.array_equal(later.label_map, before)
    assert later.labels == labels
