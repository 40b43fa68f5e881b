"""Masks and probabilities of other programs, found by name and scored as a model's."""

from contextlib import closing
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK

from core.domain.errors import DataError, FileError
from core.domain.metrics import volume_metrics
from core.inference.prediction_service import PredictionService
from core.io.cases.case_masks import DrawnMask, write_mask
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import Dataset, scan
from core.models.mask_model import MaskModel, mask_model, mask_models
from core.studies.comparison.study import run_study
from core.workspace.mask_folders import keep_folders, kept_models
from core.workspace.workspace_folder import open_workspace
from tests.core.trees import IDS, RAS, labels, make_tree, save_nifti
from tests.synthetic import lesion, write_case


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return scan(make_tree("brats", tmp_path / "in"))


def moved() -> np.ndarray:
    return np.roll(labels(), 2, axis=1)


def found(model: MaskModel, dataset: Dataset, index: int = 0) -> np.ndarray | None:
    prediction = model.find(read_case(dataset.cases[index]))
    return None if prediction is None else prediction.probability


TURNED = np.s_[:, ::-1, ::-1]


@pytest.mark.parametrize(
    "name",
    ["P1.nii.gz", "P1_seg.nii.gz", "P1-pred-v2.nii.gz", "deep/P1/anything.nii.gz", "x/P1.nii.gz"],
)
def test_a_mask_is_found_by_its_name_or_its_folder(
    name: str, dataset: Dataset, tmp_path: Path
) -> None:
    save_nifti(tmp_path / "out" / name, moved())
    model = mask_model(tmp_path / "out", dataset.cases)
    probability = found(model, dataset)
    assert probability is not None
    assert np.array_equal(probability, (moved()[TURNED] > 0) * np.uint8(255))
    assert found(model, dataset, 1) is None


def test_a_file_of_another_case_is_not_taken(tmp_path: Path) -> None:
    root = tmp_path / "in"
    for name in ("A_1", "A_1_2", "A_10"):
        write_case(root, name, masks=False)
    save_nifti(tmp_path / "out" / "A_1_2_seg.nii.gz", moved())
    save_nifti(tmp_path / "out" / "A_10.nii.gz", moved())
    dataset = scan(root)
    model = mask_model(tmp_path / "out", dataset.cases)
    has = {case.id: model.has(case) for case in dataset.cases}
    assert has == {"A_1": False, "A_1_2": True, "A_10": True}


def test_probabilities_are_kept_as_such(dataset: Dataset, tmp_path: Path) -> None:
    values = np.linspace(0, 1, labels().size, dtype=np.float32).reshape(labels().shape)
    save_nifti(tmp_path / "one" / "P1.nii.gz", values)
    one = found(mask_model(tmp_path / "one", dataset.cases), dataset)
    assert one is not None
    assert np.abs(one[TURNED] / 255 - values).max() <= 0.5 / 255 + 1e-6
    classes = np.stack([1 - values, values * 0.25, values * 0.75])
    save_nifti(tmp_path / "many" / "P1.nii.gz", classes)
    many = found(mask_model(tmp_path / "many", dataset.cases), dataset)
    assert many is not None
    assert np.abs(many.astype(int) - one).max() <= 1


def test_masks_on_another_grid_or_of_no_meaning_are_told(dataset: Dataset, tmp_path: Path) -> None:
    save_nifti(tmp_path / "out" / "P1.nii.gz", moved()[1:])
    save_nifti(tmp_path / "out" / "P2.nii.gz", moved().astype(np.float32) * 1.5)
    model = mask_model(tmp_path / "out", dataset.cases)
    with pytest.raises(FileError, match=r"P1\.nii\.gz: expected the grid of its image, found"):
        found(model, dataset)
    with pytest.raises(FileError, match=r"P2\.nii\.gz: expected labels"):
        found(model, dataset, 1)


def test_masks_on_another_grid_are_resampled_when_asked_and_that_is_told(
    dataset: Dataset, tmp_path: Path
) -> None:
    apart = RAS.copy()
    apart[:3, 3] += (0.3, 0.4, 6.0)  # two slices further up
    (tmp_path / "out").mkdir()
    nibabel.save(nibabel.Nifti1Image(labels().T, apart), tmp_path / "out" / "P1.nii.gz")
    save_nifti(tmp_path / "out" / "P2.nii.gz", moved())
    loaded = read_case(dataset.cases[0])
    refused = mask_model(tmp_path / "out", dataset.cases)
    with pytest.raises(FileError, match=r"P1\.nii\.gz: expected the grid .*\(--resample\)"):
        refused.find(loaded)
    made = mask_model(tmp_path / "out", dataset.cases, resample=True).find(loaded)
    assert made is not None
    image = sitk_image(loaded.case.volumes.channels[0].files[0])
    mask = sitk_image(tmp_path / "out" / "P1.nii.gz")
    nearest = SimpleITK.Resample(mask, image, SimpleITK.Transform(), SimpleITK.sitkNearestNeighbor)
    expected = SimpleITK.GetArrayFromImage(nearest)[TURNED] > 0
    assert expected.any()
    assert np.array_equal(made.probability > 0, expected)
    assert "Resampled by nearest neighbour, as asked." in made.notices[0]
    assert f"found {(labels()[2:] > 0).sum():,} outside" in made.notices[1]
    assert made.key != refused.fingerprint + "-" + loaded.volume.content_hash()
    same = mask_model(tmp_path / "out", dataset.cases, resample=True)
    own = same.find(read_case(dataset.cases[1]))
    assert own is not None
    assert own.notices == ()
    assert own.key == refused.find(read_case(dataset.cases[1])).key


def sitk_image(path: Path) -> SimpleITK.Image:
    return SimpleITK.ReadImage(str(path))


def test_no_mask_of_unknown_place_is_offered_to_be_resampled(
    dataset: Dataset, tmp_path: Path
) -> None:
    plain = nibabel.Nifti1Image(moved()[1:].T, None)
    (tmp_path / "out").mkdir()
    nibabel.save(plain, tmp_path / "out" / "P1.nii.gz")
    model = mask_model(tmp_path / "out", dataset.cases, resample=True)
    with pytest.raises(FileError, match=r"Export it on that grid\.$"):
        found(model, dataset)


def test_whether_a_folder_is_resampled_is_kept_for_it_alone(
    dataset: Dataset, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        save_nifti(tmp_path / name / "P1.nii.gz", moved())
    (tmp_path / "w").mkdir()
    keep_folders(tmp_path / "w", [tmp_path / "one", tmp_path / "two"])
    keep_folders(tmp_path / "w", [tmp_path / "two"], resample=True)
    keep_folders(tmp_path / "w", [tmp_path / "two"])
    kept = {model.spec.title: model for model in kept_models(tmp_path / "w", dataset.cases)[0]}
    assert {name: model.resample for name, model in kept.items()} == {"one": False, "two": True}
    asked = kept_models(tmp_path / "w", dataset.cases, resample=False)[0]
    assert not any(model.resample for model in asked)


def test_turned_masks_come_to_their_place(dataset: Dataset, tmp_path: Path) -> None:
    turned = nibabel.as_closest_canonical(nibabel.Nifti1Image(moved().T.copy(), RAS))
    other = turned.as_reoriented(np.array([[1, -1], [0, 1], [2, -1]]))
    (tmp_path / "out").mkdir()
    nibabel.save(other, tmp_path / "out" / "P1.nii.gz")
    probability = found(mask_model(tmp_path / "out", dataset.cases), dataset)
    assert probability is not None
    assert np.array_equal(probability > 0, moved()[TURNED] > 0)


def test_what_predict_wrote_is_found_again_whatever_the_format(tmp_path: Path) -> None:
    slices = scan(write_case(tmp_path / "slices", "A").parent)
    write_mask(slices.cases[0], DrawnMask(lesion()), tmp_path / "p", ending="pred")
    probability = found(mask_model(tmp_path / "p", slices.cases), slices)
    assert probability is not None
    assert np.array_equal(probability > 0, lesion() > 0)
    series = scan(make_tree("dicom", tmp_path / "dicom"))
    loaded = read_case(series.cases[0])
    drawn = DrawnMask(np.resize(np.array([0, 1], np.uint8), loaded.volume.geometry.shape))
    write_mask(loaded.case, drawn, tmp_path / "seg", ending="pred")
    (tmp_path / "seg" / f"{loaded.case.id}.dcm").rename(tmp_path / "seg" / "IM1.dcm")
    probability = found(mask_model(tmp_path / "seg", series.cases), series)
    assert probability is not None
    assert np.array_equal(probability > 0, drawn.label_map > 0)


def test_they_are_scored_and_compared_as_a_models(dataset: Dataset, tmp_path: Path) -> None:
    for name in IDS:
        save_nifti(tmp_path / "nnU-Net v2" / f"{name}.nii.gz", moved())
    save_nifti(tmp_path / "other" / "P1.nii.gz", labels())
    options = (f"nnU-Net={tmp_path / 'nnU-Net v2'}", str(tmp_path / "other"))
    models = mask_models(options, dataset.cases)
    assert [(m.spec.id, m.spec.title) for m in models] == [
        ("masks-nnU-Net", "nnU-Net"),
        ("masks-other", "other"),
    ]
    with closing(open_workspace(tmp_path / "w")) as workspace:
        service = PredictionService(workspace)
        study = run_study(dataset.cases, models, service.predictor)
        kept = workspace.scores("masks-nnU-Net")
    expected = volume_metrics(labels() > 0, moved() > 0, spacing_mm=(3.0, 2.0, 1.5))
    row = next(row for row in study.rows if row.model == "masks-nnU-Net")
    assert row.dsc == pytest.approx(expected.dsc)
    assert row.hd95 == pytest.approx(expected.hd95)
    assert row.unit == "mm"
    assert kept["P1"].dsc == pytest.approx(expected.dsc)
    assert list(study.failed) == ["P2, masks-other"]
    assert "expected a mask in" in study.failed["P2, masks-other"]


def test_folders_without_masks_of_these_cases_are_told(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="expected masks or probabilities as NIfTI"):
        mask_model(tmp_path / "empty", dataset.cases)
    save_nifti(tmp_path / "out" / "Q.nii.gz", moved())
    save_nifti(tmp_path / "out" / "R.nii.gz", moved())
    with pytest.raises(DataError, match=r"expected masks named after the cases, such as P1"):
        mask_model(tmp_path / "out", dataset.cases)
    save_nifti(tmp_path / "out" / "P1.nii.gz", moved())
    with pytest.raises(DataError, match="expected a name of its own"):
        mask_models([f"a={tmp_path / 'out'}"] * 2, dataset.cases)


def test_a_changed_folder_is_another(dataset: Dataset, tmp_path: Path) -> None:
    save_nifti(tmp_path / "out" / "P1.nii.gz", moved())
    before = mask_model(tmp_path / "out", dataset.cases).fingerprint
    save_nifti(tmp_path / "out" / "P2.nii.gz", moved())
    assert mask_model(tmp_path / "out", dataset.cases).fingerprint != before
