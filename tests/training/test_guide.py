"""Training of a guide: simulated readers click, the network answers, a robot reader judges it."""

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation.correction import Correction
from core.annotation.draft import Origin, new_draft
from core.annotation.journal import Journal
from core.annotation.live_figures import References
from core.annotation.regions import replace as replace_mask
from core.annotation.versions import save_version
from core.domain.errors import AppError, ModelError
from core.domain.guide import Click, Mark
from core.inference.engine import Engine
from core.inference.engines import open_network
from core.io.cases.case_reader import read_volume
from core.io.datasets.dataset import scan
from core.jobs.classify_spec import task_of
from core.jobs.guide_job_spec import GuideTrainSpec
from core.jobs.job_events import Done, Measured
from core.jobs.job_folder import JobFolder, create_job
from core.models.certificates import EngineChoice
from core.models.guide_choice import answering_guide
from core.models.guides import GuideModel, Guides, GuideSpec
from core.models.registry import Model, Registry
from core.models.train_spec import Augmentation
from core.workspace.workspace_folder import open_workspace
from tests.training.making import STILL, make_job, write_split
from training.cases.split import Split
from training.guide.cases import guide_split, made_worse
from training.guide.command import guide_spec_of
from training.guide.episodes import EpisodeSampler, by_hand
from training.guide.learner import new_guide
from training.guide.own_clicks import OwnSlice, varied
from training.guide.prepare import prepare_loop
from training.guide.train import read_guide_job, run
from training.learning.augment import Planes
from training.learning.errors import TrainingError
from training.learning.parallel import ProcessGroup
from training.run.train_options import TrainOptions
from training.train import main
from training.train import run as train


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A segmentation model hardly trained: it leaves something to correct everywhere."""
    folder = tmp_path_factory.mktemp("parent")
    spec, job = make_job(folder, max_steps=2, selections=1, augmentation=STILL)
    model = train(spec, job)
    assert model is not None
    return model


def _spec(folder: Path, start: Model, **changes: Any) -> GuideTrainSpec:
    given: dict[str, Any] = {
        "architecture": start.spec.architecture,
        "arguments": start.spec.arguments,
        "data": str(start.folder.parents[2] / "data"),
        "split": str(write_split(folder / "split.json")),
        "model_id": "clicks",
        "parent": str(start.folder),
        "window": 32,
        "learning_rate": 1e-2,
        "ema": 0.5,
        "batch_size": 4,
        "max_steps": 8,
        "selections": 2,
        "selection_cases": 2,
        "augmentation": STILL,
        "threads": 1,
        "device": "cpu",
    }
    return GuideTrainSpec(**{**given, **changes})


@dataclass(frozen=True)
class Taught:
    """A job that was paused before its first step and gone on with, and what it gave."""

    job: JobFolder
    at_pause: GuideModel | None
    status: int
    guide: GuideModel


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, parent: Model) -> Taught:
    place = tmp_path_factory.mktemp("taught")
    job = create_job(place / "job", _spec(place, parent))
    job.request("pause")
    at_pause = run(read_guide_job(job.path), job)
    job.clear_request()
    status = main([str(job.path), "--resume"])
    (done,) = [event for event in job.events()[0] if isinstance(event, Done)]
    guide = Guides((job.path / "models",)).find(done.result)
    assert guide is not None
    return Taught(job, at_pause, status, guide)


def test_a_training_gives_a_guide_that_answers_as_it_was_chosen(
    taught: Taught, lender: Engine
) -> None:
    job, model = taught.job, taught.guide
    assert task_of(job.path) == "guide"
    events, _ = job.events()
    told = {name for e in events if isinstance(e, Measured) for name in e.values}
    assert {"selection_dsc_0", "selection_dsc_5", "selection_harmful", "loss"} <= told
    assert model.spec.network.in_channels == 12
    assert model.spec.metrics["dsc_5_selection"] > model.spec.metrics["dsc_0_selection"]
    assert set(model.spec.trained_on) <= {f"CASE_{n}" for n in range(1, 6)}
    assert answering_guide([model.folder.parent]) == model
    assert "robot reader" in (model.folder / "MODEL_CARD.md").read_text()
    assert Registry((model.folder.parent,)).models()[0] == []
    seen = np.random.default_rng(0).normal(size=(1, 12, 32, 32)).astype(np.float32)
    exact = open_network(model, wanted=EngineChoice("torch", "float32"))
    there = lender.answer_click(model, seen)
    exact.place("cpu")
    assert there == pytest.approx(exact.logits(seen), abs=0.1)


def test_a_pause_goes_on_where_it_was(taught: Taught) -> None:
    assert taught.at_pause is None
    assert taught.status == 0
    assert [event for event in taught.job.events()[0] if isinstance(event, Done)]


def test_what_the_parent_has_no_input_for_begins_without_effect(parent: Model) -> None:
    guide = GuideSpec(
        id="g", title="G", architecture=parent.spec.architecture, arguments=parent.spec.arguments
    )
    network = new_guide(guide, parent).eval()
    seen = torch.randn(1, 12, 32, 32)
    other = seen.clone()
    other[:, 9:] = torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        assert torch.equal(network(seen), network(other))
    larger = GuideSpec(id="g", title="G", architecture="unet", arguments={"init_features": 4})
    with pytest.raises(ModelError):
        new_guide(larger, parent)


def test_episodes_go_on_from_what_was_answered(tmp_path: Path, parent: Model) -> None:
    """A network that answers the truth leaves less to correct at each click."""
    spec = _spec(tmp_path, parent, wrong=0.0, off_by=0.0)
    job = create_job(tmp_path / "job", spec)
    with _writer(job) as writer:
        loop = prepare_loop(spec, writer, (ProcessGroup(), torch.device("cpu")), resume=False)
    sampler = loop.sampler
    assert isinstance(sampler, EpisodeSampler)
    for _ in range(3):
        batch = sampler.draw()
        assert batch.images.shape[1:] == (12, 32, 32)
        assert set(np.unique(batch.masks.numpy())) <= {0.0, 1.0}
        for look, truth, seen in zip(batch.looks, batch.masks, batch.images, strict=True):
            assert seen[10 if look.window.mark.adds else 11, 16, 16] == 1
            assert truth[0, 16, 16] == look.window.mark.adds
            before = np.count_nonzero(look.episode.wrong)
            look.answered(truth[0].numpy())
            assert np.count_nonzero(look.episode.wrong) < before


@given(st.integers(0, 10_000))
def test_a_mask_as_a_hand_leaves_it_is_a_mask_of_the_same_shape(seed: int) -> None:
    truth = np.zeros((40, 50), bool)
    truth[10:25, 12:30] = True
    found = by_hand(truth, np.random.default_rng(seed))
    assert found.shape == truth.shape
    assert found.dtype == bool


def test_images_made_worse_keep_type_and_range(parent: Model) -> None:
    volume = read_volume(scan(parent.folder.parents[2] / "data").cases[0])
    worse = made_worse(volume, np.random.default_rng(0))
    assert worse.pixels.dtype == volume.pixels.dtype
    assert worse.pixels.max() <= volume.pixels.max()
    assert worse.pixels.min() >= volume.pixels.min()
    assert (worse.pixels != volume.pixels).any()


def test_cases_that_the_model_never_saw_choose(parent: Model) -> None:
    cases = scan(parent.folder.parents[2] / "data").cases[:6]
    split = Split(cases[:5], cases[5:], ())
    seen = {case.id for case in cases if case.id in parent.spec.trained_on}
    found = guide_split(split, parent)
    assert {case.id for case in found.selection} == {case.id for case in cases} - seen
    assert not {case.id for case in found.fit} & {case.id for case in found.selection}


def test_no_more_cases_choose_than_were_asked_for(parent: Model) -> None:
    cases = scan(parent.folder.parents[2] / "data").cases[:6]
    known = replace(parent, spec=msgspec.structs.replace(parent.spec, trained_on=(cases[0].id,)))
    found = guide_split(Split(cases[:4], cases[4:], ()), known)
    assert len(found.selection) == 2
    assert cases[0] not in found.selection
    assert {case.id for case in (*found.fit, *found.selection)} == {case.id for case in cases}


def test_a_guide_goes_on_from_an_earlier_one(tmp_path: Path, parent: Model, taught: Taught) -> None:
    earlier = taught.guide
    seen = torch.randn(1, 12, 32, 32)
    network = new_guide(earlier.spec, parent, earlier).eval()
    asked = open_network(earlier, wanted=EngineChoice("torch", "float32"))
    asked.place("cpu")
    with torch.inference_mode():
        np.testing.assert_allclose(network(seen).numpy(), asked.logits(seen.numpy()), atol=1e-4)
    wider = msgspec.structs.replace(earlier.spec, arguments={"init_features": 4})
    with pytest.raises(ModelError):
        new_guide(wider, parent, earlier)
    models = str(tmp_path / "models")
    changes = {"model_id": "again", "max_steps": 2, "selections": 1, "models": models}
    again = _spec(tmp_path, parent, earlier=str(earlier.folder), **changes)
    made = run(again, create_job(tmp_path / "again", again))
    assert made is not None
    assert made.folder == tmp_path / "models" / "again"


def test_options_that_do_not_fit_are_refused(tmp_path: Path, parent: Model) -> None:
    registry = Registry((parent.folder.parent,))
    place: dict[str, Any] = {
        "data": tmp_path,
        "split": tmp_path / "s.json",
        "out": tmp_path / "out",
    }
    options = TrainOptions(
        architecture="", start_from=parent.spec.id, settings=("clicks=4",), **place
    )
    spec = guide_spec_of(options, registry)
    assert (spec.clicks, spec.minutes, spec.architecture) == (4, 60.0, "unet")
    wrongs: list[dict[str, Any]] = [
        {"loss": "dice"},
        {"settings": ("window=33",)},
        {"best_by": "loss"},
    ]
    for wrong in wrongs:
        with pytest.raises(AppError):
            guide_spec_of(TrainOptions(**{"architecture": "unet", **place, **wrong}), registry)
    lonely = create_job(tmp_path / "lonely", _spec(tmp_path, parent, parent=""))
    with pytest.raises(TrainingError, match="whose predictions are corrected"):
        run(read_guide_job(lonely.path), lonely)


def _writer(job: JobFolder) -> Any:
    from core.jobs.job_folder import JobWriter

    return closing(JobWriter(job, None))


def test_a_guide_is_taught_by_the_clicks_that_readers_kept(tmp_path: Path, parent: Model) -> None:
    data = parent.folder.parents[2] / "data"
    shape = read_volume(scan(data).cases[0]).geometry.shape
    found, truth = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    truth[1, 12:20, 10:22] = 1
    clicks = (Click(1, ((16, 15),)), Click(1, ((3, 4), (3, 5), (3, 6)), False))
    with closing(open_workspace(tmp_path / "workspace")) as workspace:
        for case_id in ("CASE_2", "CASE_3"):
            draft = new_draft(case_id, found, Origin("empty"), author="Ann")
            correction, journal = Correction(draft, References()), Journal(workspace.store, draft)
            step = correction.apply("guided click", 1, replace_mask(found, truth), clicks=clicks)
            assert step is not None
            journal.record(step)
            save_version(workspace, correction.snapshot(), author="Ann")
    spec = _spec(tmp_path, parent, corrections=str(tmp_path / "workspace"), own=1.0)
    job = create_job(tmp_path / "job", spec)
    with _writer(job) as writer:
        loop = prepare_loop(spec, writer, (ProcessGroup(), torch.device("cpu")), resume=False)
    (held,) = (case for case in loop.held if case.loaded.case.id == "CASE_3")
    np.testing.assert_array_equal(held.loaded.ground_truth, truth)
    sampler = loop.sampler
    assert isinstance(sampler, EpisodeSampler)
    (own,) = sampler.own
    height = own[0].case.grid.size[0]
    scale = height / max(shape[1:])
    for _ in range(3):
        looks = sampler.draw().looks
        for look in looks:
            mark = look.window.mark
            rows = mark.rows + look.where[0].start
            at = (rows.mean() + 0.5) / scale
            assert look.episode.source[0] == "CASE_2"
            assert abs(at - (16.5 if mark.adds else 3.5)) < 2
            look.answered(np.full((32, 32), 0.5, np.float32))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31 - 1))
def test_clicks_move_as_their_slice_is_varied(seed: int) -> None:
    """Where a mark lies on a bright spot it still does when the image was turned and stretched."""
    random = np.random.default_rng(seed)
    rows, columns = random.integers(24, 40, (2, 2))
    image = np.zeros((3, 64, 64), np.float32)
    down, right = np.mgrid[:64, :64]
    for row, column in zip(rows, columns, strict=True):
        image += np.exp(-((down - row) ** 2 + (right - column) ** 2) / 18)
    marks = tuple(
        Mark(np.array([row]), np.array([column]), bool(kind))
        for kind, (row, column) in enumerate(zip(rows, columns, strict=True))
    )
    mask = (image[0] > 0.5).astype(np.uint8)
    own = OwnSlice(0, mask, mask, marks)
    how = Augmentation(elastic=0.0, gain=0, offset=0, gamma=0, noise=0, missing=0)
    generator = torch.Generator().manual_seed(seed)
    said = (mask * 200).astype(np.uint8)
    found = varied(own, image, said, how=how, planes=Planes(1, 0), generator=generator)
    np.testing.assert_array_equal(found.before, found.after)
    for mark in found.marks:
        here = found.image[0, mark.rows[0], mark.columns[0]]
        assert here > 0.6
        assert found.after[mark.rows[0], mark.columns[0]]
        assert found.said[mark.rows[0], mark.columns[0]] > 100


def test_a_guide_goes_on_by_its_id_with_corrections(tmp_path: Path, parent: Model) -> None:
    root = tmp_path / "models"
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"none")
    guide = Guides((root,)).publish(
        GuideSpec(id="clicks", title="C", architecture="unet", window=64), weights
    )
    registry = Registry((root, parent.folder.parent))
    registry.promote(parent.spec.id)
    options = TrainOptions(
        architecture="",
        start_from="clicks",
        data=tmp_path,
        split=tmp_path / "s.json",
        out=tmp_path / "out",
        corrections=tmp_path / "workspace",
    )
    spec = guide_spec_of(options, registry)
    assert (spec.earlier, spec.starts) == (str(guide.folder), str(parent.folder))
    assert (spec.window, spec.freeze_norms) == (64, True)
    assert spec.corrections == str(tmp_path / "workspace")
    portable = spec.portable()
    assert (portable.earlier, portable.starts) == ("clicks", parent.folder.name)
    assert portable.corrections == "workspace"
