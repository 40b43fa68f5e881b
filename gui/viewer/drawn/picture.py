"""A slice made ready to draw: the enlarged image and the outlines of masks and errors."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.domain.components import Box, box_slices
from core.domain.mask import Mask
from core.domain.outlines import enlarged, enlargement
from core.domain.plane import Cut
from core.domain.volume import Pixels, Volume
from gui.shell.view_state import RGB, PictureKey
from gui.viewer.drawn.lines import Lines, make_lines

_KEPT = 160
_STEPPED = 1.5  # voxels are as many times as long as wide before slices are told apart
_MOST_STEPS = 8

MaskPlane: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Picture:
    """`image` is (Y·k, X·k) or (Y·k, X·k, 3); lines are in voxels (x, y) of `shape` (Y, X).

    Y and X are the rows and columns of the plane. Slices seen from the side are enlarged further.

    `marks` tell one prediction and correction of the slice from another; None when not known.
    """

    image: Pixels
    shape: tuple[int, int]
    truth: Lines
    prediction: Lines
    false_positive: Lines
    false_negative: Lines
    correction: Lines
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
    cut, exact = key.cut, key.exact
    prediction = _plane(masks.prediction, cut)
    marks = (_mark(prediction), _mark(_plane(masks.correction, cut)))
    if before is not None and before.marks == marks:
        return before
    if before is None:
        before = _bare(volume, _plane(masks.truth, cut), key)
    picture = replace(before, prediction=make_lines(prediction, exact=exact))
    return replace(with_edit(picture, masks, key), marks=marks)


def with_edit(
    picture: Picture, masks: Masks, key: PictureKey, painted: Box | None = None
) -> Picture:
    """Return `picture` with the outlines that a stroke changes made again: correction, errors.

    `painted` is all that the stroke changed, a box of the plane, when known: where no truth is,
    none can be missed more or less than before, and where truth is everywhere, none can be drawn
    over.
    """
    cut, exact = key.cut, key.exact
    truth, prediction = _plane(masks.truth, cut), _plane(masks.prediction, cut)
    correction = _plane(masks.correction, cut)
    judged = correction if correction is not None else prediction
    false_positive, false_negative = picture.false_positive, picture.false_negative
    there = None if truth is None or painted is None else truth[box_slices(painted)[1:]]
    if there is None or not there.all():
        false_positive = make_lines(_without(judged, truth), exact=exact)
    if there is None or there.any():
        false_negative = make_lines(_without(truth, judged), exact=exact)
    return replace(
        picture,
        false_positive=false_positive,
        false_negative=false_negative,
        correction=make_lines(correction, exact=exact),
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


def _plane(mask: Mask | None, cut: Cut) -> MaskPlane | None:
    """Return the slice of a mask in one piece: what follows goes over it more than once."""
    return None if mask is None else np.ascontiguousarray(cut.of(mask))


def _without(plane: MaskPlane | None, other: MaskPlane | None) -> MaskPlane | None:
    """Return where one mask is and the other is not; None unless there are both."""
    return None if plane is None or other is None else np.asarray(plane & ~other & 1, np.uint8)


def _mark(plane: MaskPlane | None) -> bytes:
    """Return what tells one mask of a slice from another, in some ten microseconds."""
    if plane is None:
        return b""
    return hashlib.blake2b(np.packbits(plane).tobytes(), digest_size=16).digest()


def _bare(volume: Volume, truth: MaskPlane | None, key: PictureKey) -> Picture:
    """Return the picture of a slice that nobody has marked but the ground truth."""
    empty = make_lines(None, exact=key.exact)
    _, rows, columns = key.cut.plane.turned(volume.geometry.shape)
    return Picture(
        image=_image(volume, key),
        shape=(rows, columns),
        truth=make_lines(truth, exact=key.exact),
        prediction=empty,
        false_positive=empty,
        false_negative=empty,
        correction=empty,
    )


def _image(volume: Volume, key: PictureKey) -> Pixels:
    cut = key.cut
    rows, columns = _steps(volume, key)
    if key.channel != RGB:
        plane = cut.of(volume.pixels[volume.channels.index(key.channel)])
        return _enlarged(plane, key, (rows, columns))
    planes = [_enlarged(cut.of(pixels), key, (rows, columns)) for pixels in volume.pixels]
    image = np.stack([np.asarray(plane, np.float32) for plane in planes], axis=-1)
    if volume.pixels.dtype != np.uint8:
        low, high = min(volume.value_range[0], 0.0), volume.value_range[1]
        image = (image - low) * (255.0 / max(high - low, 1e-6))
    return image.clip(0, 255).astype(np.uint8)


def _steps(volume: Volume, key: PictureKey) -> tuple[int, int]:
    """Return how many times more rows and columns are enlarged, so that voxels become square."""
    spacing = volume.geometry.spacing_mm
    if spacing is None or key.exact:
        return 1, 1
    _, row, column = key.cut.plane.turned(spacing)
    thick = min(round(max(row, column) / min(row, column)), _MOST_STEPS)
    if max(row, column) < _STEPPED * min(row, column) or thick < 2:
        return 1, 1
    return (thick, 1) if row > column else (1, thick)


def _enlarged(plane: Pixels, key: PictureKey, steps: tuple[int, int]) -> Pixels:
    """Return a plane as it goes to the screen; thick slices as steps unless they are blended."""
    rows, columns = steps
    shape = (plane.shape[0] * rows, plane.shape[1] * columns)
    factor = enlargement(shape, exact=key.exact)
    if key.between or steps == (1, 1):
        return enlarged(np.ascontiguousarray(plane), factor, rows=rows, columns=columns)
    once = enlarged(np.ascontiguousarray(plane), factor)
    return np.repeat(np.repeat(once, rows, axis=0), columns, axis=1)
