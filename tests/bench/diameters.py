"""The largest diameters of a lesion, against a search through every two corners of its voxels."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.domain.diameters import largest_diameters, lesion_at
from core.domain.grid import Grid
from core.domain.mask import Mask
from core.domain.plane import AXIAL
from core.domain.plane_metric import PlaneMetric, plane_metric
from tests.bench.data import example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS, interleaved_seconds

_SPACING_MM = (5.0, 0.9, 0.8)
_RUNS = 5
_AROUND = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])


def measure(*, slices: int = 40, size: int = 160) -> list[Entry]:
    """Return the time on a lesion of many slices; both sides find the same longest line."""
    lesion = lesion_at(example(slices, size).truth)
    assert lesion is not None, "no lesion"
    mask = lesion.astype(np.uint8)
    grid = Grid((slices, size, size), None, _SPACING_MM)
    metric = plane_metric(grid, AXIAL)

    def ours() -> float:
        found = largest_diameters(mask, grid, AXIAL)
        assert found is not None, "no diameters"
        return found.lengths[0]

    def theirs() -> float:
        return max(_longest(each, metric) for each in mask if each.any())

    assert abs(ours() - theirs()) < 1e-9, f"{ours()} against {theirs()}"
    mine, other = interleaved_seconds([ours, theirs], runs=_RUNS)
    took = f"{other * MILLISECONDS:.0f} ms, {mask.sum()} voxels"
    said = f"the longest alone by every two corners, {took}"
    figure = Figure("diameters_vs_every_pair", mine * MILLISECONDS, "ms")
    return [figure.faster(other / mine, said)]


def _longest(plane: Mask, metric: PlaneMetric) -> float:
    labelled, count = ndimage.label(plane, np.ones((3, 3)))
    return max(_furthest(labelled == number, metric) for number in range(1, count + 1))


def _furthest(piece: NDArray[np.bool_], metric: PlaneMetric) -> float:
    inside = ndimage.binary_erosion(piece)
    corners = np.unique((np.argwhere(piece & ~inside)[:, None] + _AROUND).reshape(-1, 2), axis=0)
    return float(metric.lengths(corners[:, None] - corners[None]).max())
