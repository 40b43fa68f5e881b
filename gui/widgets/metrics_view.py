"""The figures of a mask, ready to show."""

from dataclasses import dataclass
from typing import Literal

from core.domain.grid import LengthUnit, VolumeUnit

PendingFigure = Literal["pending"]
State = Literal["ready", "no_case", "no_truth", "no_prediction", "running"]
AmountUnit = VolumeUnit | Literal["cm²", "cm² given"]


@dataclass(frozen=True, slots=True)
class MetricsView:
    """Figures ready to show; `message` says what they are of, or what to do to get them.

    `other` says what a correction started from where that is not what is predicted now: its
    figures are then no gain over those of the prediction.
    """

    state: State
    message: str = ""
    dsc: float | None = None
    iou: float | None = None
    hd95: float | PendingFigure | None = None
    hd95_max: float | PendingFigure | None = None
    sensitivity: float | None = None
    precision: float | None = None
    predicted_volume: float | None = None
    truth_volume: float | None = None
    volume_unit: AmountUnit = "voxels"
    length_unit: LengthUnit = "voxels"
    other: str = ""
