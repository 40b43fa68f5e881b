"""What a training may do beside the plain one: each by what it changes, and that it goes on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Generator, nn

from core.domain.errors import AppError
from core.jobs.job_folder import JobFolder
from core.models.networks.builder import build_network
from core.models.networks.spec import NetworkSpec
from core.models.refinements import Light, Refinements
from core.models.registry import read_model
from core.models.train_spec import Augmentation, TrainSpec
from tests.synthetic import write_case
from tests.training.making import STILL, TRAIN, VAL, make_job, small_spec, write_split
from training.learning.augment import Planes, augment
from training.learning.deep_heads import AllOutputs, level_weights
from training.learning.optimise import Average
from training.learning.parallel import ProcessGroup
from training.learning.slice_store import CaseSlices, DeviceSlices
from training.learning.target_planes import joined_targets, smaller, softened
from training.learning.train_case import TrainCase
from training.run.plan import PreparedCases, make_plan, prepare_cases
from training.train import run

_CPU = torch.device("cpu")


def _prepared(tmp_path: Path, **refined: Any) -> PreparedCases:
    spec = small_spec(tmp_path, augmentation=STILL, refinements=Refinements(**refined))
    return prepare_cases(
        make_plan(spec),
        tmp_path / "store",
        group=ProcessGroup(),
        device=_CPU,
        progress=lambda *_: None,
    )


def test_files_of_a_plain_training_say_nothing_of_refinements(tmp_path: Path) -> None:
    plain = msgspec.json.encode(small_spec(tmp_path))
    assert b"refinements" not in plain
    assert b"light" not in plain
    made = small_spec(
        tmp_path,
        refinements=Refinements(soft=0.5, teachers=("/there/a",), unlabelled="/there/cases"),
        augmentation=Augmentation(light=Light(field=0.1)),
    )
    assert msgspec.json.decode(msgspec.json.encode(made), type=TrainSpec) == made
    portable = made.portable().refined
    assert (portable.teachers, portable.unlabelled) == (("a",), "cases")


@given(seed=st.integers(0, 1000), share=st.floats(0, 1))
def test_soft_borders_change_nothing_farther_than_a_pixel(seed: int, share: float) -> None:
    masks = (torch.rand(2, 1, 12, 12, generator=Generator().manual_seed(seed)) > 0.6).float()
    found = softened(masks, share)
    near = nn.functional.max_pool2d(masks, 3, 1, 1) != -nn.functional.max_pool2d(-masks, 3, 1, 1)
    assert torch.equal(found[~near], masks[~near])
    assert ((found > 0.5) == (masks > 0.5))[masks > 0].float().mean() >= (share < 0.56)
    torch.testing.assert_close(
        softened(masks, 1.0)[:, :, 5, 5], masks[:, :, 4:7, 4:7].mean(dim=(2, 3))
    )


def test_a_teachers_word_has_its_share_of_the_target() -> None:
    mask, said = torch.tensor([0.0, 1.0]), torch.tensor([0.4, 0.6])
    both = torch.stack((mask, said)).view(1, 2, 1, 2)
    found = joined_targets(both, Refinements(teacher_weight=0.25), several=False)
    torch.testing.assert_close(found.flatten(), 0.75 * mask + 0.25 * said)


def test_what_lies_beside_a_mask_is_moved_and_carved_with_it() -> None:
    images = torch.rand(4, 3, 32, 32)
    masks = torch.zeros(4, 2, 32, 32)
    masks[:2, :, 8:20, 10:22] = 1
    masks[:, 1] *= 0.75
    moving = Augmentation(carve=1.0)
    planes = Planes(channels=3, substitute=1)
    _, found = augment(images, masks, moving, planes=planes, generator=Generator().manual_seed(3))
    assert set(found[:, 0].flatten().tolist()) <= {0.0, 1.0}
    assert found[:, 1].max() <= 0.7501
    inside = -nn.functional.max_pool2d(-found[:, :1], 5, 1, 2) > 0
    assert inside.any()
    torch.testing.assert_close(found[:, 1:][inside], torch.full((int(inside.sum()),), 0.75))


@pytest.mark.parametrize(
    "lit", [Light(field=0.2), Light(channel=0.2), Light(plane=0.2), Light(contrast=0.6)]
)
def test_light_changes_some_slices_and_leaves_the_darkest_value(lit: Light) -> None:
    images = torch.rand(16, 6, 24, 24, generator=Generator().manual_seed(2)) + 0.5
    images[:, :, :4] = -1.0  # beyond the head
    masks = torch.zeros(16, 1, 24, 24)
    spec = replace_light(lit)
    planes = Planes(channels=3, substitute=1)
    found, again = (
        augment(images, masks, spec, planes=planes, generator=Generator().manual_seed(5))[0]
        for _ in range(2)
    )
    assert torch.equal(found, again)
    torch.testing.assert_close(found[:, :, :4], images[:, :, :4])
    changed = (found - images).abs().flatten(1).amax(dim=1) > 1e-4
    assert 2 <= int(changed.sum()) <= 14
    grouped, before = found.view(16, 2, 3, 24, 24), images.view(16, 2, 3, 24, 24)
    gains = ((grouped + 1) / (before + 1))[:, :, :, 4:]
    same_planes = torch.isclose(gains[:, 0], gains[:, 1], atol=1e-3).all()
    assert bool(same_planes) == (not lit.plane and not lit.contrast)
    if lit.contrast:
        spread = grouped[:, :, :, 4:].std(dim=(1, 3, 4)) / before[:, :, :, 4:].std(dim=(1, 3, 4))
        assert spread.max() < 1.001
        assert spread.min() > 1 - lit.contrast - 0.01


def replace_light(lit: Light) -> Augmentation:
    """Return no augmentation but that."""
    return msgspec.structs.replace(STILL, light=lit)


def test_smaller_images_keep_their_sides_divisible_and_their_labels() -> None:
    images, masks = torch.rand(2, 3, 64, 48), torch.zeros(2, 1, 64, 48)
    masks[:, :, 10:40, 10:30] = 3
    less, maps = smaller(images, masks, 40, 8, labels=True)
    assert less.shape[-2:] == maps.shape[-2:] == (40, 32)
    assert set(maps.flatten().tolist()) == {0.0, 3.0}
    same, _ = smaller(images, masks, 64, 8, labels=True)
    assert same is images
    _, binary = smaller(images, masks.clamp_max(1), 40, 8, labels=False)
    assert set(binary.flatten().tolist()) == {0.0, 1.0}
    assert float(binary.mean()) == pytest.approx(float(masks.clamp_max(1).mean()), rel=0.15)


def test_images_are_small_until_their_time_comes(tmp_path: Path) -> None:
    ready = _prepared(tmp_path, first_size=16, full_from=0.5)
    seen = []
    ready.learner.network.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape))
    for fraction in (0.0, 0.49, 0.5):
        ready.learner.step(ready.sampler.draw(), 1, fraction)
    assert [shape[-1] for shape in seen] == [16, 16, 32]


def test_the_late_loss_is_what_is_learnt_at_the_end(tmp_path: Path) -> None:
    ready = _prepared(tmp_path, late_loss="boundary", late_from=0.5, late_weight=1.0)
    batch, learner = ready.sampler.draw(), ready.learner
    learner.network.eval()
    values = []
    for learner.spent in (0.0, 0.5, 0.75, 1.0):
        values.append(learner.loss(batch).item())
    assert values[0] == pytest.approx(values[1])
    assert values[2] == pytest.approx((values[0] + values[3]) / 2, rel=1e-3)
    assert values[3] < 0.5 * values[0]  # a mean of signed distances, not a cross-entropy


def test_the_plain_mean_of_the_weights_since_is_kept() -> None:
    network = nn.Linear(1, 1)
    average = Average(network, 0.9, mean_from=0.5)
    since = []
    for step, fraction in enumerate((0.0, 0.4, 0.5, 0.7, 0.9), start=1):
        network.weight.data.fill_(float(step) ** 2)
        average.update(step, fraction)
        since += [float(step) ** 2] if fraction >= 0.5 else []
    kept: nn.Linear = average.network  # type: ignore[assignment]
    assert float(kept.weight) == pytest.approx(float(np.mean(since)))
    assert average.counted == 3


def _smp() -> Any:
    arguments: dict[str, Any] = {
        "encoder": "resnet18",
        "encoder_depth": 3,
        "decoder_channels": [8, 4, 4],
    }
    return build_network(NetworkSpec("smp", 3, arguments))


def test_deep_supervision_reaches_the_levels_below_and_leaves_the_network_as_it_is() -> None:
    network = _smp()
    names = set(network.state_dict())
    every = AllOutputs(network, levels=2)
    outputs = every(torch.rand(2, 3, 32, 32))
    assert [tuple(logits.shape) for logits in outputs] == [(2, 1, 32, 32)] * 3
    outputs[-1].sum().backward()
    assert network.decoder.blocks[0].conv1[0].weight.grad.abs().sum() > 0
    assert network.decoder.blocks[1].conv1[0].weight.grad is None  # the coarsest comes last
    assert set(network.state_dict()) == names
    assert len(every.heads) == 2
    assert level_weights(3).tolist() == pytest.approx([4 / 7, 2 / 7, 1 / 7])
    with pytest.raises(AppError, match="decoder of more than 3 blocks"):
        AllOutputs(network, levels=3)


def test_a_network_without_such_a_decoder_is_told(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="decoder of more than 1 blocks"):
        _prepared(tmp_path, deep=1)


def test_a_store_on_a_device_hands_out_what_the_cases_hold(tmp_path: Path) -> None:
    ready = _prepared(tmp_path)
    lot = np.random.default_rng(1)
    cases: list[TrainCase] = [
        replace(case, taught=lot.integers(0, 256, case.mask.shape, np.uint8))
        for case in ready.sampler.cases
    ]
    picked = [(0, 0), (0, 3), (1, 1), (2, 2)]
    for each in (list(ready.sampler.cases), cases):
        as_they_lie = CaseSlices(each, 1).batch(picked)
        on_device = DeviceSlices(each, 1, _CPU).batch(picked)
        for one, other in zip(as_they_lie, on_device, strict=True):
            assert torch.equal(one, other)
        assert as_they_lie[1].shape[1] == (1 if each[0].taught is None else 2)


_EVERYTHING = Refinements(
    soft=0.5,
    late_loss="lovasz",
    late_from=0.25,
    deep=1,
    first_size=16,
    full_from=0.5,
    mean_from=0.5,
)


def test_a_training_with_all_of_it_that_was_paused_ends_as_one_that_was_not(
    tmp_path: Path,
) -> None:
    how: dict[str, Any] = {
        "architecture": "smp",
        "arguments": {"encoder": "resnet18", "encoder_depth": 3, "decoder_channels": [8, 4, 4]},
        "max_steps": 6,
        "refinements": _EVERYTHING,
        "augmentation": Augmentation(light=Light(0.1, 0.1, 0.1, 0.3)),
    }
    spec, whole = make_job(tmp_path, "whole", **how)
    plain = run(spec, whole)
    other, halved = make_job(tmp_path, "halved", **{**how, "model_id": "again"})
    assert run(other, halved, until=0.6) is None
    again = run(other, JobFolder(halved.path), resume=True)
    assert plain is not None
    assert again is not None
    assert plain.weights.read_bytes() == again.weights.read_bytes()


def test_a_pupil_learns_what_its_teacher_says_of_cases_without_masks(tmp_path: Path) -> None:
    made, job = make_job(tmp_path, "first", model_id="teacher")
    teacher = run(made, job)
    assert teacher is not None
    unlabelled = tmp_path / "more"
    write_case(unlabelled, "CASE_MORE", seed=20)
    for mask in unlabelled.rglob("*_mask.tif"):
        mask.unlink()
    refined = Refinements(
        teachers=(str(teacher.folder),), teacher_weight=1.0, unlabelled=str(unlabelled)
    )
    spec, second = make_job(tmp_path, "second", model_id="pupil", refinements=refined)
    ready = prepare_cases(
        make_plan(spec),
        tmp_path / "store",
        group=ProcessGroup(),
        device=_CPU,
        progress=lambda *_: None,
    )
    by_id = {case.id: case for case in ready.sampler.cases}
    assert "CASE_MORE" in by_id
    assert all(case.taught is not None for case in by_id.values())
    more = by_id["CASE_MORE"]
    assert more.taught is not None
    assert (
        np.array_equal(more.mask > 0, more.taught > 127)
        or more.mask.sum() < (more.taught > 127).sum()
    )  # small components may be dropped
    assert not {case.id for case in ready.selection} & {"CASE_MORE"}
    pupil = run(spec, second)
    assert pupil is not None
    known = read_model(pupil.folder).spec
    assert {"CASE_MORE", *teacher.spec.trained_on} <= set(known.trained_on)
    assert known.lineage is not None
    assert known.lineage.learnt["CASE_MORE"] == "teachers"


def test_a_teacher_that_knows_the_judges_is_refused(tmp_path: Path) -> None:
    made, job = make_job(tmp_path, "first", model_id="teacher")
    teacher = run(made, job)
    assert teacher is not None
    other = write_split(tmp_path / "other.json", (*TRAIN[1:], *VAL), TRAIN[:1])
    spec = small_spec(
        tmp_path, split=str(other), refinements=Refinements(teachers=(str(teacher.folder),))
    )
    with pytest.raises(AppError, match="knows none of the cases that judge"):
        make_plan(spec)
    alone = small_spec(tmp_path, refinements=Refinements(unlabelled=str(tmp_path / "data")))
    with pytest.raises(AppError, match="unlabelled: expected teachers"):
        make_plan(alone)
