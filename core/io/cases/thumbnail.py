"""A small picture of a case for the worklist, read from as few files as possible."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.domain.errors import DataError
from core.domain.label_set import LabelMap
from core.domain.mask import Mask
from core.domain.volume import Pixels
from core.io.cases.case import Case
from core.io.cases.mask_stack import read_loose_masks
from core.io.cases.volume_reader import read_shown
from core.io.tiff.tiff import read_image

_FLAIR = 1
_TOP = 99.5


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """`grey` and `mask` are (edge, edge) uint8; the mask is 0 or 1."""

    grey: NDArray[np.uint8]
    mask: NDArray[np.uint8]


def thumbnail(case: Case, *, edge: int) -> Thumbnail | None:
    """Return the slice with most lesion, else the middle one, cut to the head; None if unreadable.

    `edge` is the side in pixels. FLAIR is shown where there are several channels. Of a volume that
    one channel is read.
    """
    try:
        plane, truth = _telling_plane(case)
    except (DataError, IndexError):
        return None
    if truth is None or truth.shape != plane.shape:
        truth = np.zeros(plane.shape, np.uint8)
    rows, columns = _head(plane)
    grey, mask = _grey(plane)[rows, columns], truth[rows, columns]
    return Thumbnail(_small(grey, edge), _small_mask(mask, edge))


def _telling_plane(case: Case) -> tuple[Pixels, Mask | None]:
    """Return the plane to show and its mask; raises `DataError` for one that cannot be read."""
    if case.volumes is not None:
        channel, stack = read_shown(case)
        areas = [] if stack is None else stack.sum(axis=(1, 2)).tolist()
        index = int(np.argmax(areas)) if any(areas) else len(channel) // 2
        return channel[index], None if stack is None else stack[index]
    index, truth = _largest(case)
    image = np.nan_to_num(read_image(case.slices[index].image))
    return image[min(_FLAIR, len(image) - 1)], truth


def _largest(case: Case) -> tuple[int, NDArray[np.uint8] | None]:
    """Return the index and mask of the slice with most lesion; all masks tell what lesion is."""
    stack = read_loose_masks(case)
    if not stack:
        return case.middle, None
    best = max(stack, key=lambda index: int(np.count_nonzero(stack[index])))
    return (best, stack[best]) if stack[best].any() else (case.middle, None)


def _head(plane: Pixels) -> tuple[slice, slice]:
    inside = plane > plane.max() * 0.1
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return slice(None), slice(None)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _grey(plane: Pixels) -> NDArray[np.uint8]:
    top = float(np.percentile(plane, _TOP))
    top = top if top > 0 else 1.0
    return np.asarray(np.clip(plane * (255.0 / top), 0, 255), dtype=np.uint8)


def labelled_tile(
    plane: Pixels, labels: LabelMap, *, edge: int
) -> tuple[NDArray[np.uint8], LabelMap]:
    """Return a plane (Y, X), cut to the head, and its labels, each `edge` pixels a side."""
    shown = np.nan_to_num(plane)
    rows, columns = _head(shown)
    return (
        _small(_grey(shown)[rows, columns], edge),
        _small(labels[rows, columns], edge, Image.Resampling.NEAREST),
    )


def telling_index(labels: LabelMap | None, slices: int) -> int:
    """Return the index of the slice with most lesion, or of the middle one."""
    areas = [] if labels is None else np.count_nonzero(labels, axis=(1, 2)).tolist()
    return int(np.argmax(areas)) if any(areas) else slices // 2


def _small(
    plane: NDArray[np.uint8],
    edge: int,
    how: Image.Resampling = Image.Resampling.BILINEAR,
) -> NDArray[np.uint8]:
    """Fit a plane into a black square."""
    height, width = plane.shape
    scale = edge / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = Image.fromarray(np.ascontiguousarray(plane)).resize(size, how)
    square = Image.new("L", (edge, edge))
    square.paste(small, ((edge - size[0]) // 2, (edge - size[1]) // 2))
    return np.asarray(square)


def _small_mask(mask: NDArray[np.uint8], edge: int) -> NDArray[np.uint8]:
    return np.asarray(_small(mask * np.uint8(255), edge) > 127, dtype=np.uint8)
