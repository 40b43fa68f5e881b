"""Every overlap and HD95 computed again by medpy, an implementation that shares no line with ours.

A case without lesion in truth or prediction is left out: the two have different rules for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import msgspec

from core.domain.errors import DataError
from core.domain.libraries import require_library
from core.domain.mask import Mask

TOLERANCE = 1e-6
_OVERLAPS = {
    "dsc": "dc",
    "iou": "jc",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "precision": "precision",
}
FIGURES = (*_OVERLAPS, "hd95")
"""The figures that are computed again."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """How far medpy's figures are from ours at most, and where; `figures` counts them."""

    by: str
    figures: int
    greatest_difference: float
    figure: str
    case: str
    model: str

    def require_agreement(self) -> None:
        """Raise `DataError` when a figure differs by more than the last digits of a float."""
        if self.greatest_difference > TOLERANCE:
            raise DataError(
                f"{self.case}: expected the {self.figure} of {self.by} for {self.model}, found "
                f"one that differs by {self.greatest_difference:.3g}. Do not use these figures; "
                "report it with the two masks."
            )


@dataclass
class SecondOpinion:
    """Collects the differences; one for a whole command."""

    _worst: tuple[float, str, str, str] = (0.0, "", "", "")
    _figures: int = field(default=0)

    def __post_init__(self) -> None:
        """Raise `LibraryMissing` before anything is computed that could not be compared."""
        require_library("medpy")

    def take(
        self,
        masks: tuple[Mask, Mask],
        figures: Mapping[str, float | None],
        *,
        spacing_mm: tuple[float, float, float] | None,
        of: tuple[str, str],
    ) -> None:
        """Compare `figures` of `masks`, truth and prediction, with medpy's; `of` is case and model.

        Distances are in mm where the spacing (z, y, x) is known, else in voxels.
        """
        truth, mask = masks
        if not (truth.any() and mask.any()):
            return
        from medpy.metric import binary  # slow to load, and only this needs it

        again = {ours: getattr(binary, theirs)(mask, truth) for ours, theirs in _OVERLAPS.items()}
        again["hd95"] = binary.hd95(mask, truth, voxelspacing=spacing_mm)
        for name, theirs in again.items():
            ours = figures.get(name)
            if ours is None:
                continue
            self._figures += 1
            self._worst = max(self._worst, (abs(ours - float(theirs)), name, *of))

    @property
    def found(self) -> Verified:
        """What was found so far."""
        difference, name, case, model = self._worst
        return Verified(
            by=f"medpy {version('medpy')}",
            figures=self._figures,
            greatest_difference=difference,
            figure=name,
            case=case,
            model=model,
        )


def all_verified(parts: Sequence[Verified]) -> Verified | None:
    """Return what was found of several parts together, None without any."""
    if not parts:
        return None
    worst = max(parts, key=lambda part: (part.greatest_difference, part.figure, part.case))
    return msgspec.structs.replace(worst, figures=sum(part.figures for part in parts))
