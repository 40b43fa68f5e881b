"""What the slice strip shows, and the questions it asks of it."""

import math
from dataclasses import dataclass
from typing import Literal

from gui.widgets.labels import number

AreaUnit = Literal["voxels", "cm²", "cm² given"]

_NICE = (1.0, 2.0, 4.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True, slots=True)
class StripData:
    """Areas and DSC of every slice of a case, one entry a slice.

    Areas are in `unit`. `unreadable` and `predicted` hold positions, not slice numbers;
    `predicted` is None unless a run is going. Without `truth` only the predicted area counts.
    `marked` is what the areas are of. `triage` is the probability that a slice holds a lesion,
    empty while it is not known.

    Raises:
        ValueError: the sequences differ in length.
    """

    slice_numbers: tuple[int, ...]
    true_positive: tuple[float, ...]
    false_positive: tuple[float, ...]
    false_negative: tuple[float, ...]
    dsc: tuple[float | None, ...]
    unit: AreaUnit = "voxels"
    unreadable: frozenset[int] = frozenset()
    predicted: frozenset[int] | None = None
    truth: bool = True
    triage: tuple[float, ...] = ()
    marked: Literal["Predicted", "Corrected"] = "Predicted"

    def __post_init__(self) -> None:
        areas = (self.true_positive, self.false_positive, self.false_negative)
        lengths = {len(self.slice_numbers), len(self.dsc), *map(len, areas)}
        if len(lengths) != 1:
            raise ValueError(f"expected one entry a slice, got lengths {sorted(lengths)}")

    @property
    def count(self) -> int:
        """The number of slices."""
        return len(self.slice_numbers)

    def is_predicted(self, index: int) -> bool:
        """Whether the slice has its prediction, when a run is going."""
        return self.predicted is None or index in self.predicted

    def predicted_area(self, index: int) -> float:
        """Return the area the model marks."""
        return self.true_positive[index] + self.false_positive[index]

    def truth_area(self, index: int) -> float:
        """Return the area of the ground truth; zero without truth."""
        return self.true_positive[index] + self.false_negative[index] if self.truth else 0.0

    def height(self, index: int) -> float:
        """Return the area that the bar of a slice stands for."""
        if not self.is_predicted(index):
            return self.truth_area(index)
        missed = self.false_negative[index] if self.truth else 0.0
        return self.predicted_area(index) + missed

    def has_lesion(self, index: int) -> bool:
        """Whether truth or prediction marks anything on the slice."""
        return index not in self.unreadable and self.height(index) > 0

    def scored(self, index: int) -> float | None:
        """Return the DSC of a slice if it counts."""
        return self.dsc[index] if self.counts(index) else None

    def counts(self, index: int) -> bool:
        """Whether the errors of a slice are known: truth, prediction and pixels are there."""
        return self.truth and self.is_predicted(index) and index not in self.unreadable


def worst_slice(data: StripData) -> int | None:
    """Return the position with the most wrong area, the first of equals; None where none is wrong.

    The lowest DSC would be that of an edge slice on which three voxels were missed.
    """
    wrong = [
        data.false_positive[index] + data.false_negative[index] if data.counts(index) else 0.0
        for index in range(data.count)
    ]
    most = max(wrong, default=0.0)
    return wrong.index(most) if most > 0 else None


def next_lesion(data: StripData, start: int, step: int) -> int | None:
    """Return the nearest slice with lesion before (`step` -1) or after (`step` 1) `start`."""
    after, before = range(max(start + 1, 0), data.count), range(min(start, data.count) - 1, -1, -1)
    places = after if step > 0 else before
    return next((index for index in places if data.has_lesion(index)), None)


def axis_top(data: StripData) -> float:
    """Return a round area at or above the highest bar, whose half is round too."""
    highest = max((data.height(index) for index in range(data.count)), default=0.0)
    least = 2.0 if data.unit == "voxels" else 0.1
    if highest <= least:
        return least
    scale = 10.0 ** math.floor(math.log10(highest))
    return next(factor * scale for factor in _NICE if factor * scale >= highest * (1 - 1e-9))


def area_text(area: float, unit: AreaUnit) -> str:
    """Return an area without its unit."""
    return number(area, 0 if unit == "voxels" else 1)


def slice_sentence(data: StripData, index: int) -> str:
    """Return what the strip knows of a slice, for a tooltip or a screen reader."""
    said = _area_sentence(data, index)
    return f"{said}, triage {data.triage[index]:.2f}" if data.triage else said


def _area_sentence(data: StripData, index: int) -> str:
    name = f"Slice {data.slice_numbers[index]}"
    if index in data.unreadable:
        return f"{name}: could not be read"
    if not data.is_predicted(index):
        return f"{name}: not predicted yet"
    if not data.has_lesion(index):
        return f"{name}: no lesion"
    if not data.truth:
        marked = data.marked.lower()
        return f"{name}: {marked} {area_text(data.predicted_area(index), data.unit)} {data.unit}"
    parts = {
        "TP": data.true_positive[index],
        "FP": data.false_positive[index],
        "FN": data.false_negative[index],
    }
    areas = ", ".join(f"{key} {area_text(area, data.unit)}" for key, area in parts.items())
    return f"{name}: DSC {number(data.dsc[index], 3)}, {areas} {data.unit}"
