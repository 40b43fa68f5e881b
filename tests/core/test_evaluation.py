"""Reports of an evaluation, read back from disk, in both protocols."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tifffile import imread

from core.domain.errors import ModelError, WorkspaceError
from core.domain.mask import Mask
from core.domain.metrics import EMPTY_RULE
from core.domain.prediction import Postprocessing, Prediction
from core.domain.progress import Cancelled, Progress
from core.domain.protocol import Protocol
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.models.registry import Model, ModelSpec
from core.studies.export.mask_files import predict_masks
from core.studies.scores.case_score import score_case
from core.studies.scores.evaluation import Outcome, evaluate_cases
from core.studies.scores.evaluation_report import summarise_evaluation, write_evaluation
from core.studies.scores.mask_settings import mask_settings
from tests.synthetic import SHAPE, digest, lesion, write_case, write_slice

IDS = ("A_2", "A_10", "病例 1")


def model_with(**post: object) -> Model:
    spec = ModelSpec(
        id="rule",
        title="Rule",
        architecture="unet",
        postprocessing=Postprocessing(**post),  # type: ignore[arg-type]
    )
    return Model(spec, Path("nowhere"))


MODEL = model_with()


@pytest.fixture
def cases(tmp_path: Path) -> tuple[Case, ...]:
    root = tmp_path / "数据 1"
    for seed, case_id in enumerate(IDS):
        write_case(root, case_id, seed=seed)
    return scan(root).cases


def moved(by: int) -> Mask:
    """Return the truth moved to the right, with a speck far from it on the first slice."""
    mask = np.roll(lesion(), by, axis=2)
    mask[0, 36:38, 2:4] = 1
    return mask


def predictor(loaded: LoadedCase, progress: Progress) -> Prediction:
    """Predict the truth moved by as many voxels as the case comes late; sure to 0.8."""
    progress(0.5, "half of the case")
    by = IDS.index(loaded.case.id) * 2
    return Prediction(moved(by) * np.uint8(204), "rule", "key", "cpu", 0.25)


def dsc(truth: Mask, mask: Mask) -> float:
    return float(2 * (truth & mask).sum() / (truth.sum() + mask.sum()))


def test_native_report_reads_back(cases: tuple[Case, ...], tmp_path: Path) -> None:
    out = tmp_path / "out 一"
    outcome = evaluate_cases(cases, MODEL, predictor)
    written = write_evaluation(out, outcome, MODEL, "native")
    with (out / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == list(IDS)
    expected = [dsc(lesion(), moved(by)) for by in (0, 2, 4)]
    assert [float(row["dsc"]) for row in rows] == pytest.approx(expected, abs=1e-6)
    for row, by in zip(rows, (0, 2, 4), strict=True):
        truth, mask = lesion().astype(bool), moved(by).astype(bool)
        both = (truth & mask).sum()
        assert row["slices"] == "4"
        assert float(row["iou"]) == pytest.approx(both / (truth | mask).sum(), abs=1e-6)
        assert float(row["sensitivity"]) == pytest.approx(both / truth.sum(), abs=1e-6)
        assert float(row["precision"]) == pytest.approx(both / mask.sum(), abs=1e-6)
        assert float(row["hd95"]) >= 0
        assert (int(row["truth_voxels"]), int(row["predicted_voxels"])) == (truth.sum(), mask.sum())
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["mean"] == pytest.approx(np.mean(expected))
    assert summary["median"] == pytest.approx(np.median(expected))
    assert summary["standard_deviation"] == pytest.approx(np.std(expected, ddof=1))
    assert {key: summary[key] for key in ("n", "model", "protocol", "device", "seconds")} == {
        "n": 3, "model": "rule", "protocol": "native", "device": "cpu", "seconds": 0.75,
    }  # fmt: skip
    assert summary["failed"] == {}
    assert summary["mean"] == written.mean
    with Image.open(out / "dsc.png") as picture:
        picture.load()
        assert (picture.format, picture.size) == ("PNG", (1200, 800))
    assert sorted(path.name for path in out.iterdir()) == [
        *("dsc.png", "metrics.csv", "slices.csv", "summary.json"),
    ]


def test_the_reference_tells_the_slices_it_keeps_by_their_own_numbers(tmp_path: Path) -> None:
    place = write_case(tmp_path / "data", IDS[0], slices=6, numbers=range(4, 10))
    for number in (5, 8):  # dark, beside the first and the last, which are dropped anyhow
        write_slice(place / f"{IDS[0]}_{number}.tif", np.zeros((3, *SHAPE), np.uint8))
    cases = scan(tmp_path / "data").cases

    def drawn(loaded: LoadedCase, progress: Progress) -> Prediction:
        del progress
        return Prediction(lesion(6) * np.uint8(204), "rule", "key", "cpu", 0.25)

    outcome = evaluate_cases(cases, MODEL, drawn, protocol="reference")
    write_evaluation(tmp_path, outcome, MODEL, "reference")
    with (tmp_path / "slices.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["slice"] for row in rows] == ["6", "7"]
    assert outcome.rows[0].slices == len(rows)
    assert sum(int(row["truth_voxels"]) for row in rows) == outcome.rows[0].truth_voxels > 0


def test_slices_are_told_one_by_one_and_add_up(cases: tuple[Case, ...], tmp_path: Path) -> None:
    outcome = evaluate_cases(cases, MODEL, predictor)
    write_evaluation(tmp_path, outcome, MODEL, "native")
    with (tmp_path / "slices.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["case"], row["slice"]) for row in rows] == [
        (case, str(number)) for case in IDS for number in range(1, 5)
    ]
    for case, by in zip(IDS, (0, 2, 4), strict=True):
        truth, mask = lesion(), moved(by)
        for row in (row for row in rows if row["case"] == case):
            z = int(row["slice"]) - 1
            one, other = truth[z] > 0, mask[z] > 0
            counts = (one.sum(), other.sum(), (other & ~one).sum(), (one & ~other).sum())
            told = ("truth", "predicted", "false_positive", "false_negative")
            assert tuple(int(row[f"{name}_voxels"]) for name in told) == counts
            if one.any() or other.any():
                assert float(row["dsc"]) == pytest.approx(dsc(truth[z], mask[z]), abs=1e-6)
            else:
                assert row["dsc"] == ""


@pytest.mark.parametrize("protocol", ["native", "reference"])
def test_every_setting_that_changed_a_mask_is_told(
    cases: tuple[Case, ...], tmp_path: Path, protocol: Protocol
) -> None:
    model = model_with(threshold=0.4, smallest_share=0.3, fill_holes=True).with_flips(True)
    outcome = evaluate_cases(cases[:1], model, predictor, protocol=protocol)
    said = [replace(case, given_spacing_mm=(2.0, 1.0, 1.0)) for case in cases]
    used = mask_settings(model, said, protocol=protocol, skip_below=0.05)
    write_evaluation(tmp_path, outcome, model, protocol, used)
    told = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    native = protocol == "native"
    assert told["settings"] | {"preprocessing": None} == {
        "threshold": 0.4 if native else 0.5,
        "largest_component": not native,
        "smallest_share": 0.3 if native else 0.0,
        "fill_holes": native,
        "logit_offset": 0.0,
        "flips": True,
        "view": "plain",
        "engine": "torch",
        "precision": "auto",
        "members": [],
        "preprocessing": None,
        "skip_below": 0.05,
        "region": "",
        "channels": [],
        "given_spacing_mm": [2.0, 1.0, 1.0],
    }
    assert told["settings"]["preprocessing"]["intensity"] == "foreground"
    assert (told["threshold"], told["largest_component"]) == (0.4 if native else 0.5, not native)
    row = outcome.rows[0]
    assert row.hd95 is not None
    assert row.hd95_max is not None
    assert row.hd95_max >= row.hd95 or not native
    assert told["hd95_max_median"] == row.hd95_max
    assert "MONAI" in told["hd95_rule"]


def test_reference_takes_the_largest_component_at_one_half(cases: tuple[Case, ...]) -> None:
    strict = model_with(threshold=0.9)
    native = evaluate_cases(cases[:1], strict, predictor).rows[0]
    assert (native.dsc, native.predicted_voxels) == (0, 0)
    reference = evaluate_cases(cases[:1], strict, predictor, protocol="reference").rows[0]
    # The speck is gone; truth and probability are resampled to 256 pixels in different ways.
    assert reference.dsc > 0.95
    assert evaluate_cases(cases[:1], MODEL, predictor).rows[0].dsc < 1
    summary = summarise_evaluation(evaluate_cases(cases, strict, predictor), strict, "reference")
    assert summary.largest_component
    assert summary.protocol == "reference"
    assert not summarise_evaluation(
        evaluate_cases(cases, strict, predictor), strict, "native"
    ).largest_component


def test_figures_that_do_not_exist_are_left_empty(tmp_path: Path) -> None:
    write_case(tmp_path / "data", "A")
    for path in (tmp_path / "data").rglob("*_mask.tif"):
        Image.fromarray(np.zeros(SHAPE, np.uint8)).save(path)
    (case,) = scan(tmp_path / "data").cases

    def nothing(loaded: LoadedCase, progress: Progress) -> Prediction:
        return Prediction(np.zeros((4, *SHAPE), np.uint8), "rule", "key", "cpu", 0.1)

    outcome = evaluate_cases([case], MODEL, nothing)
    summary = write_evaluation(tmp_path / "out", outcome, MODEL, "native")
    assert (summary.mean, summary.standard_deviation) == (1, None)
    with (tmp_path / "out" / "metrics.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["dsc"], row["hd95"]) == ("1.000000", "")
    assert summary.empty_rule == EMPTY_RULE


def test_cases_that_fail_are_in_the_summary(cases: tuple[Case, ...], tmp_path: Path) -> None:
    def failing(loaded: LoadedCase, progress: Progress) -> Prediction:
        if loaded.case.id == "A_10":
            raise ModelError("Rule: expected memory for one slice, found none left.")
        return predictor(loaded, progress)

    write_evaluation(tmp_path, evaluate_cases(cases, MODEL, failing), MODEL, "native")
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["n"] == 2
    assert summary["failed"] == {"A_10": "Rule: expected memory for one slice, found none left."}


def test_no_case_at_all_gives_a_summary_without_figures(tmp_path: Path) -> None:
    outcome = Outcome((), {"A": "sentence"}, "", 0.0)
    summary = write_evaluation(tmp_path, outcome, MODEL, "native")
    assert (summary.mean, summary.median, summary.n) == (None, None, 0)
    assert json.loads((tmp_path / "summary.json").read_text())["mean"] is None
    assert not (tmp_path / "dsc.png").exists()
    assert (tmp_path / "metrics.csv").read_text().startswith("case,slices,dsc,iou,sensitivity")


def test_written_masks_are_the_thresholded_prediction(
    cases: tuple[Case, ...], tmp_path: Path
) -> None:
    before = digest(cases[0].folder.parent)
    out = tmp_path / "out"
    written = predict_masks(cases, model_with(largest_component=True), predictor, out=out)
    assert (written.failed, written.notices) == ({}, ())
    for case_id, by in zip(IDS, (0, 2, 4), strict=True):
        for z in range(4):
            mask = imread(out / case_id / f"{case_id}_{z + 1}_pred.tif")
            assert mask.dtype == np.uint8
            assert np.array_equal(mask, np.roll(lesion(), by, axis=2)[z] * 255)
    assert digest(cases[0].folder.parent) == before


def test_predictions_are_no_slices_of_a_case(cases: tuple[Case, ...]) -> None:
    root = cases[0].folder.parent
    predict_masks(cases, MODEL, predictor, out=root)
    assert scan(root).cases == cases
    assert scan(root).notices == ()


def test_a_place_that_takes_no_masks_is_told_for_each_case(
    cases: tuple[Case, ...], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    written = predict_masks(cases, MODEL, predictor, out=tmp_path / "file")
    assert list(written.failed) == list(IDS)
    assert all("could not be written" in sentence for sentence in written.failed.values())
    with pytest.raises(WorkspaceError):
        write_evaluation(
            tmp_path / "file", evaluate_cases(cases, MODEL, predictor), MODEL, "native"
        )


def test_progress_goes_forward_over_all_cases_and_stops_them(cases: tuple[Case, ...]) -> None:
    fractions: list[float] = []
    evaluate_cases(cases, MODEL, predictor, progress=lambda fraction, _: fractions.append(fraction))
    assert fractions == pytest.approx([0, 1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6, 1])

    def stop(fraction: float, message: str) -> None:
        if fraction > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        evaluate_cases(cases, MODEL, predictor, progress=stop)


def test_a_perfect_prediction_scores_one(cases: tuple[Case, ...]) -> None:
    perfect = Prediction(lesion() * np.uint8(255), "rule", "key", "cpu", 0.1)
    row = score_case(read_case(cases[0]), perfect, MODEL, "native")
    assert (row.dsc, row.iou, row.sensitivity, row.precision, row.hd95) == (1, 1, 1, 1, 0)
