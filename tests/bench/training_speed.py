"""Training and augmentation on the CPU against a plain loop over the same data."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor

from core.inference.preprocess import PlaneGrid
from core.inference.torch_device import limit_threads
from core.models.networks.builder import build_network
from core.models.networks.network import SliceNetwork
from core.models.networks.spec import NetworkSpec
from core.models.train_spec import Augmentation, TrainSpec
from tests.bench.data import example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import interleaved_seconds
from training.learning.augment import Planes, augment
from training.learning.learner import Learner
from training.learning.losses import bce_dice_loss
from training.learning.sampler import Sampler
from training.learning.train_case import TrainCase
from training.run.frame import keep_memory

_BATCH, _SIDE, _SLICES = 16, 256, 24
_BOUND = 2.0
_AUGMENTED = 64
_FEWEST_AUGMENTED = 200.0


def measure() -> list[Entry]:
    """Return images a second of `unet` in training and of the augmentation on one thread.

    Both trainings draw the same batches, all threads. Ours augments, clips, keeps a moving average
    and decays; the plain one does none of it, in float32 and contiguous. The ratio is promised
    where the processor has bfloat16 instructions.
    """
    keep_memory()
    augmented = _augmented_a_second()
    limit_threads()
    ours, theirs = interleaved_seconds([_our_step(), _plain_step()], runs=3)
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    said = f"float32 loop: {_BATCH / theirs:.1f} images/s; {torch.get_num_threads()} threads"
    return [
        Figure("training", _BATCH / ours, "images/s").faster(
            theirs / ours, said, bound=_BOUND if native else None
        ),
        Figure("augmentation", augmented, "images/s").faster(
            augmented / _FEWEST_AUGMENTED,
            f"{_FEWEST_AUGMENTED:.0f} images/s; 256×256, 3 channels, one thread",
            bound=1.0,
        ),
    ]


def _our_step() -> Callable[[], object]:
    spec = TrainSpec(architecture="unet", data="", split="", batch_size=_BATCH)
    sampler, network = _sampler(spec), _network(spec)
    learner = Learner(spec, network, sampler.cases[0].channels, torch.device("cpu"))
    return lambda: learner.step(sampler.draw(), 1, 0.5)


def _plain_step() -> Callable[[], object]:
    spec = TrainSpec(architecture="unet", data="", split="", batch_size=_BATCH)
    sampler, network = _sampler(spec), _network(spec)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)

    def step() -> None:
        batch = sampler.draw()
        optimiser.zero_grad()
        bce_dice_loss(network(batch.images), batch.masks).backward()
        optimiser.step()

    return step


def _network(spec: TrainSpec) -> SliceNetwork:
    planes = 3 * (2 * spec.preprocessing.neighbours + 1)
    return build_network(NetworkSpec(spec.architecture, planes, spec.arguments)).train()


def _sampler(spec: TrainSpec) -> Sampler:
    made = example(_SLICES, _SIDE)
    values = ((made.pixels - 100.0) / 50.0).astype(np.float16)
    grid = PlaneGrid((_SIDE, _SIDE), (0, _SIDE, 0, _SIDE), (_SIDE, _SIDE))
    numbers = tuple(range(1, _SLICES + 1))
    names = ("Pre", "FLAIR", "Post")
    case = TrainCase("CASE", values, made.truth, made.truth, grid, numbers, names)
    return Sampler([case], spec, Generator().manual_seed(1))


def _augmented_a_second() -> float:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        generator = Generator().manual_seed(1)
        images, masks = _slices()

        def call() -> tuple[Tensor, Tensor]:
            planes = Planes(channels=3, substitute=1)
            return augment(images, masks, Augmentation(), planes=planes, generator=generator)

        return _AUGMENTED / interleaved_seconds([call], runs=5)[0]
    finally:
        torch.set_num_threads(before)


def _slices() -> tuple[Tensor, Tensor]:
    made = example(_AUGMENTED, _SIDE)
    images = torch.from_numpy(made.pixels.astype(np.float32)).movedim(0, 1).contiguous() / 50.0
    return images, torch.from_numpy(made.truth.astype(np.float32)).unsqueeze(1)
