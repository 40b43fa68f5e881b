"""Masks of a case as files: on the stored grid, voxel for voxel, in any format."""

from pathlib import Path

import numpy as np
import pytest

from core.domain.errors import DataError
from core.domain.label_set import from_values
from core.io.cases.case_masks import DrawnMask, write_mask
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.io.labels.label_values import label_map
from core.io.readers import read
from core.io.tiff.tiff import read_mask_slice
from tests.core.io.making import blob, nifti
from tests.core.io.test_volume_reader import RAS, brats
from tests.synthetic import lesion, write_case


@pytest.mark.parametrize(
    ("format_name", "name"),
    [(None, "A.nii.gz"), ("nifti", "A.nii.gz"), ("nrrd", "A.seg.nrrd"), ("mha", "A.mha")],
)
def test_a_mask_lies_on_the_grid_of_its_image(
    tmp_path: Path, format_name: str | None, name: str
) -> None:
    loaded = read_case(scan(brats(tmp_path / "in", seg=blob())).cases[0])
    assert loaded.labels is not None
    drawn = DrawnMask(loaded.labels, from_values([1, 2, 3]))
    path, *beside = write_mask(
        loaded.case, drawn, tmp_path / "out", ending="pred", format_name=format_name
    )
    assert path == tmp_path / "out" / name
    assert all(table.suffix in (".tsv", ".json") for table in beside)
    image, mask = read(tmp_path / "in" / "A-t1n.nii.gz"), read(path)
    assert mask.grid.same_grid(image.grid)
    assert np.array_equal(label_map(mask).values, blob())


def test_slices_of_a_volume_come_in_canonical_order(tmp_path: Path) -> None:
    loaded = read_case(scan(brats(tmp_path / "in", seg=blob())).cases[0])
    drawn = DrawnMask(loaded.require_ground_truth())
    paths = write_mask(loaded.case, drawn, tmp_path, ending="mask", format_name="tiff")
    assert [path.name for path in paths] == [f"A_{n}_mask.tif" for n in range(1, 5)]
    planes = [read_mask_slice(path)[0] for path in paths]
    assert np.array_equal(np.stack(planes), drawn.label_map)


def test_slices_stay_slices_unless_another_format_is_named(tmp_path: Path) -> None:
    case = scan(write_case(tmp_path / "in", "A")).cases[0]
    paths = write_mask(case, DrawnMask(lesion()), tmp_path / "out", ending="pred")
    assert paths[0] == tmp_path / "out" / "A" / "A_1_pred.tif"
    (path,) = write_mask(
        case, DrawnMask(lesion()), tmp_path / "out", ending="pred", format_name="nifti"
    )
    found = read(path)
    assert not found.grid.is_known
    assert np.array_equal(found.pixels[0], lesion())


def test_originals_are_never_written_over(tmp_path: Path) -> None:
    case = scan(nifti(tmp_path / "A.nii.gz", affine=RAS)).cases[0]
    mask = DrawnMask(np.zeros((4, 5, 6), np.uint8))
    before = (tmp_path / "A.nii.gz").read_bytes()
    with pytest.raises(DataError, match="expected a folder without originals of A"):
        write_mask(case, mask, tmp_path, ending="pred")
    assert (tmp_path / "A.nii.gz").read_bytes() == before


def test_a_mask_of_another_size_and_an_unknown_format_are_told(tmp_path: Path) -> None:
    case = scan(brats(tmp_path / "in")).cases[0]
    with pytest.raises(DataError, match=r"A: expected a mask of \(4, 5, 6\) voxels"):
        write_mask(case, DrawnMask(lesion()), tmp_path / "out", ending="pred")
    with pytest.raises(DataError, match=r"--format: expected one of nifti.*found png"):
        write_mask(case, DrawnMask(lesion()), tmp_path, ending="pred", format_name="png")
    assert not (tmp_path / "out").exists()
    with pytest.raises(DataError, match="expected a mask on a DICOM series"):
        write_mask(
            scan(write_case(tmp_path, "B")).cases[0],
            DrawnMask(lesion()),
            tmp_path / "seg",
            ending="pred",
            format_name="dicom-seg",
        )
