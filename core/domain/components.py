"""Connected components of masks, and the lesion-level errors of a prediction.

Two words, never one for the other:

- A **lesion** is a piece joined by faces, edges and corners (`LESION_NEIGHBOURS`, 26 of them): the
  lesions that are counted (`core.domain.lesions`), those that the tools of a correction take and
  delete (`core.annotation.regions`), and the errors of a prediction (`disagreements`), where a thin
  rim that steps diagonally through the voxels is one and not many.
- A **component** is a piece joined by faces alone, 6 neighbours. Only the step from probability to
  mask keeps or drops components (`largest_component`, `large_components`), as the public reference
  implementation does, so that its figures and ours can be compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.domain.mask import Mask, binarise

MaskLike = NDArray[np.uint8] | NDArray[np.bool_]
"""A mask of any shape whose foreground is above zero: 1, 255 or True."""

Box = tuple[int, int, int, int, int, int]
"""(z0, z1, y0, y1, x0, x1) in voxels, ends exclusive."""

DisagreementKind = Literal["false_positive", "false_negative"]

ErrorKind = Literal["false_positive_lesion", "false_negative_lesion", "boundary"]

LESION_NEIGHBOURS = np.ones((3, 3, 3), bool)
"""What joins the voxels of one lesion: faces, edges and corners, 26 neighbours."""

LESION_JOINED_BY = int(LESION_NEIGHBOURS.sum()) - 1
"""How many neighbours of a voxel these are, as files of figures say it."""

_PLUS = ((False, True, False), (True, True, True), (False, True, False))
_IN_PLANE = np.array((((False,) * 3,) * 3, _PLUS, ((False,) * 3,) * 3))


@dataclass(frozen=True)
class Disagreement:
    """One connected piece of the voxels that truth and prediction call differently.

    `last_slice` is inclusive. `centre_slice` is the slice with most of its voxels, so there is
    always something to see there. `on_border` is True when the piece touches voxels that both call
    foreground (the outline of a found lesion is drawn differently), and False when the piece stands
    alone (a lesion invented or missed). `seed` is its first voxel (z, y, x) in scan order.
    """

    kind: DisagreementKind
    voxels: int
    box: Box
    centre_slice: int
    on_border: bool
    seed: tuple[int, int, int]

    @property
    def error(self) -> ErrorKind:
        """What it is: a lesion invented, a lesion missed, or an outline drawn differently.

        A piece that touches no voxel both call foreground is a whole lesion by itself, which is
        the any-overlap rule of `core.domain.lesions` said of one piece.
        """
        if self.on_border:
            return "boundary"
        invented = self.kind == "false_positive"
        return "false_positive_lesion" if invented else "false_negative_lesion"

    @property
    def key(self) -> str:
        """Name of the piece among all pieces of the same two masks, the same at every call."""
        return f"{self.kind}:{','.join(map(str, self.seed))}"

    @property
    def centre(self) -> tuple[int, int, int]:
        """The voxel (z, y, x) to bring into view: middle of its box on its centre slice."""
        _, _, y0, y1, x0, x1 = self.box
        return self.centre_slice, (y0 + y1 - 1) // 2, (x0 + x1 - 1) // 2

    def largest_extent(self, spacing_mm: tuple[float, float, float] | None = None) -> float:
        """Return the longest side of its box, in mm when `spacing_mm` is given, else in voxels."""
        sides = (stop - start for start, stop in zip(self.box[::2], self.box[1::2], strict=True))
        return max(n * size for n, size in zip(sides, spacing_mm or (1.0, 1.0, 1.0), strict=True))

    def volume_ml(self, voxel_ml: float) -> float:
        """Return its volume in millilitres, given that of a voxel."""
        return self.voxels * voxel_ml

    @property
    def first_slice(self) -> int:
        """Index of the first slice it lies on."""
        return self.box[0]

    @property
    def last_slice(self) -> int:
        """Index of the last slice it lies on."""
        return self.box[1] - 1


def bounding_box(mask: MaskLike) -> Box | None:
    """Return the smallest box around the foreground of a (Z, Y, X) mask, or None when empty."""
    foreground = _as_bool(mask)
    plane = np.asarray(foreground.any(axis=0))
    if not plane.any():
        return None
    z0, z1 = _extent(foreground.any(axis=(1, 2)))
    y0, y1 = _extent(plane.any(axis=1))
    x0, x1 = _extent(plane.any(axis=0))
    return z0, z1, y0, y1, x0, x1


def box_slices(box: Box) -> tuple[slice, slice, slice]:
    """Return `box` as an index into a (Z, Y, X) array."""
    z0, z1, y0, y1, x0, x1 = box
    return slice(z0, z1), slice(y0, y1), slice(x0, x1)


def largest_component(mask: MaskLike) -> Mask:
    """Keep the largest component of a (Z, Y, X) mask; an empty mask stays empty.

    Of pieces equally large the first in scan order is kept.
    """
    return _with_pieces(mask, lambda sizes: np.arange(len(sizes)) == np.argmax(sizes))


def large_components(mask: MaskLike, share: float) -> Mask:
    """Keep the components of a (Z, Y, X) mask with `share` of the largest's voxels."""
    return _with_pieces(mask, lambda sizes: sizes >= share * sizes.max())


def _with_pieces(mask: MaskLike, choose: Callable[[NDArray[np.intp]], NDArray[np.bool_]]) -> Mask:
    """Keep the pieces that `choose` wants from their sizes, in scan order of their first voxels.

    Pieces are joined from runs of voxels along x, not voxel by voxel; and nobody who predicts waits
    for scipy, whose loading takes longer than all that is done before and after the network.
    """
    kept = np.zeros(mask.shape, np.uint8)
    box = bounding_box(mask)
    if box is None:
        return kept
    inside = box_slices(box)
    starts, ends, pieces = _joined_runs(_as_bool(mask[inside]))
    lengths = ends - starts
    chosen = choose(np.bincount(pieces, weights=lengths).astype(np.intp))[pieces]
    depth, height, width = (stop - start for start, stop in zip(box[::2], box[1::2], strict=True))
    edges = np.zeros(depth * height * (width + 1), np.int8)
    edges[starts[chosen]] = 1
    edges[ends[chosen]] -= 1
    kept[inside] = np.cumsum(edges, dtype=np.int8).reshape(depth, height, -1)[..., :-1]
    return kept


def _joined_runs(
    foreground: NDArray[np.bool_],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return where runs along x of (Z, Y, X) start and end, and the number of each one's piece.

    Places are in rows that are one longer than X, flat; ends are exclusive. Pieces are joined by
    faces and numbered from 0 in scan order.
    """
    depth, height, width = foreground.shape
    row = width + 1
    padded = np.zeros((depth, height, row + 1), np.int8)
    padded[..., 1:-1] = foreground
    change = np.diff(padded, axis=2).reshape(-1)
    starts, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    one, other = [], []
    for step, within in ((row, height * row), (height * row, 0)):
        # The runs one row above, and one slice before, that lie over each run.
        first = np.searchsorted(ends, starts - step, side="right")
        last = np.searchsorted(starts, ends - step, side="left")
        count = np.maximum(last - first, 0)
        if within:  # the first row of a slice has none above it
            count[starts % within < row] = 0
        index = np.repeat(np.arange(len(starts)), count)
        one.append(index)
        other.append(np.arange(len(index)) + np.repeat(first - np.cumsum(count) + count, count))
    return starts, ends, _joined(len(starts), np.concatenate(one), np.concatenate(other))


def _joined(count: int, one: NDArray[np.intp], other: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the piece of each of `count` things of which pairs belong together.

    Every thing takes the lowest that it is tied to, and that one's, until nothing changes.
    """
    lowest = np.arange(count)
    while True:
        least = np.minimum(lowest[one], lowest[other])
        before = lowest.copy()
        for tied in (one, other):
            np.minimum.at(lowest, before[tied], least)
        lowest = lowest[lowest]
        if np.array_equal(lowest, before):
            return np.unique(lowest, return_inverse=True)[1]


def fill_holes(mask: MaskLike) -> Mask:
    """Fill, slice by slice, the background of a (Z, Y, X) mask that foreground shuts in.

    Background is joined by edges in the plane of the slice; what reaches the rim is no hole.
    """
    filled = binarise(mask)
    box = bounding_box(mask)
    if box is None:
        return filled
    crop = filled[box_slices(box)]
    # The added rim joins all open background of a slice into one piece that holds its corner.
    labels, _ = _label(np.pad(crop == 0, ((0, 0), (1, 1), (1, 1)), constant_values=True), _IN_PLANE)
    crop[labels[:, 1:-1, 1:-1] != labels[:, :1, :1]] = 1
    return filled


def plain_errors(mask: MaskLike, other: MaskLike) -> NDArray[np.bool_]:
    """Return the voxels of `mask` outside of `other` (Z, Y, X) without the rim between outlines.

    Pieces that touch no voxel of both are whole; of those that do only what is three voxels thick.
    """
    from scipy import ndimage

    found = np.zeros(mask.shape, bool)
    first, second = np.asarray(mask > 0), np.asarray(other > 0)
    box = bounding_box(first & ~second)
    if box is None:
        return found
    inside = tuple(
        slice(max(start - 1, 0), end + 1) for start, end in zip(box[::2], box[1::2], strict=True)
    )
    first, second = first[inside], second[inside]
    error, shared = first & ~second, np.pad(first & second, 1)
    labelled, count = ndimage.label(error, LESION_NEIGHBOURS)
    at = np.argwhere(error)
    beside = np.zeros(len(at), bool)
    for step in np.ndindex(3, 3, 3):  # the voxels around each, in what has a rim of one
        beside |= shared[tuple((at + step).T)]
    touching = np.zeros(count + 1, bool)
    touching[labelled[tuple(at[beside].T)]] = True
    found[inside] = np.where(touching[labelled], _opened(error), error)
    return found


def _opened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what is left of a mask (Z, Y, X) after a voxel of it is taken off and put on again."""
    inner = np.pad(mask, 2)
    for grows in (False, True):
        found = inner.copy()
        for axis in range(3):
            for step in (-1, 1):
                beside = np.roll(inner, step, axis)
                found = found | beside if grows else found & beside
        inner = found
    return inner[2:-2, 2:-2, 2:-2]


def disagreements(truth: MaskLike, prediction: MaskLike) -> list[Disagreement]:
    """List the connected errors of `prediction` against `truth`, both (Z, Y, X), largest first.

    Of errors equally large, false positives come before false negatives, then scan order counts.
    Raises `ValueError` when the shapes differ.
    """
    if truth.shape != prediction.shape:
        raise ValueError(f"truth is {truth.shape}, prediction is {prediction.shape}")
    expected, predicted = _as_bool(truth), _as_bool(prediction)
    box = bounding_box(expected | predicted)
    if box is None:
        return []
    expected, predicted = expected[box_slices(box)], predicted[box_slices(box)]
    # Loaded at the first use: the first picture need not wait for scipy. So is it below.
    from scipy import ndimage

    agreed = ndimage.binary_dilation(expected & predicted, LESION_NEIGHBOURS)
    found = [
        *_errors("false_positive", predicted & ~expected, agreed, box),
        *_errors("false_negative", expected & ~predicted, agreed, box),
    ]
    return sorted(found, key=lambda error: -error.voxels)


def voxels_of(error: Disagreement, truth: MaskLike, prediction: MaskLike) -> NDArray[np.bool_]:
    """Return which voxels of `error.box` are the piece itself, from the masks it was found in."""
    crop = box_slices(error.box)
    expected, predicted = _as_bool(truth[crop]), _as_bool(prediction[crop])
    invented = error.kind == "false_positive"
    wrong = predicted & ~expected if invented else expected & ~predicted
    # A connected piece is connected within its own box too, so its crop is enough to find it.
    labels, _ = _label(wrong, LESION_NEIGHBOURS)
    z, y, x = (at - start for at, start in zip(error.seed, error.box[::2], strict=True))
    return np.asarray(labels == labels[z, y, x])


def _errors(
    kind: DisagreementKind, wrong: NDArray[np.bool_], agreed: NDArray[np.bool_], frame: Box
) -> list[Disagreement]:
    labels, boxes = _label(wrong, LESION_NEIGHBOURS)
    found = []
    for label, piece in enumerate(boxes, start=1):
        voxels = labels[piece] == label
        areas = np.count_nonzero(voxels, axis=(1, 2))
        box = _shifted(piece, frame)
        on_border = bool((voxels & agreed[piece]).any())
        centre_slice = box[0] + int(areas.argmax())
        first = np.unravel_index(int(voxels.argmax()), voxels.shape)
        z, y, x = (int(at) + start for at, start in zip(first, box[::2], strict=True))
        size = int(areas.sum())
        found.append(Disagreement(kind, size, box, centre_slice, on_border, (z, y, x)))
    return found


def _label(
    foreground: NDArray[np.bool_], structure: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int32], Sequence[tuple[slice, ...]]]:
    """Return labels numbered from 1 in scan order, and the box of each."""
    from scipy import ndimage

    labels, _ = ndimage.label(foreground, structure)
    return np.asarray(labels, np.int32), ndimage.find_objects(labels)


def _shifted(piece: tuple[slice, ...], frame: Box) -> Box:
    """Return the box of `piece`, found inside `frame`, on the grid that `frame` lies in."""
    (z, y, x), (z0, _, y0, _, x0, _) = piece, frame
    return z.start + z0, z.stop + z0, y.start + y0, y.stop + y0, x.start + x0, x.stop + x0


def _extent(occupied: ArrayLike) -> tuple[int, int]:
    indices = np.flatnonzero(occupied)
    return int(indices[0]), int(indices[-1]) + 1


def _as_bool(mask: MaskLike) -> NDArray[np.bool_]:
    if mask.dtype == np.bool_:
        return mask.view(np.bool_)  # compared with a number, NumPy would make integers of it first
    return np.asarray(mask > 0)
