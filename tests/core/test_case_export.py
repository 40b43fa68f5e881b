"""A dataset of any layout, exported with its images, is the same dataset again."""

import shutil
from contextlib import closing
from functools import partial
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK

from core.annotation.correction import Correction
from core.annotation.draft import Origin, new_draft
from core.annotation.export import corrected_labels
from core.annotation.live_figures import References
from core.annotation.versions import save_version
from core.domain.errors import DataError
from core.domain.mask import Mask
from core.domain.prediction import Prediction
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import Dataset
from core.io.datasets.organisation import AS_IT_LIES, given
from core.io.readers import read
from core.models.provenance import files_hash
from core.models.registry import Model, ModelSpec
from core.studies.export.case_export import ExportOrder, export_cases
from core.studies.export.exported_mask import ExportSource
from core.studies.export.mask_files import Written
from core.workspace.known_dataset import scan_known
from core.workspace.settings import home as home_of
from core.workspace.workspace_folder import open_workspace, workspace_folder
from tests.core.trees import IDS, LAYOUTS, RAS, labels, make_tree, pixels
from tests.synthetic import digest

PATTERNS = given(None, ["FLAIR=a/v*x.nii.gz", "T1=b/v*x.nii.gz"], "c/v*x.nii.gz")
FILES = tuple(layout for layout in LAYOUTS if layout not in ("lgg", "dicom"))


def opened(layout: str, root: Path) -> Dataset:
    found = scan_known(root, PATTERNS if layout == "pattern" else AS_IT_LIES)
    assert found.layout == layout
    return found


def correct(dataset: Dataset, loaded: LoadedCase, mask: Mask, kind: str = "empty") -> None:
    """Save `mask` as a version of the correction of a case."""
    draft = new_draft(loaded.case.id, mask, Origin(kind), author="Ann")  # type: ignore[arg-type]
    with closing(open_workspace(workspace_folder(home_of(), dataset.root))) as workspace:
        save_version(workspace, Correction(draft, References()).snapshot(), author="Ann")


def exported(dataset: Dataset, order: ExportOrder, **source) -> Written:
    with closing(open_workspace(workspace_folder(home_of(), dataset.root))) as workspace:
        masks = ExportSource(workspace, **source)
        return export_cases(dataset.cases, order, masks, dataset=dataset)


def moved(mask: Mask) -> Mask:
    return np.roll(mask, 2, axis=1)


def in_two_files(root: Path, ending: str) -> Path:
    """Write a case whose images and mask are headers with their data beside them."""
    root.mkdir()
    for name, values in (("flair", pixels(0)[3].astype(np.int16)), ("mask", labels())):
        path = root / f"P1_{name}{ending}"
        if ending == ".nhdr":
            nrrd.write(str(path), values, {"encoding": "raw"}, index_order="C")
        elif ending == ".mhd":
            SimpleITK.WriteImage(SimpleITK.GetImageFromArray(values), str(path))
        else:
            nibabel.save(nibabel.Nifti1Pair(np.ascontiguousarray(values.T), RAS), path)
    return root


@pytest.mark.parametrize("ending", [".hdr", ".mhd", ".nhdr"])
def test_headers_go_nowhere_without_their_data(home: Path, tmp_path: Path, ending: str) -> None:
    dataset = opened("loose", in_two_files(tmp_path / "in", ending))
    (case,) = dataset.cases
    before = read_case(case)
    assert len(case.files) == 2
    assert len(case.sources) == len(list((tmp_path / "in").iterdir())) == 4
    hashed = files_hash(case)
    order = ExportOrder(tmp_path / "out", "truth", images=True, format_name="nifti")
    assert not exported(dataset, order).failed
    place = partial(unpacked, tmp_path / "in", tmp_path / "copy")
    for path in case.sources:
        place(path).parent.mkdir(exist_ok=True)
        shutil.copyfile(path, place(path))
    data = case.sources[1]
    data.write_bytes(bytes(len(data.read_bytes())))
    assert files_hash(case) != hashed
    shutil.rmtree(tmp_path / "in")
    for after in (
        read_case(case.moved(place)),
        read_case(opened("loose", tmp_path / "out").cases[0]),
    ):
        assert np.array_equal(after.volume.pixels, before.volume.pixels)
        assert np.array_equal(after.ground_truth, before.ground_truth)


def unpacked(root: Path, to: Path, path: Path) -> Path:
    return to / path.relative_to(root)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_with_its_images_an_export_is_the_same_dataset(
    layout: str, home: Path, tmp_path: Path
) -> None:
    root = make_tree(layout, tmp_path / "in", truth=IDS[:1])
    dataset, before = opened(layout, root), digest(root)
    cases = {case.id: read_case(case) for case in dataset.cases}
    first, second = cases.values()
    for loaded in (first, second) if layout == "dicom" else (second,):
        shape = loaded.volume.geometry.shape
        correct(dataset, loaded, np.resize(np.array([0, 1, 1], np.uint8), shape))
    written = exported(dataset, ExportOrder(tmp_path / "out", "truth", images=True))
    assert not written.failed
    again = scan_known(tmp_path / "out")
    assert (again.layout, [c.id for c in again.cases]) == (layout, list(cases))
    for case in again.cases:
        loaded, was = read_case(case), cases[case.id]
        assert np.array_equal(loaded.volume.pixels, was.volume.pixels)
        assert loaded.volume.channels == was.volume.channels
        assert loaded.volume.geometry == was.volume.geometry
    if layout not in ("lgg", "dicom"):
        same = read_case(again.cases[0])
        assert same.labels is not None
        assert first.labels is not None
        assert np.array_equal(same.labels, first.labels)
        assert same.label_set == first.label_set
    truth = read_case(again.cases[1]).require_ground_truth()
    assert np.array_equal(truth, np.resize(np.array([0, 1, 1], np.uint8), truth.shape))
    assert digest(root) == before


@pytest.mark.parametrize("layout", FILES)
def test_labels_left_alone_come_back_voxel_for_voxel(
    layout: str, home: Path, tmp_path: Path
) -> None:
    root = make_tree(layout, tmp_path / "in")
    dataset = opened(layout, root)
    loaded = read_case(dataset.cases[0])
    mask = loaded.require_ground_truth().copy()
    mask[1] = 0  # one slice of the lesion was taken away
    correct(dataset, loaded, mask, "ground_truth")
    order = ExportOrder(tmp_path / "out", "correction")
    assert list(exported(dataset, order).failed) == [dataset.cases[1].id]
    assert loaded.case.volumes is not None
    stored = loaded.case.volumes.masks[0].files[0]
    path = tmp_path / "out" / stored.relative_to(root)
    found = read(path).pixels[0]
    expected = labels()
    expected[1] = 0
    assert np.array_equal(found, expected)
    assert read(path).grid == read(stored).grid
    again = corrected_labels(tmp_path / "out", loaded.case, mask.shape)
    assert again is not None
    assert np.array_equal(again.mask(loaded.case.region), mask)


def test_predictions_are_exported_in_any_format(home: Path, tmp_path: Path) -> None:
    dataset = opened("brats", make_tree("brats", tmp_path / "in"))
    model = Model(ModelSpec(id="m", title="Model", architecture="unet"), tmp_path)

    def predict(loaded: LoadedCase, _: object) -> Prediction:
        truth = loaded.require_ground_truth()
        return Prediction(moved(truth) * np.uint8(255), "m", "key", "cpu", 0.0)

    for name, file in (("nrrd", "P1/P1-seg.seg.nrrd"), ("mha", "P1/P1-seg.mha")):
        order = ExportOrder(tmp_path / name, "prediction", format_name=name)
        assert not exported(dataset, order, model=model, predict=predict).failed
        found = read(tmp_path / name / file)
        image = read(tmp_path / "in" / "P1" / "P1-t1n.nii.gz")
        assert found.grid.same_grid(image.grid)
        turned = found.pixels[0][:, ::-1, ::-1]
        assert np.array_equal(turned > 0, moved(labels()[:, ::-1, ::-1]) > 0)


def test_slices_and_volumes_become_each_other(home: Path, tmp_path: Path) -> None:
    dataset = opened("brats", make_tree("brats", tmp_path / "in"))
    order = ExportOrder(tmp_path / "slices", "truth", images=True, format_name="tiff")
    assert not exported(dataset, order).failed
    slices = opened("lgg", tmp_path / "slices")
    loaded, was = read_case(slices.cases[0]), read_case(dataset.cases[0])
    assert np.array_equal(loaded.volume.pixels, was.volume.pixels)
    assert np.array_equal(loaded.require_ground_truth(), was.require_ground_truth())
    order = ExportOrder(tmp_path / "volumes", "truth", images=True, format_name="nifti")
    assert not exported(slices, order).failed
    volumes = read_case(opened("nnunet", tmp_path / "volumes").cases[0])
    assert np.array_equal(volumes.require_ground_truth(), was.require_ground_truth())
    assert len(volumes.volume.channels) == len(was.volume.channels)


def test_what_is_missing_or_in_the_way_is_told(home: Path, tmp_path: Path) -> None:
    dataset = opened("nnunet", make_tree("nnunet", tmp_path / "in", truth=()))
    failed = exported(dataset, ExportOrder(tmp_path / "out", "truth")).failed
    assert "P1: expected ground truth, found no mask" in failed["P1"]
    with pytest.raises(DataError, match="--format: expected one of"):
        exported(dataset, ExportOrder(tmp_path / "out", "truth", format_name="png"))
    correct(dataset, read_case(dataset.cases[0]), np.zeros((4, 40, 32), np.uint8))
    other = make_tree("nnunet", tmp_path / "other")
    failed = exported(dataset, ExportOrder(other, "correction")).failed
    assert "may be ground truth. Nothing was written" in failed["P1"]
