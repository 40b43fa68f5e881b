"""Score a network on cases that are held out of the gradients."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.inference import autocast
from core.metrics import overlap
from core.prediction import SMALL_SHARE, Postprocessing, quantise, to_mask
from core.preprocess import from_grid
from training.dataset import TrainCase

_BATCH = 8


def predict_case(
    network: nn.Module,
    case: TrainCase,
    *,
    neighbours: int,
    device: torch.device,
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
            probability = torch.sigmoid(logits.float()).nan_to_num(0.0)
            planes.append(probability[:, 0].cpu().numpy())
    return quantise(from_grid(np.concatenate(planes), case.grid))


def score_cases(
    network: nn.Module,
    cases: Sequence[TrainCase],
    *,
    neighbours: int,
    device: torch.device,
    beat: Callable[[], None] = lambda: None,
) -> dict[bool, float]:
    """Return the mean DSC over cases, native: with every component, and without small ones.

    True is the key of the latter, see `SMALL_SHARE`. The largest alone is no choice: where a false
    alarm is larger than the lesion it leaves nothing of it, which few cases would not show.
    """
    network.eval()
    scores: dict[bool, list[float]] = {False: [], True: []}
    for case in cases:
        probability = predict_case(network, case, neighbours=neighbours, device=device, beat=beat)
        for no_small, found in scores.items():
            share = SMALL_SHARE if no_small else 0.0
            mask = to_mask(probability, Postprocessing(smallest_share=share))
            found.append(overlap(case.truth, mask).dsc)
    return {no_small: float(np.mean(found)) for no_small, found in scores.items()}
