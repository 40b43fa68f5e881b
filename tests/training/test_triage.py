"""Training of classifiers: on slices labelled by masks, and on pictures in folders."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
import torch
import typer
from PIL import Image
from typer.testing import CliRunner

from core.domain.errors import AppError, DataError, FileError, ModelError
from core.inference.inference_triage import TriageRunner
from core.io.cases.case_reader import read_volume
from core.io.datasets.dataset import scan
from core.io.volumes.picture_file import picture_pixels
from core.jobs.classify_spec import ClassifySpec, task_of
from core.jobs.job_events import Done, Measured
from core.jobs.job_folder import JobFolder, create_job
from core.models.classifiers import ClassifierModel, Classifiers
from core.models.networks.weights import read_state_dict
from core.models.preprocessing import Preprocessing
from core.models.registry import Registry
from core.workspace.settings import HOME_VARIABLE
from tests.synthetic import lesion
from tests.training.making import STILL, make_dataset, write_split
from training.commands import report as report_command
from training.commands import train as train_command
from training.learning.errors import TrainingError
from training.run.train_options import TrainOptions
from training.train import main
from training.triage.command import classify_spec_of
from training.triage.command import train_classifier as train_by_options
from training.triage.dataset import BalancedSampler, lesion_labels
from training.triage.report import compare_classifiers
from training.triage.sources import PartName, find_pictures, make_source
from training.triage.train import read_classify_job, run

SMALL = {"init_features": 8, "growth_rate": 4, "block_config": [2, 2]}


def small_spec(folder: Path, **changes: Any) -> ClassifySpec:
    """Return a training of a tiny DenseNet on seven cases: twelve steps, two selections."""
    data = folder / "data"
    given: dict[str, Any] = {
        "architecture": "densenet",
        "data": str(data if data.exists() else make_dataset(folder)),
        "split": str(write_split(folder / "split.json")),
        "model_id": "slices",
        "arguments": SMALL,
        "preprocessing": Preprocessing(crop="head", size=32, neighbours=1),
        "learning_rate": 1e-2,
        "ema": 0.5,
        "batch_size": 4,
        "max_steps": 12,
        "selections": 2,
        "selection_cases": 1,
        "threads": 1,
        "device": "cpu",
    }
    return ClassifySpec(**{**given, **changes})


Trained: TypeAlias = tuple[ClassifySpec, JobFolder, ClassifierModel]


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A classifier that has learnt something; no test may change anything in its folder."""
    place = tmp_path_factory.mktemp("learnt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(place / "home"))
        spec = small_spec(place, max_steps=60, augmentation=STILL)
        job = create_job(place / "job", spec)
        model = run(spec, job)
    assert model is not None
    return spec, job, model


def write_pictures(folder: Path, names: tuple[str, ...], count: int, *, start: int = 0) -> Path:
    """Write pictures whose class is where their bright half lies."""
    random = np.random.default_rng(start)
    for label, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for number in range(start, start + count):
            pixels = random.integers(20, 90, (40, 48), dtype=np.uint8)
            pixels[np.arange(40) < 20 if label == 0 else np.arange(40) >= 20] += 120
            Image.fromarray(pixels).save(folder / name / f"picture_{number}.png")
    return folder


def test_a_slice_counts_as_lesion_from_the_asked_voxels_up() -> None:
    truth = lesion(slices=3)
    size = int(truth[1].sum())
    assert lesion_labels(truth, 1).tolist() == [0, 1, 1]
    assert lesion_labels(truth, size).tolist() == [0, 1, 1]
    assert lesion_labels(truth, size + 1).tolist() == [0, 0, 0]


def test_classes_are_drawn_alike_however_rare_one_is(tmp_path: Path) -> None:
    spec = small_spec(tmp_path, batch_size=16)
    fit = make_source(spec, tmp_path / "store").load("fit", stride=8)
    assert np.bincount(fit.every_label).tolist() == [4, 12]
    sampler = BalancedSampler(fit.cases, spec, torch.Generator().manual_seed(0), labels=fit.labels)
    batches = [sampler.draw() for _ in range(30)]
    counts = Counter(int(label) for batch in batches for label in batch.labels)
    assert abs(counts[0] - counts[1]) < 0.15 * 480
    numbers = dict(zip((case.id for case in fit.cases), fit.labels, strict=True))
    for batch in batches:
        assert batch.images.shape == (16, 9, 32, 32)
        for (case, number), label in zip(batch.sources, batch.labels, strict=True):
            assert numbers[case][number - 1] == label


def test_a_training_publishes_a_classifier_with_figures_and_card(learnt: Trained) -> None:
    _, job, model = learnt
    assert Classifiers((job.path / "models",)).find() == model
    assert Registry((job.path / "models",)).models()[0] == []
    assert model.spec.trained_on == tuple(f"CASE_{n}" for n in range(1, 6))
    assert 0.05 <= model.spec.temperature <= 20
    assert {"auroc_selection", "auroc_val", "accuracy_val"} <= set(model.spec.metrics)
    assert model.spec.metrics["auroc_val"] > 0.9
    assert "Confusion" in (model.folder / "MODEL_CARD.md").read_text()
    report = json.loads((job.path / "report.json").read_text())
    assert report["n"] == 8
    for name in ("curves.png", "report.png"):
        assert (job.path / name).read_bytes().startswith(b"\x89PNG")
    assert read_state_dict(model.weights)["classifier.weight"].dtype == torch.float16


def test_inference_gives_the_scores_of_the_card(learnt: Trained) -> None:
    spec, _, model = learnt
    runner = TriageRunner(model, "cpu")
    dataset = scan(Path(spec.data))
    found = [
        runner.triage(read_volume(dataset.case(name))).probability for name in ("CASE_6", "CASE_7")
    ]
    right = (np.concatenate(found) > 0.5) == np.tile(lesion().any(axis=(1, 2)), 2)
    assert right.mean() == pytest.approx(model.spec.metrics["accuracy_val"], abs=1e-4)


def test_curves_tell_loss_and_accuracy_of_both_parts(learnt: Trained) -> None:
    events, _ = learnt[1].events()
    names = {name for event in events if isinstance(event, Measured) for name in event.values}
    assert {"loss", "accuracy", "selection_loss", "selection_accuracy"} <= names
    assert {"selection_auroc", "best_auroc"} <= names
    assert "selection_dsc" not in names
    assert isinstance(events[-1], Done)


def test_a_paused_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    spec = small_spec(tmp_path)
    whole = run(spec, create_job(tmp_path / "whole", spec))
    job = create_job(tmp_path / "paused", spec)

    def pause(event: object) -> None:
        if isinstance(event, Measured) and "best_auroc" in event.values and event.step < 12:
            job.request("pause")

    assert run(spec, job, echo=pause) is None
    assert job.state() == "paused"
    assert task_of(job.path) == "triage"
    assert main([str(job.path), "--resume"]) == 0
    assert whole is not None
    resumed = Classifiers((job.path / "models",)).find()
    expected = read_state_dict(whole.weights)
    for name, tensor in read_state_dict(resumed.weights).items():
        assert torch.equal(tensor, expected[name]), name


def test_a_class_without_examples_is_told(tmp_path: Path) -> None:
    spec = small_spec(tmp_path, lesion_voxels=10_000)
    with pytest.raises(DataError, match="found none of lesion"):
        run(spec, create_job(tmp_path / "job", spec))
    assert JobFolder(tmp_path / "job").state() == "failed"


def test_label_smoothing_keeps_the_loss_of_a_sure_network_up(tmp_path: Path) -> None:
    losses = []
    for name, smoothing in (("sharp", 0.0), ("smooth", 0.4)):
        spec = small_spec(
            tmp_path, max_steps=40, label_smoothing=smoothing, augmentation=STILL, warmup=0.0
        )
        job = create_job(tmp_path / name, spec)
        run(spec, job)
        measured = [event for event in job.events()[0] if isinstance(event, Measured)]
        losses.append([e.values["loss"] for e in measured if "loss" in e.values][-1])
    assert losses[0] < losses[1]


def test_pictures_are_split_by_lot_class_by_class_and_seed(tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "data", ("lower", "upper"), 10)
    spec = ClassifySpec(architecture="densenet", task="classify", data=str(data), split="")
    source = find_pictures(spec)
    assert source.classes == ("lower", "upper")
    assert source.channels == ("Image",)
    parts: tuple[PartName, ...] = ("fit", "selection", "val")
    ids = {part: source.ids(part) for part in parts}
    assert [len(found) for found in ids.values()] == [12, 4, 4]
    assert len(set().union(*ids.values())) == 20
    assert sum(name.startswith("upper/") for name in ids["val"]) == 2
    assert find_pictures(spec).parts == source.parts
    assert find_pictures(ClassifySpec(**{**_fields(spec), "seed": 7})).parts != source.parts


def _fields(spec: ClassifySpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in spec.__struct_fields__}


def test_pictures_are_split_by_folder_where_there_are_train_and_val(tmp_path: Path) -> None:
    write_pictures(tmp_path / "data" / "train", ("a", "b"), 5)
    write_pictures(tmp_path / "data" / "val", ("a", "b"), 2, start=50)
    spec = ClassifySpec(
        architecture="densenet", task="classify", data=str(tmp_path / "data"), split=""
    )
    source = find_pictures(spec)
    assert set(source.ids("val")) == {f"{c}/picture_{n}.png" for c in "ab" for n in (50, 51)}
    assert not any("picture_5" in name for name in source.ids("fit"))


def test_a_training_on_pictures_learns_their_classes(tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "data", ("lower", "upper"), 10)
    options = TrainOptions(
        architecture="densenet",
        data=data,
        split=Path(),
        out=tmp_path / "job",
        max_steps=60,
        batch_size=4,
        learning_rate=1e-2,
        size=32,
        device="cpu",
        arguments=("init_features=8", "growth_rate=4", "block_config=[2,2]"),
        settings=("threads=1", "selections=2", "ema=0.5", 'augmentation={"flip":0,"shift":0}'),
    )
    model = train_by_options("classify", options, tmp_path / "models", echo=None)
    assert model is not None
    assert model.spec.task == "classify"
    assert model.spec.metrics["accuracy_val"] >= 0.75
    with pytest.raises(ModelError, match="task triage"):
        Classifiers((tmp_path / "models",)).find()


def test_pictures_of_any_depth_are_read_and_others_told(tmp_path: Path) -> None:
    deep = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert np.array_equal(picture_pixels(tmp_path / "deep.png", channels=1)[0, 0], deep)
    colour = np.random.default_rng(0).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    Image.fromarray(colour).save(tmp_path / "colour.png")
    found = picture_pixels(tmp_path / "colour.png", channels=3)
    assert np.array_equal(found[:, 0], np.moveaxis(colour, -1, 0))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(FileError, match=r"broken\.png: expected a picture"):
        picture_pixels(tmp_path / "broken.png", channels=1)


@pytest.mark.parametrize("names", [(), ("only",)])
def test_fewer_than_two_classes_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    (tmp_path / "data").mkdir()
    write_pictures(tmp_path / "data", names, 4)
    spec = ClassifySpec(
        architecture="densenet", task="classify", data=str(tmp_path / "data"), split=""
    )
    with pytest.raises(DataError, match="expected a folder for each of two or more classes"):
        find_pictures(spec)


def options(tmp_path: Path, **changes: Any) -> TrainOptions:
    given: dict[str, Any] = {
        "architecture": "se-densenet",
        "data": tmp_path / "data",
        "split": tmp_path / "split.json",
        "out": tmp_path / "a job",
    }
    return TrainOptions(**{**given, **changes})


def test_options_become_a_spec_that_the_job_folder_gives_back(tmp_path: Path) -> None:
    given = options(
        tmp_path, minutes=3.0, size=96, settings=("lesion_voxels=20", "label_smoothing=0.1")
    )
    spec = classify_spec_of("triage", given, tmp_path / "models")
    assert (spec.task, spec.minutes, spec.preprocessing.size) == ("triage", 3.0, 96)
    assert (spec.lesion_voxels, spec.label_smoothing) == (20, 0.1)
    assert spec.model_id == "a-job"
    assert spec.loss == "cross-entropy"
    job = create_job(tmp_path / "job", spec)
    assert read_classify_job(job.path) == spec


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start_from": "x"}, "--from: not expected with --task triage"),
        ({"loss": "dice"}, "--loss: not expected with --task triage"),
        ({"preset": "reference"}, "expected cpu or gpu"),
        ({"architecture": "unet"}, "one of the architectures densenet, se-densenet"),
        ({"arguments": ("growth_rate=0",)}, "growth_rate"),
        ({"settings": ("nothing=1",)}, "expected NAME=VALUE"),
        ({"settings": ("label_smoothing=2",)}, "label_smoothing"),
        ({"preprocessing": "{"}, "expected JSON with the fields"),
    ],
)
def test_options_that_do_not_fit_are_told(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(AppError, match=said):
        classify_spec_of("triage", options(tmp_path, **changes), tmp_path / "models")


def test_runs_are_compared_by_growth_rate(tmp_path: Path) -> None:
    folders = []
    for growth in (4, 6):
        spec = small_spec(tmp_path, arguments={**SMALL, "growth_rate": growth}, max_steps=4)
        job = create_job(tmp_path / f"growth {growth}", spec)
        run(spec, job)
        folders.append(job.path)
    text = compare_classifiers(folders, tmp_path / "out", notes="Of synthetic heads.")
    with (tmp_path / "out" / "classifiers.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [int(line["growth_rate"]) for line in lines] == [4, 6]
    assert int(lines[0]["parameters"]) < int(lines[1]["parameters"])
    assert float(lines[0]["gmac"]) < float(lines[1]["gmac"])
    assert int(lines[0]["slices_seen"]) == 16
    assert "| growth 6 | densenet | 6 |" in text
    assert "Of synthetic heads." in text
    assert (tmp_path / "out" / "classifiers.png").read_bytes().startswith(b"\x89PNG")
    unfinished = create_job(tmp_path / "unfinished", small_spec(tmp_path))
    with pytest.raises(TrainingError, match="expected a finished training of a classifier"):
        compare_classifiers([unfinished.path], tmp_path / "out")


def test_the_command_line_trains_and_compares_classifiers(tmp_path: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    for command in (train_command, report_command):
        app.command()(command)
    data = write_pictures(tmp_path / "data", ("lower", "upper"), 6)
    job = tmp_path / "job"
    given = ["train", "densenet", "--task", "classify"]
    given += ["--data", str(data), "--out", str(job), "--max-steps", "4", "--size", "32"]
    given += ["--arg", "init_features=4", "--arg", "block_config=[2,2]", "--device", "cpu"]
    trained = CliRunner().invoke(app, [*given, "--set", "threads=1"])
    assert trained.exit_code == 0, trained.output
    assert "job is a candidate now" in trained.output
    compared = CliRunner().invoke(app, ["report", str(job), "--out", str(tmp_path / "out")])
    assert compared.exit_code == 0, compared.output
    assert "| job | densenet | 12 |" in (tmp_path / "out" / "RESULTS.md").read_text()


@pytest.mark.parametrize(("best_by", "figure"), [("accuracy", "accuracy"), ("loss", "likelihood")])
def test_the_weights_are_chosen_by_what_is_asked(tmp_path: Path, best_by: str, figure: str) -> None:
    spec = small_spec(tmp_path, best_by=best_by)
    model = run(spec, create_job(tmp_path / "job", spec))
    assert model is not None
    curves = JobFolder(tmp_path / "job").curves()
    assert model.spec.metrics[f"{figure}_selection"] == pytest.approx(
        max(value for _, value in curves[f"selection_{figure}"]), abs=1e-4
    )
    assert {"selection_loss", "selection_auroc"} <= curves.keys()
