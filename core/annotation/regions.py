"""Tools that take a whole region at once: fill, lesions, slices taken from elsewhere.

Lesions are joined as they are counted: by faces, edges and corners, in the slice (8 neighbours) or
through the slices (26). A flood fill goes by faces alone: it does not slip through a corner.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.annotation.label_rule import mask_of
from core.annotation.patch import Patch, changes, joined_box, whole_box
from core.domain.components import LESION_NEIGHBOURS, Box, bounding_box, box_slices
from core.domain.components import fill_holes as without_holes
from core.domain.label_set import HIGHEST, LabelMap
from core.domain.mask import Mask
from core.domain.plane import Voxel
from core.domain.volume import Pixels


def flood_fill(
    mask: Mask,
    pixels: Pixels,
    at: Voxel,
    *,
    tolerance: float,
    value: int = 1,
    volumetric: bool = False,
) -> Patch | None:
    """Put `value` on the voxels joined to `at` whose pixel differs from its by `tolerance` at most.

    `pixels` (Z, Y, X) is one channel. None when `at` lies beyond the mask.
    """
    if not _within(mask, at):
        return None
    box = whole_box(mask, None if volumetric else at[0])
    piece = flooded(pixels, at, tolerance=tolerance, volumetric=volumetric)
    return changes(mask, box, np.where(piece, np.uint8(value), mask[box_slices(box)]))


def flooded(
    pixels: Pixels, at: Voxel, *, tolerance: float, volumetric: bool = False
) -> NDArray[np.bool_]:
    """Return the voxels joined to `at` whose pixel differs by `tolerance` at most.

    `pixels` are (Z, Y, X); the result is (1, Y, X), or (Z, Y, X) when `volumetric`.
    """
    crop = pixels if volumetric else pixels[at[0] : at[0] + 1]
    middle = float(pixels[at])
    joined = (crop >= middle - tolerance) & (crop <= middle + tolerance)
    return _piece(joined, (at[0] if volumetric else 0, at[1], at[2]))


def delete_lesion(mask: Mask, at: Voxel, *, volumetric: bool = True) -> Patch | None:
    """Clear the lesion of the mask under `at`; None when there is none."""
    found = _lesion(mask, at, volumetric=volumetric)
    if found is None:
        return None
    box, piece = found
    return changes(mask, box, np.where(piece, np.uint8(0), mask[box_slices(box)]))


def keep_lesion(mask: Mask, at: Voxel, *, volumetric: bool = True) -> Patch | None:
    """Clear all but the lesion under `at`, in its slice or everywhere; None when there is none."""
    found = _lesion(mask, at, volumetric=volumetric)
    return None if found is None else changes(mask, found[0], found[1].view(np.uint8))


def add_lesion(mask: Mask, other: Mask, at: Voxel, *, volumetric: bool = True) -> Patch | None:
    """Add the lesion of `other` under `at` to the mask; None when there is none."""
    found = _lesion(other, at, volumetric=volumetric)
    if found is None:
        return None
    box, piece = found
    return changes(mask, box, mask[box_slices(box)] | piece.view(np.uint8))


def fill_holes(mask: Mask, *, z: int | None = None) -> Patch | None:
    """Fill, slice by slice, background shut in by foreground, on slice `z` or on all."""
    box = whole_box(mask, z)
    return changes(mask, box, without_holes(mask[box_slices(box)]))


def copy_slice(mask: Mask, *, source: int, target: int) -> Patch | None:
    """Make slice `target` the same as slice `source`; None when one of them does not exist."""
    if not (0 <= source < len(mask) and 0 <= target < len(mask)):
        return None
    return changes(mask, whole_box(mask, target), mask[source : source + 1])


def replace(mask: Mask, other: Mask, *, z: int | None = None) -> Patch | None:
    """Make slice `z`, or the whole mask, the same as in `other` (Z, Y, X)."""
    box = whole_box(mask, z)
    return changes(mask, box, other[box_slices(box)])


def taken(
    label_map: LabelMap, source: LabelMap, values: tuple[int, ...], *, z: int | None = None
) -> Patch | None:
    """Make the labels `values` on slice `z`, or everywhere, the same as in `source` (Z, Y, X).

    What `source` has of others is left alone, and other labels give way to these alone.
    """
    box = whole_box(label_map, z)
    now, other = label_map[box_slices(box)], source[box_slices(box)]
    kept = np.where(mask_of(now, values) > 0, np.uint8(0), now)
    return changes(label_map, box, np.where(mask_of(other, values) > 0, other, kept))


def relabelled(
    label_map: LabelMap, at: Voxel, value: int, values: tuple[int, ...] | None = None
) -> Patch | None:
    """Give the piece under `at` another label: of its own label, or of all of `values`.

    None where there is background, or none of these values.
    """
    if not _within(label_map, at) or not label_map[at]:
        return None
    mask = mask_of(label_map, values or (int(label_map[at]),))
    found = _lesion(mask, at, volumetric=True)
    if found is None:
        return None
    box, piece = found
    return changes(label_map, box, np.where(piece, np.uint8(value), label_map[box_slices(box)]))


def merged(label_map: LabelMap, become: Mapping[int, int]) -> Patch | None:
    """Give every voxel of a label in `become` the label it stands beside there, 0 for none."""
    box: Box | None = None
    table = np.arange(HIGHEST + 1, dtype=np.uint8)
    for value, into in become.items():
        table[value] = into
        box = joined_box(box, bounding_box(label_map == value))
    return None if box is None else changes(label_map, box, table[label_map[box_slices(box)]])


def told_apart(mask: Mask, fills: int, truth: LabelMap | None = None) -> LabelMap:
    """Return the label map of a mask (Z, Y, X): the labels `truth` has inside it, else `fills`."""
    box = None if truth is None else bounding_box(mask)
    told = mask * np.uint8(fills)
    if truth is not None and box is not None:
        there, true = told[box_slices(box)], truth[box_slices(box)]
        np.copyto(there, true, where=(there > 0) & (true > 0))
    return told


def clear(mask: Mask, *, z: int | None = None) -> Patch | None:
    """Clear slice `z`, or the whole mask."""
    box = whole_box(mask, z)
    return changes(mask, box, np.zeros_like(mask[box_slices(box)]))


def _lesion(mask: Mask, at: Voxel, *, volumetric: bool) -> tuple[Box, NDArray[np.bool_]] | None:
    """Return the box of all foreground looked at, and in it the piece under `at`."""
    if not _within(mask, at) or not mask[at]:
        return None
    frame = whole_box(mask, None if volumetric else at[0])
    inner = bounding_box(mask[box_slices(frame)])
    assert inner is not None, "the voxel itself is foreground"
    box = (inner[0] + frame[0], inner[1] + frame[0], *inner[2:])
    return box, _piece(mask[box_slices(box)] > 0, _inside(at, box), LESION_NEIGHBOURS)


def _piece(
    foreground: NDArray[np.bool_], at: Voxel, joined_by: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Return the piece of `foreground` that holds `at`, joined by faces where nothing is said."""
    from scipy import ndimage

    labels, _ = ndimage.label(foreground, joined_by)
    return np.asarray(labels == labels[at])


def _inside(at: Voxel, box: Box) -> Voxel:
    """Return a voxel's indices in the array cut out by `box`."""
    return at[0] - box[0], at[1] - box[2], at[2] - box[4]


def _within(mask: Mask, at: Voxel) -> bool:
    return all(0 <= index < side for index, side in zip(at, mask.shape, strict=True))
