"""How far a prediction can be believed, told without the ground truth. Imports no torch.

Probabilities are (Z, Y, X) uint8, 255 times the foreground probability, as in `Prediction`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.domain.agreement import level_counts, mean_prediction, models_disagreement
from core.domain.prediction import LabelProbabilities, Postprocessing, Prediction, to_mask
from core.domain.triage import contradictions
from core.domain.volume import Pixels, Volume

Probability: TypeAlias = NDArray[np.uint8]


class CaseDoubt(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks against the mask of one case.

    `soft_dsc`: the DSC that the probabilities themselves expect. `disagreement`: 1 - the mean DSC
    of each two members' masks, None with one member. `contradictions`: slices on which triage and
    mask disagree, None without triage.
    """

    soft_dsc: float
    disagreement: float | None = None
    contradictions: int | None = None


def entropy_map(probability: Probability) -> NDArray[np.float32]:
    """Return the binary entropy (Z, Y, X) of each voxel in bits, 0 (sure) to 1 (no idea).

    Of the mean over flips or over models it is the predictive entropy (Lakshminarayanan et al.
    2017).
    """
    return _entropy_table()[probability]


def soft_dsc(probability: Probability, post: Postprocessing) -> float:
    """Return the DSC to expect of the mask if every voxel is lesion with its own probability.

    2 Σ p over the mask / (its voxels + Σ p over the volume), the ratio of expectations: the soft
    Dice confidence of Borges, Pacheco and Silva 2024. Components that the postprocessing took
    away count as background, as it says they are. Of an empty mask it is the chance that no voxel
    is lesion.
    """
    mask = to_mask(probability, post) > 0
    voxels = int(np.count_nonzero(mask))
    if not voxels:
        counts = level_counts(probability)
        # A level of 255 is outside a mask for a threshold of 1 alone; its chance is nearly none.
        chance = np.log1p(-np.minimum(np.arange(256) / 255.0, 1 - 1e-12))
        return float(np.exp(np.sum(counts * chance)))
    above = to_mask(probability, Postprocessing(threshold=post.threshold)) > 0
    common = int(probability[mask].sum(dtype=np.int64))
    taken = int(probability[above & ~mask].sum(dtype=np.int64))
    total = int(probability.sum(dtype=np.int64)) - taken
    return 2 * common / (255 * voxels + total)


def mirrored(volume: Volume) -> Volume:
    """Return the volume as seen in a mirror: left and right exchanged."""
    pixels: Pixels = volume.pixels[..., ::-1].copy()
    return replace(volume, pixels=pixels)


def unmirrored(prediction: Prediction) -> Prediction:
    """Return the prediction of a mirrored volume on the grid of the volume itself."""
    several = prediction.several
    if several is not None:
        several = LabelProbabilities(several.channels[..., ::-1].copy(), several.output)
    probability = prediction.probability[..., ::-1].copy()
    return replace(prediction, probability=probability, several=several)


def doubt(
    members: Sequence[Prediction],
    post: Postprocessing,
    *,
    triage: NDArray[np.float64] | None = None,
) -> CaseDoubt:
    """Return the doubt about the mask of the members' mean; `triage` (Z,) says lesion or not.

    Members are models, or one model on the volume and, brought back, on its mirror image.
    """
    alone = len(members) == 1
    mean = members[0].probability if alone else mean_prediction(members).probability
    mask = to_mask(mean, post)
    return CaseDoubt(
        soft_dsc=soft_dsc(mean, post),
        disagreement=models_disagreement([to_mask(each.probability, post) for each in members]),
        contradictions=None if triage is None else len(contradictions(triage, mask)),
    )


def _entropy_table() -> NDArray[np.float32]:
    chance = np.arange(256) / 255.0
    inner = chance[1:-1]
    table = np.zeros(256, np.float32)
    table[1:-1] = -(inner * np.log2(inner) + (1 - inner) * np.log2(1 - inner))
    return table
