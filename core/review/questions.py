"""What is asked about two masks that disagree: the consequential first, small ones together.

A lesion missed or invented comes before part of one that both know, the larger before the smaller.
What is too small to be asked about by itself is one question at the end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.domain.components import Box, Disagreement, MaskLike, box_slices, voxels_of
from core.domain.mask import Mask

QuestionName = Literal[
    "missed lesion",
    "invented lesion",
    "missed part",
    "invented part",
    "rim too narrow",
    "rim too wide",
    "small ones",
]

_RIM = np.ones((1, 3, 3), bool)
SMALL_ONES = "small"


@dataclass(frozen=True)
class SmallLimit:
    """What is too small for a question of its own: below `ml` where the spacing is known."""

    voxels: int = 10
    ml: float = 0.1

    def holds(self, error: Disagreement, voxel_ml: float | None) -> bool:
        """Return whether a piece is below the limit."""
        if voxel_ml is None:
            return error.voxels < self.voxels
        return error.volume_ml(voxel_ml) < self.ml


@dataclass(frozen=True)
class Question:
    """One region to be judged: a piece, or all small ones together."""

    pieces: tuple[Disagreement, ...]
    name: QuestionName

    @property
    def together(self) -> bool:
        """Whether it is about the small ones."""
        return self.name == "small ones"

    @property
    def key(self) -> str:
        """Name of the question among those of the same two masks."""
        return SMALL_ONES if self.together else self.pieces[0].key

    @property
    def voxels(self) -> int:
        """How many voxels it is about."""
        return sum(piece.voxels for piece in self.pieces)

    @cached_property
    def box(self) -> Box:
        """The smallest box around all of it."""
        boxes = np.array([piece.box for piece in self.pieces])
        low, high = boxes[:, ::2].min(axis=0).tolist(), boxes[:, 1::2].max(axis=0).tolist()
        return low[0], high[0], low[1], high[1], low[2], high[2]

    @property
    def centre(self) -> tuple[int, int, int]:
        """The voxel (z, y, x) to bring into view: that of its largest piece."""
        return max(self.pieces, key=lambda piece: piece.voxels).centre

    @property
    def first_slice(self) -> int:
        """Index of the first slice it lies on."""
        return self.box[0]

    @property
    def last_slice(self) -> int:
        """Index of the last slice it lies on."""
        return self.box[1] - 1


@dataclass(frozen=True)
class Effect:
    """What an answer would change: how many voxels, and on which slices by index (inclusive)."""

    voxels: int = 0
    first_slice: int = 0
    last_slice: int = 0


def questions(
    found: Iterable[Disagreement],
    masks: tuple[MaskLike, MaskLike],
    *,
    small: SmallLimit,
    voxel_ml: float | None,
) -> tuple[Question, ...]:
    """Return what is asked about pieces found in `masks`, the truth and the prediction."""
    few: list[Disagreement] = []
    alone: list[Question] = []
    for error in found:
        if small.holds(error, voxel_ml):
            few.append(error)
        else:
            alone.append(Question((error,), _name(error, masks)))
    alone.sort(key=lambda question: (question.pieces[0].on_border, -question.voxels))
    return (*alone, Question(tuple(few), "small ones")) if few else tuple(alone)


def region_of(question: Question, masks: tuple[MaskLike, MaskLike]) -> NDArray[np.bool_]:
    """Return which voxels of `question.box` it is about, from the masks it was found in."""
    if len(question.pieces) == 1:
        return voxels_of(question.pieces[0], *masks)
    z0, z1, y0, y1, x0, x1 = question.box
    region = np.zeros((z1 - z0, y1 - y0, x1 - x0), bool)
    starts = (z0, y0, x0)
    for piece in question.pieces:
        inside = tuple(
            slice(low - start, high - start)
            for low, high, start in zip(piece.box[::2], piece.box[1::2], starts, strict=True)
        )
        region[inside] |= voxels_of(piece, *masks)
    return region


def effect(mask: Mask, box: Box, region: NDArray[np.bool_], *, is_lesion: bool) -> Effect:
    """Return what `mask` (Z, Y, X) would change by, were all of `region` in `box` lesion or not."""
    changed = region & ((mask[box_slices(box)] > 0) != is_lesion)
    slices = np.flatnonzero(changed.any(axis=(1, 2)))
    if not len(slices):
        return Effect()
    count = int(np.count_nonzero(changed))
    return Effect(count, int(slices[0]) + box[0], int(slices[-1]) + box[0])


def holding(
    asked: Sequence[Question],
    changed: NDArray[np.bool_],
    box: Box,
    masks: tuple[MaskLike, MaskLike],
) -> Question | None:
    """Return the question that all voxels `changed` in `box` belong to; None when there is none."""
    for question in asked:
        outer = question.box
        starts = [inner - low for inner, low in zip(box[::2], outer[::2], strict=True)]
        ends = [inner - low for inner, low in zip(box[1::2], outer[::2], strict=True)]
        inside = all(a <= b for a, b in zip(box[1::2], outer[1::2], strict=True))
        if inside and min(starts) >= 0:
            z, y, x = (slice(start, end) for start, end in zip(starts, ends, strict=True))
            if not (changed & ~region_of(question, masks)[z, y, x]).any():
                return question
    return None


def _name(error: Disagreement, masks: tuple[MaskLike, MaskLike]) -> QuestionName:
    invented = error.kind == "false_positive"
    if not error.on_border:
        return "invented lesion" if invented else "missed lesion"
    if _is_rim(error, masks):
        return "rim too wide" if invented else "rim too narrow"
    return "invented part" if invented else "missed part"


def _is_rim(error: Disagreement, masks: tuple[MaskLike, MaskLike]) -> bool:
    """Return whether a piece is nowhere three voxels thick in the plane of a slice."""
    from scipy import ndimage  # loaded at the first use: the first picture need not wait for it

    return not ndimage.binary_erosion(voxels_of(error, *masks), _RIM).any()
