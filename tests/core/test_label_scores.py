"""Figures a label and region: against medpy and MONAI, in every file, and kept a region."""

import csv
import json
import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from medpy.metric import binary as medpy

from core.domain.progress import silent
from core.inference.prediction_service import PredictionService
from core.io.cases.case_cache import CaseCache
from core.io.cases.case_reader import LoadedCase, each_region, of_region, read_case
from core.io.datasets.dataset import Dataset, scan
from core.models.mask_model import MaskModel, mask_model
from core.studies.comparison.html_report import StudyReport, html
from core.studies.comparison.region_study import (
    averaged_regions,
    counted_regions,
    mean_study,
    region_study,
)
from core.studies.comparison.study import keep_study, run_study
from core.studies.comparison.study_report import joined, parted, read_figures, write_study
from core.studies.export.exported_mask import ExportSource, exported_mask
from core.studies.scores.case_figures import CaseFigures, figures_of, label_figures, labels_of
from core.studies.scores.case_score import BINARY_FIELDS, score_labels
from core.studies.scores.evaluation import evaluate_cases
from core.studies.scores.evaluation_report import write_evaluation
from core.workspace.workspace_folder import Workspace, open_workspace
from tests.core.trees import IDS, labels, make_tree, save_nifti

SPACING = (3.0, 2.0, 1.5)
REGIONS = ["Whole tumour", "Tumour core", "Enhancing tumour", "Necrotic core", "Oedema"]


def truth_map() -> np.ndarray:
    """The lesion of the trees with three labels; the enhancing one is 3."""
    found = labels()
    found[:, :, 16:18] *= 3
    return np.where(found > 3, 3, found).astype(np.uint8)


def predicted_map() -> np.ndarray:
    """The truth moved down, without its enhancing label."""
    found = np.roll(truth_map(), 2, axis=1)
    return np.where(found == 3, 1, found).astype(np.uint8)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    root = make_tree("brats", tmp_path / "in")
    for name in IDS:
        save_nifti(root / name / f"{name}-seg.nii.gz", truth_map())
    return scan(root)


@pytest.fixture
def model(dataset: Dataset, tmp_path: Path) -> MaskModel:
    for name in IDS:
        save_nifti(tmp_path / "out" / f"{name}.nii.gz", predicted_map())
    return mask_model(tmp_path / "out", dataset.cases)


def by_label(rows: tuple[CaseFigures, ...]) -> dict[str, CaseFigures]:
    return {row.label: row for row in rows}


def scored(dataset: Dataset, model: MaskModel) -> tuple[LoadedCase, dict[str, CaseFigures]]:
    loaded = read_case(dataset.cases[0])
    prediction = model.find(loaded)
    assert prediction is not None
    return loaded, by_label(label_figures(loaded, prediction, model))


@pytest.mark.filterwarnings("ignore:.*always_return_as_numpy.*:FutureWarning")  # MONAI's own
def test_each_label_and_region_has_the_figures_of_medpy_and_monai(
    dataset: Dataset, model: MaskModel
) -> None:
    from monai.metrics import compute_dice, compute_surface_dice

    _, found = scored(dataset, model)
    assert list(found) == REGIONS
    values = {"Whole tumour": (1, 2, 3), "Tumour core": (1, 3), "Necrotic core": (1,)}
    for name, inside in {**values, "Oedema": (2,)}.items():
        truth, mask = np.isin(truth_map(), inside), np.isin(predicted_map(), inside)
        row = found[name]
        assert row.dsc == pytest.approx(medpy.dc(mask, truth))
        assert row.iou == pytest.approx(medpy.jc(mask, truth))
        assert row.hd95 == pytest.approx(medpy.hd95(mask, truth, voxelspacing=SPACING))
        assert row.truth_voxels == truth.sum()
        assert row.predicted_ml == pytest.approx(mask.sum() * 9e-3)
        tensors = [torch.as_tensor(each)[None, None] for each in (mask, truth)]
        assert row.dsc == pytest.approx(float(compute_dice(*tensors)[0, 0]))
        surface = compute_surface_dice(*tensors, [2.0], include_background=True, spacing=SPACING)
        assert row.surface_dice == pytest.approx(float(surface[0, 0]), abs=0.03)


def test_a_label_that_only_one_has_or_neither_counts_as_the_rule_says(
    dataset: Dataset, model: MaskModel, tmp_path: Path
) -> None:
    _, found = scored(dataset, model)
    row = found["Enhancing tumour"]
    assert (row.dsc, row.hd95, row.predicted_voxels) == (0.0, None, 0)
    neither = np.where(truth_map() > 1, 1, truth_map())  # of oedema the prediction alone has some
    for name in IDS:
        save_nifti(dataset.root / name / f"{name}-seg.nii.gz", neither)
    outcome = evaluate_cases(
        dataset.cases, model, lambda case, _: model.find(case) or pytest.fail("no mask")
    )
    row = next(r for r in outcome.label_rows if r.label == "Enhancing tumour")
    assert (row.dsc, row.iou, row.surface_dice, row.lesion_f1, row.hd95) == (1, 1, 1, 1, None)
    summary = write_evaluation(tmp_path / "o", outcome, model, "native")
    assert not isinstance(summary.labels, msgspec.UnsetType)
    assert summary.labels["Enhancing tumour"].empty_in_both == len(IDS)
    assert summary.labels["Oedema"].empty_in_both == 0
    with closing(open_workspace(tmp_path / "w")) as workspace:
        study = run_study(dataset.cases, [model], PredictionService(workspace).predictor)
    compared = write_study(tmp_path / "s", study)
    assert not isinstance(compared.labels, msgspec.UnsetType)
    assert compared.labels["Enhancing tumour"][0].empty_in_both == len(IDS)
    assert compared.labels["Oedema"][0].empty_in_both == 0
    report = StudyReport("L", study, compared, drawn=tmp_path / "s")
    row = re.search(r"<td>Enhancing tumour</td>.*", html(report))
    assert row is not None
    assert f'<td class="number">{len(IDS)}</td>' * 2 in row[0]


def test_metrics_have_a_row_a_label_where_there_are_several(
    dataset: Dataset, model: MaskModel, tmp_path: Path
) -> None:
    outcome = evaluate_cases(
        dataset.cases, model, lambda case, _: model.find(case) or pytest.fail("no mask")
    )
    write_evaluation(tmp_path / "o", outcome, model, "native")
    with (tmp_path / "o" / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["case"], row["label"]) for row in rows] == [(c, r) for c in IDS for r in REGIONS]
    said = json.loads((tmp_path / "o" / "summary.json").read_bytes())
    assert list(said["labels"]) == REGIONS
    assert said["mean"] == pytest.approx(said["labels"]["Whole tumour"]["mean"])


def test_one_region_that_is_asked_for_is_told_as_a_binary_case_is(
    dataset: Dataset, model: MaskModel, tmp_path: Path
) -> None:
    asked = [replace(case, region="Tumour core") for case in dataset.cases]
    outcome = evaluate_cases(asked, model, lambda case, _: model.find(case) or pytest.fail("no"))
    assert outcome.label_rows == ()
    truth, mask = np.isin(truth_map(), (1, 3)), np.isin(predicted_map(), (1, 3))
    assert outcome.rows[0].dsc == pytest.approx(medpy.dc(mask, truth))
    write_evaluation(tmp_path / "o", outcome, model, "native")
    head = (tmp_path / "o" / "metrics.csv").read_text().splitlines()[0]
    assert head == ",".join(BINARY_FIELDS)
    text = (tmp_path / "o" / "summary.json").read_text()
    assert "labels" not in json.loads(text)
    assert "empty_in_both" not in text


def test_a_mask_of_one_value_is_held_against_the_region_in_focus(
    dataset: Dataset, tmp_path: Path
) -> None:
    for name in IDS:
        save_nifti(tmp_path / "one" / f"{name}.nii.gz", (predicted_map() > 0).astype(np.uint8))
    binary = mask_model(tmp_path / "one", dataset.cases)
    loaded = read_case(replace(dataset.cases[0], region="Oedema"))
    prediction = binary.find(loaded)
    assert prediction is not None
    assert prediction.several is None
    assert np.count_nonzero(prediction.probability) == np.count_nonzero(predicted_map())
    assert score_labels(read_case(dataset.cases[0]), prediction, binary, "native") == ()


def test_one_file_of_labels_makes_all_masks_of_a_folder_label_maps(
    dataset: Dataset, tmp_path: Path
) -> None:
    ones = np.where(predicted_map() == 1, 1, 0).astype(np.uint8)
    save_nifti(tmp_path / "mixed" / "P1.nii.gz", ones)
    save_nifti(tmp_path / "mixed" / "P2.nii.gz", predicted_map())
    mixed = mask_model(tmp_path / "mixed", dataset.cases)
    prediction = mixed.find(read_case(replace(dataset.cases[0], region="Oedema")))
    assert prediction is not None
    assert prediction.several is not None
    assert not prediction.probability.any()  # it tells necrosis alone


def test_another_region_of_a_case_in_memory_reads_no_file(dataset: Dataset) -> None:
    cache = CaseCache(1 << 30)
    whole = cache.read(dataset.cases[0])
    cache.reader = lambda *_, **__: pytest.fail("read again")
    core = cache.read(replace(dataset.cases[0], region="Tumour core"))
    assert core.volume is whole.volume
    assert core.ground_truth is not None
    assert np.count_nonzero(core.ground_truth) == np.isin(truth_map(), (1, 3)).sum()
    again = cache.read(dataset.cases[0])
    assert np.array_equal(again.require_ground_truth(), whole.require_ground_truth())


def test_a_comparison_tells_every_label_and_is_read_back(
    dataset: Dataset, model: MaskModel, tmp_path: Path
) -> None:
    with closing(open_workspace(tmp_path / "w")) as workspace:
        study = run_study(dataset.cases, [model], PredictionService(workspace).predictor)
        one = region_study(study, "Tumour core")
        by_label = {row.label: row for row in study.label_rows if row.case == study.cases[0]}
        assert one.rows[0].dsc == by_label["Tumour core"].dsc
        assert one.rows[0].hd95 == by_label["Tumour core"].hd95
        mean = mean_study(study, averaged_regions(dataset.labels, counted_regions(study)))
        named = [by_label[name] for name in REGIONS[:3]]
        assert mean.rows[0].dsc == pytest.approx(np.mean([row.dsc for row in named]))
        keep_study(workspace.store, study)
        kept = labels_of(workspace.store, model.spec.id, lambda _: True)
        core = figures_of(workspace.store, model.spec.id, lambda _: True, region="Tumour core")
        whole = figures_of(workspace.store, model.spec.id, lambda _: True)
    assert list(kept) == list(IDS)
    assert set(kept["P1"]) == set(REGIONS)
    assert core["P1"] == kept["P1"]["Tumour core"]
    assert whole["P1"].label == ""
    summary = write_study(tmp_path / "o", study)
    rows = read_figures(tmp_path / "o" / "comparison.csv")
    assert [row.label for row in rows] == REGIONS * len(IDS)
    assert parted(rows) == (list(study.rows), list(study.label_rows))
    assert joined(study.rows, study.label_rows) == rows
    assert not isinstance(summary.labels, msgspec.UnsetType)
    assert summary.labels["Oedema"][0].cases == len(IDS)
    text = html(StudyReport("Labels", study, summary, drawn=tmp_path / "o"))
    assert "By label and region" in text
    assert "Necrotic core" in text


def test_a_binary_comparison_is_written_as_before(tmp_path: Path) -> None:
    from tests.core.studies import models, moved, write_cases

    study = run_study(write_cases(tmp_path / "in"), models(tmp_path / "m"), moved())
    write_study(tmp_path / "o", study)
    head = (tmp_path / "o" / "comparison.csv").read_text().splitlines()[0].split(",")
    assert "label" not in head
    text = (tmp_path / "o" / "summary.json").read_text()
    assert "labels" not in json.loads(text)
    assert "empty_in_both" not in text


def test_scores_of_two_regions_stand_beside_each_other(
    dataset: Dataset, model: MaskModel, tmp_path: Path
) -> None:
    with closing(open_workspace(tmp_path / "w")) as workspace:
        for region in ("", "Tumour core", "Oedema"):
            case = replace(dataset.cases[0], region=region)
            PredictionService(workspace).predict(read_case(case), model)
        found = {
            region: workspace.scores(model.spec.id, region)["P1"].dsc
            for region in ("", "Tumour core", "Oedema")
        }
        assert workspace.predicted_by() == {"P1": (model.spec.id,)}
    assert len(set(found.values())) == 3
    truth, mask = np.isin(truth_map(), (1, 3)), np.isin(predicted_map(), (1, 3))
    assert found["Tumour core"] == pytest.approx(medpy.dc(mask, truth))


def test_an_exported_prediction_has_its_labels_or_the_region_asked_for(
    dataset: Dataset, model: MaskModel, tmp_path: Path
) -> None:
    def exported(workspace: Workspace, region: str) -> np.ndarray:
        loaded = read_case(replace(dataset.cases[0], region=region))
        source = ExportSource(workspace, model, PredictionService(workspace).predictor(model))
        drawn = exported_mask(loaded, "prediction", source, silent).drawn
        return loaded.turn.undo(drawn.label_map)

    with closing(open_workspace(tmp_path / "w")) as workspace:
        assert np.array_equal(exported(workspace, ""), predicted_map())
        assert np.array_equal(exported(workspace, "Oedema"), predicted_map() == 2)


def test_every_region_of_a_case_has_its_own_truth(dataset: Dataset) -> None:
    loaded = read_case(dataset.cases[0])
    counts = {
        each.case.region: int(np.count_nonzero(each.require_ground_truth()))
        for each in each_region(loaded)
    }
    assert list(counts) == REGIONS
    assert counts["Tumour core"] == counts["Necrotic core"] + counts["Enhancing tumour"]
    assert each_region(of_region(loaded, replace(loaded.case, region="Oedema"))) == []
