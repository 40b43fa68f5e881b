"""The parcel for the owner of the data: what readers hold to be wrong in the ground truth."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.annotation.export import read_export
from core.domain.components import Box
from core.domain.errors import DataError
from core.domain.mask import Mask
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import Dataset, scan
from core.review.subject import Subject
from core.review.truth_errors import MarkedError, TruthError
from core.studies.export.error_parcel import ParcelSource, write_error_parcel
from core.studies.export.pictures import PREDICTION
from tests.synthetic import write_case

SIDE = 48


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    for seed, name in enumerate(("A_1", "B_2")):
        write_case(tmp_path / "cases", name, 4, (SIDE, SIDE), seed=seed)
    return scan(tmp_path / "cases")


def source(dataset: Dataset) -> ParcelSource:
    return ParcelSource("cases", dataset.root, lambda name: read_case(dataset.case(name)))


def truth_of(dataset: Dataset, case_id: str) -> Mask:
    truth = read_case(dataset.case(case_id)).ground_truth
    assert truth is not None
    return truth


def marked(case_id: str, box: Box, region: np.ndarray, *, lesion: bool) -> MarkedError:
    error = TruthError(
        case_id=case_id,
        against="truth aa",
        key=str(box),
        name="invented lesion" if lesion else "missed lesion",
        kind="false_positive" if lesion else "false_negative",
        box=box,
        voxels=int(region.sum()),
        lesion=lesion,
        reason="Lesion not marked" if lesion else "=An artefact",
        reader="Ann",
        time="2026-11-27T10:00:00+00:00",
        subject=Subject(model="lite0", title="Lite0", weights="aabbccdd", threshold=0.5),
    )
    return MarkedError(error, region)


def test_the_parcel_has_table_pictures_and_proposed_masks(dataset: Dataset, tmp_path: Path) -> None:
    truth = truth_of(dataset, "A_1")
    there = truth[1] > 0
    missing = np.ones((2, 2, 3), bool)
    errors = [
        marked("A_1", (1, 2, 0, SIDE, 0, SIDE), there[None], lesion=False),
        marked("B_2", (2, 4, 2, 4, 3, 6), missing, lesion=True),
    ]
    before = {path: path.read_bytes() for path in dataset.root.rglob("*") if path.is_file()}
    files = write_error_parcel(tmp_path / "parcel", source(dataset), errors)
    assert {path: path.read_bytes() for path in before} == before

    with files[0].open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(r["case"], r["what"], r["proposed"], r["voxels"]) for r in rows] == [
        ("A_1", "missed lesion", "no lesion", str(int(there.sum()))),
        ("B_2", "invented lesion", "lesion", "12"),
    ]
    assert rows[0]["reason"] == "'=An artefact"
    assert rows[1]["reason"] == "Lesion not marked"
    assert rows[1]["held_against"] == "Lite0 at 0.50, weights aabbccdd"
    assert (rows[1]["first_slice"], rows[1]["last_slice"]) == ("3", "4")
    for row in rows:
        assert (tmp_path / "parcel" / row["mask"]).is_dir()
    with Image.open(tmp_path / "parcel" / rows[1]["picture"]) as picture:
        assert picture.size == (3 * SIDE, 3 * SIDE)
        assert PREDICTION in {colour for _, colour in picture.getcolors(1 << 20) or []}

    wanted = truth.copy()
    wanted[1] = 0
    proposed = read_export(tmp_path / "parcel" / "masks", dataset.case("A_1")).mask(
        dataset.case("A_1").region
    )
    np.testing.assert_array_equal(proposed, wanted)
    wanted = truth_of(dataset, "B_2")
    wanted[2:4, 2:4, 3:6] = 1
    proposed = read_export(tmp_path / "parcel" / "masks", dataset.case("B_2")).mask(
        dataset.case("B_2").region
    )
    np.testing.assert_array_equal(proposed, wanted)
    said = (tmp_path / "parcel" / "README.txt").read_text("utf-8")
    assert "2 regions in 2 cases" in said
    assert "26 neighbours" in said


def test_nothing_is_written_into_the_dataset_nor_without_marks(
    dataset: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="found none"):
        write_error_parcel(tmp_path / "parcel", source(dataset), [])
    error = marked("B_2", (2, 4, 2, 4, 3, 6), np.ones((2, 2, 3), bool), lesion=True)
    with pytest.raises(DataError, match="outside the dataset"):
        write_error_parcel(dataset.root / "parcel", source(dataset), [error])
    assert not (tmp_path / "parcel").exists()


def test_a_truth_that_was_mended_meanwhile_is_told(dataset: Dataset, tmp_path: Path) -> None:
    error = marked("B_2", (2, 4, 2, 4, 3, 6), np.ones((2, 2, 3), bool), lesion=False)
    with pytest.raises(DataError, match="B_2: expected the ground truth in which errors"):
        write_error_parcel(tmp_path / "parcel", source(dataset), [error])
