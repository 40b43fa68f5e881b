"""Score a network on cases that are held out of the gradients."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.domain.metrics import overlap
from core.domain.model_output import ModelOutput
from core.domain.prediction import (
    SMALL_SHARE,
    LabelProbabilities,
    Postprocessing,
    quantise,
    to_mask,
)
from core.inference.torch_device import autocast
from core.inference.volume_inference import probabilities
from core.models.train_spec import TrainSpec
from core.studies.export.pictures import outlined, png, telling_slice
from training.learning.label_targets import targets
from training.learning.losses import loss_of
from training.learning.train_case import TrainCase

_BATCH = 8


class SelectionScore(NamedTuple):
    """What the cases held out say of a network.

    `dsc` is the mean DSC by the smallest share of components that is kept, `loss` the mean over the
    cases of the loss of each whole case, in the training's own terms. Of several labels it is the
    mean over them, and `labels` has that of each by name, with every component.
    """

    dsc: dict[float, float]
    loss: float
    labels: Mapping[str, float] = MappingProxyType({})


class LogitMeaning(NamedTuple):
    """What logits are of, None for one lesion, and what is added to them."""

    output: ModelOutput | None = None
    offset: float = 0.0


_ONE_LESION = LogitMeaning()


def _probability(logits: Tensor, case: TrainCase, logit_offset: float) -> NDArray[np.uint8]:
    # Weights that have come apart find nothing, which is how they are to score.
    probability = torch.sigmoid(logits + logit_offset).nan_to_num(0.0)
    return case.native(probability[:, 0].numpy())


def _said(
    logits: Tensor, case: TrainCase, logit_offset: float, output: ModelOutput
) -> LabelProbabilities:
    """Return what logits (Z, K, h, w) say of a case of several labels, on its own grid."""
    known = np.nan_to_num(probabilities(logits.numpy(), output, logit_offset))
    return LabelProbabilities(np.stack([case.native(channel) for channel in known]), output)


def _case_logits(
    network: nn.Module,
    case: TrainCase,
    *,
    neighbours: int,
    device: torch.device,
    beat: Callable[[], None],
) -> Tensor:
    """Return the logits (Z, K, h, w) of a case on the network's grid, float32."""
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
    meaning: LogitMeaning = _ONE_LESION,
    beat: Callable[[], None] = lambda: None,
) -> SelectionScore:
    """Return DSC, native, and loss over cases; all components are kept, then the large ones.

    The largest alone is no choice: where a false alarm is larger than the lesion it leaves nothing
    of it, which few cases would not show.
    """
    network.eval()
    output, logit_offset = meaning
    scores: dict[float, list[float]] = {0.0: [], SMALL_SHARE: []}
    by_label: list[list[float]] = []
    losses = []
    criterion = loss_of(spec.loss, output.kind if output else None)
    for case in cases:
        neighbours = spec.preprocessing.neighbours
        logits = _case_logits(network, case, neighbours=neighbours, device=device, beat=beat)
        target = torch.from_numpy(case.mask.astype(np.float32)).unsqueeze(1)
        if output is not None:
            losses.append(float(criterion(logits, targets(target, output))))
            said = _said(logits, case, logit_offset, output)
            for share, found in scores.items():
                each = _label_dsc(said, case, Postprocessing(smallest_share=share))
                found.append(float(np.mean(each)))
                by_label += [each] if share == 0.0 else []
            continue
        losses.append(float(criterion(logits, target)))
        probability = _probability(logits, case, logit_offset)
        for share, found in scores.items():
            mask = to_mask(probability, Postprocessing(smallest_share=share))
            found.append(overlap(case.truth, mask).dsc)
    dsc = {share: float(np.mean(found)) for share, found in scores.items()}
    means = np.mean(by_label, axis=0).tolist() if by_label else []
    names = [region.name for region in output.channels] if output else []
    return SelectionScore(dsc, float(np.mean(losses)), dict(zip(names, means, strict=True)))


def _label_dsc(said: LabelProbabilities, case: TrainCase, post: Postprocessing) -> list[float]:
    """Return the DSC of each label or region of a case."""
    labels = said.output.labels
    return [
        overlap(labels.mask(case.truth, region), to_mask(said.of(region), post)).dsc
        for region in said.output.channels
    ]


def draw_case(
    network: nn.Module,
    case: TrainCase,
    spec: TrainSpec,
    *,
    device: torch.device,
    meaning: LogitMeaning = _ONE_LESION,
) -> bytes:
    """Return a PNG of the slice with most lesion: truth green, prediction red, as reports draw it.

    Of several labels it is all of them together.
    On the grid of the network; FLAIR where there is one, else the first channel.
    """
    output, logit_offset = meaning
    truth = (case.mask > 0).astype(np.uint8)
    prepared, z = case.prepared(spec.preprocessing.neighbours), telling_slice(truth, None)
    network.eval()
    with torch.inference_mode(), autocast(device):
        values = torch.from_numpy(prepared.batch(range(z, z + 1)))
        logits = network(values.to(device, memory_format=torch.channels_last)).float().cpu()
    if output is None:
        mask = (logits[0, 0] + logit_offset > 0).numpy().astype(np.uint8)
    else:
        known = quantise(np.nan_to_num(probabilities(logits.numpy(), output, logit_offset)))
        said = LabelProbabilities(known, output)
        mask = to_mask(said.of(output.whole)[0], Postprocessing())
    shown = case.channels.index("FLAIR") if "FLAIR" in case.channels else 0
    return png(outlined(case.values[shown, z].astype(np.float32), truth[z], mask))
