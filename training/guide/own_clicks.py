"""Slices that readers clicked on, on the grid of the network: episodes with their own clicks."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator

from core.annotation.kept_clicks import ClickedSlice, kept_clicks
from core.domain.guide import Mark
from core.domain.plane import AXIAL
from core.inference.preprocess import PlaneGrid, to_grid
from core.models.train_spec import Augmentation
from core.workspace.workspace_folder import STORE_NAME, open_workspace
from training.cases.corrections import Corrections
from training.learning.augment import Planes, augment_alike
from training.learning.train_case import TrainCase

_HALF = 0.5
_SPREAD = 2.0  # pixels: standard deviation of what a click is while an image is varied
_LEAST = 0.2  # of its height that has to be left of it within the image


@dataclass(frozen=True, eq=False)
class OwnSlice:
    """What a reader clicked on slice `z`: the mask (h, w) before, as it was left, and the marks."""

    z: int
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    marks: tuple[Mark, ...]


def own_slices(
    corrections: Corrections | None, cases: Sequence[TrainCase]
) -> dict[str, tuple[OwnSlice, ...]]:
    """Return by case the slices that readers clicked on in the workspace of the corrections.

    Axial ones alone, clicks and scribbles alone, and none where a change of spacing moves slices.
    """
    if corrections is None or not (corrections.source / STORE_NAME).exists():
        return {}
    found = {}
    with closing(open_workspace(corrections.source)) as workspace:
        for case in cases:
            if case.id not in corrections.allowed or case.change is not None:
                continue
            clicked = kept_clicks(workspace.store, case.id, case.truth.shape)
            seen = [on_grid(each, case.grid) for each in clicked if _can_teach(each)]
            if seen:
                found[case.id] = tuple(seen)
    return found


def _can_teach(clicked: ClickedSlice) -> bool:
    plain = all(click.shape != "box" for click in clicked.clicks)
    return plain and clicked.cut.plane == AXIAL


def on_grid(clicked: ClickedSlice, grid: PlaneGrid) -> OwnSlice:
    """Return what was clicked as the network sees it."""
    masks = np.stack([clicked.before, clicked.after]).astype(np.float32)
    before, after = (to_grid(masks, grid, fill=0.0) > _HALF).astype(np.uint8)
    top, end, left, right = grid.box
    scales = grid.size[0] / (end - top), grid.size[1] / (right - left)
    marks = []
    for click in clicked.clicks:
        spots = np.array(click.spots, np.float64)
        places = (spots + _HALF - (top, left)) * scales - _HALF
        rows, columns = np.unique(np.rint(places).astype(np.intp), axis=0).T
        inside = (rows >= 0) & (rows < grid.size[0]) & (columns >= 0) & (columns < grid.size[1])
        if inside.any():
            marks.append(Mark(rows[inside], columns[inside], click.adds, click.strength))
    return OwnSlice(clicked.cut.index, before, after, tuple(marks))


@dataclass(frozen=True, eq=False)
class Varied:
    """An own slice as its image was varied: (h, w) each; `image` (P, h, w), `said` 0 to 255."""

    image: NDArray[np.float32]
    said: NDArray[np.float32]
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]
    marks: tuple[Mark, ...]


def varied(
    own: OwnSlice,
    image: NDArray[np.float32],
    said: NDArray[np.uint8],
    *,
    how: Augmentation,
    planes: Planes,
    generator: Generator,
) -> Varied:
    """Return an own slice with everything on it moved as its image is, which `how` varies.

    Marks that leave the image are gone.
    """
    seen = torch.from_numpy(image).unsqueeze(0)
    mask = torch.from_numpy(own.after.astype(np.float32))[None, None]
    on_it = [said.astype(np.float32), own.before.astype(np.float32)]
    on_it += [_raised(mark, own.before.shape) for mark in own.marks]
    lying = torch.from_numpy(np.stack(on_it)).unsqueeze(0)
    moved, after, there = augment_alike(seen, mask, lying, how, planes=planes, generator=generator)
    level, begun, *raised = there[0].numpy()
    marks = [_found(plane, mark) for plane, mark in zip(raised, own.marks, strict=True)]
    kept = tuple(mark for mark in marks if mark is not None)
    return Varied(moved[0].numpy(), level, begun > _HALF, after[0, 0].numpy() > _HALF, kept)


def _raised(mark: Mark, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return a plane (h, w) that is 1 at the voxels of a mark and falls off around them."""
    from scipy import ndimage

    free = np.ones(shape, bool)
    free[mark.rows, mark.columns] = False
    apart = ndimage.distance_transform_edt(free)
    return np.asarray(np.exp(-(apart**2) / (2 * _SPREAD**2)), np.float32)


def _found(plane: NDArray[np.float32], mark: Mark) -> Mark | None:
    """Return a mark where it was moved to: its highest voxel, or all high ones of a scribble."""
    top = float(plane.max())
    if top < _LEAST:
        return None
    level = top if len(mark.rows) == 1 else 0.9 * top
    rows, columns = np.nonzero(plane >= level)
    if len(mark.rows) == 1:
        rows, columns = rows[:1], columns[:1]
    return Mark(rows, columns, mark.adds, mark.strength)
