"""Score a network on cases that are held out of the gradients."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.domain.metrics import overlap
from core.domain.prediction import SMALL_SHARE, Postprocessing, to_mask
from core.inference.torch_device import autocast
from core.models.train_spec import TrainSpec
from core.studies.pictures import outlined, png, telling_slice
from training.dataset import TrainCase
from training.losses import LOSSES

_BATCH = 8


class SelectionScore(NamedTuple):
    """What the cases held out say of a network.

    `dsc` is the mean DSC by the smallest share of components that is kept, `loss` the mean over the
    cases of the loss of each whole case, in the training's own terms.
    """

    dsc: dict[float, float]
    loss: float


def _probability(logits: Tensor, case: TrainCase, logit_offset: float) -> NDArray[np.uint8]:
    # Weights that have come apart find nothing, which is how they are to score.
    probability = torch.sigmoid(logits + logit_offset).nan_to_num(0.0)
    return case.native(probability[:, 0].numpy())


def _case_logits(
    network: nn.Module,
    case: TrainCase,
    *,
    neighbours: int,
    device: torch.device,
    beat: Callable[[], None],
) -> Tensor:
    """Return the logits (Z, 1, h, w) of a case on the network's grid, float32."""
    prepared = case.prepared(neighbours)
    depth = prepared.values.shape[1]
    planes = []
    with torch.inference_mode(), autocast(device):
        for start in range(0, depth, _BATCH):
            beat()
            values = torch.from_numpy(prepared.batch(range(start, min(start + _BATCH, depth))))
            logits = network(values.to(device, memory_format=torch.channels_last))
            planes.append(logits.float().cpu())
    return torch.cat(planes)


def score_cases(
    network: nn.Module,
    cases: Sequence[TrainCase],
    spec: TrainSpec,
    *,
    device: torch.device,
    logit_offset: float = 0.0,
    beat: Callable[[], None] = lambda: None,
) -> SelectionScore:
    """Return DSC, native, and loss over cases; all components are kept, then the large ones.

    The largest alone is no choice: where a false alarm is larger than the lesion it leaves nothing
    of it, which few cases would not show.
    """
    network.eval()
    scores: dict[float, list[float]] = {0.0: [], SMALL_SHARE: []}
    losses = []
    for case in cases:
        neighbours = spec.preprocessing.neighbours
        logits = _case_logits(network, case, neighbours=neighbours, device=device, beat=beat)
        target = torch.from_numpy(case.mask.astype(np.float32)).unsqueeze(1)
        losses.append(float(LOSSES[spec.loss](logits, target)))
        probability = _probability(logits, case, logit_offset)
        for share, found in scores.items():
            mask = to_mask(probability, Postprocessing(smallest_share=share))
            found.append(overlap(case.truth, mask).dsc)
    dsc = {share: float(np.mean(found)) for share, found in scores.items()}
    return SelectionScore(dsc, float(np.mean(losses)))


def draw_case(
    network: nn.Module,
    case: TrainCase,
    spec: TrainSpec,
    *,
    device: torch.device,
    logit_offset: float = 0.0,
) -> bytes:
    """Return a PNG of the slice with most lesion: truth green, prediction red, as reports draw it.

    On the grid of the network; FLAIR where there is one, else the first channel.
    """
    prepared, z = case.prepared(spec.preprocessing.neighbours), telling_slice(case.mask, None)
    network.eval()
    with torch.inference_mode(), autocast(device):
        values = torch.from_numpy(prepared.batch(range(z, z + 1)))
        logits = network(values.to(device, memory_format=torch.channels_last)).float().cpu()
    mask = (logits[0, 0] + logit_offset > 0).numpy().astype(np.uint8)
    shown = case.channels.index("FLAIR") if "FLAIR" in case.channels else 0
    return png(outlined(case.values[shown, z].astype(np.float32), case.mask[z], mask))
