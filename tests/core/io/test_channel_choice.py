"""Images of four channels or more: which are used is chosen, and kept for the folder."""

from pathlib import Path

import numpy as np
import pytest

from core.domain.errors import DataError
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.io.datasets.organisation import Organisation, given
from core.workspace.known_dataset import scan_known
from tests.synthetic import head, write_case


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_case(tmp_path / "data", "A", channels=4)
    write_case(tmp_path / "data", "B", channels=3)
    return tmp_path / "data"


def test_all_are_shown_and_the_choice_is_offered(data: Path) -> None:
    loaded = read_case(scan(data).case("A"))
    assert len(loaded.volume.pixels) == 4
    assert "choose channels" in " ".join(loaded.notices)


def test_three_that_are_chosen_are_as_three_in_a_file(data: Path) -> None:
    dataset = scan(data, Organisation(channels=(3, 1, 0)))
    volume = read_case(dataset.case("A")).volume
    assert np.array_equal(volume.pixels, head(channels=4)[[3, 1, 0]])
    assert volume.channels == ("Pre", "FLAIR", "Post")
    other = read_case(dataset.case("B")).volume
    assert np.array_equal(other.pixels, head(channels=3))


def test_the_choice_is_kept_for_the_folder(data: Path, home: Path) -> None:
    scan_known(data, given(None, None, None, channels="2,3,4"))
    assert scan_known(data).case("A").channels == (1, 2, 3)
    assert scan_known(data, given("lgg", None, None)).case("A").channels == (1, 2, 3)


def test_a_channel_that_is_not_there_is_told(data: Path) -> None:
    case = scan(data, Organisation(channels=(0, 8))).case("A")
    with pytest.raises(DataError, match="expected channels 1 to 4, found the choice 1, 9"):
        read_case(case)


@pytest.mark.parametrize("text", ["0,1", "1,1", "x", "1;2", "-1", "99", "1,,2", "1.5"])
def test_words_that_name_no_channels_are_told(text: str) -> None:
    with pytest.raises(DataError, match="--channels: expected numbers"):
        given(None, None, None, channels=text)
