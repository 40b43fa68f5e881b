"""All figures of a volume together against medpy's, one after another."""

from medpy.metric import binary

from core.domain.lesions import lesion_scores
from core.domain.metrics import VolumeMetrics, volume_metrics
from tests.bench.data import small_lesion
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS, interleaved_seconds

_SPACING_MM = (5.0, 0.9, 0.9)
_RUNS = 3
_BOUND = 10.0


def measure(*, slices: int = 88, size: int = 256) -> list[Entry]:
    """Return the time of all figures of 88 × 256 × 256 voxels with a small lesion, and its ratio.

    Both sides must give the same figures. The lesion-wise ones, which medpy has not, are apart.
    """
    truth, prediction = small_lesion(slices, size)

    def ours() -> VolumeMetrics:
        return volume_metrics(truth, prediction, spacing_mm=_SPACING_MM)

    def theirs() -> list[float]:
        overlap = (binary.dc, binary.jc, binary.recall, binary.specificity, binary.precision)
        found = [float(measure_of(prediction, truth)) for measure_of in (*overlap, binary.ravd)]
        surface = (binary.hd95, binary.assd)
        return found + [float(of(prediction, truth, voxelspacing=_SPACING_MM)) for of in surface]

    def lesions() -> object:
        return lesion_scores(truth, prediction)

    figures, expected = ours(), theirs()
    names = ("dsc", "iou", "sensitivity", "specificity", "precision", "volume_difference", "hd95")
    for name, value in zip((*names, "average_surface_distance"), expected, strict=True):
        assert abs(getattr(figures, name) - value) < 1e-9, f"{name}: {value}"
    mine, other, wise = interleaved_seconds([ours, theirs, lesions], runs=_RUNS)
    said = f"medpy, the same figures, {other * MILLISECONDS:.0f} ms"
    return [
        Figure("metrics_vs_medpy", mine * MILLISECONDS, "ms").faster(
            other / mine, said, bound=_BOUND
        ),
        Figure("lesion_metrics", wise * MILLISECONDS, "ms").plain(),
    ]
