"""Trainings of several labels: what is learnt, what is kept of a parent, and what is said."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np
import pytest

from core.domain.errors import AppError, DataError
from core.domain.model_output import OutputKind
from core.domain.prediction import Postprocessing
from core.inference.prediction_service import local_predictor
from core.inference.preprocess import labels_to_grid, plane_grid, prepare
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.jobs.job_events import Logged
from core.jobs.job_folder import JobFolder
from core.models.gate import GateSpec, read_gate
from core.models.networks.weights import read_state_dict
from core.models.preprocessing import Preprocessing
from core.models.registry import Model, read_model
from core.models.train_spec import TrainSpec
from core.models.wanted_labels import WantedLabels, output_of
from core.workspace.settings import HOME_VARIABLE
from core.workspace.workspace_folder import registry as known_models
from tests.core.test_model_output import TUMOUR
from tests.synthetic import volume_of
from tests.training.label_making import images, nested, write_labelled
from tests.training.making import STILL, TRAIN, VAL, make_job
from training.gate import run_gate
from training.run.train_options import TrainOptions, spec_of
from training.train import run

QUICK = {
    "max_steps": 60,
    "learning_rate": 2e-2,
    "arguments": {"init_features": 4},
    "augmentation": STILL,
    "ema": 0.9,
}


ENOUGH = {"max_steps": 90, "arguments": {"init_features": 8}}
Learnt: TypeAlias = tuple[Model, JobFolder]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labelled(tmp_path_factory.mktemp("three") / "data")


def trained(
    data: Path, folder: Path, kind: OutputKind, names: Sequence[str] = (), **changes: object
) -> tuple[Model, JobFolder]:
    wanted = WantedLabels(kind=kind, names=tuple(names))
    spec, job = make_job(folder, data=str(data), labels=wanted, **{**QUICK, **changes})
    model = run(spec, job)
    assert model is not None
    return model, job


@pytest.fixture(scope="module")
def learnt(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[OutputKind], Learnt]:
    """Trainings of three labels that learnt enough, each done once; nobody may change them."""

    @cache
    def make(kind: OutputKind) -> Learnt:
        place = tmp_path_factory.mktemp(kind)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(HOME_VARIABLE, str(place / "home"))
            return trained(data, place, kind, model_id=kind, **ENOUGH)

    return make


@pytest.fixture(scope="module")
def binary(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model of one lesion that learnt enough; nobody may change it."""
    place = tmp_path_factory.mktemp("one")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(place / "home"))
        spec, job = make_job(place, data=str(data), model_id="one", **QUICK)
        model = run(spec, job)
    assert model is not None
    return model


def log_of(job: JobFolder) -> str:
    return " ".join(event.text for event in job.events()[0] if isinstance(event, Logged))


@pytest.mark.parametrize("kind", ["classes", "regions"])
def test_a_network_learns_three_labels(
    data: Path, learnt: Callable[[OutputKind], Learnt], kind: OutputKind
) -> None:
    model, job = learnt(kind)
    output = model.spec.several
    assert output is not None
    assert read_model(model.folder).spec.several == output
    assert [label.name for label in output.labels.labels] == ["Necrosis", "Oedema", "Enhancing"]
    names = ["whole-tumour", "tumour-core", "enhancing-tumour"]
    if kind == "classes":
        names = ["necrosis", "oedema", "enhancing"]
    figures = model.spec.metrics
    assert figures["dsc_native_val"] > 0.8
    each = [figures[f"dsc_native_val_{name}"] for name in names]
    assert figures["dsc_native_val"] == pytest.approx(np.mean(each), abs=1e-3)
    said = log_of(job)
    assert "Enhancing: " in said
    assert "of labelled voxels" in said
    assert "of labelled voxels" in (model.folder / "MODEL_CARD.md").read_text()
    loaded = read_case(scan(data).case(VAL[0]))
    shown = local_predictor(model)(loaded, lambda *_: None).label_map(Postprocessing())
    assert loaded.labels is not None
    assert (shown == loaded.labels)[loaded.labels > 0].mean() > 0.8


def test_a_binary_parent_lends_its_encoder_and_what_is_new_is_said(
    data: Path, tmp_path: Path, binary: Model
) -> None:
    assert binary.spec.several is None
    model, child = trained(
        data, tmp_path, "classes", parent=str(binary.folder), learning_rate=1e-9, max_steps=1
    )
    before, after = read_state_dict(binary.weights), read_state_dict(model.weights)
    changed = {n for n in before if before[n].shape != after[n].shape}
    assert changed == {"conv.weight", "conv.bias"}
    assert "new are conv.weight, conv.bias" in log_of(child)
    for name in before.keys() - changed:
        if name.endswith(".weight"):
            assert np.allclose(before[name].float(), after[name].float(), atol=1e-3), name


def test_a_parent_of_labels_goes_on_with_the_same_ones(
    data: Path, tmp_path: Path, learnt: Callable[[OutputKind], Learnt]
) -> None:
    parent, _ = learnt("regions")
    changes = {**QUICK, **ENOUGH, "max_steps": 2, "parent": str(parent.folder)}
    spec, job = make_job(tmp_path, data=str(data), **changes)
    model = run(spec, job)
    assert model is not None
    assert model.spec.several == parent.spec.several
    assert "none is new" in log_of(job)


def test_a_parent_of_labels_asks_for_cases_that_have_them(
    tmp_path: Path, learnt: Callable[[OutputKind], Learnt]
) -> None:
    parent, _ = learnt("regions")
    changes = {**ENOUGH, "parent": str(parent.folder), "channels": ()}
    spec, job = make_job(tmp_path, **changes)
    with pytest.raises(AppError, match="masks of the labels that the parent knows"):
        run(spec, job)


def test_a_paused_training_of_labels_goes_on_to_the_same_weights(
    data: Path, tmp_path: Path
) -> None:
    wanted = WantedLabels(kind="classes")
    changes = {**QUICK, "max_steps": 6, "selections": 3, "data": str(data), "labels": wanted}
    spec, whole = make_job(tmp_path / "a", **changes)
    expected = run(spec, whole)
    again, parts = make_job(tmp_path / "b", **changes)
    assert run(again, parts, until=0.5) is None
    found = run(again, parts, resume=True)
    assert expected is not None
    assert found is not None
    assert found.weights.read_bytes() == expected.weights.read_bytes()


def test_names_the_data_have_not_are_refused_before_anything_is_read(
    data: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="labels among Necrosis, Oedema, Enhancing, found Cyst"):
        trained(data, tmp_path, "classes", ("Cyst",))


def test_regions_that_leave_one_nothing_to_paint_are_refused() -> None:
    wanted = WantedLabels(kind="regions", names=("Tumour core", "Whole tumour"))
    with pytest.raises(DataError, match="Name the larger regions first"):
        output_of(wanted, TUMOUR)


def test_masks_of_one_value_have_no_labels_to_learn(tmp_path: Path) -> None:
    spec, job = make_job(tmp_path, labels=WantedLabels(kind="classes"))
    with pytest.raises(DataError, match="Expected masks of several labels, found one alone"):
        run(spec, job)


def test_some_labels_alone_can_be_learnt(data: Path, tmp_path: Path) -> None:
    model, _ = trained(data, tmp_path, "classes", ("enhancing", "oedema"), max_steps=2)
    assert model.spec.several is not None
    assert [each.values for each in model.spec.several.channels] == [(2,), (3,)]


def test_the_settings_of_a_binary_training_say_nothing_of_labels() -> None:
    spec = TrainSpec(architecture="unet", data="d", split="s")
    assert b'"labels"' not in msgspec.json.encode(spec)


@pytest.mark.parametrize(("given", "kind"), [("labels", "classes"), ("regions", "regions")])
def test_options_name_what_is_learnt(
    data: Path, tmp_path: Path, given: str, kind: OutputKind
) -> None:
    options = {"architecture": "unet", "data": data, "split": tmp_path / "s.json", "out": tmp_path}
    spec = spec_of(TrainOptions(**options, **{given: "A, B"}), known_models(tmp_path))
    assert spec.wanted_labels == WantedLabels(kind=kind, names=("A", "B"))
    spec = spec_of(TrainOptions(**options, **{given: "all"}), known_models(tmp_path))
    assert spec.wanted_labels == WantedLabels(kind=kind)
    with pytest.raises(AppError, match="expected one of them, found both"):
        spec_of(TrainOptions(**options, labels="A", regions="B"), known_models(tmp_path))


def test_the_gate_judges_the_mean_of_labels_and_tells_each(
    data: Path, tmp_path: Path, learnt: Callable[[OutputKind], Learnt]
) -> None:
    better, _ = learnt("classes")
    worse, _ = trained(data, tmp_path / "b", "classes", model_id="worse", max_steps=1)
    spec = GateSpec(
        champion=str(better.folder),
        candidate=str(worse.folder),
        data=str(data),
        cases=(*VAL, *TRAIN[:4]),
        device="cpu",
        threads=1,
    )
    job = JobFolder(tmp_path / "gate")
    job.path.mkdir()
    report = run_gate(spec, job)
    assert report is not None
    assert report.verdict == "reject"
    assert set(report.labels) == {"Necrosis", "Oedema", "Enhancing"}
    mean = np.mean([both[0] for both in report.labels.values()])
    assert report.champion_mean == pytest.approx(mean)
    assert read_gate(job.path) == report


def test_classes_and_regions_of_the_same_labels_are_judged_by_the_regions_both_draw(
    data: Path, tmp_path: Path, learnt: Callable[[OutputKind], Learnt]
) -> None:
    kinds: tuple[OutputKind, ...] = ("classes", "regions")
    models = [learnt(kind)[0] for kind in kinds]
    gate = GateSpec(
        champion=str(models[0].folder),
        candidate=str(models[1].folder),
        data=str(data),
        cases=VAL,
        device="cpu",
        threads=1,
    )
    place = JobFolder(tmp_path / "gate")
    place.path.mkdir()
    report = run_gate(gate, place)
    assert report is not None
    output = models[0].spec.several
    assert output is not None
    assert list(report.labels) == [region.name for region in output.labels.regions]
    assert len(report.labels) > 1
    for champion_mean, place_of in ((report.champion_mean, 0), (report.candidate_mean, 1)):
        means = [both[place_of] for both in report.labels.values()]
        assert champion_mean == pytest.approx(np.mean(means))


def test_a_binary_champion_and_labels_are_judged_by_the_region_in_focus(
    data: Path, tmp_path: Path, learnt: Callable[[OutputKind], Learnt], binary: Model
) -> None:
    three, _ = learnt("classes")
    gate = GateSpec(
        champion=str(binary.folder),
        candidate=str(three.folder),
        data=str(data),
        cases=VAL,
        device="cpu",
        threads=1,
    )
    place = JobFolder(tmp_path / "gate")
    place.path.mkdir()
    report = run_gate(gate, place)
    assert report is not None
    assert report.labels == {}
    assert abs(report.mean_difference) < 0.2


def test_a_label_map_goes_to_the_networks_grid_where_the_image_goes() -> None:
    label_map = nested(0)
    volume = volume_of(images(label_map, 0))
    spec = Preprocessing(crop="head", size=64)
    prepared = prepare(volume, spec, stride=16)
    there = labels_to_grid(label_map, prepared.grid)
    assert there.shape == prepared.values.shape[1:]
    assert set(np.unique(there)) == {0, 1, 2, 3}
    # The brightest of T1c on the network's grid is what enhances.
    bright = prepared.values[2] > np.quantile(prepared.values[2][there == 3], 0.2)
    assert (there[bright] == 3).mean() > 0.9


def test_a_label_map_on_its_own_grid_stays_as_it_is() -> None:
    label_map = nested(1)
    grid = plane_grid(images(label_map, 1), Preprocessing(), stride=8)
    there = labels_to_grid(label_map, grid)
    assert there.shape == (len(label_map), *grid.size)
    assert np.array_equal(there, label_map)
