"""A whole small training: what it makes, what it learns from, and how it goes on."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np
import pytest
import torch
from tifffile import imread, imwrite
from torch import Tensor

from core.domain.errors import AppError, DataError, ModelError, WorkspaceError
from core.inference.volume_inference import Runner
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.jobs.job_events import Done, Failed, Measured, Started
from core.jobs.job_folder import JobFolder
from core.models.acquisition import Acquisition
from core.models.networks.weights import read_state_dict
from core.models.registry import Model, read_model
from core.models.train_spec import TrainSpec
from core.workspace.settings import HOME_VARIABLE
from core.workspace.splits import read_split
from tests.synthetic import volume_of, write_case
from tests.training.making import STILL, TRAIN, VAL, make_job, write_split
from training.cases.split import make_split
from training.learning.errors import TrainingError
from training.run.checkpoint import load_checkpoint
from training.train import run

ROOT = Path(__file__).resolve().parents[2]


Trained: TypeAlias = tuple[TrainSpec, JobFolder, Model]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The training that `make_job` gives, done once; no test may change anything in its folder."""
    place = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(place / "home"))
        spec, job = make_job(place)
        model = run(spec, job)
    assert model is not None
    return spec, job, model


def _weights(job: JobFolder) -> dict[str, Tensor]:
    states = load_checkpoint(job.checkpoint)[1]
    network: dict[str, Tensor] = states["network"]
    return network


def _same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


def _change_cases(data: Path, cases: tuple[str, ...]) -> None:
    """Paint over images and masks of these cases."""
    random = np.random.default_rng(9)
    for case in cases:
        for path in (data / case).glob("*.tif"):
            pixels = imread(path)
            noise = random.integers(0, 2, pixels.shape, np.uint8) * 255
            imwrite(path, noise, photometric="rgb" if pixels.ndim == 3 else "minisblack")


def test_a_training_publishes_a_model_that_runs_with_its_scores_and_card(plain: Trained) -> None:
    spec, job, model = plain
    assert read_model(model.folder).spec == model.spec
    assert model.spec.trained_on == TRAIN
    assert model.spec.acquisition == Acquisition(intensities=("8-bit",))
    assert set(model.spec.metrics) >= {
        "dsc_native_val",
        "dsc_reference_val",
        "dsc_native_selection",
    }
    assert "reached a gradient" in (model.folder / "MODEL_CARD.md").read_text()
    assert all(t.dtype != torch.float32 for t in read_state_dict(model.weights).values())
    case = scan(Path(spec.data)).case(VAL[0])
    probability = Runner(model).predict(read_case(case).volume).probability
    assert probability.shape == (4, 40, 32)
    events = job.events()[0]
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Done)
    assert any(isinstance(e, Measured) and "selection_dsc" in e.values for e in events)
    assert job.state() == "done"


def test_training_learns(tmp_path: Path) -> None:
    spec, job = make_job(
        tmp_path,
        max_steps=80,
        learning_rate=2e-2,
        arguments={"init_features": 4},
        augmentation=STILL,
        ema=0.9,
    )
    model = run(spec, job)
    assert model is not None
    assert model.spec.metrics["dsc_native_val"] > 0.8
    assert torch.get_num_threads() == spec.threads == 1, "it was scored by more than it may use"


def test_nothing_of_a_validation_case_reaches_a_gradient(tmp_path: Path, plain: Trained) -> None:
    _, before, first = plain
    spec, after = make_job(tmp_path, "after")
    _change_cases(Path(spec.data), VAL)
    second = run(spec, after)
    assert second is not None
    assert _same(_weights(before), _weights(after))
    assert first.weights.read_bytes() == second.weights.read_bytes()
    assert first.spec.metrics["dsc_native_val"] != second.spec.metrics["dsc_native_val"]


def test_a_case_to_learn_from_does_reach_the_gradient(tmp_path: Path, plain: Trained) -> None:
    spec, after = make_job(tmp_path, "after")
    _change_cases(Path(spec.data), TRAIN)
    run(spec, after)
    assert not _same(_weights(plain[1]), _weights(after))


def test_the_selection_cases_choose_and_do_not_teach(tmp_path: Path, plain: Trained) -> None:
    spec, after = make_job(tmp_path, "after")
    assert spec.selection_cases == 1
    split = make_split(read_split(Path(spec.split)), scan(Path(spec.data)), spec)
    held = tuple(case.id for case in split.selection)
    assert len(held) == 1
    _change_cases(Path(spec.data), held)
    run(spec, after)
    assert _same(_weights(plain[1]), _weights(after))


@pytest.mark.parametrize("architecture", ["unet", "unetpp"])
def test_a_paused_training_goes_on_to_the_same_weights(tmp_path: Path, architecture: str) -> None:
    changes = {"architecture": architecture, "selections": 4}
    spec, whole = make_job(tmp_path, "whole", **changes)
    expected = run(spec, whole)
    parts = make_job(tmp_path, "parts", **changes)[1]
    model = None
    for resume in (False, True, True, True):
        model = run(spec, parts, resume=resume, echo=_pausing(parts))
        if model is not None:
            break
        assert parts.state() == "paused"
    assert expected is not None
    assert model is not None
    assert _same(_weights(whole), _weights(parts))
    assert expected.weights.read_bytes() == model.weights.read_bytes()
    assert expected.spec.metrics == model.spec.metrics


def _pausing(job: JobFolder) -> Callable[[object], None]:
    """Return a hook that asks for a pause after each selection but the last."""

    def hook(event: object) -> None:
        if isinstance(event, Measured) and "selection_dsc" in event.values and event.step < 8:
            job.request("pause")

    return hook


def test_a_pause_between_two_selections_loses_no_step(tmp_path: Path) -> None:
    spec, job = make_job(tmp_path, max_steps=8, selections=1)

    def pause(event: object) -> None:
        if isinstance(event, Measured) and "loss" in event.values and event.step == 3:
            job.request("pause")

    assert run(spec, job, echo=pause) is None
    assert job.state() == "paused"
    assert load_checkpoint(job.checkpoint)[0].step >= 3


_KILLED = """
import os, signal, sys
from pathlib import Path
from core.jobs.job_folder import JobFolder
from training.train import read_job, run
job = JobFolder(Path(sys.argv[1]))
def die(event):
    if job.checkpoint.exists():
        print("torch._dynamo" in sys.modules, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
run(read_job(job.path), job, echo=die)
"""


def test_a_killed_training_resumes_to_the_weights_of_one_that_was_not(tmp_path: Path) -> None:
    changes = {"max_steps": 10, "selections": 10, "checkpoint_minutes": 1e-4}
    spec, whole = make_job(tmp_path, "whole", **changes)
    run(spec, whole)
    killed = make_job(tmp_path, "killed", **changes)[1]
    # It dies of itself, so that no slow moment of this process lets it come to its end.
    command = [sys.executable, "-c", _KILLED, str(killed.path)]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert child.returncode == -signal.SIGKILL, child.stderr
    # Torch's compiler, which nothing is compiled with, would double the start of each training.
    assert child.stdout.splitlines() == ["False"]
    step = load_checkpoint(killed.checkpoint)[0].step
    assert 0 < step < 10
    model = run(spec, killed, resume=True)
    assert model is not None
    assert _same(_weights(whole), _weights(killed))


def test_a_stopped_training_publishes_the_best_it_has(tmp_path: Path) -> None:
    spec, job = make_job(tmp_path, max_steps=10_000, selections=5000)

    def stop(event: object) -> None:
        if isinstance(event, Measured) and "selection_dsc" in event.values:
            job.request("stop")

    model = run(spec, job, echo=stop)
    assert model is not None
    assert load_checkpoint(job.checkpoint)[0].step < 20
    assert job.state() == "done"


def test_a_paused_training_can_be_ended_with_its_best_weights(tmp_path: Path) -> None:
    spec, job = make_job(tmp_path, max_steps=10_000, selections=5000)
    assert run(spec, job, echo=_pausing(job)) is None
    before = load_checkpoint(job.checkpoint)[0]
    job.request("stop")
    model = run(spec, job, resume=True)
    assert model is not None
    assert load_checkpoint(job.checkpoint)[0].step == before.step
    assert model.spec.metrics["dsc_native_selection"] == round(before.best, 4)
    assert job.state() == "done"


@pytest.mark.parametrize("steps", [2, 12])
def test_a_short_training_has_a_curve_of_its_loss(tmp_path: Path, steps: int) -> None:
    spec, job = make_job(tmp_path, max_steps=steps)
    run(spec, job)
    found = [e.step for e in job.events()[0] if isinstance(e, Measured) and "loss" in e.values]
    assert found[:2] == [1, 2]
    assert found == sorted(set(found))
    assert found[-1] > steps - 3


def test_training_ends_early_when_nothing_gets_better(tmp_path: Path) -> None:
    spec, job = make_job(
        tmp_path, max_steps=400, selections=400, patience=3, learning_rate=1e-9, ema=0.0
    )
    run(spec, job)
    position = load_checkpoint(job.checkpoint)[0]
    assert position.stale == 3
    assert position.step < 400


def test_a_loss_that_is_no_number_stops_keeps_the_best_and_names_the_batch(tmp_path: Path) -> None:
    spec, job = make_job(tmp_path, memory_gib=1e-5)

    def spoil(event: object) -> None:
        """Once there are best weights, write over the decoded cases on the disk."""
        if isinstance(event, Measured) and "selection_dsc" in event.values:
            for path in (job.path / "data").rglob("*.npy"):
                values = np.load(path, mmap_mode="r+")
                values[:] = np.nan
                values.flush()

    with pytest.raises(TrainingError, match=r"Step 5: .* found nan in a batch of CASE_\d slice"):
        run(spec, job, echo=spoil)
    assert job.state() == "failed"
    assert read_state_dict(job.path / "best.safetensors")
    last = job.events()[0][-1]
    assert isinstance(last, Failed)
    assert "best.safetensors" in last.reason


def test_a_full_disk_is_told_and_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="needs a limit on the size of files")
    spec, job = make_job(tmp_path, max_steps=6, selections=2)
    run(spec, job)
    longer = msgspec.structs.replace(spec, max_steps=12, selections=4, model_id="more")
    before = job.checkpoint.read_bytes()
    size = job.checkpoint.stat().st_size
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    kept = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, old[1]))
    try:
        with pytest.raises(WorkspaceError, match="What was there before is unchanged"):
            run(longer, job, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, kept)
    assert job.checkpoint.read_bytes() == before
    assert job.state() == "failed"
    assert run(longer, job, resume=True)


def test_fine_tuning_starts_from_the_parents_weights(tmp_path: Path, plain: Trained) -> None:
    parent = plain[2]
    spec, job = make_job(
        tmp_path,
        "child",
        parent=str(parent.folder),
        model_id="child",
        freeze_norms=True,
        learning_rate=1e-12,
        weight_decay=0.0,
        ema=0.0,
        max_steps=2,
    )
    child = run(spec, job)
    assert child is not None
    assert child.spec.parent == "small"
    for name, tensor in read_state_dict(parent.weights).items():
        if tensor.is_floating_point():
            torch.testing.assert_close(read_state_dict(child.weights)[name], tensor)


def test_cases_beyond_the_memory_limit_are_mapped_and_give_the_same(
    tmp_path: Path, plain: Trained
) -> None:
    small, mapped = make_job(tmp_path, "mapped", memory_gib=1e-5)
    run(small, mapped)
    assert list((mapped.path / "data").rglob("*.npy"))
    assert _same(_weights(plain[1]), _weights(mapped))


@pytest.mark.parametrize(
    ("train", "val", "told"),
    [
        (("CASE_1",), (), "at least 2 cases in train"),
        ((*TRAIN, "CASE_99"), (), "the case CASE_99, which the split names"),
        (TRAIN, ("CASE_1",), "CASE_1 in train and in val"),
        ((*TRAIN, "BARE"), (), "BARE: expected ground truth"),
        (("EMPTY_1", "EMPTY_2", "EMPTY_3"), (), "every mask empty"),
        ((*TRAIN, "GREY"), (), "GREY: expected the channels"),
    ],
)
def test_bad_input_is_told_before_anything_is_trained(
    tmp_path: Path, train: tuple[str, ...], val: tuple[str, ...], told: str
) -> None:
    spec, job = make_job(tmp_path)
    data = Path(spec.data)
    write_case(data, "BARE", masks=False)
    write_case(data, "GREY", channels=1)
    for number in (1, 2, 3):
        place = write_case(data, f"EMPTY_{number}")
        for path in place.glob("*_mask.tif"):
            imwrite(path, np.zeros((40, 32), np.uint8), photometric="minisblack")
    write_split(Path(spec.split), train, val)
    with pytest.raises(DataError, match=told):
        run(spec, job)
    assert job.state() == "failed"
    assert not job.checkpoint.exists()


def test_a_folder_with_files_a_taken_id_and_no_budget_are_refused(tmp_path: Path) -> None:
    spec, job = make_job(tmp_path)
    with pytest.raises(WorkspaceError, match="empty or a new folder"):
        make_job(tmp_path)
    run(spec, job)
    with pytest.raises(ModelError, match="an id no model has yet"):
        run(spec, job)
    with pytest.raises(TrainingError, match="Expected a budget"):
        run(msgspec.structs.replace(spec, max_steps=None), job)


def test_a_damaged_checkpoint_is_told(tmp_path: Path) -> None:
    spec, job = make_job(tmp_path)
    job.checkpoint.write_bytes(b"no checkpoint")
    with pytest.raises(AppError, match="found a file that cannot be read"):
        run(spec, job, resume=True)


def test_a_published_model_of_nine_planes_sees_neighbours(plain: Trained) -> None:
    model = plain[2]
    assert model.spec.network.in_channels == 9
    pixels = np.random.default_rng(0).integers(0, 255, (3, 5, 40, 32), np.uint8)
    assert Runner(model).predict(volume_of(pixels)).probability.shape == (5, 40, 32)
