"""The journal: what was acknowledged comes back, and what fails is said and kept."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation import regions
from core.annotation.correction import Correction
from core.annotation.draft import Step
from core.annotation.journal import Journal, discard_draft, load_draft
from core.annotation.live_figures import References
from core.annotation.patch import in_plane
from core.domain.errors import WorkspaceError
from core.domain.plane import PLANES, Cut
from core.workspace.store import Store
from tests import patience
from tests.core.corrections.acting import SHAPE, act, fingerprint, fresh_draft, start_mask

_ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path / "workspace.sqlite")) as opened:
        yield opened


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), stops=st.lists(st.integers(1, 8), min_size=1, max_size=4))
def test_a_correction_goes_on_where_it_stopped(tmp_path_factory, seed, stops):
    file = tmp_path_factory.mktemp("workspace") / "workspace.sqlite"
    random = np.random.default_rng(seed)
    expected, spent = None, 0.0
    for steps in stops:
        with closing(Store(file)) as store:
            draft = load_draft(store, "CASE", SHAPE) or fresh_draft()
            if expected is not None and draft.stored:
                assert fingerprint(draft.mask, draft.history) == expected
                assert draft.seconds == spent
            correction, journal = Correction(draft, References()), Journal(store, draft)
            for _ in range(steps):
                step = act(correction, random)
                if step is not None:
                    journal.record(step)
                    spent = step.seconds
            expected = fingerprint(correction.mask, draft.history)
    with closing(Store(file)) as store:
        found = load_draft(store, "CASE", SHAPE)
    if found is not None:
        assert fingerprint(found.mask, found.history) == expected
        assert np.array_equal(found.start, start_mask())
        assert (found.author, found.origin) == (fresh_draft().author, fresh_draft().origin)


def test_an_edit_comes_back_with_the_plane_it_was_drawn_in(store):
    draft = fresh_draft()
    correction, journal = Correction(draft, References()), Journal(store, draft)
    plane = PLANES["sagittal"]
    cut = Cut(plane, SHAPE[2] // 2)
    patch = in_plane(plane, lambda mask: regions.clear(mask, z=cut.index))(correction.mask)
    step = correction.apply("clear slice", cut, patch)
    assert step is not None
    journal.record(step)
    found = load_draft(store, "CASE", SHAPE)
    assert found is not None
    again = Correction(found, References()).undo()
    assert again is not None
    assert again.cut == step.cut == cut


def test_opening_a_correction_leaves_nothing_behind(store):
    Journal(store, fresh_draft()).retry()
    assert load_draft(store, "CASE", SHAPE) is None
    for table in ("corrections", "correction_states", "correction_edits"):
        assert store.read(f"SELECT * FROM {table}") == []


def test_a_discarded_correction_is_gone_and_can_be_started_anew(store):
    correction, journal = _started(store)
    journal.record(_cleared(correction, 2))
    discard_draft(store, "CASE")
    assert load_draft(store, "CASE", SHAPE) is None
    correction, journal = _started(store)
    journal.record(_cleared(correction, 3))
    found = load_draft(store, "CASE", SHAPE)
    assert found is not None
    assert np.array_equal(found.mask, correction.mask)


def test_gestures_beyond_the_budget_are_folded_and_the_mask_stays(store):
    correction, journal = _started(store)
    random = np.random.default_rng(4)
    for _ in range(40):
        step = act(correction, random)
        if step is not None:
            journal.record(step)
    tools, mask = correction.tools, correction.snapshot_mask()
    small = load_draft(store, "CASE", SHAPE, budget=3000)
    assert small is not None
    assert small.history.base_head > 0
    (rows,) = store.read("SELECT min(number) > ? FROM correction_edits", small.history.base_head)
    assert rows == (1,)
    again = load_draft(store, "CASE", SHAPE)
    assert again is not None
    for found in (small, again):
        assert np.array_equal(found.mask, mask)
        assert np.array_equal(found.start, start_mask())
        assert found.history.tools == tools
    later, journal = Correction(again, References()), Journal(store, again)
    journal.record(_cleared(later, 2))
    found = load_draft(store, "CASE", SHAPE)
    assert found is not None
    assert np.array_equal(found.mask, later.mask)


def test_another_shape_is_refused(store):
    correction, journal = _started(store)
    journal.record(_cleared(correction, 2))
    with pytest.raises(WorkspaceError, match="expected a correction of 6×48×41 voxels, found one"):
        load_draft(store, "CASE", (6, 48, 41))


def test_while_another_program_holds_the_file_steps_wait_and_go_along_later(store, tmp_path):
    correction, journal = _started(store)
    store.read("PRAGMA busy_timeout=20")
    with closing(sqlite3.connect(tmp_path / "workspace.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for z, pending in ((1, 1), (2, 2)):
            with pytest.raises(WorkspaceError, match=r"locked.*kept in memory"):
                journal.record(_cleared(correction, z))
            assert journal.pending == pending
        other.execute("ROLLBACK")
    journal.retry()
    assert journal.pending == 0
    _require_saved(store, correction)


def test_a_workspace_that_becomes_read_only_is_said_and_nothing_is_lost(store):
    correction, journal = _started(store)
    journal.record(_cleared(correction, 1))
    store.read("PRAGMA query_only=1")
    with pytest.raises(WorkspaceError, match=r"CASE: its correction could not be saved.*readonly"):
        journal.record(_cleared(correction, 2))
    store.read("PRAGMA query_only=0")
    journal.record(_cleared(correction, 3))
    assert journal.pending == 0
    _require_saved(store, correction)


@pytest.mark.skipif(sys.platform == "win32", reason="the limit is a POSIX one")
def test_a_full_disk_is_said_and_the_next_step_saves_all(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.corrections.full_disk", str(tmp_path)],
        cwd=_ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=patience.PROCESS_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert "kept in memory" in done.stdout
    assert done.stdout.splitlines()[-1] == "all saved"


def test_a_torn_file_is_said(tmp_path):
    file = tmp_path / "workspace.sqlite"
    with closing(Store(file)) as store:
        correction, journal = _started(store)
        random = np.random.default_rng(0)
        for _ in range(60):
            step = act(correction, random)
            if step is not None:
                journal.record(step)
    content = bytearray(file.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    file.write_bytes(content)
    # Which of the two meets the damage first is the library's affair.
    with pytest.raises(WorkspaceError, match="It is damaged"), closing(Store(file)) as store:
        load_draft(store, "CASE", SHAPE)
    file.write_bytes(b"no database at all, but long enough to be taken for one" * 20)
    with pytest.raises(WorkspaceError, match="not a database"):
        Store(file)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE correction_edits SET after = substr(after, 1, 5) WHERE number = 1",
        "UPDATE correction_edits SET box = '[0,9,0,9]' WHERE number = 1",
        "DELETE FROM correction_edits WHERE number = 1",
        "UPDATE corrections SET start = zeroblob(40)",
        "UPDATE corrections SET origin = '{}'",
    ],
)
def test_damaged_content_is_noticed_and_not_painted_over(store, damage):
    correction, journal = _started(store)
    for step in (_cleared(correction, 2), correction.apply("all", 3, _everything(correction))):
        assert step is not None
        journal.record(step)
    with store.transaction() as connection:
        connection.execute(damage)
    with pytest.raises(WorkspaceError, match="CASE: its correction could not be read"):
        load_draft(store, "CASE", SHAPE)


def _started(store: Store) -> tuple[Correction, Journal]:
    draft = fresh_draft()
    return Correction(draft, References()), Journal(store, draft)


def _cleared(correction: Correction, z: int) -> Step:
    """Turn slice `z` over, which always is an edit."""
    values = correction.snapshot_mask()
    values[z] ^= 1
    step = correction.apply("turn over", z, regions.replace(correction.mask, values, z=z))
    assert step is not None
    return step


def _everything(correction: Correction) -> regions.Patch | None:
    return regions.replace(correction.mask, np.ones(SHAPE, np.uint8))


def _require_saved(store: Store, correction: Correction) -> None:
    found = load_draft(store, "CASE", SHAPE)
    assert found is not None
    assert np.array_equal(found.mask, correction.mask)
    while found.history.undo():
        pass
    while correction.undo():
        pass
    assert np.array_equal(correction.mask, start_mask())
