"""The 95th percentile of surface distances against medpy's."""

from medpy.metric import binary

from core.metrics import hd95
from tests.bench.data import example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS, interleaved_seconds

_SPACING_MM = (5.0, 0.9, 0.9)
_BOUND = 10.0


def measure() -> list[Entry]:
    """Return the time on a pair of 40 × 256 × 256 and its ratio; both must give the same figure."""
    made = example(40, 256)
    truth, prediction = made.truth, made.prediction

    def ours() -> float | None:
        return hd95(truth, prediction, spacing_mm=_SPACING_MM)

    def theirs() -> float:
        return float(binary.hd95(prediction, truth, voxelspacing=_SPACING_MM))

    found, expected = ours(), theirs()
    assert found is not None, "no distance"
    assert abs(found - expected) < 1e-6, f"{found} against {expected}"
    mine, other = interleaved_seconds([ours, theirs], runs=5)
    said = f"medpy.metric.binary.hd95, {other * MILLISECONDS:.0f} ms"
    return [
        Figure("hd95_vs_medpy", mine * MILLISECONDS, "ms").faster(other / mine, said, bound=_BOUND)
    ]
