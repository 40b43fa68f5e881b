"""What a folder is taken to hold, by its names alone."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import DataError
from core.domain.progress import Cancelled
from core.io.datasets.dataset import Dataset, scan
from core.io.layouts.tree import natural_key
from tests.synthetic import digest


def touch(folder: Path, *names: str) -> Path:
    """Make empty files: a scan reads none of them."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def numbers(dataset: Dataset, case_id: str) -> list[int]:
    return [files.number for files in dataset.case(case_id).slices]


def test_slices_and_cases_come_in_numeric_order(tmp_path: Path) -> None:
    touch(tmp_path, *(f"P{c}/P{c}_{n}.tif" for c in (10, 9, 1) for n in (10, 2, 1)))
    dataset = scan(tmp_path)
    assert [case.id for case in dataset.cases] == ["P1", "P9", "P10"]
    assert numbers(dataset, "P10") == [1, 2, 10]


def test_masks_stand_beside_their_images(tmp_path: Path) -> None:
    touch(tmp_path, "A/A_1.tif", "A/A_1_mask.tif", "A/A_2.tif")
    first, second = scan(tmp_path).case("A").slices
    assert first.mask == tmp_path / "A" / "A_1_mask.tif"
    assert second.mask is None
    assert scan(tmp_path).case("A").has_ground_truth


@pytest.mark.parametrize("below", ["", "kaggle_3m", "病例 一/more"])
def test_case_folders_are_found_at_any_allowed_depth(tmp_path: Path, below: str) -> None:
    touch(tmp_path / below, "A/A_1.tif", "B/B_1.tif")
    if below.count("/") == 1:
        with pytest.raises(DataError):
            scan(tmp_path)
        return
    assert [case.id for case in scan(tmp_path).cases] == ["A", "B"]


def test_case_folder_itself_is_a_dataset_of_one(tmp_path: Path) -> None:
    touch(tmp_path, "A/A_1.tif", "A/A_2.tif", "B/B_1.tif")
    dataset = scan(tmp_path / "A")
    assert [case.id for case in dataset.cases] == ["A"]
    assert dataset.name == "A"


def test_relative_folder_survives_a_change_of_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "data/A/A_1.tif")
    monkeypatch.chdir(tmp_path)
    dataset = scan(Path("data"))
    monkeypatch.chdir("/")
    assert dataset.case("A").slices[0].image.is_file()


def test_home_sign_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "data/A/A_1.tif")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert scan(Path("~/data")).cases[0].id == "A"


@pytest.mark.parametrize("suffix", [".TIFF", ".TIF", ".tiff", ".Tif"])
def test_suffix_in_any_case(tmp_path: Path, suffix: str) -> None:
    touch(
        tmp_path, f"A/A_1{suffix}", f"A/A_1_mask{suffix}", f"A/A_2_MASK{suffix}", f"A/A_2{suffix}"
    )
    case = scan(tmp_path).case("A")
    assert [files.number for files in case.slices] == [1, 2]
    assert all(files.mask is not None for files in case.slices)


def test_hidden_files_and_those_of_other_programs_are_not_slices(tmp_path: Path) -> None:
    touch(tmp_path, "A/A_1.tif", "A/._A_1.tif", "A/.A_2.tif", "A/A_1_pred.tif", "A/notes.txt")
    touch(tmp_path, "A/Thumbs.db", "A/A_1.tif.bak", "A/A_one.tif", ".git/B/B_1.tif", "data.csv")
    touch(tmp_path, "__MACOSX/A/._A_1.tif")
    dataset = scan(tmp_path)
    assert [case.id for case in dataset.cases] == ["A"]
    assert numbers(dataset, "A") == [1]
    assert dataset.notices == ()
    assert dataset.cases[0].notices == ()


def test_nothing_is_read_or_written(tmp_path: Path) -> None:
    touch(tmp_path, "A/A_1.tif", "A/A_1_mask.tif")
    (tmp_path / "A" / "A_1.tif").write_text("no TIFF at all")
    before = digest(tmp_path)
    assert len(scan(tmp_path).cases) == 1
    assert digest(tmp_path) == before


def test_unknown_case_is_told(tmp_path: Path) -> None:
    dataset = scan(touch(tmp_path, "A/A_1.tif"))
    with pytest.raises(DataError, match=r"expected a case named B, found 1 other.*spelling"):
        dataset.case("B")


def test_progress_goes_forward_and_can_cancel(tmp_path: Path) -> None:
    touch(tmp_path, *(f"P{c}/P{c}_1.tif" for c in range(5)))
    seen: list[float] = []
    scan(tmp_path, progress=lambda fraction, _: seen.append(fraction))
    assert seen == sorted(seen)
    assert 0 <= seen[0] <= seen[-1] <= 1

    def refuse(fraction: float, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        scan(tmp_path, progress=refuse)


def test_numbers_far_apart_do_not_fill_the_memory(tmp_path: Path) -> None:
    touch(tmp_path, "A/A_1.tif", "A/A_99999999999999.tif")
    case = scan(tmp_path).case("A")
    assert [files.number for files in case.slices] == [1, 99999999999999]
    assert case.missing[:3] == (2, 3, 4)
    assert "found no file for slice 2, 3, 4, 5, 6 …" in case.notices[0]


def test_gaps_of_the_numbers_are_listed_whole(tmp_path: Path) -> None:
    touch(tmp_path, *(f"A/A_{n}.tif" for n in (2, 3, 6, 9)))
    assert scan(tmp_path).case("A").missing == (4, 5, 7, 8)


@pytest.mark.parametrize("name", ["P5²", "²", "P①", "P٣", "𝟛D", "P½"])
def test_digits_of_other_scripts_in_names(tmp_path: Path, name: str) -> None:
    touch(tmp_path, f"{name}/{name}_1.tif", "P5/P5_1.tif")
    assert {case.id for case in scan(tmp_path).cases} == {name, "P5"}


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_links_that_lead_nowhere_spoil_nothing(tmp_path: Path) -> None:
    touch(tmp_path, "A/A_1.tif")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "gone").symlink_to("nothing")
    (tmp_path / "A" / "up").symlink_to("..")
    assert [case.id for case in scan(tmp_path).cases] == ["A"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems hold names as text")
def test_names_in_no_known_encoding_are_told(tmp_path: Path) -> None:
    touch(tmp_path, "A/A_1.tif")
    name = os.fsdecode(b"\xb2\xa1\xc0\xfd")
    (tmp_path / name).mkdir()
    (tmp_path / name / f"{name}_1.tif").touch()
    dataset = scan(tmp_path)
    assert [case.id for case in dataset.cases] == ["A"]
    (notice,) = dataset.notices
    assert notice.encode()
    assert "expected a name in UTF-8" in notice
    assert "ename" in notice
    with pytest.raises(DataError, match="expected a name in UTF-8") as error:
        scan(tmp_path / name)
    assert str(error.value).encode()


def test_several_cases_in_one_folder_are_told_once(tmp_path: Path) -> None:
    touch(tmp_path, *(f"A_{n}.tif" for n in range(1, 6)), *(f"B_{n}.tif" for n in range(1, 4)))
    dataset = scan(tmp_path)
    assert numbers(dataset, "A") == [1, 2, 3, 4, 5]
    (notice,) = dataset.case("A").notices
    assert "B_1.tif" in notice
    assert "2 others" in notice


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(names, max_size=6))
def test_any_names_can_be_put_in_order(found: list[str]) -> None:
    assert sorted(sorted(found, key=natural_key, reverse=True), key=natural_key) is not None
    assert [natural_key(n) for n in sorted(found, key=natural_key)] == sorted(
        natural_key(n) for n in found
    )


@given(st.integers(0, 10**20), st.integers(0, 10**20), st.text("ab_- ", max_size=3))
def test_order_is_that_of_the_numbers(one: int, other: int, stem: str) -> None:
    keys = natural_key(f"{stem}{one}.tif"), natural_key(f"{stem}{other}.tif")
    assert (keys[0] < keys[1]) == (one < other)
