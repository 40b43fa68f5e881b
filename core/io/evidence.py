"""Sentences about a geometry that are the same for every format."""

from pathlib import Path

from core.domain.grid import SQUARE_DEGREES, Grid

OBLIQUE_DEGREES = 1.0


def notices_of(path: Path, grid: Grid) -> tuple[str, ...]:
    """Return what is to be said of a believed grid: unknown, sheared, turned, or one slice thin."""
    found: list[str] = []
    if not grid.is_known:
        found.append(
            f"{path.name}: expected how the image lies in the patient, found nothing that tells "
            f"it{'' if grid.spacing_mm else ', nor the size of a voxel'}. Left and right cannot be "
            "told; convert it anew from its source if you need them."
        )
    if grid.shear_degrees > SQUARE_DEGREES:
        found.append(
            f"{path.name}: expected axes at right angles, found them "
            f"{grid.shear_degrees:.3g}° off (a tilted gantry or a registration). Shown as stored; "
            "volumes are right, distances in the slanted direction are not."
        )
    if grid.obliquity_degrees > OBLIQUE_DEGREES:
        found.append(
            f"{path.name}: expected axes along the patient, found them turned by "
            f"{grid.obliquity_degrees:.3g}°. Shown along its own axes, nothing is resampled."
        )
    return tuple(found)


def same_place(one: Grid, other: Grid) -> bool:
    """Tell whether two sources of one file agree, to a tenth of a voxel (they round apart)."""
    return one.same_grid(other, tolerance=0.1)
