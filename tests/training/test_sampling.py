"""Which slices a training draws, and how often."""

from collections import Counter

import msgspec
import numpy as np
import pytest
import torch

from core.inference.preprocess import PlaneGrid
from core.models.train_spec import TrainSpec
from training.sampler import Sampler, slice_weights
from training.train_case import TrainCase, planes

SPEC = TrainSpec(architecture="unet", data="d", split="s", batch_size=6, max_steps=1)


def _case(name: str, areas: tuple[int, ...]) -> TrainCase:
    mask = np.zeros((len(areas), 4, 4), np.uint8)
    for z, area in enumerate(areas):
        mask[z].ravel()[:area] = 1
    values = np.arange(3 * len(areas) * 16, dtype=np.float16).reshape(3, len(areas), 4, 4)
    numbers = tuple(range(10, 10 + len(areas)))
    return TrainCase(
        name, values, mask, mask, PlaneGrid((4, 4), (0, 4, 0, 4), (4, 4)), numbers, ("a", "b", "c")
    )


def _sampler(rank: int = 0, world: int = 1, seed: int = 0) -> Sampler:
    cases = [_case("short", (0, 4)), _case("long", (0, 9, 16, 1, 0, 0, 0, 0))]
    return Sampler(cases, SPEC, torch.Generator().manual_seed(seed), rank, world)


def test_cases_are_drawn_alike_however_long_they_are() -> None:
    sampler = _sampler()
    counts = Counter(source[0] for _ in range(300) for source in sampler.draw().sources)
    assert counts["short"] / counts.total() == pytest.approx(0.5, abs=0.05)


def test_slices_are_drawn_as_often_as_their_weight_says() -> None:
    sampler = _sampler()
    drawn = [source for _ in range(600) for source in sampler.draw().sources]
    numbers = Counter(number - 10 for case, number in drawn if case == "long")
    weights = slice_weights(sampler.cases[1].mask, "area")
    for z, weight in enumerate(weights.tolist()):
        assert numbers[z] / numbers.total() == pytest.approx(weight, abs=0.03)


@pytest.mark.parametrize("sampling", ["area", "reference", "uniform"])
def test_weights_are_chances_that_never_leave_a_slice_out(sampling: str) -> None:
    for areas in ((0, 4, 9), (0, 0, 0), (5,)):
        weights = slice_weights(_case("one", areas).mask, sampling)
        assert float(weights.sum()) == pytest.approx(1)
        assert (weights > 0).all()


def test_reference_weights_are_the_area_and_a_tenth_of_its_mean() -> None:
    weights = slice_weights(_case("one", (0, 4, 8)).mask, "reference")
    torch.testing.assert_close(weights, torch.tensor([0.4, 4.4, 8.4]).double() / 13.2)


def test_neighbours_stand_in_order_and_the_ends_repeat_themselves() -> None:
    case = _case("one", (0, 4, 8))
    first, middle = planes(case.values, 0, 1), planes(case.values, 1, 1)
    np.testing.assert_array_equal(first[:3], first[3:6])
    np.testing.assert_array_equal(middle[6:], case.values[:, 2])
    np.testing.assert_array_equal(
        first.astype(np.float32), case.prepared(1).batch([0])[0], strict=True
    )


def test_two_processes_share_a_batch_and_keep_its_cases_together() -> None:
    whole = _sampler().draw()
    parts = [_sampler(rank, 2).draw() for rank in (0, 1)]
    torch.testing.assert_close(torch.cat([p.images for p in parts]), whole.images)
    together = [source[0] for part in parts for source in part.sources]
    assert together == sorted(together, key=["short", "long"].index)


def test_the_generators_state_is_the_samplers() -> None:
    sampler = _sampler()
    sampler.draw()
    state = sampler.generator.get_state()
    expected = sampler.draw().sources
    other = _sampler(seed=5)
    other.generator.set_state(state)
    assert other.draw().sources == expected


def test_a_batch_names_its_slices() -> None:
    spec = msgspec.structs.replace(SPEC, batch_size=1)
    one = Sampler([_case("one", (4,))], spec, torch.Generator())
    assert str(one.draw()) == "one slice 10"
