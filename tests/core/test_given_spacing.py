"""A spacing that a reader gives: measured by, marked, taken back, and in no file."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.domain.errors import DataError
from core.domain.grid import Grid
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.io.datasets.organisation import AS_IT_LIES, Organisation, spacing_given
from core.studies.scores.case_figures import mask_figures, measured_alike
from core.workspace.known_dataset import keep, recalled, scan_known
from tests.synthetic import write_case

_GIVEN = (3.0, 0.5, 0.5)


@pytest.fixture
def slices(tmp_path: Path) -> Path:
    folder = tmp_path / "cases"
    for name in ("A_1", "B_2"):
        write_case(folder, name)
    return folder


def test_figures_say_voxels_until_a_spacing_is_given_and_given_after(slices: Path):
    before = scan(slices).cases[0]
    how = AS_IT_LIES.with_spacing(_GIVEN)
    after = scan(slices, how).cases[0]
    loaded = read_case(before), read_case(after)
    mask = np.roll(loaded[0].ground_truth, 1, axis=2)
    plain, given = (mask_figures(each, mask, model_id="m") for each in loaded)
    assert (plain.unit, plain.predicted_ml, plain.given_spacing) == ("voxels", None, None)
    assert (given.unit, given.given_spacing) == ("mm given", "3×0.5×0.5")
    assert given.predicted_ml == pytest.approx(given.predicted_voxels * 0.75 / 1000)
    assert given.hd95 == pytest.approx(plain.hd95 * 0.5)
    assert measured_alike(given, after)
    assert not measured_alike(given, before)
    assert not measured_alike(plain, after)


def test_one_case_may_have_a_spacing_of_its_own_and_it_is_taken_back():
    how = AS_IT_LIES.with_spacing(_GIVEN).with_spacing((1.0, 1.0, 1.0), "A_1")
    assert how.spacing_of("A_1") == (1.0, 1.0, 1.0)
    assert how.spacing_of("B_2") == _GIVEN
    assert how.with_spacing(None, "A_1").spacing_of("A_1") == _GIVEN
    assert how.with_spacing(None).spacing_of("B_2") is None


def test_it_is_kept_for_the_folder_and_said_again_in_other_words(slices: Path, home: Path):
    scan_known(slices, Organisation(spacing_mm=_GIVEN))
    assert scan_known(slices).cases[0].given_spacing_mm == _GIVEN
    scan_known(slices, Organisation(spacing_mm=(1.0, 2.0, 3.0)))
    assert recalled(slices).spacing_mm == (1.0, 2.0, 3.0)
    keep(slices, recalled(slices).with_spacing(None))
    assert scan_known(slices).cases[0].given_spacing_mm is None


def test_what_files_tell_wins_and_is_compared_alone():
    known = Grid((3, 4, 5), None, (1.0, 1.0, 1.0))
    assert known.with_given(_GIVEN) is known
    unknown = Grid((3, 4, 5))
    given = unknown.with_given(_GIVEN)
    assert given.spacing_mm == _GIVEN
    assert given.same_grid(unknown)
    assert given.as_filed == unknown
    assert given.with_given(None) == unknown
    assert given != unknown
    assert (given.length_unit, given.volume_unit) == ("mm given", "mL given")


@pytest.mark.parametrize("text", ["", "3,1", "3,1,x", "0,1,1", "1,1,500", "nan,1,1"])
def test_other_words_are_refused_in_a_sentence(text: str):
    with pytest.raises(DataError, match="expected three lengths in mm as Z,Y,X"):
        spacing_given(text)


def test_three_lengths_are_taken():
    assert spacing_given("3, 0.5,0.5") == _GIVEN


def test_older_files_of_how_a_folder_is_organised_are_read():
    assert msgspec.json.decode(b'{"region": "Core"}', type=Organisation).spacing_mm is None
