"""Surfaces of masks written into a folder: one file a label, and one of all labels together."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.annotation.export import MadeMask
from core.domain.errors import DataError
from core.domain.grid import Grid
from core.domain.label_set import LabelMap
from core.domain.surface_mesh import mask_mesh
from core.io.cases.case_masks import DrawnMask
from core.io.volumes.mesh_file import MeshFormat, write_mesh
from core.io.write_guard import refuse_inside

_WHOLE = "whole"


def export_surfaces(
    made: MadeMask, grid: Grid, folder: Path, *, dataset_root: Path, format_name: MeshFormat
) -> list[Path]:
    """Write the surfaces of a mask (Z, Y, X) on `grid` below `folder`; returns the files.

    Places are in patient millimetres (RAS+) where they are known; else along the axes of the grid,
    in mm or in voxels, which each file says. Raises `DataError` for an empty mask and for a folder
    inside the dataset.
    """
    refuse_inside(dataset_root, folder, also=made.case.folders)
    written = []
    case_id = made.case.id
    for name, values in _pieces(made.drawn):
        mesh = mask_mesh(values, grid)
        if mesh is None:
            continue
        path = folder / _plain(case_id) / f"{_plain(f'{case_id}_{name}')}.{format_name}"
        write_mesh(path, mesh, f"{name}, {space_words(grid)}", format_name=format_name)
        written.append(path)
    if not written:
        raise DataError(
            f"{case_id}: expected a mask with a surface, found an empty one. Choose another mask."
        )
    return written


def space_words(grid: Grid) -> str:
    """Say in which unit and space the places of a surface are."""
    if grid.is_known:
        return "patient mm, RAS+"
    unit = grid.length_unit
    return f"x y z of the grid in {unit}, orientation unknown"


def _pieces(drawn: DrawnMask) -> Iterator[tuple[str, LabelMap]]:
    """Yield name and mask of the whole, and of each label where there are several."""
    yield _WHOLE, drawn.label_map
    for label in drawn.labels.labels:
        if not drawn.labels.is_binary:
            yield label.name, (drawn.label_map == label.value).astype(np.uint8)


def _plain(name: str) -> str:
    """Return `name` as every system takes it for a file."""
    return re.sub(r"[^\w.-]", "_", name)
