"""The bundled U-Net on the CPU against the same network run plainly."""

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from core.domain.prediction import quantise
from core.domain.volume import Volume
from core.inference.preprocess import from_grid, prepare
from core.inference.torch_device import limit_threads
from core.inference.volume_inference import Runner, RunOptions
from core.io.resource_paths import resource
from core.models.registry import Registry
from tests.bench.data import example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import rounds_of
from tests.synthetic import volume_of

_SLICES = 20
_BATCH = 4
_BOUND = 2.0


def measure() -> list[Entry]:
    """Return slices a second on 20 × 256 × 256, all threads, and seconds of the volume.

    Both sides prepare the volume, run batches of four, and put a quantised probability on the
    native grid. The plain side keeps float32 and contiguous tensors, whatever the processor could
    do. The ratio is promised where the processor has bfloat16 instructions.
    """
    limit_threads()
    volume = volume_of(example(_SLICES, 256).pixels)
    runner = Runner(Registry((resource("models"),)).champion())
    plain = copy.deepcopy(runner.network).to(memory_format=torch.contiguous_format)
    options = RunOptions("cpu", batch_size=_BATCH)
    rounds = rounds_of(
        [
            lambda: runner.predict(volume, options),
            lambda: _plain_prediction(volume, runner, plain),
        ],
        runs=5,
    )
    ours, theirs = np.median(rounds, axis=0).tolist()
    ratio = float(np.median(rounds[:, 1] / rounds[:, 0]))
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    said = (
        f"float32, contiguous: {_SLICES / theirs:.1f} slices/s; {torch.get_num_threads()} threads"
    )
    return [
        Figure("inference", _SLICES / ours, "slices/s").faster(
            ratio, said, bound=_BOUND if native else None
        ),
        Figure("inference_20_slices", ours, "s").plain(f"torch {torch.__version__}"),
    ]


def _plain_prediction(
    volume: Volume, runner: Runner, network: torch.nn.Module
) -> NDArray[np.uint8]:
    prepared = prepare(volume, runner.model.spec.preprocessing, stride=runner.network.stride)
    result = np.zeros(volume.geometry.shape, np.uint8)
    for start in range(0, volume.slices, _BATCH):
        indices = list(range(start, min(start + _BATCH, volume.slices)))
        with torch.no_grad():
            logits = network(torch.from_numpy(prepared.batch(indices)))
            probability = torch.sigmoid(logits)[:, 0].numpy()
        result[indices] = quantise(from_grid(probability, prepared.grid))
    return result
