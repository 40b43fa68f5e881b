"""The expected DSC: its calibration, what is stored of it, and how it is judged."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tifffile import imwrite
from typer.testing import CliRunner

from core.cli.calibrate import calibrate
from core.domain.errors import ModelError
from core.domain.prediction import Postprocessing, Prediction, to_mask
from core.domain.progress import Progress, silent
from core.inference.prediction_service import local_predictor
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.io.resource_paths import resource
from core.models.lineage import Lineage
from core.models.registry import Model, ModelSpec
from core.review.expected_dsc import (
    CALIBRATION_FILE,
    FITS,
    Calibration,
    calibration_place,
    expected_dsc,
    fit_calibration,
    judge_fit,
    read_calibration,
    reading_curve,
    spearman,
    write_calibration,
)
from core.studies.expected_dsc_study import calibration_cases, measure
from core.studies.scores.evaluation import evaluate_cases
from core.studies.scores.evaluation_report import write_evaluation
from core.studies.uncertainty_figures import draw_expected_dsc
from core.workspace.settings import home as home_folder
from core.workspace.splits import SplitFile
from core.workspace.workspace_folder import registry
from tests.synthetic import lesion, publish_unet, write_case

UNIT = st.integers(0, 20).map(lambda n: n / 20)
DSCS = arrays(np.float64, 12, elements=UNIT)


@given(DSCS, DSCS)
def test_a_fit_never_falls_and_stays_a_dsc(soft: np.ndarray, dsc: np.ndarray) -> None:
    found = fit_calibration(list(soft), list(dsc))
    levels = np.linspace(0, 1, 41)
    values = [found.apply(float(level)) for level in levels]
    assert all(0 <= value <= 1 for value in values)
    assert np.all(np.diff(values) >= -1e-5)


@pytest.mark.parametrize(("slope", "start"), [(0.8, 0.1), (1.6, -0.7)])
def test_a_line_is_found_again(slope: float, start: float) -> None:
    random = np.random.default_rng(1)
    soft = random.uniform(0.5, 1, 40)
    dsc = np.clip(start + slope * soft, 0, 1) + random.normal(0, 0.005, 40)
    found = fit_calibration(list(soft), list(np.clip(dsc, 0, 1)), cases=("a", "b"))
    assert found.apply(0.75) == pytest.approx(np.clip(start + slope * 0.75, 0, 1), abs=0.02)
    assert found.error < 0.02
    assert found.fitted_on == ("a", "b")


def test_a_few_failures_do_not_draw_the_line_down_for_the_others() -> None:
    random = np.random.default_rng(2)
    soft = random.uniform(0.7, 1, 40)
    dsc = 0.9 * soft + random.normal(0, 0.005, 40)
    dsc[:6] = random.uniform(0, 0.3, 6)
    found = fit_calibration(list(soft), list(dsc))
    assert found.method == "median"
    assert found.apply(0.85) == pytest.approx(0.9 * 0.85, abs=0.01)


@given(DSCS, DSCS)
def test_no_rising_line_lies_nearer_than_the_median_line(soft: np.ndarray, dsc: np.ndarray) -> None:
    knots, values = FITS["median"](soft, dsc)
    found = float(np.abs(np.interp(soft, knots, values) - dsc).sum())
    # One of the best lines goes through two of the cases, or is level through one.
    lines = [(0.0, float(level)) for level in dsc]
    for i in range(len(soft)):
        for j in range(i):
            if soft[i] != soft[j] and (slope := (dsc[i] - dsc[j]) / (soft[i] - soft[j])) > 0:
                lines.append((slope, dsc[i] - slope * soft[i]))
    nearest = min(float(np.abs(start + slope * soft - dsc).sum()) for slope, start in lines)
    assert found <= nearest + 1e-9


def test_a_step_is_fitted_by_steps() -> None:
    soft = np.linspace(0, 1, 60)
    found = fit_calibration(list(soft), list(np.where(soft > 0.6, 0.9, 0.2)))
    assert found.method == "isotonic"
    assert found.apply(0.3) == pytest.approx(0.2)
    assert found.apply(0.9) == pytest.approx(0.9)


def test_too_few_cases_are_told() -> None:
    with pytest.raises(ModelError, match="at least 5 cases to calibrate on, found 2"):
        fit_calibration([0.5, 0.6], [0.5, 0.6])


def test_a_calibration_comes_back_from_beside_the_model(tmp_path: Path) -> None:
    assert read_calibration(tmp_path) is None
    written = fit_calibration([0.1, 0.4, 0.5, 0.8, 0.9], [0.0, 0.3, 0.5, 0.6, 0.8])
    write_calibration(tmp_path, written)
    assert read_calibration(tmp_path) == written
    (tmp_path / CALIBRATION_FILE).write_text('{"soft": 3}')
    with pytest.raises(ModelError, match="expected a calibration, found"):
        read_calibration(tmp_path)


@pytest.mark.parametrize(
    ("soft", "expected"),
    [
        ([], []),
        ([0.0, 0.5, 1.0], [0.0, 1.0]),
        ([1.0, 0.0], [0.0, 1.0]),
        ([0.0, 1.0], [1.0, 0.0]),
        ([0.0, 1.0], [-3.0, 7.0]),
    ],
    ids=["empty", "uneven", "out of order", "falling", "no DSC"],
)
def test_knots_that_are_no_rising_line_are_told(
    tmp_path: Path, soft: list[float], expected: list[float]
) -> None:
    damaged = {"soft": soft, "expected": expected, "method": "linear", "error": 0.1}
    (tmp_path / CALIBRATION_FILE).write_text(json.dumps(damaged))
    with pytest.raises(ModelError, match="expected a calibration, found"):
        read_calibration(tmp_path)


def test_expected_dsc_goes_through_the_calibration() -> None:
    sure = np.zeros((2, 4, 4), np.uint8)
    sure[0, 1] = 255
    half = Calibration(soft=(0.0, 1.0), expected=(0.0, 0.5), method="linear", error=0.0)
    assert expected_dsc(sure, Postprocessing(), None) == 1.0
    assert expected_dsc(sure, Postprocessing(), half) == 0.5


@given(DSCS, DSCS)
def test_spearman_is_that_of_scipy(one: np.ndarray, other: np.ndarray) -> None:
    from scipy.stats import spearmanr

    found = spearman(one, other)
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        assert found is None
    else:
        assert found == pytest.approx(spearmanr(one, other).statistic)


@given(DSCS, arrays(np.bool_, 12).filter(np.any))
def test_the_curve_rises_from_none_to_all(expected: np.ndarray, bad: np.ndarray) -> None:
    read, found = reading_curve(expected, bad)
    assert (read[0], read[-1]) == (0, 1)
    assert found[0] == 0
    assert found[-1] == pytest.approx(1)
    assert np.all(np.diff(found) >= 0)


def test_a_perfect_order_finds_the_bad_first_and_no_order_finds_them_evenly() -> None:
    dsc = [0.2, 0.9, 0.5, 0.95, 0.85]
    perfect = judge_fit(dsc, dsc)
    assert (perfect.cases, perfect.bad) == (5, 2)
    assert perfect.found.tolist() == [0, 0.5, 1, 1, 1, 1]
    assert perfect.spearman == pytest.approx(1)
    assert perfect.mean_absolute_error == 0
    assert perfect.area == perfect.best_area == pytest.approx(0.8)
    blind = judge_fit([0.7] * 5, dsc)
    assert blind.found.tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert blind.area == pytest.approx(0.5)
    assert blind.spearman is None
    assert judge_fit([0.9, 0.8], [0.9, 0.9]).area is None


def test_the_figure_is_written(tmp_path: Path) -> None:
    dsc = [0.2, 0.9, 0.5]
    for name, judged in (("bad", judge_fit(dsc, dsc)), ("good", judge_fit([0.9] * 3, [0.9] * 3))):
        draw_expected_dsc(dsc, dsc, judged, tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def blurred(loaded: LoadedCase, progress: Progress) -> Prediction:
    """Say 0.8 on the lesion of the synthetic cases, whatever their masks say."""
    return Prediction((lesion() * 204).astype(np.uint8), "rule", "key", "cpu", 0.1)


def test_evaluation_expects_the_same_whatever_the_truth_is(tmp_path: Path) -> None:
    model = Model(ModelSpec(id="rule", title="Rule", architecture="unet"), tmp_path / "model")
    write_case(tmp_path / "data", "A")
    write_case(tmp_path / "data", "B")
    for path in (tmp_path / "data" / "B").glob("*_mask.tif"):
        path.write_bytes((tmp_path / "data" / "A" / "A_1_mask.tif").read_bytes())
    cases = scan(tmp_path / "data").cases
    outcome = evaluate_cases(cases, model, blurred)
    write_evaluation(tmp_path / "out", outcome, model, "native")
    with (tmp_path / "out" / "metrics.csv").open(newline="") as file:
        one, other = csv.DictReader(file)
    assert (one["dsc"], other["dsc"]) == ("1.000000", "0.000000")
    expected = 2 * 0.8 / 1.8
    assert float(one["expected_dsc"]) == pytest.approx(expected, abs=1e-6)
    assert one["expected_dsc"] == other["expected_dsc"]
    half = Calibration(soft=(0.0, 1.0), expected=(0.0, 0.5), method="linear", error=0.0)
    write_calibration(model.folder, half)
    calibrated = evaluate_cases(cases, model, blurred).rows[0].expected_dsc
    assert calibrated == pytest.approx(expected / 2)


def test_a_model_is_calibrated_where_no_gradient_of_it_has_been() -> None:
    split = SplitFile(train=("a", "b", "c"), val=("d",))
    spec = ModelSpec(id="m", title="M", architecture="unet")
    assert calibration_cases(split, Model(spec, Path())) == ("a", "b", "c")
    held = ModelSpec(id="m", title="M", architecture="unet", lineage=Lineage(selection=("b", "d")))
    assert calibration_cases(split, Model(held, Path())) == ("b",)


def test_flips_of_a_symmetric_rule_agree_and_failures_are_told(tmp_path: Path) -> None:
    model = Model(ModelSpec(id="rule", title="Rule", architecture="unet"), tmp_path)
    write_case(tmp_path / "data", "A")
    write_case(tmp_path / "data", "B", masks=False)

    def following(loaded: LoadedCase, progress: Progress) -> Prediction:
        bright = (loaded.volume.pixels[1] > 180).astype(np.uint8) * 255
        return Prediction(bright, "rule", "key", "cpu", 0.1)

    cases = scan(tmp_path / "data").cases
    found = measure(cases, model, following, flips=True)
    assert found.rows[0].doubt.disagreement == 0
    assert found.rows[0].doubt.soft_dsc == 1
    assert list(found.failed) == ["B"]
    lopsided = measure(cases, model, blurred, flips=True).rows[0].doubt.disagreement
    assert lopsided is not None
    assert lopsided > 0.1
    assert measure(cases, model, blurred).rows[0].doubt.disagreement is None


def test_the_command_calibrates_on_train_and_judges_on_val(tmp_path: Path, home: Path) -> None:
    model = publish_unet(registry(home_folder()).roots[0], "small")
    names = [f"C_{n}" for n in range(22)]
    for seed, name in enumerate(names):
        write_case(tmp_path / "data", name, seed=seed)
    split = tmp_path / "split.json"
    split.write_text(json.dumps({"train": names[:20], "val": names[20:]}))
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(calibrate)
    given = [str(tmp_path / "data"), "--split", str(split), "--out", str(tmp_path / "out")]
    outcome = CliRunner().invoke(app, [*given, "--model", "small", "--device", "cpu"])
    assert outcome.exit_code == 0, outcome.output
    assert "on 20 cases; on 2 others" in outcome.output
    stored = read_calibration(model.folder)
    assert stored is not None
    assert stored.fitted_on == tuple(names[:20])
    with (tmp_path / "out" / "expected_dsc.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == names[20:]
    assert all(row["flip_disagreement"] for row in rows)
    summary = json.loads((tmp_path / "out" / "expected_dsc.json").read_text())
    assert summary["judged_on"] == 2
    assert (tmp_path / "out" / "expected_dsc.png").exists()
    few = tmp_path / "few.json"
    few.write_text(json.dumps({"train": names[:19], "val": names[20:]}))
    given[2] = str(few)
    outcome = CliRunner().invoke(app, [*given, "--model", "small", "--device", "cpu"])
    assert "at least 20 cases to calibrate on, found 19" in str(outcome.exception)


def test_what_no_case_has_judged_is_not_kept(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = publish_unet(registry(home_folder()).roots[0], "small")
    names = [f"C_{n}" for n in range(21)]
    for seed, name in enumerate(names):
        write_case(tmp_path / "data", name, seed=seed, masks=name != names[20])
    split = tmp_path / "split.json"
    data, out = tmp_path / "data", tmp_path / "out"
    split.write_text(json.dumps({"train": names[:20], "val": []}))
    with pytest.raises(ModelError, match="val to judge the calibration on"):
        calibrate(data, split, out, model="small", device="cpu")
    split.write_text(json.dumps({"train": names[:20], "val": names[20:]}))
    with pytest.raises(typer.Exit):
        calibrate(data, split, out, model="small", device="cpu")
    assert "could judge it. Nothing was kept." in capsys.readouterr().out
    assert read_calibration(model.folder) is None


def test_what_came_with_overread_is_calibrated_among_the_readers_models(home: Path) -> None:
    bundled = resource("models") / "lite0"
    before = {path.name: path.read_bytes() for path in bundled.iterdir() if path.is_file()}
    fit = fit_calibration([0.1, 0.4, 0.5, 0.8, 0.9], [0.0, 0.3, 0.5, 0.6, 0.8])
    write_calibration(bundled, fit)
    assert read_calibration(bundled) == fit
    assert {p.name: p.read_bytes() for p in bundled.iterdir() if p.is_file()} == before
    assert home / "models" in calibration_place(bundled).parents


def test_a_calibration_that_makes_things_worse_is_told_and_not_kept(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = publish_unet(registry(home_folder()).roots[0], "small")
    names = [f"C_{n}" for n in range(21)]
    for seed, name in enumerate(names):
        write_case(tmp_path / "data", name, seed=seed)
    # On the one that judges the model is right in every voxel, as on none that was fitted.
    case = scan(tmp_path / "data").case(names[20])
    found = local_predictor(model, "cpu")(read_case(case), silent)
    for files, plane in zip(case.slices, to_mask(found.probability, Postprocessing()), strict=True):
        assert files.mask is not None
        imwrite(files.mask, plane * np.uint8(255))
    split = tmp_path / "split.json"
    split.write_text(json.dumps({"train": names[:20], "val": names[20:]}))
    calibrate(tmp_path / "data", split, tmp_path / "out", model="small", device="cpu", flips=False)
    summary = json.loads((tmp_path / "out" / "expected_dsc.json").read_text())
    assert summary["mean_absolute_error"] > summary["uncalibrated_error"]
    assert "It makes things worse" in capsys.readouterr().out
    assert read_calibration(model.folder) is None
