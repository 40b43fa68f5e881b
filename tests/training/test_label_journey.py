"""Three classes the whole way: train, predict, evaluate, correct, gate, promote, export."""

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from core.domain.label_set import Region
from core.domain.prediction import Postprocessing
from core.inference.prediction_service import PredictionService, local_run
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.io.labels.label_table import read_label_table
from core.jobs.job_folder import create_job
from core.models.gate import GateSpec
from core.models.registry import Model, Registry
from core.workspace.workspace_folder import open_workspace, workspace_folder
from tests.command_line import run_main
from tests.training.label_making import write_labelled
from tests.training.making import TRAIN, VAL, write_split
from training.gate import run_gate

SETTINGS = (
    *("--set", "selections=3", "--set", "ema=0.9", "--set", "selection_cases=1"),
    *("--set", 'augmentation={"rotation":0,"scale":0,"shift":0,"elastic":0,"gamma":0}'),
)


def command(home: Path, *given: object) -> None:
    done = run_main(home, *given)
    assert done.returncode == 0, done.stderr + done.stdout


def train(home: Path, folder: Path, data: Path, model_id: str, steps: int) -> None:
    size = ("--size", 32, "--batch-size", 4, "--device", "cpu")
    command(
        home,
        *("train", "unet", data, "--split", folder / "split.json", "--labels", "all"),
        *("--max-steps", steps, "--lr", 2e-2, "--arg", "init_features=8", *size, *SETTINGS),
        *("--id", model_id, "--out", folder / model_id),
    )


def check_masks(home: Path, folder: Path, data: Path, model: Model) -> None:
    """Predicted maps lie on the stored grid, and names and colours beside them."""
    masks = folder / "masks"
    command(home, "predict", data, "--model", model.spec.id, "--out", masks, "--case", VAL[0])
    drawn, truth = (
        np.asarray(nibabel.load(place / f"{VAL[0]}.nii.gz").dataobj)
        for place in (masks, data / "labelsTr")
    )
    assert (drawn == truth)[truth > 0].mean() > 0.8
    table = read_label_table(masks / f"{VAL[0]}_dseg.tsv").labels
    assert table is not None
    assert model.spec.several is not None
    assert table.labels == model.spec.several.labels.labels


def check_scores(home: Path, folder: Path, data: Path, model: Model) -> None:
    """Each label and each region of each case has figures."""
    out, part = folder / "scores", f"{folder / 'split.json'}:val"
    command(home, "evaluate", data, "--model", model.spec.id, "--split", part, "--out", out)
    with (out / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["label"] for row in rows} > {"Necrosis", "Oedema", "Whole tumour"}
    assert all(float(row["dsc"]) > 0.5 for row in rows)


def check_cache(home: Path, data: Path, model: Model) -> None:
    """A prediction is found again with its labels, and its score."""
    loaded, post = read_case(scan(data).case(VAL[0])), Postprocessing()
    workspace = open_workspace(workspace_folder(home, data))
    try:
        service = PredictionService(workspace, local_run("cpu"))
        known, kept = service.predict(loaded, model), service.known(loaded, model)
        assert kept is not None
        assert kept.score == known.score
        shown = known.prediction.label_map(post)
        assert np.array_equal(kept.prediction.label_map(post), shown)
        oedema = known.prediction.mask_of(Region("Oedema", (2,)), post)
        assert np.array_equal(oedema > 0, shown == 2)
    finally:
        workspace.close()


def test_three_classes_go_the_whole_way(home: Path, tmp_path: Path) -> None:
    data = write_labelled(tmp_path / "data")
    write_split(tmp_path / "split.json")
    train(home, tmp_path, data, "worse", 1)
    train(home, tmp_path, data, "three", 90)
    models = Registry((home / "models",))
    model, worse = models.find("three"), models.find("worse")
    check_masks(home, tmp_path, data, model)
    check_scores(home, tmp_path, data, model)
    check_cache(home, data, model)

    command(home, "models", "export", "three", "--format", "onnx", "--out", tmp_path / "net")
    command(home, "models", "import", tmp_path / "net.onnx", "--id", "graph")
    assert models.find("graph").spec.several == model.spec.several

    gate = GateSpec(
        champion=str(worse.folder),
        candidate=str(model.folder),
        data=str(data),
        cases=(*VAL, *TRAIN[:4]),
        device="cpu",
        threads=1,
    )
    report = run_gate(gate, create_job(tmp_path / "gate", gate))
    assert report is not None
    assert report.verdict == "promote"
    assert report.labels["Enhancing"][1] > report.labels["Enhancing"][0]
    command(home, "models", "promote", "three", "--yes")
    assert models.champion().spec.id == "three"
    told = json.loads((model.folder / "model.json").read_text())
    assert told["output"]["kind"] == "classes"
    assert set(model.spec.trained_on) == set(TRAIN)


@pytest.mark.parametrize("wrong", ["Cyst", "Necrosis,Cyst"])
def test_a_label_the_data_lack_is_told_before_a_job_is_made(
    home: Path, tmp_path: Path, wrong: str
) -> None:
    data, split = write_labelled(tmp_path / "data"), write_split(tmp_path / "split.json")
    out = tmp_path / "job"
    done = run_main(
        home, *("train", "unet", data, "--split", split, "--labels", wrong, "--out", out)
    )
    assert done.returncode == 1
    assert "labels among Necrosis, Oedema, Enhancing, found Cyst" in done.stderr
    assert not out.exists()
