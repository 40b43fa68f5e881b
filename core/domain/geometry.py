"""The voxel grid of a case and what is known of its size in the patient."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Geometry:
    """A voxel grid: `shape` is (Z, Y, X) in voxels, `spacing_mm` (z, y, x) or None when unknown."""

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float] | None = None

    @property
    def voxel_ml(self) -> float | None:
        """Volume of one voxel in millilitres, or None when the spacing is unknown."""
        if self.spacing_mm is None:
            return None
        z, y, x = self.spacing_mm
        return z * y * x / 1000.0

    @property
    def length_unit(self) -> str:
        """The unit of distances on this grid: `mm`, or `voxels` when the spacing is unknown."""
        return "mm" if self.spacing_mm else "voxels"
