"""What a move of the threshold costs: mask and counts of a large volume made anew."""

import numpy as np
from medpy.filter.binary import largest_connected_component
from scipy import ndimage

from core.domain.counted_mask import count_mask
from core.domain.prediction import Postprocessing
from tests.bench.data import example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS, interleaved_seconds

_SLICES, _SIZE = 100, 512


def measure(*, slices: int = _SLICES, size: int = _SIZE) -> list[Entry]:
    """Return the time for 100 × 512 × 512, with and without choosing the largest component.

    The largest component alone is set against medpy's over the same mask.
    """
    made = example(slices, size)
    soft = ndimage.uniform_filter(made.prediction * np.uint8(255), (1, 9, 9))
    mask = (soft > 127).astype(np.uint8)
    plain, largest, theirs = interleaved_seconds(
        [
            lambda: count_mask(soft, made.truth, Postprocessing(threshold=0.5)),
            lambda: count_mask(
                soft, made.truth, Postprocessing(threshold=0.5, largest_component=True)
            ),
            lambda: largest_connected_component(mask),
        ],
        runs=5,
    )
    figure = Figure("threshold_remask_largest", largest * MILLISECONDS, "ms")
    said = f"medpy's largest_connected_component alone, {theirs * MILLISECONDS:.0f} ms"
    return [
        Figure("threshold_remask", plain * MILLISECONDS, "ms").plain(),
        figure.faster(theirs / largest, said),
    ]
