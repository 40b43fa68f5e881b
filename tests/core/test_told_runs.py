"""Commands say before a model runs what it is given and what differs, and each sentence once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cli.told_runs import told_before
from core.domain.errors import ModelError
from core.domain.grid import Grid
from core.domain.prediction import Prediction
from core.domain.progress import Progress, silent
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase
from core.models.acquisition import Acquisition
from core.models.registry import Model, ModelSpec
from tests.synthetic import head, volume_of

MODEL = Model(
    ModelSpec(
        id="m",
        title="M",
        architecture="unet",
        acquisition=Acquisition(planes=("axial",), intensities=("8-bit",)),
    ),
    Path("m"),
)


def loaded(name: str, *channels: str, spacing: tuple[float, ...] = (1, 1, 5)) -> LoadedCase:
    volume = volume_of(head(channels=len(channels)))
    grid = Grid(volume.geometry.shape, np.diag([-spacing[0], -spacing[1], spacing[2], 1.0]))
    volume = replace(volume, channels=channels, geometry=grid, roles=())
    return LoadedCase(Case(name, Path(name)), volume, None)


@pytest.fixture
def ran() -> list[str]:
    return []


@pytest.fixture
def predict(ran: list[str]):
    def runs(case: LoadedCase, _: Progress) -> Prediction:
        ran.append(case.case.id)
        return Prediction(np.zeros(case.volume.geometry.shape, np.uint8), "m", "", "cpu", 0.0)

    return told_before(MODEL, runs)


def test_mapping_and_doubt_are_said_once_and_before_the_run(predict, ran, capsys) -> None:
    predict(loaded("A", "T1", "T1c", "FLAIR", spacing=(5, 1, 1)), silent)
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "Note: A: M is given Pre ← T1, FLAIR ← FLAIR, Post ← T1c.",
        "Note: A: M learnt from other images: its slices were axial, these are sagittal. It runs, "
        "but look its masks over, or choose a model made for such images.",
    ]
    predict(loaded("B", "T1", "T1c", "FLAIR", spacing=(5, 1, 1)), silent)
    assert capsys.readouterr().err == ""
    assert ran == ["A", "B"]


def test_nothing_is_said_of_what_it_was_made_for(predict, ran, capsys) -> None:
    predict(loaded("A", "Pre", "FLAIR", "Post"), silent)
    assert capsys.readouterr().err == ""


def test_a_missing_channel_is_told_and_nothing_run(predict, ran) -> None:
    with pytest.raises(ModelError, match=r"M: expected .*FLAIR.*found no FLAIR"):
        predict(loaded("A", "T1", "T1c"), silent)
    assert ran == []


def test_many_ways_to_differ_do_not_flood(predict, capsys) -> None:
    for number in range(12):
        predict(loaded(f"C{number}", *(f"T1 {number}", "FLAIR", "T1c")), silent)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 6
    assert said[-1].endswith("Other cases differ in other ways.")
