"""Planes to volumes: which belong together, in which order, on which grid.

A volume needs planes that are parallel, of one size, evenly spaced and in one row. Whatever is not
so is told: a plane that is missing, two at one place, planes that do not belong together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import FileError
from core.domain.grid import Affine, Grid, is_affine
from core.io.dicom.dicom_planes import DicomPlane
from core.io.evidence import notices_of
from core.io.stored import GeometrySource

PARALLEL = 1e-3
"""Directions that differ by less in every part are one (a quarter of a millimetre in 256)."""

_EVEN_PART, _EVEN_MM = 0.01, 0.01
_SAME_PLACE_MM = 1e-3
_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_REPAIR = "Put the missing file back, or export the series again."


@dataclass(frozen=True, eq=False)
class Stack:
    """Planes in order along their normal, on the grid that they make."""

    planes: tuple[DicomPlane, ...]
    grid: Grid
    sources: tuple[GeometrySource, ...]
    believed: str
    why: str
    notices: tuple[str, ...]


def separated(planes: Sequence[DicomPlane]) -> tuple[tuple[DicomPlane, ...], ...]:
    """Return the planes in groups of which each may be a volume, in the order they first come.

    By series, frame of reference, patient, size, spacing and directions; and where planes lie at
    one place, by the trait (echo, time …) that tells them apart.
    """
    groups: list[list[DicomPlane]] = []
    for plane in planes:
        for group in groups:
            if _belong_together(group[0], plane):
                group.append(plane)
                break
        else:
            groups.append([plane])
    return tuple(part for group in groups for part in _by_trait(_without_copies(group)))


def stacked(planes: Sequence[DicomPlane]) -> Stack:
    """Return the volume that `planes` of one group make.

    Raises `FileError` for a gap, two planes at one place, uneven or shifted planes. Planes that do
    not tell their place are taken in the order of their numbers, on an unknown grid.
    """
    if any(p.orientation is None or p.position is None or p.spacing_mm is None for p in planes):
        return _unplaced(planes)
    row, column = directions_of(planes[0])
    normal = np.cross(row, column)
    positions = _positions(planes)
    order = np.argsort(positions @ normal, kind="stable")
    ordered = tuple(planes[index] for index in order)
    step, notices = _step(ordered, positions[order], normal)
    affine = affine_of(ordered[0], row, column, step)
    grid = Grid((len(ordered), *ordered[0].size), affine)
    distance = float(np.linalg.norm(step))
    said, more = _said_distance(ordered, abs(float(step @ normal)))
    return Stack(
        ordered,
        grid,
        (GeometrySource("positions of planes", _words(ordered, distance, grid), affine), said),
        "positions of planes",
        "where each plane lies is what DICOM defines; the distances beside it are only told",
        (*notices, *more, *notices_of(_named(ordered), grid)),
    )


def _belong_together(one: DicomPlane, other: DicomPlane) -> bool:
    if (one.series, one.frame_of_reference, one.size) != (
        other.series,
        other.frame_of_reference,
        other.size,
    ):
        return False
    if one.patient and other.patient and one.patient != other.patient:
        return False  # of one series by mistake: some programs make identifiers that are not unique
    return _close(one.orientation, other.orientation, PARALLEL) and _close(
        one.spacing_mm, other.spacing_mm, 1e-4
    )


def _close(one: Sequence[float] | None, other: Sequence[float] | None, tolerance: float) -> bool:
    if one is None or other is None:
        return one is other
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= tolerance


def _without_copies(group: list[DicomPlane]) -> list[DicomPlane]:
    """Leave out the second of two files of one instance: a copy beside the original."""
    seen: dict[tuple[str, int], DicomPlane] = {}
    for plane in group:
        seen.setdefault((plane.uid or str(plane.path), plane.frame), plane)
    return list(seen.values())


def _by_trait(group: list[DicomPlane]) -> list[tuple[DicomPlane, ...]]:
    """Split planes at one place by the first trait that leaves none at one place, or by none."""
    if not _collide(group):
        return [tuple(group)]
    for name in group[0].traits:
        parts: dict[str, list[DicomPlane]] = {}
        for plane in group:
            parts.setdefault(plane.traits[name], []).append(plane)
        apart = len(parts) > 1 and not any(_collide(part) for part in parts.values())
        if apart and max(map(len, parts.values())) > 1:
            return [tuple(part) for part in parts.values()]
    return [tuple(group)]


def _collide(group: Sequence[DicomPlane]) -> bool:
    places = [plane.position for plane in group if plane.position is not None]
    rounded = {tuple(round(value / _SAME_PLACE_MM) for value in place) for place in places}
    return len(rounded) < len(places)


def directions_of(plane: DicomPlane) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the directions of a row and of a column, in LPS."""
    values = np.array(plane.orientation)
    return values[:3], values[3:]


def _positions(planes: Sequence[DicomPlane]) -> NDArray[np.float64]:
    return np.array([plane.position for plane in planes], np.float64)


def _step(
    planes: Sequence[DicomPlane], positions: NDArray[np.float64], normal: NDArray[np.float64]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the vector from a plane to the next, and what is told of few planes."""
    name = _named(planes).name
    if len(planes) == 1:
        distance = planes[0].step_mm or planes[0].thickness_mm
        told = f"{name}: expected several planes, found one. "
        if not distance:
            return normal, (told + "Its thickness is not known and taken as 1 mm.",)
        return normal * distance, (told + f"Its thickness is taken as {distance:.4g} mm.",)
    steps = np.diff(positions @ normal)
    _check_even(planes, steps)
    step = (positions[-1] - positions[0]) / (len(planes) - 1)
    line = positions[0] + np.arange(len(planes))[:, np.newaxis] * step
    off = np.linalg.norm(positions - line, axis=1)
    if off.max() > max(_EVEN_MM, _EVEN_PART * float(np.linalg.norm(step))) * 2:
        raise FileError(
            planes[int(off.argmax())].path,
            expected="a plane in one row with the others",
            found=f"one {off.max():.3g} mm beside it",
            action="Remove it, if it belongs to another series.",
        )
    if len(planes) == 2:
        return step, (
            f"{name}: expected a volume, found two planes. Shown as they are; check that the "
            "series is whole.",
        )
    return step, ()


def _check_even(planes: Sequence[DicomPlane], steps: NDArray[np.float64]) -> None:
    """Raise `FileError` when planes are missing, at one place, or unevenly spaced."""
    closest = int(steps.argmin())
    if steps[closest] < max(_SAME_PLACE_MM, 0.01 * float(np.median(steps))):
        raise FileError(
            planes[closest + 1].path,
            expected="planes at different places",
            found=f"{planes[closest].path.name} at the same place"
            + (", as all of them: they make no volume" if steps.max() < _SAME_PLACE_MM else ""),
            action="Remove what belongs to another series, or choose one of the images.",
        )
    usual = _usual(steps)
    off = np.abs(steps - usual)
    worst = int(off.argmax())
    if off[worst] <= max(_EVEN_MM, _EVEN_PART * usual):
        return
    parts = steps[worst] / usual
    missing = round(parts) - 1
    between = f"between {planes[worst].path.name} and {planes[worst + 1].path.name}"
    if missing >= 1 and abs(parts - round(parts)) < 0.05:
        gap = f"{missing} missing" if missing > 1 else "one missing"
        raise FileError(
            planes[worst].path,
            expected=f"a plane every {usual:.4g} mm",
            found=f"{steps[worst]:.4g} mm {between}: {gap} there",
            action=_REPAIR,
        )
    raise FileError(
        planes[worst].path,
        expected=f"planes at even distances ({usual:.4g} mm)",
        found=f"{steps[worst]:.4g} mm {between}",
        action="They cannot be shown as a volume; export an evenly spaced series.",
    )


def _usual(steps: NDArray[np.float64]) -> float:
    """Return the distance that most planes have; the smallest where no two agree."""
    near = np.abs(steps[:, np.newaxis] - steps) <= np.maximum(_EVEN_MM, _EVEN_PART * steps)
    counts = near.sum(axis=0)
    most = counts == counts.max()
    return float(steps[most].min())


def affine_of(
    first: DicomPlane,
    row: NDArray[np.float64],
    column: NDArray[np.float64],
    step: NDArray[np.float64],
) -> Affine:
    """Return the affine, in RAS+, of planes that begin with `first` and go on by `step` (LPS)."""
    assert first.spacing_mm is not None
    between_rows, between_columns = first.spacing_mm
    affine = np.eye(4)
    affine[:3, 0] = row * between_columns
    affine[:3, 1] = column * between_rows
    affine[:3, 2] = step
    affine[:3, 3] = first.position
    affine = _RAS @ affine
    if is_affine(affine):
        return affine
    raise FileError(
        first.path,
        expected="directions of rows and columns that span a plane",
        found=f"{first.orientation}",
        action="Export the series again.",
    )


def _said_distance(
    planes: Sequence[DicomPlane], measured: float
) -> tuple[GeometrySource, tuple[str, ...]]:
    """Return what the files say of the distance, and a notice when it is not what was measured."""
    said = planes[0].step_mm
    if said is None:
        thick = planes[0].thickness_mm
        words = "not given" if thick is None else f"not given; planes are {thick:.4g} mm thick"
        return GeometrySource("SpacingBetweenSlices", words), ()
    source = GeometrySource("SpacingBetweenSlices", f"{said:.4g} mm")
    if len(planes) == 1 or abs(abs(said) - measured) <= max(_EVEN_MM, 0.01 * measured):
        return source, ()
    return source, (
        f"{_named(planes).name}: expected planes {abs(said):.4g} mm apart, as "
        f"SpacingBetweenSlices says, found {measured:.4g} mm by their positions. The positions "
        "are believed; check that no plane is missing.",
    )


def _words(planes: Sequence[DicomPlane], distance: float, grid: Grid) -> str:
    return f"{len(planes)} planes, {distance:.4g} mm apart: {grid.orientation}"


def _named(planes: Sequence[DicomPlane]) -> Path:
    """Return what notices name: the file of one plane or frame set, else the folder."""
    paths = {plane.path for plane in planes}
    return planes[0].path if len(paths) == 1 else planes[0].path.parent


def _unplaced(planes: Sequence[DicomPlane]) -> Stack:
    ordered = tuple(sorted(planes, key=lambda p: (p.number, p.path.name, p.frame)))
    first = ordered[0]
    step = first.step_mm or first.thickness_mm
    spacing = (abs(step), *first.spacing_mm) if step and first.spacing_mm else None
    grid = Grid((len(ordered), *first.size), None, spacing)
    return Stack(
        ordered,
        grid,
        (GeometrySource("positions of planes", "not given"),),
        "numbers of instances",
        "the files do not tell where their planes lie",
        (*_some_unplaced(ordered), *notices_of(_named(ordered), grid)),
    )


def _some_unplaced(planes: Sequence[DicomPlane]) -> tuple[str, ...]:
    """Return what is told where some planes alone do not tell their place."""
    without = [p for p in planes if p.position is None or p.orientation is None]
    if not without or len(without) == len(planes):
        return ()
    return (
        f"{without[0].path.name}: expected a place as the other planes of its series have, found "
        f"none ({len(without)} of {len(planes)} planes). The series is shown in the order of its "
        "instance numbers; export it again.",
    )
