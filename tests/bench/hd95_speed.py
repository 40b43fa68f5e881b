"""The 95th percentile of surface distances against medpy's."""

from medpy.metric import binary

from core.domain.mask import Mask
from core.domain.metrics import hd95
from tests.bench.data import example, small_lesion
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS, interleaved_seconds

_SPACING_MM = (5.0, 0.9, 0.9)
_RUNS = 7
_BOUND = 10.0


def measure(*, slices: int = 88, size: int = 256) -> list[Entry]:
    """Return the time on a volume of 88 × 256 × 256 with a small lesion, and with large ones.

    Each with its ratio; both sides must give the same figure.
    """
    made = example(slices, size)
    return [
        _compared("hd95_vs_medpy", *small_lesion(slices, size)),
        _compared("hd95_vs_medpy_large", made.truth, made.prediction),
    ]


def _compared(name: str, truth: Mask, prediction: Mask) -> Entry:
    def ours() -> float | None:
        found = hd95(truth, prediction, spacing_mm=_SPACING_MM)
        return None if found is None else found.pooled

    def theirs() -> float:
        return float(binary.hd95(prediction, truth, voxelspacing=_SPACING_MM))

    found, expected = ours(), theirs()
    assert found is not None, "no distance"
    assert abs(found - expected) < 1e-6, f"{found} against {expected}"
    mine, other = interleaved_seconds([ours, theirs], runs=_RUNS)
    said = f"medpy.metric.binary.hd95, {other * MILLISECONDS:.0f} ms, {truth.sum()} voxels"
    figure = Figure(name, mine * MILLISECONDS, "ms")
    return figure.faster(other / mine, said, bound=_BOUND)
