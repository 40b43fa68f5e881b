"""TIFF masks of several labels: values told by the whole folder, and one folder a label."""

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import skimage.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from tifffile import imread

from core.annotation.draft import Origin
from core.annotation.export import Provenance, export_correction, read_export
from core.domain.label_set import BINARY, Label, LabelSet, Region, from_values
from core.domain.overlaps import SegmentPile
from core.io.cases.case_masks import DrawnMask, write_mask
from core.io.cases.case_reader import read_case
from core.io.cases.found_case import read_channel, read_mask
from core.io.cases.mask_evidence import told_by_masks, values_of_masks
from core.io.cases.slice_masks import FOLDERS, SLICES
from core.io.cases.thumbnail import thumbnail
from core.io.datasets.dataset import scan
from core.io.datasets.organisation import found_in
from core.io.layouts.label_folders import folder_of, labels_of_folders
from core.io.layouts.tree import natural
from core.io.tiff.tiff import write_label_slice, write_mask_slice
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
    assert {name: (label.value, label.name) for name, label in found.items()} == {
        "Rim": (1, "Rim"), "2_Core": (2, "Core"), "2-Other": (3, "2-Other"), "Cyst": (4, "Cyst"),
    }  # fmt: skip
    assert folder_of(Label(4, 'a/b:"c"', (0, 0, 0))) == "4_a_b__c_"


@pytest.mark.parametrize("second", ["Core", "1-Core", "01_Core"])
def test_two_folders_of_one_name_are_two_labels(tmp_path: Path, second: str) -> None:
    left, right = halves()
    in_folders(tmp_path, "A", {"1_Core": left, second: right})
    dataset = scan(tmp_path)
    loaded = read_case(dataset.cases[0])
    labels, values = loaded.meaning, loaded.labels
    assert labels is not None
    assert values is not None
    masks = [labels.mask(values, labels.spread(each)) > 0 for each in labels.segments]
    wanted = (left, right) if natural(["1_Core", second])[0] == "1_Core" else (right, left)
    assert [np.array_equal(*each) for each in zip(masks, wanted, strict=True)] == [True, True]
    assert len({label.name for label in labels.labels}) == 3
    assert [label["value"] for label in told(tmp_path)["cases"][0]["labels"]] == [1, 2, 255]
    same = [said for said in dataset.notices if "found one used again" in said]
    assert len(same) == (second == "Core")


def test_one_name_of_a_folder_written_in_two_ways_is_one_label(tmp_path: Path) -> None:
    left, right = halves()
    in_folders(tmp_path, "A", {"O\u0308dem": left, "\u00d6dem": right})
    loaded = read_case(scan(tmp_path).cases[0])
    assert loaded.ground_truth is not None
    assert np.array_equal(loaded.ground_truth > 0, left | right)


def test_a_folder_without_masks_of_the_case_is_no_label(tmp_path: Path) -> None:
    left, _ = halves()
    in_folders(tmp_path, "A", {"Core": left})
    (tmp_path / "A" / "Before").mkdir()
    write_mask_slice(tmp_path / "A" / "Before" / "Z_1_mask.tif", left[0].astype(np.uint8))
    labels = [found_in(tmp_path).labels, scan(tmp_path).labels]
    assert [[each.name for each in found.labels] for found in labels if found] == [["Core"]] * 2


def mixed(root: Path, *, plain: bool) -> None:
    """Write a case with a folder a label and one with values, a `plain` one too; and a table."""
    left, right = halves()
    in_folders(root, "A", {"1_Core": left, "3_Rim": right})
    with_values(root, "B", 1, 7)
    if plain:
        write_case(root, "C")
    (root / "A" / "A_dseg.tsv").write_text(
        "index\tname\tcolor\n1\tKern\t#010203\n3\t\t#040506\n400\tBone\t#070809\n"
    )


@pytest.mark.parametrize("plain", [True, False])
def test_folders_and_values_of_one_dataset_are_the_same_for_info_and_the_window(
    tmp_path: Path, plain: bool
) -> None:
    mixed(tmp_path, plain=plain)
    dataset, found = scan(tmp_path), told_by_masks(found_in(tmp_path))
    assert dataset.labels is not None
    assert dataset.labels == found.labels
    assert [(label.value, label.name) for label in dataset.labels.labels] == [
        (1, "Kern"), (3, "Label 3"), *([] if plain else [(7, "Label 7")]),
    ]  # fmt: skip
    assert dataset.labels.label(1).colour == (1, 2, 3)
    assert dataset.notices == found.notices
    assert ["400" in said for said in dataset.notices] == [True]
    for shown in told(tmp_path)["cases"]:
        loaded = read_case(dataset.case(shown["id"]))
        assert loaded.label_set is not None
        assert loaded.labels is not None
        named = {label["value"]: label["name"] for label in shown["labels"]}
        assert named == {label.value: label.name for label in loaded.label_set.labels}
        assert set(np.unique(loaded.labels).tolist()) <= {0, *named}
    values = read_case(dataset.case("B"))
    assert plain == any("Look at it" in said for said in values.notices)


def copied(root: Path, to: Path) -> Callable[[Path], Path]:
    """Return where the copy of a path below `root` lies; the files of a case are copied there."""

    def place(path: Path) -> Path:
        there = to / path.relative_to(root)
        if path.is_file():
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(path.read_bytes())
        return there

    return place


def test_a_case_that_was_moved_has_the_masks_of_its_folders(tmp_path: Path) -> None:
    left, right = halves()
    root = tmp_path / "in"
    in_folders(root, "A", {"1_Core": left, "2_Rim": right})
    case, found = scan(root).cases[0], found_in(root).cases[0]
    before = read_case(case).labels
    moved = case.moved(copied(root, tmp_path / "out"))
    other = found.moved(copied(root, tmp_path / "out"))
    shutil.rmtree(root)
    assert np.array_equal(read_case(moved).labels, before)
    placed = read_mask(other.masks[0], other, read_channel(other.channels[0]))
    assert np.array_equal(placed.values, before)


SET = LabelSet(
    (
        Label(1, "Core: a/b", (9, 8, 7)),
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
        "1_Core_ a_b", "2_Rim",
    ]  # fmt: skip
    read = read_export(out, case)
    assert np.array_equal(read.values, values)
    assert read.labels == SET
    for files in case.slices:
        (out / "A" / files.image.name).write_bytes(files.image.read_bytes())
    left, right = halves()
    for label, mask in (("1_Core_ a_b", left), ("2_Rim", right)):
        for plane, files in zip(mask, case.slices, strict=True):
            written = imread(out / "A" / label / f"A_{files.number}_mask.tif")
            assert written.dtype == np.uint8
            assert np.array_equal(written, plane * 255)
    again = scan(out)
    assert again.labels is not None
    assert again.labels.segments == SET.segments
    loaded = read_case(again.cases[0])
    assert loaded.labels is not None
    assert np.array_equal(loaded.labels, values)


def test_a_predicted_map_is_written_in_folders(tmp_path: Path) -> None:
    write_case(tmp_path / "in", "A")
    (case,) = scan(tmp_path / "in").cases
    paths = write_mask(
        case, DrawnMask(overlapping(), SET), tmp_path / "out", ending="pred", format_name=FOLDERS
    )
    assert len(paths) == 2 * SHAPE[0] + 1
    assert paths[-1].name == "A_dseg.tsv"
    assert paths[0] == tmp_path / "out" / "A" / "1_Core_ a_b" / "A_1_pred.tif"


def piled(segments: NDArray[np.bool_]) -> tuple[NDArray[np.uint8], LabelSet]:
    labels = tuple(Label(n, f"S {n}", (n, 0, 0)) for n in range(1, len(segments) + 1))
    pile = SegmentPile(labels, segments.shape[1:])
    for label, mask in zip(labels, segments, strict=True):
        pile.lay(label.value, mask)
    values, found, _ = pile.together()
    return values, found


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 5).flatmap(lambda n: arrays(bool, (n, *SHAPE))))
def test_any_segments_come_back_from_folders_of_tiff(
    tmp_path: Path, segments: NDArray[np.bool_]
) -> None:
    values, labels = piled(segments)
    with TemporaryDirectory(dir=tmp_path) as made:
        root, out = Path(made) / "in", Path(made) / "out"
        write_case(root, "A", masks=False)
        (case,) = scan(root).cases
        drawn = DrawnMask(values, labels)
        write_mask(case, drawn, out, ending="mask", format_name=FOLDERS)
        for files in case.slices:
            (out / "A" / files.image.name).write_bytes(files.image.read_bytes())
        loaded = read_case(scan(out).cases[0])
    found, named = loaded.labels, loaded.label_set or BINARY
    found = loaded.ground_truth if found is None else found
    assert found is not None
    assert [label.value for label in named.segments] == list(range(1, len(segments) + 1))
    for label, mask in zip(named.segments, segments, strict=True):
        assert np.array_equal(named.mask(found, named.spread(label)) > 0, mask)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(1, 255), min_size=2, max_size=6, unique=True).flatmap(
        lambda known: arrays(np.uint8, SHAPE, elements=st.sampled_from([0, *known]))
    )
)
def test_values_are_the_pixels_that_tifffile_and_scikit_image_read(
    tmp_path: Path, values: NDArray[np.uint8]
) -> None:
    labels = from_values((1, *np.unique(values).tolist()))
    with TemporaryDirectory(dir=tmp_path) as made:
        write_case(Path(made) / "in", "A", masks=False)
        (case,) = scan(Path(made) / "in").cases
        paths = write_mask(
            case, DrawnMask(values, labels), Path(made) / "out", ending="mask", format_name=SLICES
        )
        paths = [path for path in paths if path.suffix == ".tif"]
        one = np.stack([imread(path) for path in paths])
        other = np.stack([skimage.io.imread(path) for path in paths])
    expected = values if values.max() > 1 else values * np.uint8(255)
    assert np.array_equal(one, expected)
    assert np.array_equal(other, expected)


def test_values_up_to_twenty_that_another_program_wrote_come_back_from_an_export(
    tmp_path: Path,
) -> None:
    for name, seed in (("A", 0), ("B", 1)):
        place = write_case(tmp_path / "in", name)
        values = np.random.default_rng(seed).choice([0, 1, 7, 20], SHAPE).astype(np.uint8)
        for z, plane in enumerate(values):
            skimage.io.imsave(place / f"{name}_{z + 1}_mask.tif", plane, check_contrast=False)
    dataset = scan(tmp_path / "in")
    assert dataset.labels is not None
    assert dataset.labels.values == (1, 7, 20)
    loaded = read_case(dataset.case("B"))
    assert np.array_equal(loaded.labels, values)
    named = dataset.labels.with_label(Label(7, "Rim", (1, 2, 3)))
    out, drawn = tmp_path / "out", DrawnMask(loaded.labels, named)
    *paths, table = write_mask(dataset.case("B"), drawn, out, ending="mask")
    assert np.array_equal(np.stack([imread(path) for path in paths]), values)
    assert table == out / "B" / "B_dseg.tsv"
    for files in dataset.case("B").slices:
        (out / "B" / files.image.name).write_bytes(files.image.read_bytes())
    assert scan(out).labels == named
    assert [(each["name"], each["value"]) for each in told(out)["cases"][0]["labels"]] == [
        ("Label 1", 1), ("Rim", 7), ("Label 20", 20),
    ]  # fmt: skip
