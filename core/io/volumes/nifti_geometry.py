"""What the header of a NIfTI file says of its geometry, and which of it is believed.

sform before qform where both are given, as nibabel and FSL read it; both are told when they differ.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.domain.grid import Affine, Grid, is_affine
from core.io.evidence import notices_of, same_place
from core.io.stored import GeometrySource

_MILLIMETRES = {1: (1000.0, "metres"), 2: (1.0, "millimetres"), 3: (0.001, "micrometres")}
_SPATIAL = 7  # bits of xyzt_units that hold the unit of length
_CODES = {1: "scanner", 2: "aligned", 3: "Talairach", 4: "MNI", 5: "template"}


@dataclass(frozen=True, eq=False)
class NiftiGeometry:
    """The believed grid of a NIfTI file and why."""

    grid: Grid
    sources: tuple[GeometrySource, ...]
    believed: str
    why: str
    notices: tuple[str, ...]


def geometry_of(path: Path, header: Any, shape: tuple[int, int, int]) -> NiftiGeometry:
    """Return the grid (Z, Y, X) that `header` tells of `path`, units turned to millimetres."""
    notices: list[str] = []
    factor = _unit(path, header, notices)
    spacing = _spacing(path, header, factor, notices)
    sform = _sform(path, header, factor, notices)
    qform = _qform(path, header, spacing, factor, notices)
    pixdim = GeometrySource("pixdim", _spacing_words(spacing))
    sources = (sform, qform, pixdim)
    if sform.affine is not None:
        grid, believed, why = Grid(shape, sform.affine), "sform", "it is given and comes first"
        if qform.affine is not None and not same_place(grid, Grid(shape, qform.affine)):
            notices.append(_disagree(path, grid, Grid(shape, qform.affine)))
            why = "where both are given, sform comes first, as in nibabel and FSL"
    elif qform.affine is not None:
        grid, believed, why = Grid(shape, qform.affine), "qform", "no sform can be used"
    else:
        known = None if _says_nothing(header, spacing) else spacing
        grid, believed = Grid(shape, None, known), "pixdim" if known else "nothing"
        why = "neither sform nor qform can be used"
    return NiftiGeometry(grid, sources, believed, why, (*notices, *notices_of(path, grid)))


def _unit(path: Path, header: Any, notices: list[str]) -> float:
    code = int(header["xyzt_units"]) & _SPATIAL
    factor, name = _MILLIMETRES.get(code, (1.0, "no unit"))
    if factor != 1.0:
        notices.append(
            f"{path.name}: expected lengths in millimetres, found {name}. They are converted; "
            "check the size, because some programs write a wrong unit."
        )
    return factor


def _spacing(
    path: Path, header: Any, factor: float, notices: list[str]
) -> tuple[float, float, float] | None:
    """Return pixdim as (z, y, x) in millimetres, or None when it cannot be one."""
    stored = [float(v) for v in header["pixdim"][1:4]]
    count = int(header["dim"][0])
    sizes = [abs(v) if axis < count else (abs(v) or 1.0) for axis, v in enumerate(stored)]
    if not all(math.isfinite(v) and v > 0 for v in sizes):
        notices.append(
            f"{path.name}: expected voxel sizes above 0 in pixdim, found "
            f"{', '.join(f'{v:g}' for v in stored)}. They are not used; set them in the header."
        )
        return None
    if min(stored) < 0:
        notices.append(
            f"{path.name}: expected voxel sizes above 0 in pixdim, found "
            f"{', '.join(f'{v:g}' for v in stored)}. The sign is left out, as it means nothing."
        )
    x, y, z = (v * factor for v in sizes)
    return (z, y, x)


def _says_nothing(header: Any, spacing: tuple[float, float, float] | None) -> bool:
    """Tell whether pixdim is what a program writes that knows no size: ones without a unit."""
    return spacing == (1.0, 1.0, 1.0) and int(header["xyzt_units"]) & _SPATIAL == 0


def _sform(path: Path, header: Any, factor: float, notices: list[str]) -> GeometrySource:
    code = int(header["sform_code"])
    if code <= 0:
        return GeometrySource("sform", "code 0: not set")
    affine = np.eye(4)
    affine[:3] = [header["srow_x"], header["srow_y"], header["srow_z"]]
    affine[:3] *= factor
    if is_affine(affine):
        return GeometrySource("sform", _words(code, affine), affine)
    notices.append(_unusable(path, "sform", "rows that are no affine (zeros or NaN)"))
    return GeometrySource("sform", f"code {code}, but its rows are no affine")


def _qform(
    path: Path,
    header: Any,
    spacing: tuple[float, float, float] | None,
    factor: float,
    notices: list[str],
) -> GeometrySource:
    code = int(header["qform_code"])
    if code <= 0:
        return GeometrySource("qform", "code 0: not set")
    numbers = [float(header[name]) for name in ("quatern_b", "quatern_c", "quatern_d")]
    offset = [float(header[name]) * factor for name in ("qoffset_x", "qoffset_y", "qoffset_z")]
    try:
        from nibabel.quaternions import fillpositive, quat2mat

        rotation = quat2mat(fillpositive(numbers, w2_thresh=-1e-5))
    except ValueError:
        rotation = np.full((3, 3), np.nan)
    if spacing is None or not np.isfinite([*numbers, *offset]).all() or np.isnan(rotation).any():
        notices.append(_unusable(path, "qform", "a rotation or voxel sizes that cannot be"))
        return GeometrySource("qform", f"code {code}, but its numbers give no affine")
    affine = np.eye(4)
    mirrored = -1.0 if float(header["pixdim"][0]) < 0 else 1.0
    z, y, x = spacing
    affine[:3, :3] = rotation @ np.diag([x, y, z * mirrored])
    affine[:3, 3] = offset
    return GeometrySource("qform", _words(code, affine), affine)


def _words(code: int, affine: Affine) -> str:
    grid = Grid((1, 1, 1), affine)
    assert grid.spacing_mm is not None
    place = ", ".join(f"{v:.4g}" for v in affine[:3, 3])
    return (
        f"code {code} ({_CODES.get(code, 'unknown space')}): {grid.orientation}, "
        f"{_spacing_words(grid.spacing_mm)}, first voxel at ({place}) mm"
    )


def _spacing_words(spacing: tuple[float, float, float] | None) -> str:
    return "nothing usable" if spacing is None else "×".join(f"{v:.4g}" for v in spacing) + " mm"


def _disagree(path: Path, believed: Grid, other: Grid) -> str:
    return (
        f"{path.name}: expected sform and qform to agree, found in qform "
        f"{believed.difference(other)}. sform is believed; check where lesions lie, and write "
        "both alike."
    )


def _unusable(path: Path, name: str, found: str) -> str:
    return (
        f"{path.name}: expected an affine in {name}, found {found}. {name} is not used; "
        "convert the file anew from its source."
    )
