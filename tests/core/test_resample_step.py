"""Resampling to a spacing before the network, and what it finds back on the stored grid."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.domain.errors import ModelError
from core.domain.grid import Grid
from core.domain.volume import Volume
from core.inference.engine import Engine
from core.inference.native_slices import NativeSlices
from core.inference.preprocess import prepare
from core.inference.resample_step import SpacingChange, spacing_change
from core.inference.volume_inference import Runner, RunOptions
from core.models.preprocessing import Preprocessing
from core.models.registry import prediction_key
from tests.synthetic import head, publish_unet, volume_of

sides = st.integers(1, 24)
lengths = st.floats(0.3, 6.0)


def spaced(spacing: tuple[float, float, float] | None, slices: int = 6) -> Volume:
    volume = volume_of(head(slices))
    return replace(volume, geometry=Grid(volume.geometry.shape, known_spacing_mm=spacing))


@given(shape=st.tuples(sides, sides, sides), here=st.tuples(*[lengths] * 3),
       wanted=st.tuples(*[lengths] * 3))  # fmt: skip
@settings(max_examples=15)
def test_a_constant_stays_constant_and_the_shape_comes_back(
    shape: tuple[int, int, int],
    here: tuple[float, float, float],
    wanted: tuple[float, float, float],
) -> None:
    change = spacing_change(Grid(shape, known_spacing_mm=here), wanted)
    assert change is not None
    for count, there, length, asked in zip(shape, change.there, here, wanted, strict=True):
        assert there == max(1, round(count * length / asked))
    there = change.apply(np.full(shape, 7, np.int16))
    assert there.shape == change.there
    np.testing.assert_allclose(there, 7, rtol=1e-5)
    np.testing.assert_allclose(change.back(there), np.full(shape, 7), rtol=1e-5)


def test_a_ramp_lies_where_the_patient_has_it() -> None:
    shape, spacing = (9, 20, 30), (5.0, 1.0, 0.5)
    change = spacing_change(Grid(shape, known_spacing_mm=spacing), (1.0, 2.0, 1.0))
    assert change is not None
    assert change.there == (45, 10, 15)
    for axis in range(3):
        count, there = shape[axis], change.there[axis]
        ramp = (np.arange(count) + 0.5) / count
        values = np.broadcast_to(np.expand_dims(ramp, [a for a in range(3) if a != axis]), shape)
        found = np.moveaxis(change.apply(values), axis, 0)[:, 0, 0]
        expected = (np.arange(there) + 0.5) / there
        inner = (expected > 1 / count) & (expected < 1 - 1 / count)
        np.testing.assert_allclose(found[inner], expected[inner], atol=1e-5)
        back = np.moveaxis(change.back(change.apply(values)), axis, 0)[3:-3, 0, 0]
        np.testing.assert_allclose(back, ramp[3:-3], atol=1e-5)


def test_a_ball_keeps_its_volume_there_and_back() -> None:
    z, y, x = np.mgrid[:12, :40, :48]
    ball = ((z - 6) * 4) ** 2 + (y - 20) ** 2 + (x - 22) ** 2 < 14**2
    change = spacing_change(Grid(ball.shape, known_spacing_mm=(4.0, 1.0, 1.0)), (1.5, 1.5, 1.5))
    assert change is not None
    there = change.apply(ball.astype(np.float32))
    voxel = 4.0 * ball.size / there.size
    assert (there > 0.5).sum() * voxel == pytest.approx(4.0 * ball.sum(), rel=0.02)
    back = change.back((there > 0.5).astype(np.float32)) > 0.5
    assert 2 * (back & ball).sum() / (back.sum() + ball.sum()) > 0.97


@pytest.mark.parametrize("spacing", [(3.0, 1.0, 1.0), (0.7, 1.0, 1.0), (1.0, 0.5, 0.5)])
def test_slices_come_back_once_each_as_soon_as_they_are_complete(
    spacing: tuple[float, float, float],
) -> None:
    preprocessing = Preprocessing(spacing_mm=(1.3, 0.8, 0.8))
    prepared = prepare(spaced(spacing), preprocessing, stride=8)
    assert prepared.change is not None
    random = np.random.default_rng(1)
    says = random.random(prepared.values.shape[1:]).astype(np.float32)
    way = NativeSlices(prepared)
    queue = way.queue(3)
    assert sorted(queue) == list(range(prepared.values.shape[1]))
    came: dict[int, NDArray[np.uint8]] = {}
    for index in queue:
        ready, planes = way.take([index], says[[index]])
        assert not came.keys() & set(ready)
        came |= dict(zip(ready, planes, strict=True))
    assert sorted(came) == list(range(6))
    whole = NativeSlices(prepared).take(list(range(len(says))), says)[1]
    assert np.array_equal(np.stack([came[z] for z in range(6)]), whole)


def test_some_slices_need_only_those_they_are_made_of() -> None:
    prepared = prepare(spaced((4.0, 1.0, 1.0)), Preprocessing(spacing_mm=(1, 1, 1)), stride=8)
    way = NativeSlices(prepared, only=(4,))
    queue = way.queue(0)
    assert 0 < len(queue) < prepared.values.shape[1] / 2
    says = np.ones((len(queue), *prepared.values.shape[2:]), np.float32)
    assert way.take(queue, says)[0] == [4]


def test_a_model_that_resamples_answers_on_the_stored_grid(tmp_path: Path) -> None:
    spec = Preprocessing(crop="head", size=48, neighbours=1, spacing_mm=(2.0, 0.9, 0.9))
    model = publish_unet(tmp_path, preprocessing=spec)
    volume, arrived = spaced((5.0, 1.0, 1.0)), []
    found = Runner(model).predict(
        volume, RunOptions("cpu", first=5), on_slices=lambda indices, _: arrived.extend(indices)
    )
    assert found.probability.shape == volume.geometry.shape
    assert sorted(arrived) == list(range(6))
    assert arrived[0] >= 3
    far = spaced((2.0, 1.0, 1.0))
    assert not np.array_equal(found.probability, Runner(model).predict(far).probability)
    assert prediction_key(model, volume) != prediction_key(model, far)


def test_the_engine_s_process_knows_the_spacing(tmp_path: Path, lender: Engine) -> None:
    model = publish_unet(tmp_path, preprocessing=Preprocessing(spacing_mm=(2.0, 1.0, 1.0)))
    volume = spaced((5.0, 1.0, 1.0))
    found = lender.predict(volume, model, device="cpu")
    here = Runner(model).predict(volume, RunOptions("cpu"))
    assert np.array_equal(found.probability, here.probability)
    assert found.key == here.key == prediction_key(model, volume)


def test_an_unknown_spacing_is_told(tmp_path: Path) -> None:
    model = publish_unet(tmp_path, preprocessing=Preprocessing(spacing_mm=(1.0, 1.0, 1.0)))
    with pytest.raises(ModelError, match=r"xpected voxels of a known size.*files tell none"):
        Runner(model).predict(spaced(None))


def test_a_step_that_would_take_all_memory_is_told() -> None:
    with pytest.raises(ModelError, match=r"at most .* voxels after resampling"):
        spacing_change(Grid((400, 512, 512), known_spacing_mm=(90.0, 9.0, 9.0)), (0.5, 0.5, 0.5))


def test_without_a_spacing_nothing_changes() -> None:
    assert spacing_change(Grid((3, 4, 5)), None) is None
    assert prepare(spaced(None), Preprocessing(), stride=8).change is None
    assert "spacing_mm" not in Preprocessing().told
    assert Preprocessing(spacing_mm=(1, 1, 1)).told["spacing_mm"] == (1, 1, 1)
    assert SpacingChange((2, 3, 4), (2, 3, 4)).apply(np.ones((2, 3, 4))).shape == (2, 3, 4)
