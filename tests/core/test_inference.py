"""Running a model on a volume: against a plain forward pass, in order, stopped, out of memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.domain.errors import ModelError
from core.domain.prediction import quantise
from core.domain.progress import Cancelled
from core.domain.volume import Volume
from core.inference.native_slices import nearest_first
from core.inference.preprocess import from_grid, prepare
from core.inference.torch_device import resolve_device, torch_devices
from core.inference.torch_network import TorchNetwork, trained_network
from core.inference.volume_inference import Runner, RunOptions, predict
from core.models.networks.network import Network
from core.models.preprocessing import Preprocessing
from core.models.registry import Model, prediction_key
from tests.synthetic import head, publish_unet, volume_of

LEVELS_APART = 2.0
"""Levels of 255 that bfloat16 may move a probability on average; float32 moves it by far less."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return publish_unet(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def runner(model: Model) -> Runner:
    return Runner(model)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def volume(slices: int = 5, shape: tuple[int, int] = (40, 32), seed: int = 0) -> Volume:
    return volume_of(head(slices, shape, seed=seed))


def plain(
    runner: Runner, volume: Volume, *, flips: bool = False, mirrored: bool = False
) -> NDArray[np.float32]:
    """Return the probability by forward passes in float32, without any of the machinery."""
    prepared = prepare(volume, runner.model.spec.preprocessing, stride=runner.network.stride)
    values = torch.from_numpy(prepared.batch(range(volume.slices)))
    with torch.no_grad():
        network = trained_network(runner.model)
        logits = network(values.flip(-1)).flip(-1) if mirrored else network(values)
        if flips:
            logits = (logits + network(values.flip(-1)).flip(-1)) / 2
    return from_grid(torch.sigmoid(logits)[:, 0].numpy(), prepared.grid)


def distance(found: NDArray[np.uint8], expected: NDArray[np.float32]) -> float:
    return float(np.abs(found.astype(float) - quantise(expected)).mean())


@pytest.mark.parametrize("batch_size", [1, 2, 5, 16])
def test_equals_a_plain_forward_pass_whatever_the_batch(runner: Runner, batch_size: int) -> None:
    given_ = volume()
    expected = plain(runner, given_)
    found = runner.predict(given_, RunOptions("cpu", batch_size=batch_size))
    assert distance(found.probability, expected) <= LEVELS_APART
    assert distance(found.probability, expected[::-1]) > 2 * LEVELS_APART
    assert (found.model_id, found.device) == ("tiny", "cpu")
    assert found.seconds > 0


def test_flips_average_logits_with_the_mirrored_slice(model: Model) -> None:
    given_ = volume()
    flipping = Runner(model.with_flips(True))
    found = flipping.predict(given_, RunOptions("cpu")).probability
    assert distance(found, plain(flipping, given_, flips=True)) <= LEVELS_APART
    assert distance(found, plain(flipping, given_)) > 2 * LEVELS_APART
    mirrored = volume_of(np.ascontiguousarray(given_.pixels[..., ::-1]))
    turned = flipping.predict(mirrored, RunOptions("cpu")).probability[..., ::-1]
    assert np.abs(found.astype(float) - turned).mean() <= LEVELS_APART


def test_a_mirrored_view_sees_the_mirror_image_alone(model: Model) -> None:
    given_ = volume()
    spec = msgspec.structs.replace(model.spec, view="mirrored")
    turned = Runner(replace(model, spec=spec))
    found = turned.predict(given_, RunOptions("cpu", batch_size=2)).probability
    assert distance(found, plain(turned, given_, mirrored=True)) <= LEVELS_APART
    assert distance(found, plain(turned, given_)) > 2 * LEVELS_APART
    keys = {prediction_key(each, given_) for each in (model, turned.model, model.with_flips(True))}
    assert len(keys) == 3
    both = turned.model.with_flips(True)
    assert prediction_key(both, given_) == prediction_key(model.with_flips(True), given_)


@pytest.mark.parametrize("neighbours", [1, 2])
def test_neighbouring_slices_are_seen(tmp_path: Path, neighbours: int) -> None:
    spec = Preprocessing(neighbours=neighbours, crop="head", size=48)
    runner = Runner(publish_unet(tmp_path, preprocessing=spec))
    given_ = volume()
    found = runner.predict(given_, RunOptions("cpu")).probability
    assert distance(found, plain(runner, given_)) <= LEVELS_APART
    assert found.shape == given_.geometry.shape


@given(shape=st.tuples(st.integers(16, 75), st.integers(16, 75)), slices=st.integers(1, 3))
@settings(max_examples=12)
def test_any_size_comes_back_on_its_own_grid(
    runner: Runner, shape: tuple[int, int], slices: int
) -> None:
    given_ = volume(slices, shape)
    found = runner.predict(given_, RunOptions("cpu"))
    assert found.probability.shape == (slices, *shape)
    assert found.probability.dtype == np.uint8
    assert distance(found.probability, plain(runner, given_)) <= LEVELS_APART


def test_the_same_again_bit_for_bit(model: Model) -> None:
    given_ = volume()
    runs = [predict(given_, model, RunOptions("cpu")) for _ in range(2)]
    assert np.array_equal(runs[0].probability, runs[1].probability)
    assert runs[0].key == runs[1].key


def test_key_changes_with_image_weights_and_flips(model: Model, tmp_path: Path) -> None:
    given_ = volume()
    other = publish_unet(tmp_path, seed=1)
    keys = [
        prediction_key(model, given_),
        prediction_key(model, volume(seed=1)),
        prediction_key(other, given_),
        prediction_key(model.with_flips(True), given_),
    ]
    assert len(set(keys)) == len(keys)
    assert predict(given_, model, RunOptions("cpu")).key == keys[0]


@given(st.integers(1, 60), st.integers(-5, 70))
def test_nearest_slices_go_first(count: int, first: int) -> None:
    order = nearest_first(count, first)
    assert sorted(order) == list(range(count))
    distances = [abs(index - first) for index in order]
    assert distances == sorted(distances)


@dataclass
class Heard:
    """What a run tells on its way."""

    indices: list[int] = field(default_factory=list)
    slices: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    fractions: list[float] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    stop_after: int | None = None

    def on_slices(self, indices: Sequence[int], probability: NDArray[np.uint8]) -> None:
        self.indices += indices
        for index, plane in zip(indices, probability, strict=True):
            self.slices[index] = plane.copy()

    def progress(self, fraction: float, message: str) -> None:
        self.fractions.append(fraction)
        self.messages.append(message)
        if self.stop_after is not None and len(self.indices) >= self.stop_after:
            raise Cancelled


def test_slices_arrive_from_the_one_on_screen(runner: Runner) -> None:
    heard = Heard()
    options = RunOptions("cpu", first=3, batch_size=2)
    done = runner.predict(volume(7), options, on_slices=heard.on_slices, progress=heard.progress)
    assert heard.indices == [3, 2, 4, 1, 5, 0, 6]
    assert np.array_equal(np.stack([heard.slices[z] for z in range(7)]), done.probability)
    assert heard.fractions[0] == 0
    assert heard.fractions == sorted(heard.fractions)
    assert heard.fractions[-1] == 1
    assert heard.messages[-1].startswith("7 of 7 slices on cpu")


def test_cancel_stops_within_one_batch(runner: Runner) -> None:
    heard = Heard(stop_after=2)
    with pytest.raises(Cancelled):
        runner.predict(
            volume(7),
            RunOptions("cpu", batch_size=2),
            on_slices=heard.on_slices,
            progress=heard.progress,
        )
    assert heard.indices == [0, 1]


class Hungry(Network):
    """A network that has memory for `most` slices at once, and really asks for too much else."""

    stride = 8

    def __init__(self, most: int, kind: str) -> None:
        super().__init__()
        self.most, self.kind = most, kind
        self.batches: list[int] = []

    def forward(self, values: Tensor) -> Tensor:
        self.batches.append(len(values))
        if len(values) > self.most:
            if self.kind == "cuda":
                raise torch.OutOfMemoryError("CUDA out of memory.")
            if self.kind == "cpu":
                torch.empty(1 << 50)
            raise RuntimeError("a fault of another kind")
        return values[:, 1:2] * 3


@pytest.fixture
def hungry(model: Model, request: pytest.FixtureRequest) -> Runner:
    runner = Runner(model)
    runner.network = TorchNetwork(Hungry(*request.param))
    return runner


@pytest.mark.parametrize("hungry", [(2, "cuda"), (2, "cpu")], indirect=True)
def test_out_of_memory_halves_the_batch_and_loses_no_slice(hungry: Runner) -> None:
    heard = Heard()
    options = RunOptions("cpu", batch_size=8)
    found = hungry.predict(volume(9), options, on_slices=heard.on_slices, progress=heard.progress)
    assert isinstance(hungry.network, TorchNetwork)
    assert isinstance(hungry.network.network, Hungry)
    assert hungry.network.network.batches == [8, 4, 2, 2, 2, 2, 1]
    assert heard.indices == list(range(9))
    steps = [message for message in heard.messages if "out of memory" in message]
    assert steps == [f"out of memory on cpu: batches of {n}" for n in (4, 2)]
    whole = Runner(hungry.model)
    whole.network = TorchNetwork(Hungry(99, "cuda"))
    expected = whole.predict(volume(9), RunOptions("cpu", batch_size=9))
    assert np.array_equal(found.probability, expected.probability)


@pytest.mark.parametrize("hungry", [(0, "cuda"), (0, "cpu")], indirect=True)
def test_no_memory_for_one_slice_is_a_sentence(hungry: Runner) -> None:
    with pytest.raises(ModelError, match="expected memory for one slice, found none left"):
        hungry.predict(volume(), RunOptions("cpu"))


@pytest.mark.parametrize("hungry", [(0, "other")], indirect=True)
def test_other_faults_are_not_taken_for_memory(hungry: Runner) -> None:
    with pytest.raises(RuntimeError, match="a fault of another kind"):
        hungry.predict(volume(), RunOptions("cpu"))


def test_a_volume_the_model_was_not_made_for_is_told(runner: Runner) -> None:
    with pytest.raises(ModelError, match="expected 3 channels"):
        runner.predict(volume_of(head(2, channels=1)))


def test_devices_end_with_the_cpu_and_auto_is_the_first() -> None:
    there = torch_devices()
    assert there[-1] == "cpu"
    assert str(resolve_device("auto")) == there[0]
    with pytest.raises(ModelError, match="Expected a device among auto"):
        resolve_device("abacus")


def test_an_offset_of_the_logits_moves_every_probability_and_is_another_model(
    tmp_path: Path, model: Model
) -> None:
    moved = publish_unet(tmp_path, logit_offset=0.85)
    assert moved.fingerprint != model.fingerprint
    given_ = volume()
    before = plain(Runner(model), given_)
    expected = 1 / (1 + (1 - before) / before * np.float32(np.exp(-0.85)))
    found = Runner(moved).predict(given_, RunOptions("cpu")).probability
    assert distance(found, expected) < LEVELS_APART
    assert distance(found, before) > 2 * LEVELS_APART


def test_logits_that_are_no_numbers_make_no_mask(tmp_path: Path) -> None:
    model = publish_unet(tmp_path)
    state = load_file(model.weights)
    state["conv.bias"][0] = float("nan")
    save_file(state, model.weights)
    with pytest.raises(ModelError, match=r"expected logits that are numbers, found .*NaN"):
        predict(volume_of(head(2)), model, RunOptions("cpu"))
