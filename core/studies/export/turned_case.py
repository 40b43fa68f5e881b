"""A case cut in another plane, for whoever draws slice after slice."""

from dataclasses import replace

from core.domain.grid import Grid
from core.domain.mask import Mask
from core.domain.plane import Plane
from core.io.cases.case_reader import LoadedCase


def turned_case(
    loaded: LoadedCase, mask: Mask | None, plane: Plane
) -> tuple[LoadedCase, Mask | None]:
    """Return a case and a mask over it as (slices, rows, columns) of `plane`, for pictures alone.

    Its name says the plane, its slices are numbered from 1. It is as it was in the axial plane.
    """
    if not plane.axis:
        return loaded, mask
    volume, truth = loaded.volume, loaded.ground_truth
    slices, rows, columns = plane.turned(volume.geometry.shape)
    spacing = volume.geometry.spacing_mm
    grid = Grid(
        (slices, rows, columns),
        known_spacing_mm=None if spacing is None else plane.turned(spacing),
    )
    turned = replace(
        volume,
        pixels=plane.apply(volume.pixels),
        slice_numbers=tuple(range(1, slices + 1)),
        geometry=grid,
        unreadable={},
    )
    case = replace(loaded.case, id=f"{loaded.case.id}_{plane.name}")
    cut = replace(
        loaded,
        case=case,
        volume=turned,
        ground_truth=None if truth is None else plane.apply(truth),
        labels=None if loaded.labels is None else plane.apply(loaded.labels),
    )
    return cut, None if mask is None else plane.apply(mask)
