"""TIFF masks of several labels: values told by the whole folder, and one folder a label."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.annotation.draft import Origin
from core.annotation.export import Provenance, export_correction, read_export
from core.domain.label_set import Label, LabelSet, Region
from core.io.case_masks import DrawnMask, write_mask
from core.io.case_reader import read_case
from core.io.dataset import scan
from core.io.label_folders import folder_of, labels_of_folders
from core.io.mask_evidence import values_of_masks
from core.io.slice_masks import FOLDERS
from core.io.thumbnail import thumbnail
from core.io.tiff import write_label_slice, write_mask_slice
from tests.core.io.test_info import told
from tests.synthetic import lesion, write_case

LESION = lesion()
SHAPE = LESION.shape


def with_values(root: Path, name: str, value: int, other: int = 0) -> NDArray[np.uint8]:
    """Write a case whose masks hold the lesion as `value`, its right half as `other`."""
    place = write_case(root, name)
    labels = LESION * np.uint8(value)
    if other:
        labels[:, :, 20:] = LESION[:, :, 20:] * other
    for z, plane in enumerate(labels):
        write_label_slice(place / f"{name}_{z + 1}_mask.tif", plane)
    return labels


def test_a_mask_of_one_value_is_the_label_that_others_of_the_folder_tell(tmp_path: Path) -> None:
    with_values(tmp_path, "A", 1, 3)
    two = with_values(tmp_path, "B", 2)
    one = with_values(tmp_path, "C", 1)
    dataset = scan(tmp_path)
    assert dataset.labels is not None
    assert dataset.labels.values == (1, 2, 3)
    for name, wanted in (("B", two), ("C", one)):
        loaded = read_case(dataset.case(name))
        assert loaded.labels is not None
        assert np.array_equal(loaded.labels, wanted)
        assert loaded.meaning is not None
        assert any("found 1, 2 and 3" in said for said in loaded.notices)
        assert not any("Look at it" in said for said in loaded.notices)


@pytest.mark.parametrize("value", [1, 2, 255])
def test_masks_of_one_value_in_all_of_a_folder_are_plain(tmp_path: Path, value: int) -> None:
    for name in ("A", "B"):
        with_values(tmp_path, name, value)
    dataset = scan(tmp_path)
    assert dataset.labels is None
    loaded = read_case(dataset.cases[0])
    assert loaded.meaning is None
    assert loaded.ground_truth is not None
    assert np.array_equal(loaded.ground_truth, LESION)
    assert not loaded.notices


@pytest.mark.parametrize(("first", "second"), [(1, 255), (100, 200), (1, 21)])
def test_values_that_are_no_small_labels_stay_for_each_case_to_tell(
    tmp_path: Path, first: int, second: int
) -> None:
    with_values(tmp_path, "A", first)
    with_values(tmp_path, "B", second)
    assert scan(tmp_path).labels is None


def test_a_few_masks_of_a_few_cases_are_looked_at(tmp_path: Path) -> None:
    looked: list[Path] = []
    folders = []
    for n in range(40):
        with_values(tmp_path, f"C{n}", 1 + n % 2)
        folders.append(sorted((tmp_path / f"C{n}").glob("*_mask.tif")))

    class Counted(type(tmp_path)):  # type: ignore[misc]
        def open(self, *given: object, **more: object) -> object:
            looked.append(self)
            return super().open(*given, **more)

    cases = [[Counted(path) for path in files] for files in folders]
    assert values_of_masks(cases) == (1, 2)
    assert len({path.parent for path in looked} or {0}) <= 12


def test_a_damaged_mask_tells_nothing_and_ends_nothing(tmp_path: Path) -> None:
    with_values(tmp_path, "A", 1, 2)
    for path in (tmp_path / "A").glob("*_mask.tif"):
        path.write_bytes(b"II*\0" + bytes(2000))
    with_values(tmp_path, "B", 1, 3)
    dataset = scan(tmp_path)
    assert dataset.labels is not None
    assert dataset.labels.values == (1, 3)


def test_info_tells_the_labels_of_a_folder_of_slices(tmp_path: Path) -> None:
    with_values(tmp_path, "A", 1, 3)
    with_values(tmp_path, "B", 3)
    cases = told(tmp_path)["cases"]
    assert [label["value"] for label in cases[1]["labels"]] == [1, 3]
    assert any("1 and 3" in said for said in cases[1]["notices"])


def in_folders(root: Path, name: str, masks: dict[str, NDArray[np.bool_]]) -> None:
    place = write_case(root, name, masks=False)
    for label, mask in masks.items():
        (place / label).mkdir()
        for z, plane in enumerate(mask):
            if plane.any():
                write_mask_slice(place / label / f"{name}_{z + 1}_mask.tif", plane.astype(np.uint8))


def halves() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    left, right = LESION > 0, LESION > 0
    left[:, :, 22:] = False
    right[:, :, :18] = False
    return left, right


def test_one_folder_a_label_is_read_with_what_labels_share(tmp_path: Path) -> None:
    left, right = halves()
    in_folders(tmp_path, "A", {"1_Core": left, "3 Rim": right})
    in_folders(tmp_path, "B", {"3 Rim": right})
    dataset = scan(tmp_path)
    assert [case.id for case in dataset.cases] == ["A", "B"]
    assert dataset.labels is not None
    assert [(label.value, label.name) for label in dataset.labels.labels] == [
        (1, "Core"), (3, "Rim"),
    ]  # fmt: skip
    loaded = read_case(dataset.case("A"))
    labels, values = loaded.meaning, loaded.labels
    assert labels is not None
    assert values is not None
    assert np.array_equal(labels.mask(values, labels.region("Core")) > 0, left)
    assert np.array_equal(labels.mask(values, labels.region("Rim")) > 0, right)
    assert any("a label of its own" in said for said in loaded.notices)
    assert thumbnail(dataset.case("A"), edge=40) is not None
    other = read_case(dataset.case("B"))
    assert other.labels is not None
    assert np.array_equal(other.labels, right * np.uint8(3))
    assert (tmp_path / "A" / "1_Core") in dataset.case("A").folders


def test_info_and_the_window_find_the_same_in_folders(tmp_path: Path) -> None:
    left, right = halves()
    in_folders(tmp_path, "A", {"Core": left, "Rim": right})
    (case,) = told(tmp_path)["cases"]
    assert [(each["value"], each["name"]) for each in case["labels"]] == [
        (1, "Core"), (2, "Rim"), (255, "Core + Rim"),
    ]  # fmt: skip
    assert case["labels"][-1]["parts"] == [1, 2]


def test_names_of_folders_give_values_the_same_in_every_case() -> None:
    found = labels_of_folders(["Rim", "2_Core", "2-Other", "Cyst"])
    assert [(label.value, label.name) for label in found.labels] == [
        (1, "Rim"), (2, "Core"), (3, "2-Other"), (4, "Cyst"),
    ]  # fmt: skip
    assert folder_of(Label(4, 'a/b:"c"', (0, 0, 0))) == "4_a_b__c_"


SET = LabelSet(
    (
        Label(1, "Core", (255, 0, 135)),
        Label(2, "Rim", (135, 255, 225)),
        Label(255, "Core + Rim", (1, 2, 3), None, (1, 2)),
    ),
    (Region("All", (1, 2, 255)),),
)


def overlapping() -> NDArray[np.uint8]:
    left, right = halves()
    return np.where(left & right, 255, np.where(left, 1, np.where(right, 2, 0))).astype(np.uint8)


def test_an_export_in_folders_is_the_same_segments_and_a_dataset(tmp_path: Path) -> None:
    write_case(tmp_path / "in", "A", masks=False)
    (case,) = scan(tmp_path / "in").cases
    by = Provenance(author="Ann", made_at="2026-01-02", origin=Origin("empty"), labels=SET)
    values, out = overlapping(), tmp_path / "out"
    export_correction(
        case, values, out, dataset_root=tmp_path / "in", provenance=by, format_name=FOLDERS
    )
    assert sorted(path.name for path in (out / "A").iterdir() if path.is_dir()) == [
        "1_Core", "2_Rim",
    ]  # fmt: skip
    read = read_export(out, case)
    assert np.array_equal(read.values, values)
    assert read.labels == SET
    for files in case.slices:
        (out / "A" / files.image.name).write_bytes(files.image.read_bytes())
    loaded = read_case(scan(out).cases[0])
    assert loaded.labels is not None
    assert np.array_equal(loaded.labels, values)


def test_a_predicted_map_is_written_in_folders(tmp_path: Path) -> None:
    write_case(tmp_path / "in", "A")
    (case,) = scan(tmp_path / "in").cases
    paths = write_mask(
        case, DrawnMask(overlapping(), SET), tmp_path / "out", ending="pred", format_name=FOLDERS
    )
    assert len(paths) == 2 * SHAPE[0]
    assert paths[0] == tmp_path / "out" / "A" / "1_Core" / "A_1_pred.tif"
