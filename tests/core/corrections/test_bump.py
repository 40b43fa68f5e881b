"""The bump against the formula written out voxel by voxel."""

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation.bump import Bump
from core.domain.guide import Mark, PairedGuide, Window

_SIDES = (11, 13)
_seeds = st.integers(0, 2**32 - 1)


def _window(seed: int, *marks: Mark, step=(1.0, 1.0)) -> Window:
    random = np.random.default_rng(seed)
    probability = random.uniform(0.01, 0.99, _SIDES).astype(np.float32)
    image = random.normal(0, 1, (2, 3, *_SIDES)).astype(np.float32)
    return Window(probability, image, 1, marks, step)


def _mark(*spots: tuple[int, int], adds: bool = True, weight: float = 1.0) -> Mark:
    rows, columns = (np.array(part, np.intp) for part in zip(*spots, strict=True))
    return Mark(rows, columns, adds, weight=weight, amount=6.0)


def _by_hand(window: Window, bump: Bump) -> np.ndarray:
    """Return what the issue's formula gives for a mark of one voxel, one voxel at a time."""
    mark, (height, width) = window.mark, _SIDES
    row, column = int(mark.rows[0]), int(mark.columns[0])
    around = [
        float(
            window.grey[min(max(row + down, 0), height - 1), min(max(column + right, 0), width - 1)]
        )
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
    ]
    reference = sum(around) / 9
    start = _logit(window.probability[row, column])
    lack = max(bump.target - mark.sign * start, 0.0) * mark.sign
    if mark.weight < 1:
        lack = mark.weight * mark.amount * mark.sign
    found = np.zeros(_SIDES)
    for y in range(height):
        for x in range(width):
            squared = ((y - row) * window.step[0]) ** 2 + ((x - column) * window.step[1]) ** 2
            apart = float(window.grey[y, x]) - reference
            share = exp(-squared / (2 * bump.width**2)) * exp(-(apart**2) / (2 * bump.contrast**2))
            if (y, x) == (row, column):
                share = 1.0
            logits = _logit(window.probability[y, x]) + lack * share
            found[y, x] = 1 / (1 + exp(-logits))
    return found


def _logit(probability: float) -> float:
    return log(float(probability)) - log(1 - float(probability))


@settings(deadline=None, max_examples=40)
@given(
    _seeds,
    st.tuples(st.integers(0, 10), st.integers(0, 12)),
    st.booleans(),
    st.tuples(st.floats(0.3, 3), st.floats(0.3, 3)),
    st.sampled_from((1.0, 0.46)),
)
def test_a_click_adds_what_the_formula_says(seed, spot, adds, step, weight):
    bump = Bump(width=3.0, smoothing=0.0)
    window = _window(seed, _mark(spot, adds=adds, weight=weight), step=step)
    assert bump.answer(window) == pytest.approx(_by_hand(window, bump), abs=2e-5)


@settings(deadline=None, max_examples=40)
@given(_seeds, st.tuples(st.integers(0, 10), st.integers(0, 12)), st.booleans())
def test_the_clicked_voxel_reaches_the_target_unless_it_is_beyond_it(seed, spot, adds):
    window = _window(seed, _mark(spot, adds=adds))
    before, after = (_logit(values[spot]) for values in (window.probability, _answer(window)))
    sign = 1 if adds else -1
    assert sign * after == pytest.approx(max(sign * before, 2.0), abs=1e-3)


@settings(deadline=None, max_examples=40)
@given(_seeds, st.tuples(st.integers(0, 10), st.integers(0, 12)), st.booleans())
def test_a_mark_already_obeyed_changes_nothing(seed, spot, adds):
    window = _window(seed, _mark(spot, adds=adds))
    window.probability[spot] = 0.95 if adds else 0.05
    assert _answer(window) == pytest.approx(window.probability, abs=1e-5)


@settings(deadline=None, max_examples=40)
@given(_seeds, st.booleans())
def test_a_scribble_of_one_voxel_is_a_click(seed, adds):
    one = _answer(_window(seed, _mark((4, 5), adds=adds)))
    same = _answer(_window(seed, _mark((4, 5), (4, 5), adds=adds)))
    assert one == pytest.approx(same, abs=1e-5)


@settings(deadline=None, max_examples=40)
@given(
    _seeds,
    st.lists(
        st.tuples(st.integers(0, 10), st.integers(0, 12)), min_size=2, max_size=9, unique=True
    ),
    st.booleans(),
)
def test_every_voxel_of_a_scribble_reaches_the_target(seed, spots, adds):
    window = _window(seed, _mark(*spots, adds=adds))
    answer = _answer(window)
    for spot in spots:
        assert (answer[spot] > 0.87) if adds else (answer[spot] < 0.13)


@settings(deadline=None, max_examples=60)
@given(
    _seeds,
    st.tuples(st.integers(0, 10), st.integers(0, 12)),
    st.tuples(st.integers(0, 10), st.integers(0, 12)),
    st.booleans(),
)
def test_a_contrary_click_spares_the_voxel_that_was_clicked_before(seed, one, other, adds):
    if one == other:
        return
    first, second = _mark(one, adds=adds), _mark(other, adds=not adds)
    window = _window(seed, first, second)
    answer = _answer(window)
    assert answer[one] == pytest.approx(window.probability[one], abs=1e-5)
    assert (answer[other] < 0.13) if adds else (answer[other] > 0.87)


def test_strength_makes_it_wider_and_reach_follows():
    windows = [_window(3, Mark(np.array([5]), np.array([6]), True, part)) for part in (0.0, 1.0)]
    for window in windows:
        window.image[:] = 0
        window.probability[:] = 0.1
    weak, strong = map(_answer, windows)
    assert (strong >= weak - 1e-6).all()
    assert (strong > weak + 0.01).any()
    bump = Bump()
    assert bump.reach(1.0) == pytest.approx(2 * bump.reach(0.5)) == pytest.approx(72.0)


@pytest.mark.parametrize("adds", [True, False])
def test_of_two_guides_the_bolder_answers_first_and_then_the_mean(adds: bool):
    first = _mark((4, 4), adds=adds)
    window = replace(_window(1, first), marks=(first,))
    one, other = Bump(contrast=1.5), Bump(width=20.0)
    pair = PairedGuide(one, other)
    bolder = np.maximum if adds else np.minimum
    expected = bolder(one.answer(window), other.answer(window))
    assert pair.answer(window) == pytest.approx(expected)
    later = replace(window, marks=(_mark((7, 2), adds=not adds), first))
    expected = (one.answer(later) + other.answer(later)) / 2
    assert pair.answer(later) == pytest.approx(expected)
    assert (bolder(one.answer(later), other.answer(later)) != expected).any()


def test_two_guides_reach_as_far_as_the_farther_and_one_answers_what_only_fades():
    window = _window(1, _mark((4, 4)))
    one, other = Bump(), Bump(width=20.0)
    pair = PairedGuide(one, other)
    assert pair.reach(0.5) == other.reach(0.5)
    fading = replace(window, marks=(replace(window.mark, weight=0.5, amount=1.0),))
    assert pair.answer(fading) == pytest.approx(one.answer(fading))
    beside = replace(window, marks=(*fading.marks, _mark((4, 4))))
    expected = np.maximum(one.answer(beside), other.answer(beside))
    assert pair.answer(beside) == pytest.approx(expected)


def _answer(window: Window) -> np.ndarray:
    return Bump().answer(window)
