"""Many models over many cases: rows, statistics, files read back, the cache, what fails."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.domain.errors import DataError
from core.domain.grid import Grid
from core.domain.lesions import lesion_scores
from core.domain.metrics import volume_metrics
from core.domain.prediction import Postprocessing, Prediction, to_mask
from core.domain.progress import Cancelled, silent
from core.domain.statistics import compare_pairs, describe
from core.inference.prediction_service import PredictionService
from core.io.cases.case_reader import read_case
from core.models.registry import prediction_key
from core.review.reviews import Review
from core.studies.comparison.study import Study, run_study
from core.studies.comparison.study_figures import bland_altman_plot, dsc_by_model, scatter, swarm
from core.studies.comparison.study_report import figures_csv, read_figures, reviews_csv, write_study
from core.studies.comparison.study_summary import scores, summarise_study, worst_and_best
from core.studies.scores.case_figures import CaseFigures, case_figures, mask_figures
from core.workspace.workspace_folder import open_workspace
from tests.core.studies import IDS, models, moved, write_cases


@pytest.fixture
def study(tmp_path: Path) -> Study:
    cases = write_cases(tmp_path / "data")
    return run_study(cases, models(tmp_path / "models"), moved(), ensemble=True)


def test_every_model_has_a_row_for_every_case_and_so_has_their_mean(study: Study) -> None:
    found = [(row.case, row.model) for row in study.rows]
    assert found == [(f"C_{n}", model) for n in range(3) for model in (*IDS, "ensemble")]
    assert study.titles["ensemble"] == "Mean of 3 models"
    assert study.failed == {}
    assert study.seconds == pytest.approx(9 * 0.5)
    assert set(study.disagreements or {}) == {"C_0", "C_1", "C_2"}


def test_figures_are_those_of_the_metrics(tmp_path: Path, study: Study) -> None:
    (case, *_) = write_cases(tmp_path / "again", count=1)
    loaded = read_case(case)
    model = models(tmp_path / "models")[1]
    mask = to_mask(moved()(model)(loaded, silent).probability, model.spec.postprocessing)
    truth = loaded.require_ground_truth()
    row = next(row for row in study.rows if (row.case, row.model) == ("C_0", "near"))
    expected = volume_metrics(truth, mask)
    assert (row.dsc, row.hd95, row.surface_dice) == (
        expected.dsc,
        expected.hd95,
        expected.surface_dice,
    )
    assert row.lesion_f1 == lesion_scores(truth, mask).matched.f1
    assert (row.unit, row.truth_ml, row.truth_voxels) == ("voxels", None, int(truth.sum()))


def test_known_spacing_gives_millimetres_and_millilitres(tmp_path: Path) -> None:
    (case,) = write_cases(tmp_path / "data", count=1)
    loaded = read_case(case)
    spacing = (5.0, 0.5, 0.5)
    known = replace(
        loaded,
        volume=replace(
            loaded.volume, geometry=Grid(loaded.volume.geometry.shape, known_spacing_mm=spacing)
        ),
    )
    truth = loaded.require_ground_truth()
    moved_mask = np.roll(truth, 2, axis=1)
    figures = mask_figures(known, moved_mask, model_id="correction")
    assert figures.unit == "mm"
    assert figures.truth_ml == pytest.approx(truth.sum() * 5.0 * 0.25 / 1000)
    assert figures.hd95 == volume_metrics(truth, moved_mask, spacing_mm=spacing).hd95
    assert figures.dsc == mask_figures(loaded, moved_mask, model_id="correction").dsc


def test_another_threshold_than_the_models_own(tmp_path: Path) -> None:
    (case,) = write_cases(tmp_path / "data", count=1)
    loaded, model = read_case(case), models(tmp_path / "models")[0]
    probability = loaded.require_ground_truth() * np.uint8(100)
    assert case_figures(loaded, probability, model).predicted_voxels == 0
    lower = case_figures(loaded, probability, model, post=Postprocessing(0.3))
    assert (lower.dsc, lower.hd95, lower.lesion_f1) == (1.0, 0.0, 1.0)


def test_summary_describes_and_compares_the_rows(study: Study) -> None:
    summary = summarise_study(study)
    assert [model.id for model in summary.models] == [*IDS, "ensemble"]
    by_model = scores(study, "dsc")
    for model in summary.models:
        assert model.figures["dsc"] == describe(list(by_model[model.id].values()))
    assert summary.pairs["dsc"] == compare_pairs(by_model)
    first = summary.pairs["hd95"][1]
    assert (first.first, first.second, first.wins) == ("still", "far", 3)
    assert summary.mean_disagreement == describe(list((study.disagreements or {}).values())).mean


def test_too_much_and_too_little_do_not_cancel_in_the_volume_error(tmp_path: Path) -> None:
    rows = tuple(
        CaseFigures(case=name, model=IDS[0], slices=1, dsc=0.5, volume_difference=value)
        for name, value in (("a", 0.4), ("b", -0.2), ("c", None))
    )
    summary = summarise_study(Study(tuple(models(tmp_path)), rows, {}))
    assert summary.models[0].figures["volume_error"].mean == pytest.approx(0.3)
    assert summary.models[0].figures["volume_difference"].mean == pytest.approx(0.1)


def test_worst_and_best_cases_never_overlap() -> None:
    rows = tuple(
        CaseFigures(case=name, model="m", slices=1, dsc=dsc)
        for name, dsc in (("a", 0.5), ("b", None), ("c", 0.9), ("d", 0.1), ("e", 0.7))
    )
    assert worst_and_best(Study((), rows, {}), 2) == (["d", "a"], ["c", "e"])
    assert worst_and_best(Study((), rows, {}), 9) == (["d", "a"], ["c", "e"])
    assert worst_and_best(Study((), rows[:1], {}), 3) == (["a"], [])


def test_what_fails_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "data")
    cases[0].slices[1].image.write_bytes(b"no image")
    study = run_study(cases, models(tmp_path / "models"), moved(failing="C_2"), ensemble=True)
    assert set(study.failed) == {"C_0", "C_2, far"}
    assert "out of luck" in study.failed["C_2, far"]
    assert study.cases == ["C_1", "C_2"]
    assert not any(row.case == "C_2" and row.model == "ensemble" for row in study.rows)
    assert summarise_study(study).pairs["dsc"][1].n == 1


def test_cases_without_truth_are_sorted_by_disagreement_alone(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "data", without_truth=3)
    study = run_study(cases, models(tmp_path / "models"), moved())
    assert all(row.dsc is None and row.truth_voxels is None for row in study.rows)
    assert all(row.predicted_voxels > 0 and row.uncertainty > 0 for row in study.rows)
    assert min((study.disagreements or {}).values()) > 0
    summary = write_study(tmp_path / "out", study)
    assert summary.models[0].figures["dsc"].mean is None
    assert not (tmp_path / "out" / "dsc_by_case.png").exists()
    assert (tmp_path / "out" / "bland_altman_still_near.png").exists()


def test_progress_grows_and_can_cancel(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "data")
    fractions: list[float] = []
    run_study(
        cases, models(tmp_path / "models"), moved(), progress=lambda f, _: fractions.append(f)
    )
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0

    def stop(fraction: float, message: str) -> None:
        if fraction > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_study(cases, models(tmp_path / "models"), moved(), progress=stop)


def test_cached_predictions_are_found_and_nothing_is_run_without_a_predictor(
    tmp_path: Path,
) -> None:
    cases = write_cases(tmp_path / "data", count=1)
    loaded = read_case(cases[0])
    model = models(tmp_path / "models")[1]
    workspace = open_workspace(tmp_path / "workspace")
    calls: list[str] = []

    def run(given: object, chosen: object, progress: object) -> Prediction:
        calls.append("run")
        probability = np.full(loaded.volume.geometry.shape, 200, np.uint8)
        key = prediction_key(model, loaded.volume)
        return Prediction(probability, model.spec.id, key, "cpu", 1.0)

    with pytest.raises(DataError, match="Run the model on it first"):
        PredictionService(workspace).predict(loaded, model)
    first = PredictionService(workspace, run).predict(loaded, model).prediction
    again = PredictionService(workspace, run).predict(loaded, model).prediction
    alone = PredictionService(workspace).predict(loaded, model).prediction
    workspace.close()
    assert calls == ["run"]
    for other in (again, alone):
        np.testing.assert_array_equal(other.probability, first.probability)


def test_files_of_a_study_are_read_back(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = write_study(out, study)
    with (out / "comparison.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["case"], row["model"]) for row in rows] == [(r.case, r.model) for r in study.rows]
    for read, row in zip(rows, study.rows, strict=True):
        assert row.dsc is not None
        assert float(read["dsc"]) == row.dsc
        assert read["truth_ml"] == ""
        assert (read["lesion_neighbours"], read["lesion_iou"]) == ("26", "0.1")
    assert read_figures(out / "comparison.csv") == list(study.rows)
    said = json.loads((out / "summary.json").read_text())
    assert said["models"][0]["figures"]["dsc"]["mean"] == summary.models[0].figures["dsc"].mean
    assert said["pairs"]["dsc"][0]["holm_p"] == summary.pairs["dsc"][0].holm_p
    names = sorted(path.name for path in out.glob("*.png"))
    assert len(names) == 1 + 2 * 6
    for name in names:
        with Image.open(out / name) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) >= 400


def near(
    path: Path, colour: tuple[int, int, int]
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    return np.asarray(np.abs(pixels - np.array(colour)).max(axis=-1) <= 12)


def test_chart_has_a_red_mean_and_a_green_median_line_a_model(tmp_path: Path) -> None:
    found: dict[str, dict[str, float | None]] = {
        "a": {"1": 0.2, "2": 0.8, "3": 0.9, "4": None},
        "b": {"1": 0.5, "2": 0.5, "3": 0.6},
    }
    path = tmp_path / "dsc.png"
    dsc_by_model(path, found, {"a": "A", "b": "脑 $x$"})
    red, green = near(path, (255, 99, 71)), near(path, (34, 139, 34))
    columns = np.flatnonzero(red.any(axis=0))
    assert (np.diff(columns) > 20).sum() == 1
    split = columns[np.diff(columns).argmax()] + 5
    for part, higher in ((slice(0, split), True), (slice(split, None), False)):
        mean, median = (np.nonzero(lines[:, part])[0].mean() for lines in (red, green))
        assert (median < mean) == higher


def test_plots_of_nothing_are_refused(tmp_path: Path) -> None:
    nothing: dict[str, float | None] = {"1": None}
    with pytest.raises(ValueError, match="at least one"):
        dsc_by_model(tmp_path / "a.png", {"a": nothing}, {"a": "A"})
    with pytest.raises(ValueError, match="scored by both"):
        scatter(tmp_path / "a.png", nothing, nothing, names=("a", "b"))
    with pytest.raises(ValueError, match="measured by both"):
        bland_altman_plot(tmp_path / "a.png", nothing, nothing, names=("a", "b"), unit="mL")
    assert list(tmp_path.iterdir()) == []


def test_swarm_sets_equal_values_apart_within_its_width() -> None:
    values = np.array([0.5] * 30 + [0.1, 0.9])
    offsets = swarm(values)
    assert len(set(offsets[:30])) == 30
    assert np.abs(offsets).max() <= 0.38 + 1e-9
    assert offsets[30] == offsets[31] == 0.0
    assert swarm(np.zeros(0)).shape == (0,)


def test_reviews_with_awkward_notes_are_read_back(tmp_path: Path) -> None:
    note = 'lesion, "left"\nand 脑; =1+1'
    review = Review(
        case_id="C_0", status="rejected", rating=2, note=note, reader="Ann", seconds=1.5
    )
    reviews_csv(tmp_path / "reviews.csv", [review, Review(case_id="C_1")])
    with (tmp_path / "reviews.csv").open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert (first["note"], first["rating"], first["seconds"]) == (note, "2", "1.5")
    assert (second["status"], second["rating"]) == ("unreviewed", "")


def test_csv_of_no_rows_has_a_header(tmp_path: Path) -> None:
    figures_csv(tmp_path / "metrics.csv", [])
    assert (tmp_path / "metrics.csv").read_text().startswith("case,model,slices,dsc")
