"""Export: the dataset's own layout, never over ground truth, checked on the way back."""

from contextlib import closing
from hashlib import sha256

import msgspec
import numpy as np
import pytest
import tifffile

from core.annotation import regions
from core.annotation.correction import Correction
from core.annotation.draft import Origin, new_draft
from core.annotation.export import (
    Manifest,
    Provenance,
    corrected_labels,
    export_correction,
    read_export,
)
from core.annotation.live_figures import References
from core.annotation.versions import save_version
from core.domain.errors import DataError, WorkspaceError
from core.io.cases import slice_masks
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.io.tiff.tiff import write_mask_slice
from core.workspace.workspace_folder import open_workspace
from tests.synthetic import SHAPE as SLICE
from tests.synthetic import digest, lesion, write_case

_NUMBERS = (2, 3, 10, 11)
_SHAPE = (len(_NUMBERS), *SLICE)
_BY = Provenance(
    author="Ann", made_at="2026-01-02T03:04:05+00:00", origin=Origin("empty"), version=4
)


@pytest.fixture
def dataset(tmp_path):
    write_case(tmp_path / "dataset", "CASE_1", numbers=_NUMBERS)
    return scan(tmp_path / "dataset")


@pytest.fixture
def mask():
    return np.roll(lesion(), 3, axis=2)


def _export(dataset, mask, folder):
    return export_correction(
        dataset.cases[0], mask, folder, dataset_root=dataset.root, provenance=_BY
    )


def test_what_is_read_back_must_be_what_was_written(dataset, mask, tmp_path, monkeypatch):
    def failing_disk(path, plane):
        write_mask_slice(path, plane if path.stem.startswith("CASE_1_2_") else 1 - plane)

    monkeypatch.setattr(slice_masks, "write_mask_slice", failing_disk)
    with pytest.raises(WorkspaceError, match=r"CASE_1_3_mask\.tif: expected the mask that was"):
        _export(dataset, mask, tmp_path / "out")
    assert not (tmp_path / "out" / "CASE_1" / "CASE_1_correction.json").exists()


def test_masks_carry_the_names_and_values_of_the_dataset(dataset, mask, tmp_path):
    manifest = _export(dataset, mask, tmp_path / "out")
    assert manifest == tmp_path / "out" / "CASE_1" / "CASE_1_correction.json"
    for plane, number in zip(mask, _NUMBERS, strict=True):
        pixels = tifffile.imread(manifest.parent / f"CASE_1_{number}_mask.tif")
        assert pixels.dtype == np.uint8
        assert np.array_equal(pixels, plane * 255)
    assert len(list(manifest.parent.iterdir())) == len(_NUMBERS) + 1


def test_the_manifest_tells_who_when_from_what_and_the_checksums(dataset, mask, tmp_path):
    manifest = _export(dataset, mask, tmp_path / "out")
    found = msgspec.json.decode(manifest.read_bytes(), type=Manifest)
    assert (found.case_id, found.provenance, found.shape) == ("CASE_1", _BY, _SHAPE)
    for name, checksum in found.files.items():
        assert sha256((manifest.parent / name).read_bytes()).hexdigest() == checksum


def test_what_was_exported_is_read_back(dataset, mask, tmp_path):
    _export(dataset, mask, tmp_path / "out")
    assert np.array_equal(
        read_export(tmp_path / "out", dataset.cases[0]).mask(dataset.cases[0].region), mask
    )


def test_beside_the_images_the_export_is_ground_truth_again(dataset, mask, tmp_path):
    copy = write_case(tmp_path / "copy", "CASE_1", numbers=_NUMBERS, masks=False).parent
    _export(dataset, mask, copy)
    truth = read_case(scan(copy).cases[0]).ground_truth
    assert truth is not None
    assert np.array_equal(truth, mask)


@pytest.mark.parametrize("inside", [".", "CASE_1", "new/folder", "../dataset/../dataset/x"])
def test_the_dataset_is_never_written_to(dataset, mask, inside):
    before = digest(dataset.root)
    with pytest.raises(DataError, match="expected a folder outside the dataset"):
        _export(dataset, mask, dataset.root / inside)
    assert digest(dataset.root) == before


def test_nor_through_a_link_or_from_above(dataset, mask, tmp_path):
    before = digest(dataset.root)
    (tmp_path / "link").symlink_to(dataset.root)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "CASE_1").symlink_to(dataset.root / "CASE_1")
    for folder in (tmp_path / "link", tmp_path / "link" / "deeper", tmp_path / "out"):
        with pytest.raises(DataError, match="never written to"):
            _export(dataset, mask, folder)
    one_case = scan(dataset.root / "CASE_1")
    with pytest.raises(DataError, match="never written to"):
        _export(one_case, mask, dataset.root)
    assert digest(dataset.root) == before


def test_nor_is_a_copy_of_the_ground_truth(dataset, mask, tmp_path):
    copy = write_case(tmp_path / "copy", "CASE_1", numbers=_NUMBERS).parent
    before = digest(copy)
    with pytest.raises(DataError, match=r"may be ground truth\. Nothing was written"):
        _export(dataset, mask, copy)
    assert digest(copy) == before


def test_a_second_export_replaces_the_first(dataset, mask, tmp_path):
    _export(dataset, mask, tmp_path / "out")
    _export(dataset, 1 - mask, tmp_path / "out")
    assert np.array_equal(
        read_export(tmp_path / "out", dataset.cases[0]).mask(dataset.cases[0].region), 1 - mask
    )


def test_a_mask_of_another_case_is_refused(dataset, mask, tmp_path):
    with pytest.raises(DataError, match="expected a mask of 4 slices, found 3"):
        _export(dataset, mask[:3], tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_said(dataset, mask, tmp_path):
    (tmp_path / "out").write_bytes(b"a file")
    with pytest.raises(WorkspaceError, match="could not be written"):
        _export(dataset, mask, tmp_path / "out")


def test_a_changed_or_missing_file_is_refused(dataset, mask, tmp_path):
    manifest = _export(dataset, mask, tmp_path / "out")
    case = dataset.cases[0]
    one = manifest.parent / "CASE_1_2_mask.tif"
    other = manifest.parent / "CASE_1_3_mask.tif"
    one.write_bytes(other.read_bytes())
    with pytest.raises(DataError, match=r"CASE_1_2_mask.tif: .*found one that was changed"):
        read_export(tmp_path / "out", case)
    one.unlink()
    with pytest.raises(DataError, match="found none that can be read"):
        read_export(tmp_path / "out", case)
    manifest.write_bytes(b"{}")
    with pytest.raises(DataError, match="expected the manifest of an export"):
        read_export(tmp_path / "out", case)


def test_training_finds_corrections_in_exports_and_in_workspaces(dataset, mask, tmp_path):
    case = dataset.cases[0]
    (tmp_path / "empty").mkdir()
    assert corrected_labels(tmp_path / "empty", case, _SHAPE) is None
    _export(dataset, mask, tmp_path / "out")
    found = corrected_labels(tmp_path / "out", case, _SHAPE)
    assert found is not None
    assert np.array_equal(found.mask(case.region), mask)
    assert found.named == "version 4 by Ann, 2026-01-02T03:04:05+00:00"
    with closing(open_workspace(tmp_path / "workspace")) as workspace:
        assert corrected_labels(workspace.folder, case, _SHAPE) is None
        correction = Correction(
            new_draft(case.id, mask, Origin("ground_truth"), author="Bo"), References()
        )
        for z in (1, 2):
            correction.apply("clear", z, regions.clear(correction.mask, z=z))
            save_version(workspace, correction.snapshot(), author="Bo")
        found = corrected_labels(workspace.folder, case, _SHAPE)
    assert found is not None
    assert np.array_equal(found.mask(case.region), correction.mask)
    assert found.named.startswith("version 2 by Bo, ")


def test_an_exported_mask_changed_since_is_not_overwritten(dataset, mask, tmp_path):
    changed = _export(dataset, mask, tmp_path / "out").parent / "CASE_1_3_mask.tif"
    tifffile.imwrite(changed, np.full(SLICE, 255, np.uint8))
    before = digest(tmp_path / "out")
    with pytest.raises(DataError, match="changed since"):
        _export(dataset, mask, tmp_path / "out")
    assert digest(tmp_path / "out") == before


def test_folders_that_cases_point_to_are_never_written(mask, tmp_path):
    real = write_case(tmp_path / "elsewhere", "CASE_1", numbers=_NUMBERS)
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "CASE_1").symlink_to(real, target_is_directory=True)
    before = digest(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="never written to"):
        _export(scan(tmp_path / "dataset"), mask, tmp_path / "elsewhere")
    assert digest(tmp_path / "elsewhere") == before
