"""A look at a found case before it is opened: a small picture, its grid, what its mask holds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import AppError, OtherGrid
from core.domain.label_set import HIGHEST, LabelMap, LabelSet
from core.domain.role import Role
from core.io.cases.found_case import PlacedMask, read_channel, read_mask
from core.io.cases.thumbnail import labelled_tile, telling_index
from core.io.layouts.found import FoundCase
from core.io.stored import Stored


@dataclass(frozen=True, eq=False)
class CaseLook:
    """What one channel and the mask of a case tell.

    `grey` and `labels` are (edge, edge) uint8, of the slice with most lesion. `shape` and
    `spacing_mm` are (z, y, x) in canonical order. `voxels` counts each label by value, `names` says
    what they mean. `problem` is a sentence where an image or the mask cannot be used; `other_grid`
    is True where the grid of the mask alone is the reason, `resampled` where it was brought here.
    """

    case_id: str
    grey: NDArray[np.uint8] | None = None
    labels: LabelMap | None = None
    shape: tuple[int, int, int] | None = None
    spacing_mm: tuple[float, float, float] | None = None
    orientation: str | None = None
    voxels: dict[int, int] | None = None
    voxel_ml: float | None = None
    names: LabelSet | None = None
    problem: str = ""
    other_grid: bool = False
    resampled: bool = False

    @property
    def is_readable(self) -> bool:
        """True when its image could be read."""
        return self.shape is not None

    def volume(self, value: int) -> float | None:
        """Return how much there is of a label: mL, or voxels where the spacing is unknown.

        None where the case has no mask that can be used, or none of this label.
        """
        count = 0 if self.voxels is None else self.voxels.get(value, 0)
        if not count:
            return None
        return float(count) if self.voxel_ml is None else count * self.voxel_ml


def look_at(
    case: FoundCase, labels: LabelSet | None, *, edge: int, resample: bool = False
) -> CaseLook:
    """Return what the channel that tells most, and the mask, of a case say; raises nothing of it.

    `labels` names the values where the folder does; `resample` as `read_mask` has it.
    """
    shown = next((c for c in case.channels if c.role is Role.FLAIR), case.channels[-1])
    try:
        stored = read_channel(shown)
    except (AppError, OSError) as error:
        return CaseLook(case.id, problem=str(error))
    mask, wrong = _mask_of(case, stored, labels, resample=resample)
    grid, turn = stored.grid.canonical()
    pixels = turn.apply(stored.real())[0]
    values = None if mask is None else turn.apply(mask.values)
    index = telling_index(values, len(pixels))
    plane = pixels[index]
    of_plane = np.zeros(plane.shape, np.uint8) if values is None else values[index]
    grey, small = labelled_tile(plane, of_plane, edge=edge)
    return CaseLook(
        case.id,
        grey,
        small,
        grid.shape,
        grid.spacing_mm,
        grid.orientation,
        None if mask is None else _counts(mask.values),
        grid.voxel_ml,
        None if mask is None else mask.labels,
        "" if wrong is None else str(wrong),
        other_grid=isinstance(wrong, OtherGrid),
        resampled=mask is not None and mask.resampled,
    )


def _mask_of(
    case: FoundCase, like: Stored, labels: LabelSet | None, *, resample: bool
) -> tuple[PlacedMask | None, AppError | OSError | None]:
    """Return the mask of a case, or what is wrong with it; None and None where there is none."""
    for mask in case.masks[:1]:
        try:
            return read_mask(mask, case, like, labels=labels, resample=resample), None
        except (AppError, OSError) as error:
            return None, error.with_traceback(None)
    return None, None


def _counts(values: LabelMap) -> dict[int, int]:
    counts = np.bincount(values.ravel(), minlength=HIGHEST + 1)
    return {value: int(counts[value]) for value in np.flatnonzero(counts).tolist() if value}
