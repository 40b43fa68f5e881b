"""A slice made ready to draw: the enlarged image and the outlines of masks and errors."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainterPath

from core.mask import Mask
from core.outlines import Outline, enlarged, enlargement, outlines
from core.volume import Pixels, Volume
from gui.view_state import RGB, PictureKey

_KEPT = 160


@dataclass(frozen=True, eq=False)
class Picture:
    """`image` is (Y·k, X·k) or (Y·k, X·k, 3); paths are in voxels (x, y) of `shape` (Y, X).

    `marks` tell one prediction and correction of the slice from another; None when not known.
    """

    image: Pixels
    shape: tuple[int, int]
    truth: QPainterPath
    prediction: QPainterPath
    false_positive: QPainterPath
    false_negative: QPainterPath
    correction: QPainterPath
    marks: tuple[bytes, bytes] | None = None


@dataclass(frozen=True, eq=False)
class Masks:
    """What lies over a volume: each mask is (Z, Y, X) or None where there is none.

    Errors are those of the correction where there is one, else of the prediction.
    """

    truth: Mask | None = None
    prediction: Mask | None = None
    correction: Mask | None = None


def make_picture(
    volume: Volume, masks: Masks, key: PictureKey, *, before: Picture | None = None
) -> Picture:
    """Return the picture that `key` names; a few milliseconds, on any thread.

    `before` is a picture of the same slice and channel under another prediction or correction:
    what has not changed is not made again, and where nothing has, it is `before` itself.
    """
    index, exact = key.slice_index, key.exact
    prediction = _plane(masks.prediction, index)
    marks = (_mark(prediction), _mark(_plane(masks.correction, index)))
    if before is not None and before.marks == marks:
        return before
    if before is None:
        before = _bare(volume, _plane(masks.truth, index), key)
    picture = replace(before, prediction=_path(prediction, exact))
    return replace(with_edit(picture, masks, index, exact=exact), marks=marks)


def with_edit(picture: Picture, masks: Masks, index: int, *, exact: bool) -> Picture:
    """Return `picture` with the outlines that a stroke changes made again: correction, errors."""
    truth, prediction = _plane(masks.truth, index), _plane(masks.prediction, index)
    correction = _plane(masks.correction, index)
    judged = correction if correction is not None else prediction
    false_positive = false_negative = None
    if truth is not None and judged is not None:
        false_positive = np.asarray(judged & ~truth & 1, np.uint8)
        false_negative = np.asarray(truth & ~judged & 1, np.uint8)
    return replace(
        picture,
        false_positive=_path(false_positive, exact),
        false_negative=_path(false_negative, exact),
        correction=_path(correction, exact),
        marks=None,
    )


class PictureCache:
    """The pictures made last, so that going back and forth draws at once."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[PictureKey, Picture] = OrderedDict()
        self._latest: dict[PictureKey, Picture] = {}

    def get(self, key: PictureKey) -> Picture | None:
        """Return a picture made before, or None."""
        return self._pictures.get(key)

    def like(self, key: PictureKey) -> Picture | None:
        """Return the last picture of that slice and channel under whatever masks, or None."""
        return self._latest.get(_maskless(key))

    def take(self, key: PictureKey) -> Picture | None:
        """Return a picture made before and forget it, or None."""
        return self._pictures.pop(key, None)

    def put(self, key: PictureKey, picture: Picture) -> None:
        """Keep a picture; the oldest goes when there are too many."""
        self._pictures[key] = self._latest[_maskless(key)] = picture
        while len(self._pictures) > _KEPT:
            oldest, gone = self._pictures.popitem(last=False)
            if self._latest.get(_maskless(oldest)) is gone:
                del self._latest[_maskless(oldest)]

    def __contains__(self, key: PictureKey) -> bool:
        return key in self._pictures

    def clear(self) -> None:
        """Forget all pictures."""
        self._pictures.clear()
        self._latest.clear()


def _maskless(key: PictureKey) -> PictureKey:
    return replace(key, masks=0, edit=0)


def _plane(mask: Mask | None, index: int) -> NDArray[np.uint8] | None:
    return None if mask is None else mask[index]


def _mark(plane: NDArray[np.uint8] | None) -> bytes:
    """Return what tells one mask of a slice from another, in some ten microseconds."""
    if plane is None:
        return b""
    return hashlib.blake2b(np.packbits(plane).tobytes(), digest_size=16).digest()


def _bare(volume: Volume, truth: NDArray[np.uint8] | None, key: PictureKey) -> Picture:
    """Return the picture of a slice that nobody has marked but the ground truth."""
    empty = QPainterPath()
    return Picture(
        image=_image(volume, key),
        shape=volume.geometry.shape[1:],
        truth=_path(truth, key.exact),
        prediction=empty,
        false_positive=empty,
        false_negative=empty,
        correction=empty,
    )


def _image(volume: Volume, key: PictureKey) -> Pixels:
    factor = enlargement(volume.geometry.shape[1:], exact=key.exact)
    if key.channel != RGB:
        plane = volume.pixels[volume.channels.index(key.channel), key.slice_index]
        return enlarged(plane, factor)
    planes = [enlarged(plane, factor) for plane in volume.pixels[:, key.slice_index]]
    image = np.stack([np.asarray(plane, np.float32) for plane in planes], axis=-1)
    if volume.pixels.dtype != np.uint8:
        image *= 255.0 / max(int(volume.pixels.max()), 1)
    return image.astype(np.uint8)


def _path(mask: NDArray[np.uint8] | None, exact: bool) -> QPainterPath:
    lines: list[Outline] = [] if mask is None else outlines(mask, exact=exact)
    if not lines:
        return QPainterPath()
    points = np.concatenate(lines)
    connect = np.ones(len(points), np.int32)
    connect[np.cumsum([len(line) for line in lines]) - 1] = 0
    path: QPainterPath = pg.arrayToQPath(points[:, 0], points[:, 1], connect=connect)
    path.setFillRule(Qt.FillRule.OddEvenFill)
    return path
