"""A case of a training in memory, on the grid of the network."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.domain.label_set import LabelSet
from core.domain.mask import Mask
from core.domain.prediction import quantise
from core.inference.preprocess import PlaneGrid, Prepared, from_grid
from core.inference.resample_step import SpacingChange
from core.models.acquisition import Acquisition
from core.models.lineage import GROUND_TRUTH

_HALF = 0.5


@dataclass(frozen=True, eq=False)
class TrainCase:
    """A prepared case: `values` (C, Z, h, w) float16 and `mask` (Z, h, w) on the network's grid.

    `truth` (Z, Y, X) is what it is learnt from on the native grid, and `origin` says what that is.
    Of several labels both are label maps, and `labels` says what their values mean; None where one
    lesion is learnt. `change` leads to the voxels the network sees, None where they are the same;
    `slice_numbers` are those of the slices it sees. `fingerprint` is a hash of the voxels and of
    that truth, `acquisition` what the images are. `taught` (Z, h, w) is the quantised probability
    that teachers give, None without any.
    """

    id: str
    values: NDArray[np.float16]
    mask: Mask
    truth: Mask
    grid: PlaneGrid
    slice_numbers: tuple[int, ...]
    channels: tuple[str, ...]
    origin: str = GROUND_TRUTH
    fingerprint: str = ""
    change: SpacingChange | None = None
    acquisition: Acquisition = field(default_factory=Acquisition)
    labels: LabelSet | None = None
    taught: NDArray[np.uint8] | None = None

    def prepared(self, neighbours: int) -> Prepared:
        """Return what inference would see of this case."""
        return Prepared(self.values.astype(np.float32), self.grid, neighbours, self.change)

    @property
    def seen_truth(self) -> Mask:
        """The truth (Z', Y', X') on the voxels that are cropped and resized for the network."""
        if self.change is None:
            return self.truth
        return np.asarray(self.change.apply(self.truth) > _HALF, np.uint8)

    def native(self, probability: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return what a network says (Z, h, w) quantised, on the native grid."""
        found = from_grid(probability, self.grid)
        return quantise(found if self.change is None else self.change.back(found))


def planes(values: NDArray[np.float16], z: int, neighbours: int) -> NDArray[np.float16]:
    """Return a slice and its neighbours ((2·neighbours + 1)·C, h, w) in the order of inference."""
    last = values.shape[1] - 1
    offsets = range(-neighbours, neighbours + 1)
    return np.concatenate([values[:, min(max(z + o, 0), last)] for o in offsets])
