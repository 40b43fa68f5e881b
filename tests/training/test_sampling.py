"""Which slices a training draws, and how often."""

import dataclasses
from collections import Counter

import msgspec
import numpy as np
import pytest
import torch

from core.domain.label_set import Label, LabelSet
from core.inference.preprocess import PlaneGrid
from core.models.train_spec import TrainSpec
from training.learning.sampler import Sampler, balanced_chances, slice_weights
from training.learning.train_case import TrainCase, planes

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


def _maps() -> list[np.ndarray]:
    """Two cases of 1 everywhere; the second has a little 2 on its last slice."""
    common = np.zeros((4, 8, 8), np.uint8)
    common[1:] = 1
    rare = common.copy()
    rare[3, 0, 0] = 2
    return [common, rare]


def test_a_rare_label_is_drawn_as_often_as_one_that_is_everywhere() -> None:
    chances = balanced_chances(_maps(), (1, 2), torch.full((2,), 0.5, dtype=torch.float64))
    assert float(sum(each.sum() for each in chances)) == pytest.approx(1)
    assert min(float(each.min()) for each in chances) > 0
    # Half of 0.7, what comes of the other label, and an eighth of 0.3.
    assert float(chances[1][3]) == pytest.approx(0.35 + 0.35 * 0.5 / 3 + 0.3 / 8, abs=0.01)


def test_a_label_that_is_nowhere_takes_no_chance_from_the_others() -> None:
    dealt = torch.full((2,), 0.5, dtype=torch.float64)
    three, two = (balanced_chances(_maps(), values, dealt) for values in ((1, 2, 7), (1, 2)))
    for one, other in zip(three, two, strict=True):
        torch.testing.assert_close(one, other)


def test_without_any_label_cases_and_slices_are_drawn_evenly() -> None:
    dealt = torch.tensor([0.25, 0.75], dtype=torch.float64)
    chances = balanced_chances([np.zeros((2, 4, 4), np.uint8)] * 2, (1, 2), dealt)
    assert [each.tolist() for each in chances] == [[0.125, 0.125], [0.375, 0.375]]


def test_the_sampler_draws_labels_alike() -> None:
    labels = LabelSet((Label(1, "Common", (1, 1, 1)), Label(2, "Rare", (2, 2, 2))))
    cases = [
        dataclasses.replace(_case(f"c{n}", (0,) * 4), mask=each, truth=each, labels=labels)
        for n, each in enumerate(_maps())
    ]
    sampler = Sampler(cases, SPEC, torch.Generator().manual_seed(0))
    drawn = [source for _ in range(300) for source in sampler.draw().sources]
    share = sum(source == ("c1", 13) for source in drawn) / len(drawn)
    assert share == pytest.approx(float(sampler.chances[1][3]), abs=0.03)
    assert share > 0.4
