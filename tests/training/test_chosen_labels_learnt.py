"""Labels, regions and focus that a reader chose for a folder, in what trains and judges there."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

import overread
from core.annotation.correction import Correction
from core.annotation.draft import Origin, new_draft
from core.annotation.live_figures import References
from core.annotation.versions import save_version
from core.domain.errors import AppError, DataError
from core.domain.label_set import LabelSet, Region
from core.inference.prediction_service import local_predictor
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.jobs.job_folder import create_job
from core.jobs.training_job import make_job
from core.models.gate import GateSpec
from core.models.label_choice import LabelChoice
from core.models.registry import Model, read_model
from core.models.train_spec import TrainSpec
from core.models.wanted_labels import WantedLabels, output_of
from core.studies.gate_specs import model_gate_spec
from core.studies.scores.case_score import score_case
from core.workspace.chosen_labels import choice_of, chosen_dataset, dataset_of_job, label_choice
from core.workspace.splits import SplitFile, freeze_split
from core.workspace.workspace_folder import open_workspace, registry, workspace_folder
from main import app
from tests.synthetic import publish_unet
from tests.training.label_making import write_labelled
from tests.training.making import TRAIN, VAL, small_spec, write_split
from training.cases.dataset import load_cases
from training.folds.fold_cases import training_pool
from training.folds.fold_scores import unseen_rows
from training.gate import run_gate
from training.run.plan import make_plan
from training.run.train_options import TrainOptions, spec_of
from training.sweep.sweep import as_chosen_now
from training.sweep.sweep_space import SweepSpec
from training.train import read_job

RIM = Region("Rim", (2, 3))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cases whose files tell three labels, and no region of them."""
    return write_labelled(tmp_path_factory.mktemp("three") / "data", regions=False)


@pytest.fixture
def data(plain: Path, home: Path) -> Path:
    """The same cases, a region of which was made in the window."""
    put(home, plain, with_rim(plain))
    return plain


def with_rim(data: Path) -> LabelSet:
    known = scan(data).labels
    assert known is not None
    return known.with_region(RIM)


def put(home: Path, data: Path, labels: LabelSet) -> None:
    with closing(open_workspace(workspace_folder(home, data))) as workspace:
        workspace.put_labels(labels)


def options(data: Path, folder: Path, **given: object) -> TrainOptions:
    split = write_split(folder / "split.json")
    return TrainOptions(
        architecture="unet",
        data=data,
        split=split,
        out=folder / "job",
        arguments=("init_features=2",),
        **given,  # type: ignore[arg-type]
    )


def spec_for(home: Path, data: Path, folder: Path, **given: object) -> TrainSpec:
    return spec_of(options(data, folder, **given), registry(home))


def test_a_region_made_in_the_window_is_one_a_training_learns(
    home: Path, data: Path, tmp_path: Path
) -> None:
    spec = spec_for(home, data, tmp_path, regions="all")
    case = make_plan(spec).split.fit[0]
    assert case.labels is not None
    assert output_of(WantedLabels(kind="regions"), case.labels).regions == (RIM,)


def test_a_change_after_a_job_was_made_changes_no_running_job(
    home: Path, data: Path, tmp_path: Path
) -> None:
    spec = spec_for(home, data, tmp_path, region="Rim")
    job = make_job(tmp_path / "job", spec, SplitFile(TRAIN, VAL))
    put(home, data, with_rim(data).with_region(Region("Rim", (1,)), "Rim"))
    case = make_plan(read_job(job.path)).split.fit[0]
    loaded = read_case(case)
    assert loaded.labels is not None
    assert np.array_equal(loaded.ground_truth, np.isin(loaded.labels, RIM.values))


def test_the_region_that_is_looked_at_is_the_lesion_that_is_learnt(
    home: Path, data: Path, tmp_path: Path
) -> None:
    spec = spec_for(home, data, tmp_path, region="Rim", size=32)
    (found,) = load_cases([make_plan(spec).split.fit[0]], spec, stride=16, store=tmp_path)
    labels = read_case(scan(data).case(found.id)).labels
    assert labels is not None
    assert np.array_equal(found.truth > 0, np.isin(labels, RIM.values))


def test_one_lesion_is_what_masks_without_labels_fill(home: Path, data: Path) -> None:
    put(home, data, replace(with_rim(data), fills="Rim"))
    choice = label_choice(data)
    assert choice is not msgspec.UNSET
    assert choice.region == "Rim"
    assert all(case.region == "Rim" for case in dataset_of_job(data, choice).cases)


def test_a_job_that_says_nothing_of_labels_means_what_files_say(data: Path, tmp_path: Path) -> None:
    spec = small_spec(tmp_path, data=str(data))
    assert b'"chosen"' not in msgspec.json.encode(spec)
    case = make_plan(spec).split.fit[0]
    assert case.labels is not None
    assert (case.labels.regions, case.region) == ((), "")


def test_nothing_chosen_is_nothing_said(home: Path, plain: Path, tmp_path: Path) -> None:
    assert label_choice(plain) is msgspec.UNSET
    assert b'"chosen"' not in msgspec.json.encode(spec_for(home, plain, tmp_path))
    assert label_choice(tmp_path / "gone") is msgspec.UNSET  # told by what reads its cases


def test_a_region_there_is_none_of_is_refused_before_a_job_is_made(data: Path) -> None:
    with pytest.raises(DataError, match="Rmi: expected a region of Rim"):
        label_choice(data, "Rmi")


def test_settings_of_another_training_keep_what_was_chosen_for_it(
    home: Path, data: Path, tmp_path: Path
) -> None:
    first = spec_for(home, data, tmp_path, region="Rim")
    job = make_job(tmp_path / "first", first, SplitFile(TRAIN, VAL))
    config = {"config": job.path / "job.json"}
    put(home, data, with_rim(data).with_region(Region("Rim", (1,)), "Rim"))
    assert spec_for(home, data, tmp_path, **config).chosen == first.chosen
    elsewhere = write_labelled(tmp_path / "other")
    assert spec_for(home, elsewhere, tmp_path, **config).chosen is msgspec.UNSET


def test_a_search_learns_what_is_chosen_of_its_folder(data: Path) -> None:
    train = {"architecture": "unet", "data": str(data), "split": "s.json"}
    found = as_chosen_now(SweepSpec(train=train, space={"seed": [1]})).train["chosen"]
    assert msgspec.convert(found, LabelChoice) == label_choice(data)


def test_folds_are_dealt_by_the_region_and_scored_on_it(
    home: Path, data: Path, tmp_path: Path
) -> None:
    model = publish_unet(home / "models", channels=("T1", "FLAIR", "T1c"))
    whole = small_spec(tmp_path, data=str(data))
    rim = msgspec.structs.replace(whole, chosen=choice_of(of_rim(data)))
    volumes = [
        training_pool(spec, SplitFile(TRAIN[:1]), {}, lambda *_: None).cases[0].volume
        for spec in (whole, rim)
    ]
    truth = read_case(of_rim(data).case(TRAIN[0])).ground_truth
    assert truth is not None
    assert volumes[1] < volumes[0]
    rows = [unseen_rows(model, spec, VAL[:1], tmp_path / "masks") for spec in (whole, rim)]
    assert rows[1][0].truth_voxels < rows[0][0].truth_voxels


def of_rim(data: Path):
    dataset = chosen_dataset(data)
    return replace(dataset, cases=tuple(replace(case, region="Rim") for case in dataset.cases))


def test_a_gate_judges_by_the_region_that_was_chosen(
    home: Path, data: Path, tmp_path: Path
) -> None:
    models = [
        publish_unet(home / "models", name, seed=seed, channels=("T1", "FLAIR", "T1c"))
        for seed, name in enumerate(("one", "two"))
    ]
    spec = GateSpec(
        champion=str(models[0].folder),
        candidate=str(models[1].folder),
        data=str(data),
        cases=VAL[:1],
        device="cpu",
        threads=1,
        chosen=choice_of(of_rim(data)),
    )
    report = run_gate(spec, create_job(tmp_path / "gate", spec))
    assert report is not None
    expected = dsc(models[0], of_rim(data).case(VAL[0]))
    assert report.champion_mean == pytest.approx(expected)
    assert report.champion_mean != pytest.approx(dsc(models[0], scan(data).case(VAL[0])))


def test_a_gate_is_made_for_the_region_that_is_looked_at(home: Path, data: Path) -> None:
    for name in ("one", "two"):
        publish_unet(home / "models", name)
    models = registry(home)
    with closing(open_workspace(workspace_folder(home, data))) as workspace:
        with pytest.raises(AppError, match="frozen split with cases that judge"):
            model_gate_spec(workspace, of_rim(data), models, "two", device="cpu")
        freeze_split(workspace.store, SplitFile(TRAIN, VAL))
        spec = model_gate_spec(workspace, of_rim(data), models, "two", device="cpu")
    assert spec.cases == VAL
    assert spec.chosen == LabelChoice(labels=with_rim(data), region="Rim")


def dsc(model: Model, case: overread.Case) -> float:
    loaded, known = read_case(case), read_model(model.folder)
    prediction = local_predictor(known, "cpu")(loaded, lambda *_: None)
    return score_case(loaded, prediction, known, "native").dsc


def test_calibrate_takes_a_region(home: Path, data: Path, tmp_path: Path) -> None:
    publish_unet(home / "models", channels=("T1", "FLAIR", "T1c"))
    split = write_split(tmp_path / "s.json")
    given = ["calibrate", str(data), "--split", str(split), "--out", str(tmp_path / "out")]
    asked = CliRunner().invoke(app, [*given, "--model", "tiny", "--region", "Low=1+2"])
    assert "at least 20 cases" in str(asked.exception)
    choice = label_choice(data)
    assert choice is not msgspec.UNSET
    assert choice.region == "Low"


def test_the_interface_has_the_labels_of_the_window(home: Path, data: Path, tmp_path: Path) -> None:
    put(home, data, replace(with_rim(data), fills="Rim"))
    model = publish_unet(home / "models", channels=("T1", "FLAIR", "T1c"))
    dataset = overread.open_dataset(data)
    assert dataset.labels is not None
    assert dataset.labels.regions == (RIM,)
    with overread.open_workspace(dataset) as workspace:
        study = workspace.compare([model], [dataset.case(VAL[0])], device="cpu")
    assert study.failed == {}
    assert study.regions == {VAL[0]: "Rim"}


def test_a_correction_means_what_its_case_means_now(home: Path, data: Path, tmp_path: Path) -> None:
    bare = read_case(scan(data).case(TRAIN[0]))
    assert bare.labels is not None
    drawn = new_draft(
        bare.case.id, bare.labels, Origin("empty"), author="Ann", labels=bare.label_set
    )
    with closing(open_workspace(tmp_path / "kept")) as workspace:
        save_version(workspace, Correction(drawn, References()).snapshot(), author="Ann")
    spec = spec_for(home, data, tmp_path, region="Rim", corrections=tmp_path / "kept", size=32)
    plan = make_plan(spec)
    case = next(each for each in (*plan.split.fit, *plan.split.selection) if each.id == TRAIN[0])
    (found,) = load_cases([case], spec, stride=16, store=tmp_path, lessons=plan.lessons)
    assert "by Ann" in found.origin
    assert np.array_equal(found.truth > 0, np.isin(bare.labels, RIM.values))
