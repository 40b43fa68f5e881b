"""Triage: probabilities of slices, what follows from them, and the command."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from core.cli.triage import triage
from core.domain.classification import softmax
from core.domain.errors import ModelError
from core.domain.progress import Cancelled
from core.domain.triage import contradictions, likely_slices, next_likely
from core.inference.engine import Engine
from core.inference.inference_triage import TriageRunner
from core.inference.preprocess import prepare
from core.inference.torch_network import trained_network
from core.inference.triage_table import triage_cases
from core.inference.volume_inference import RunOptions, predict
from core.io.cases.case_reader import read_volume
from core.io.datasets.dataset import scan
from core.workspace.settings import home as home_folder
from core.workspace.workspace_folder import registry
from tests.classifiers import publish_classifier
from tests.synthetic import head, publish_unet, volume_of, write_case

CHANCES = arrays(np.float64, 9, elements=st.integers(0, 10).map(lambda n: n / 10))


def test_probability_is_that_of_the_network_on_the_slice_and_its_neighbours(
    tmp_path: Path,
) -> None:
    runner = TriageRunner(publish_classifier(tmp_path, temperature=2.0), "cpu")
    volume = volume_of(head(slices=20))
    found = runner.triage(volume)
    prepared = prepare(volume, runner.model.spec.preprocessing, stride=runner.network.stride)
    with torch.no_grad():
        logits = trained_network(runner.model)(torch.from_numpy(prepared.batch(range(20)))).numpy()
    assert found.probability == pytest.approx(softmax(logits, 2.0)[:, 1], abs=0.02)
    assert found.slice_numbers == volume.slice_numbers
    assert found.highest == found.probability.max()
    assert np.ptp(found.probability) > 0


def test_progress_is_told_after_each_batch_and_a_wrong_volume_refused(tmp_path: Path) -> None:
    runner = TriageRunner(publish_classifier(tmp_path), "cpu")
    told: list[float] = []
    runner.triage(volume_of(head(slices=20)), progress=lambda done, _: told.append(done))
    assert told == [0.0, 16 / 20, 1.0]
    with pytest.raises(ModelError, match="expected 3 channels"):
        runner.triage(volume_of(head(channels=1)))


def test_logits_that_are_no_numbers_leave_no_slice_out(tmp_path: Path) -> None:
    model = publish_classifier(tmp_path)
    state = load_file(model.weights)
    state[sorted(state)[0]][:] = float("nan")
    save_file(state, model.weights)
    with pytest.raises(ModelError, match=r"expected logits that are numbers, found .*NaN"):
        TriageRunner(model, "cpu").triage(volume_of(head(3)))


@given(CHANCES, st.integers(0, 8), st.sampled_from([1, -1]))
def test_next_likely_is_the_nearest_above_the_threshold(
    chances: np.ndarray, index: int, step: int
) -> None:
    beyond = [
        int(z) for z in np.flatnonzero(chances > 0.5) if (z > index if step > 0 else z < index)
    ]
    expected = (min(beyond) if step > 0 else max(beyond)) if beyond else None
    assert next_likely(chances, index, step=step) == expected


@given(CHANCES, arrays(np.uint8, (9, 2, 2), elements=st.integers(0, 1)))
def test_contradictions_are_slices_where_triage_is_sure_of_the_opposite(
    chances: np.ndarray, mask: np.ndarray
) -> None:
    found = contradictions(chances, mask, sure=0.9)
    there = mask.any(axis=(1, 2))
    missing = {c.index for c in found if c.kind == "missing"}
    unexpected = {c.index for c in found if c.kind == "unexpected"}
    assert missing == set(np.flatnonzero((chances >= 0.9) & ~there))
    assert unexpected == set(np.flatnonzero((chances <= 1 - 0.9) & there))
    sureness = [abs(c.probability - 0.5) for c in found]
    assert sureness == sorted(sureness, reverse=True)


def test_the_surest_contradiction_comes_first_of_both_kinds() -> None:
    mask = np.zeros((4, 2, 2), np.uint8)
    mask[[1, 3]] = 1
    found = contradictions(np.array([0.96, 0.0, 0.99, 0.05]), mask)
    assert [(each.index, each.kind) for each in found] == [
        (1, "unexpected"),
        (2, "missing"),
        (0, "missing"),
        (3, "unexpected"),
    ]


def test_likely_slices_are_those_a_segmentation_must_not_skip() -> None:
    assert likely_slices(np.array([0.0, 0.05, 0.1, 0.9]), threshold=0.1) == [2, 3]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    write_case(folder, "CASE_1", numbers=(3, 4, 7, 12), masks=False)
    write_case(folder, "CASE_2", seed=1)
    return folder


@pytest.fixture
def model_root(home: Path) -> Path:
    return registry(home_folder()).roots[0]


def call(*arguments: str) -> tuple[int, str]:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(triage)
    outcome = CliRunner().invoke(app, arguments)
    return outcome.exit_code, outcome.output


def test_the_command_writes_slice_numbers_as_in_the_file_names(
    tmp_path: Path, data: Path, model_root: Path
) -> None:
    model = publish_classifier(model_root)
    code, output = call(str(data), "--out", str(tmp_path / "out"), "--model", model.spec.id)
    assert code == 0
    assert "2 of 2 cases, 8 slices" in output
    with (tmp_path / "out" / "triage.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["case", "slice", "probability"]
    assert [int(row["slice"]) for row in rows if row["case"] == "CASE_1"] == [3, 4, 7, 12]
    volume = read_volume(scan(data).case("CASE_2"))
    expected = TriageRunner(model, "cpu").triage(volume).probability
    found = [float(row["probability"]) for row in rows if row["case"] == "CASE_2"]
    assert found == pytest.approx(expected, abs=1e-5)


def test_the_command_tells_a_case_that_cannot_be_read_and_goes_on(
    tmp_path: Path, data: Path, model_root: Path
) -> None:
    publish_classifier(model_root, "aa")
    (data / "CASE_1" / "CASE_1_4.tif").write_bytes(b"no picture")
    code, output = call(str(data), "--out", str(tmp_path / "out"), "--model", "aa")
    assert code == 3
    assert "1 of 2 cases, 4 slices" in output
    assert "Failed: CASE_1: CASE_1_4.tif" in output


def test_only_the_wanted_cases_are_read(tmp_path: Path, data: Path, model_root: Path) -> None:
    model = publish_classifier(model_root)
    runner = TriageRunner(model, "cpu")
    cases = [scan(data).case("CASE_2")]
    outcome = triage_cases(cases, lambda loaded, _: runner.triage(loaded.volume))
    assert {row.case for row in outcome.rows} == {"CASE_2"}
    assert outcome.failed == {}


def test_a_segmentation_looks_at_the_wanted_slices_alone(tmp_path: Path) -> None:
    model, volume = publish_unet(tmp_path), volume_of(head(slices=6))
    whole = predict(volume, model, RunOptions("cpu", batch_size=1))
    seen: list[int] = []
    part = predict(
        volume,
        model,
        RunOptions("cpu", batch_size=1, only=(4, 1)),
        on_slices=lambda indices, _: seen.extend(indices),
    )
    assert sorted(seen) == [1, 4]
    assert np.array_equal(part.probability[[1, 4]], whole.probability[[1, 4]])
    assert whole.probability.any(axis=(1, 2)).all()
    assert not part.probability[[0, 2, 3, 5]].any()
    # A part must never be taken from the cache for the whole.
    assert part.key != whole.key
    assert not predict(volume, model, RunOptions("cpu", only=())).probability.any()


def test_the_engine_gives_the_same_probabilities_and_stops_when_asked(
    tmp_path: Path, lender: Engine
) -> None:
    model, volume = publish_classifier(tmp_path), volume_of(head(slices=20))
    expected = TriageRunner(model, "cpu").triage(volume)

    def cancelling(fraction: float, _: str) -> None:
        if fraction > 0:
            raise Cancelled

    found = lender.triage(volume, model, device="cpu")
    assert found.probability == pytest.approx(expected.probability, abs=0.02)
    assert found.slice_numbers == volume.slice_numbers
    with pytest.raises(Cancelled):
        lender.triage(volume, model, device="cpu", progress=cancelling)
    with pytest.raises(ModelError, match="expected 3 channels"):
        lender.triage(volume_of(head(channels=1)), model)
