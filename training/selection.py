"""Score a network on cases that are held out of the gradients."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.domain.metrics import overlap
from core.domain.prediction import SMALL_SHARE, Postprocessing, quantise, to_mask
from core.inference.preprocess import from_grid
from core.inference.torch_device import autocast
from training.dataset import TrainCase

_BATCH = 8


def predict_case(
    network: nn.Module,
    case: TrainCase,
    *,
    neighbours: int,
    device: torch.device,
    logit_offset: float = 0.0,
    beat: Callable[[], None] = lambda: None,
) -> NDArray[np.uint8]:
    """Return the quantised probability (Z, Y, X) on the native grid, as inference makes it.

    `beat` is called before each batch of slices.
    """
    prepared = case.prepared(neighbours)
    depth = len(case.truth)
    planes = []
    with torch.inference_mode(), autocast(device):
        for start in range(0, depth, _BATCH):
            beat()
            values = torch.from_numpy(prepared.batch(range(start, min(start + _BATCH, depth))))
            logits = network(values.to(device, memory_format=torch.channels_last))
            # Weights that have come apart find nothing, which is how they are to score.
            probability = torch.sigmoid(logits.float() + logit_offset).nan_to_num(0.0)
            planes.append(probability[:, 0].cpu().numpy())
    return quantise(from_grid(np.concatenate(planes), case.grid))


def score_cases(
    network: nn.Module,
    cases: Sequence[TrainCase],
    *,
    neighbours: int,
    device: torch.device,
    logit_offset: float = 0.0,
    beat: Callable[[], None] = lambda: None,
) -> dict[float, float]:
    """Return the mean DSC over cases, native, by `Postprocessing.smallest_share`: all, then large.

    The largest alone is no choice: where a false alarm is larger than the lesion it leaves nothing
    of it, which few cases would not show.
    """
    network.eval()
    scores: dict[float, list[float]] = {0.0: [], SMALL_SHARE: []}
    for case in cases:
        probability = predict_case(
            network,
            case,
            neighbours=neighbours,
            device=device,
            logit_offset=logit_offset,
            beat=beat,
        )
        for share, found in scores.items():
            mask = to_mask(probability, Postprocessing(smallest_share=share))
            found.append(overlap(case.truth, mask).dsc)
    return {share: float(np.mean(found)) for share, found in scores.items()}
