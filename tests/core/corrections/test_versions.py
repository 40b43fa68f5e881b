"""Saved versions: immutable, listed newest first, checked when read."""

from contextlib import closing
from hashlib import sha256

import msgspec
import numpy as np
import pytest
import tifffile

from core.annotation import regions
from core.annotation.correction import Correction
from core.annotation.draft import new_draft
from core.annotation.journal import Journal, load_draft
from core.annotation.live_figures import References
from core.annotation.versions import (
    latest_versions,
    load_version,
    save_version,
    version_of,
    versions,
)
from core.domain.errors import WorkspaceError
from core.workspace.workspace_folder import open_workspace
from tests.core.corrections.acting import FROM_PREDICTION, SHAPE, fresh_draft, start_mask


@pytest.fixture
def workspace(tmp_path):
    with closing(open_workspace(tmp_path / "workspace")) as opened:
        yield opened


def test_a_version_tells_who_when_how_and_what_it_brought(workspace):
    truth = np.zeros(SHAPE, np.uint8)
    correction = Correction(
        new_draft("CASE", start_mask(), FROM_PREDICTION, author="Ann"), References(truth)
    )
    correction.apply("clear", 2, regions.clear(correction.mask, z=2))
    correction.apply("clear", 3, regions.clear(correction.mask))
    version = save_version(workspace, correction.snapshot(), author="Ann")
    assert (version.number, version.author, version.origin) == (1, "Ann", FROM_PREDICTION)
    assert version.tools == {"clear": 2}
    assert (version.voxels, version.voxels_changed) == (0, start_mask().sum())
    assert (version.dsc_before, version.dsc_after) == (0.0, 1.0)
    assert version.saved_at.endswith("+00:00")
    assert versions(workspace, "CASE") == [version]


def _three_saved(workspace):
    """Save three versions, each with a slice less; returns their masks."""
    correction = Correction(fresh_draft(), References())
    masks = []
    for z in (1, 2, 3):
        correction.apply("clear", z, regions.clear(correction.mask, z=z))
        save_version(workspace, correction.snapshot(), author="Ann")
        masks.append(correction.snapshot_mask())
    return masks


def test_versions_are_listed_newest_first_and_read_back_exactly(workspace):
    masks = _three_saved(workspace)
    found = versions(workspace, "CASE")
    assert [version.number for version in found] == [3, 2, 1]
    for version, mask in zip(found, reversed(masks), strict=True):
        assert np.array_equal(load_version(version, SHAPE), mask)
    assert latest_versions(workspace) == {"CASE": found[0]}
    assert versions(workspace, "OTHER") == []


def test_the_file_opens_in_any_viewer_as_pages_of_0_and_255(workspace):
    version = _saved(workspace)
    assert version.path == workspace.folder / "corrections" / "CASE" / "1.tif"
    assert not version.path.stat().st_mode & 0o222  # a version is not to be changed
    pages = tifffile.imread(version.path)
    assert pages.dtype == np.uint8
    assert np.array_equal(pages, start_mask() * 255)


def test_a_case_of_one_slice_is_read_back(workspace):
    draft = new_draft("ONE", start_mask()[3:4], FROM_PREDICTION, author="Ann")
    version = save_version(workspace, Correction(draft, References()).snapshot(), author="Ann")
    assert np.array_equal(load_version(version, (1, *SHAPE[1:])), start_mask()[3:4])


def test_a_restored_version_can_be_undone(workspace):
    correction = Correction(fresh_draft(), References())
    version = save_version(workspace, correction.snapshot(), author="Ann")
    correction.apply("clear", 2, regions.clear(correction.mask))
    loaded = load_version(version, SHAPE)
    correction.apply("restore", 2, regions.replace(correction.mask, loaded))
    assert np.array_equal(correction.mask, start_mask())
    correction.undo()
    assert not correction.mask.any()


def test_what_is_saved_is_known_at_the_next_start(workspace):
    draft = fresh_draft()
    correction, journal = Correction(draft, References()), Journal(workspace.store, draft)
    step = correction.apply("clear", 2, regions.clear(correction.mask, z=2))
    assert step is not None
    journal.record(step)
    save_version(workspace, correction.snapshot(), author="Ann")
    found = load_draft(workspace.store, "CASE", SHAPE)
    assert found is not None
    assert not Correction(found, References()).dirty


def test_a_file_that_was_written_but_never_listed_is_not_overwritten(workspace):
    left = workspace.correction_path("CASE", 1)
    left.parent.mkdir(parents=True)
    left.write_bytes(b"left by a killed process")
    assert _saved(workspace).number == 2
    assert left.read_bytes() == b"left by a killed process"


def test_a_changed_missing_or_foreign_file_is_refused(workspace):
    version = _saved(workspace)
    z, y, x = SHAPE
    for other in ((z + 1, y, x), (z, x, y), (z, y + 1, x), (2 * z, y // 2, x), (1, z * y, x)):
        with pytest.raises(WorkspaceError, match="found one of"):
            load_version(version, other)
    content = bytearray(version.path.read_bytes())
    content[-1] ^= 1
    version.path.chmod(0o644)
    version.path.write_bytes(content)
    with pytest.raises(WorkspaceError, match="version 1, found one that was changed since"):
        load_version(version, SHAPE)
    version.path.unlink()
    with pytest.raises(WorkspaceError, match="found none that can be read"):
        load_version(version, SHAPE)


def test_a_version_of_one_slice_is_read_back(workspace):
    mask = start_mask()[1:2]
    draft = new_draft("CASE", mask, FROM_PREDICTION, author="Ann")
    version = save_version(workspace, Correction(draft, References()).snapshot(), author="Ann")
    assert np.array_equal(load_version(version, mask.shape), mask)
    with pytest.raises(WorkspaceError, match="found one of"):
        load_version(version, SHAPE)


def test_a_version_that_was_damaged_before_it_was_listed_again_is_said(workspace):
    version = _saved(workspace)
    whole = version.path.read_bytes()
    version.path.chmod(0o644)
    for left in (whole[: len(whole) // 2], b"II*\0", b""):
        version.path.write_bytes(left)
        listed = msgspec.structs.replace(version, checksum=sha256(left).hexdigest())
        with pytest.raises(WorkspaceError, match="version 1, found a damaged TIFF"):
            load_version(listed, SHAPE)


def test_a_version_that_cannot_be_written_is_said_and_not_listed(workspace):
    (workspace.folder / "corrections").write_bytes(b"a file where the folder should be")
    with pytest.raises(WorkspaceError, match="could not be saved as a version") as refused:
        _saved(workspace)
    assert "choose a folder" not in str(refused.value)
    assert versions(workspace, "CASE") == []


def test_a_version_that_cannot_be_listed_is_said(workspace):
    workspace.store.read("PRAGMA query_only=1")
    with pytest.raises(WorkspaceError, match=r"could not be saved as a version.*kept in memory"):
        _saved(workspace)
    workspace.store.read("PRAGMA query_only=0")
    assert versions(workspace, "CASE") == []
    assert _saved(workspace).number == 2


def test_a_workspace_can_be_moved(workspace, tmp_path):
    version = _saved(workspace)
    workspace.close()
    moved = workspace.folder.rename(tmp_path / "moved")
    with closing(open_workspace(moved)) as opened:
        (found,) = versions(opened, "CASE")
        assert found.checksum == version.checksum
        assert np.array_equal(load_version(found, SHAPE), start_mask())


def test_the_version_that_holds_a_mask_is_found(workspace):
    masks = _three_saved(workspace)
    found = version_of(workspace, "CASE", masks[1])
    assert found is not None
    assert found.number == 2
    assert version_of(workspace, "CASE", np.roll(masks[1], 1, axis=2)) is None
    assert version_of(workspace, "OTHER", masks[1]) is None
    found.path.unlink()
    assert version_of(workspace, "CASE", masks[1]) is None


def test_an_edit_that_only_a_version_holds_is_not_taken_for_another(workspace):
    draft = fresh_draft()
    correction, journal = Correction(draft, References()), Journal(workspace.store, draft)
    step = correction.apply("clear", 1, regions.clear(correction.mask, z=1))
    assert step is not None
    journal.record(step)
    correction.apply("clear", 2, regions.clear(correction.mask, z=2))  # never journalled
    save_version(workspace, correction.snapshot(), author="Ann")
    found = load_draft(workspace.store, "CASE", SHAPE)
    assert found is not None
    again = Correction(found, References())
    assert again.dirty
    again.apply("clear", 3, regions.clear(again.mask, z=3))
    assert again.dirty


def _saved(workspace):
    return save_version(workspace, Correction(fresh_draft(), References()).snapshot(), author="Ann")
