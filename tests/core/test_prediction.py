"""From probability to mask, and the cache on disk."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import ndimage

from core.domain.prediction import Postprocessing, Prediction, quantise, to_mask
from core.io.datasets.prediction_file import load_prediction, save_prediction

probabilities = hnp.arrays(
    np.float32, (3, 5, 7), elements=st.floats(0, 1, width=32, allow_subnormal=False)
)
quantised = hnp.arrays(np.uint8, (3, 5, 7))
thresholds = st.floats(0, 1)


def mask_at(probability: NDArray[np.uint8], threshold: float) -> NDArray[np.uint8]:
    return to_mask(probability, Postprocessing(threshold=threshold))


@given(probabilities)
def test_half_is_the_border_exactly(probability: NDArray[np.float32]) -> None:
    assert np.array_equal(mask_at(quantise(probability), 0.5), probability > 0.5)


def test_neighbours_of_one_half() -> None:
    half = np.float32(0.5)
    near = np.array([[[np.nextafter(half, np.float32(d)) for d in (0, 1)]]], np.float32)
    assert mask_at(quantise(near), 0.5).tolist() == [[[0, 1]]]
    assert mask_at(quantise(np.full((1, 1, 1), half)), 0.5).tolist() == [[[0]]]


@given(probabilities)
def test_quantised_is_within_half_a_step(probability: NDArray[np.float32]) -> None:
    values = quantise(probability)
    assert values.dtype == np.uint8
    assert np.abs(values / 255.0 - probability).max() <= 0.5 / 255 + 1e-6


@given(probabilities)
def test_quantising_keeps_the_order(probability: NDArray[np.float32]) -> None:
    order = np.argsort(probability, axis=None)
    assert np.all(np.diff(quantise(probability).ravel()[order].astype(int)) >= 0)


@given(quantised, thresholds, thresholds)
def test_a_higher_threshold_never_adds(
    probability: NDArray[np.uint8], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert np.all(mask_at(probability, high) <= mask_at(probability, low))


@pytest.mark.parametrize("level", range(256))
def test_a_threshold_on_a_level_leaves_that_level_out(level: int) -> None:
    steps = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    expected = steps > min(level, 254)
    assert np.array_equal(mask_at(steps, level / 255), expected)


def test_ends_of_the_threshold() -> None:
    steps = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    assert mask_at(steps, 0.0).sum() == 255
    assert mask_at(steps, 1.0).sum() == 1


def test_mask_is_a_copy_of_its_own() -> None:
    probability = np.full((1, 4, 4), 200, np.uint8)
    mask = mask_at(probability, 0.5)
    mask[:] = 0
    assert probability.min() == 200
    assert mask.dtype == np.uint8


def test_small_components_go_by_their_share_of_the_largest() -> None:
    probability = np.zeros((1, 8, 12), np.uint8)
    probability[0, 1:6, 1:5] = 255  # 20 voxels
    probability[0, 1:4, 7:9] = 255  # 6, a share of 0.3
    probability[0, 6:8, 7:9] = 255  # 4
    kept = to_mask(probability, Postprocessing(smallest_share=0.3))
    assert kept.sum() == 26
    assert not kept[0, 6:8, 7:9].any()
    both = Postprocessing(largest_component=True, smallest_share=0.3)
    assert to_mask(probability, both).sum() == 20
    assert to_mask(probability[0], both).sum() == 30


def test_answers_of_before_hold_for_masks_that_are_the_same() -> None:
    assert Postprocessing(0.25, fill_holes=True).cut == "0.250 False True"
    assert Postprocessing(smallest_share=0.3).cut != Postprocessing().cut


def test_largest_component_then_holes() -> None:
    probability = np.zeros((2, 12, 12), np.uint8)
    probability[:, 1:8, 1:8] = 255
    probability[:, 4, 4] = 0
    probability[0, 10, 10] = 255
    post = Postprocessing(largest_component=True, fill_holes=True)
    mask = to_mask(probability, post)
    assert mask[0, 10, 10] == 0
    assert mask[0, 4, 4] == 1
    plain = to_mask(probability, Postprocessing())
    assert np.array_equal(plain, probability > 127)
    kept = to_mask(probability, Postprocessing(largest_component=True))
    assert ndimage.label(kept)[1] == 1
    assert kept[0, 4, 4] == 0


def test_one_slice_alone_is_thresholded() -> None:
    plane = np.full((4, 4), 200, np.uint8)
    assert to_mask(plane, Postprocessing(largest_component=True, fill_holes=True)).all()


def prediction(seed: int = 0) -> Prediction:
    values = np.random.default_rng(seed).integers(0, 256, (4, 9, 11), np.uint8, endpoint=False)
    return Prediction(values, "unet-模型", f"key{seed}", "cpu", 1.25)


def test_cache_gives_back_what_was_put(tmp_path: Path) -> None:
    path = tmp_path / "unet16" / "病例 1.npz"
    save_prediction(path, prediction())
    found = load_prediction(path, key="key0")
    assert found is not None
    assert np.array_equal(found.probability, prediction().probability)
    assert found.probability.dtype == np.uint8
    assert (found.model_id, found.key, found.device, found.seconds) == (
        "unet-模型", "key0", "cpu", 1.25,
    )  # fmt: skip
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_other_key_or_no_file_is_a_miss(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    assert load_prediction(path, key="key0") is None
    save_prediction(path, prediction())
    assert load_prediction(path, key="key1") is None
    assert load_prediction(path, key="") is None
    assert load_prediction(tmp_path, key="key0") is None
    save_prediction(path, prediction(1))
    assert load_prediction(path, key="key0") is None
    assert load_prediction(path, key="key1") is not None


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("cache") / "a.npz"
    save_prediction(path, prediction())
    return path.read_bytes()


@given(data=st.data())
@settings(max_examples=400)
def test_damaged_cache_is_a_miss_or_whole(
    data: st.DataObject, archive: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    content = bytearray(archive)
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        for _ in range(data.draw(st.integers(1, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    found = load_prediction(path, key="key0")
    assert found is None or np.array_equal(found.probability, prediction().probability)


def as_npz(**arrays: object) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def as_npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


def as_other_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("key", "key0")
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        as_npy(),
        as_other_zip(),
        as_npz(key="key0"),
        as_npz(key="key0", probability=np.zeros(3), model_id="a", device="cpu", seconds="soon"),
        as_npz(key="key0", probability=np.zeros((1, 2, 2)), model_id="a", device="cpu", seconds=1),
        as_npz(key=np.array([object()]), probability=np.zeros(3, np.uint8)),
    ],
    ids=["empty", "text", "npy", "zip", "fields", "seconds", "float", "pickle"],
)
def test_files_of_another_kind_are_a_miss(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    assert load_prediction(path, key="key0") is None
