"""The figures of a mask, ready to show."""

from dataclasses import dataclass
from typing import Literal

from core.domain.grid import LengthUnit

Pending = Literal["pending"]
State = Literal["ready", "no_case", "no_truth", "no_prediction", "running"]
VolumeUnit = Literal["voxels", "mL", "cm²"]


@dataclass(frozen=True, slots=True)
class MetricsView:
    """Figures ready to show; `message` says what they are of, or what to do to get them."""

    state: State
    message: str = ""
    dsc: float | None = None
    iou: float | None = None
    hd95: float | Pending | None = None
    hd95_max: float | Pending | None = None
    sensitivity: float | None = None
    precision: float | None = None
    predicted_volume: float | None = None
    truth_volume: float | None = None
    volume_unit: VolumeUnit = "voxels"
    length_unit: LengthUnit = "voxels"
