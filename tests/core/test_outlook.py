"""What is said of a case without truth: from the same rules, and back from the workspace."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.domain.agreement import level_counts
from core.domain.prediction import Prediction, to_mask
from core.domain.triage import LIKELY, Triage, contradictions
from core.io.cases.case import Case
from core.models.registry import Model
from core.review.expected_dsc import CALIBRATION_FILE, Calibration, expected_dsc, write_calibration
from core.review.outlook import (
    NOTHING_KNOWN,
    Outlook,
    calibration_of,
    calibration_problems,
    keep_doubt,
    outlooks,
    triaged_outlooks,
)
from core.workspace.store import Store
from core.workspace.triage_cache import put_triage
from tests.synthetic import publish_unet

CASE = Case("A_1", Path("A_1"), ())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "workspace.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return publish_unet(tmp_path / "models")


def triage_of(*chances: float) -> Triage:
    return Triage(np.array(chances), tuple(range(1, len(chances) + 1)), "t", "cpu", 0.1)


def prediction() -> Prediction:
    values = np.zeros((4, 6, 6), np.uint8)
    values[1, 1:4, 1:4] = 230
    values[2, 2:4, 2:4] = 140
    return Prediction(values, "tiny", "key", "cpu", 0.1)


def test_a_prediction_is_told_by_calibration_and_triage_and_kept(
    store: Store, model: Model
) -> None:
    calibration = Calibration(soft=(0.0, 1.0), expected=(0.0, 0.5), method="linear", error=0.0)
    write_calibration(model.folder, calibration)
    triage, made, post = triage_of(0.99, 0.01, 0.6, 0.1), prediction(), model.spec.postprocessing
    put_triage(store, CASE.id, triage, key="t")

    found = keep_doubt(store, CASE, model, made, triage)

    wanted = expected_dsc(made.probability, post, calibration)
    clashes = contradictions(triage.probability, to_mask(made.probability, post))
    assert found.expected_dsc == pytest.approx(wanted)
    assert found.contradictions == len(clashes) == 2
    assert (found.likeliest, found.likely) == (0.99, 2)
    before = {"B_2": NOTHING_KNOWN, **triaged_outlooks(store, "t")}
    assert outlooks(store, model, before) == {"A_1": found, "B_2": NOTHING_KNOWN}


def test_another_model_knows_of_the_triage_alone(
    store: Store, model: Model, tmp_path: Path
) -> None:
    found = keep_doubt(store, CASE, model, prediction(), triage_of(0.2, 0.7, 0.8, 0.1))
    other = publish_unet(tmp_path / "models", "other")
    again = outlooks(store, other, {CASE.id: found})[CASE.id]
    assert again == Outlook(likeliest=0.8, likely=2)


def test_without_triage_nothing_contradicts_and_nothing_is_lost(store: Store, model: Model) -> None:
    found = keep_doubt(store, CASE, model, prediction(), None)
    assert (found.contradictions, found.likeliest, found.likely) == (None, None, None)
    assert found.expected_dsc is not None
    assert found.with_triage(None) == found


def test_a_damaged_calibration_is_told_and_not_used(model: Model) -> None:
    assert calibration_problems([model]) == ()
    (model.folder / CALIBRATION_FILE).write_text("{")
    assert calibration_of(model) is None
    (said,) = calibration_problems([model])
    assert f"{model.folder.name}/{CALIBRATION_FILE}" in said


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_a_triage_counts_its_likely_slices(chances: list[float]) -> None:
    found = NOTHING_KNOWN.with_triage(triage_of(*chances))
    assert found.likeliest == max(chances)
    assert found.likely == sum(chance >= LIKELY for chance in chances)


@given(arrays(np.uint8, (3, 4, 5)))
def test_levels_are_counted_as_in_one_go(probability: np.ndarray) -> None:
    np.testing.assert_array_equal(
        level_counts(probability), np.bincount(probability.ravel(), minlength=256)
    )
