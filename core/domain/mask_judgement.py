"""A mask is judged before it is believed: what a reader would see at one glance, in sentences."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.domain.components import fill_holes

_HALF = 0.5
_SMALL = 0.25
_MOST_OF_BORDER = 0.9
_NOISE = 0.05
_WHOLE = 0.97
_MOST_OF_HEAD = 0.6  # the largest lesion of 95 patients takes 0.27 of the head in its slice
_THIN = 0.1  # of a line two voxels wide nothing has all four neighbours
_HOLLOW = 2.0
_NAMED = 5


def judge_mask(
    name: str,
    mask: NDArray[np.uint8],
    head: NDArray[np.bool_],
    *,
    numbers: Sequence[int] = (),
) -> tuple[str, ...]:
    """Return sentences about a mask (Z, Y, X) that can hardly be lesion; none for a plausible one.

    `head` (Z, Y, X) is where the image shows something, `numbers` are those of the slices.
    """
    if not mask.any():
        return ()
    shares = mask.mean(axis=(1, 2))
    whole = _about_whole(name, mask, shares) or _about_head(name, mask, head)
    if whole:
        return (whole,)
    named = numbers or range(1, len(mask) + 1)
    found = (
        _about_outline(name, mask),
        _outside(name, mask, head),
        _odd_neighbours(name, mask, shares, named),
    )
    return tuple(sentence for sentence in found if sentence)


def head_of(pixels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where the image (C, Z, Y, X) shows something: (Z, Y, X)."""
    shown = np.zeros(pixels.shape[1:], bool)
    for channel in pixels:
        # A sample of the voxels tells what is bright as well as all of them do.
        sample = channel[:, ::4, ::4]
        known = sample[np.isfinite(sample)] if sample.dtype.kind == "f" else sample
        if not known.size:
            continue
        low, top = np.percentile(known, (0.5, 99.5))
        bound = low + _NOISE * (top - low)
        if channel.dtype.kind in "iu":
            bound = math.floor(bound)  # the same for whole numbers, which are not converted then
        for plane, found in zip(channel, shown, strict=True):
            np.logical_or(found, plane > bound, out=found)
    return shown


def _about_whole(name: str, mask: NDArray[np.uint8], shares: NDArray[np.float64]) -> str:
    """Tell a mask that fills its slices, and why it probably does."""
    used = shares > 0
    if bool((shares == 1).all()):
        found, why = f"one that is full on every one of {len(mask)} slices", _MEANT
    elif bool((shares[used] > _HALF).mean() > _HALF):
        if _is_complement(mask):
            found, why = "one that is the complement of a plausible lesion", _INVERTED
        else:
            found, why = "one that fills most of its slices", _MEANT
    else:
        return ""
    return f"{name}: expected a mask of the lesion, found {found}. {why}"


def _about_head(name: str, mask: NDArray[np.uint8], head: NDArray[np.bool_]) -> str:
    """Tell a mask of the head or the brain from one of a lesion."""
    used = mask.any(axis=(1, 2)) & head.any(axis=(1, 2))
    if used.sum() < _FEWEST or _share(head) > _WHOLE:
        return ""
    shares = [
        np.count_nonzero((mask[z] > 0) & head[z]) / np.count_nonzero(head[z])
        for z in np.flatnonzero(used)
    ]
    if float(np.median(shares)) <= _MOST_OF_HEAD:
        return ""
    found = "one that fills most of the head in its slices"
    return f"{name}: expected a mask of the lesion, found {found}. {_MEANT}"


_FEWEST = 3
_MEANT = "Look at it before its figures are used; export a binary mask if it is wrong."
_INVERTED = "It seems inverted: look at it, and export it with 255 in the lesion."


def _is_complement(mask: NDArray[np.uint8]) -> bool:
    rest = 1 - mask
    border = np.concatenate([mask[:, 0], mask[:, -1], mask[:, :, 0], mask[:, :, -1]], axis=1)
    return bool(rest.any() and rest.mean() < _HALF and border.mean() > _MOST_OF_BORDER)


def _about_outline(name: str, mask: NDArray[np.uint8]) -> str:
    """Tell lines around lesions from lesions: thin everywhere, and far more within than in them."""
    used = [mask[z] > 0 for z in np.flatnonzero(mask.any(axis=(1, 2)))]
    size = sum(map(np.count_nonzero, used))
    if sum(map(_within, used)) > _THIN * size:
        return ""
    if np.count_nonzero(fill_holes(mask)) <= _HOLLOW * int(size):
        return ""
    return (
        f"{name}: expected a mask of the lesion, found its outline alone. The lines count as the "
        "lesion and what they enclose does not; export it filled."
    )


def _within(plane: NDArray[np.bool_]) -> int:
    """Return how many pixels of (Y, X) have all four neighbours."""
    within = plane[1:-1, 1:-1] & plane[:-2, 1:-1] & plane[2:, 1:-1]
    within &= plane[1:-1, :-2] & plane[1:-1, 2:]
    return int(np.count_nonzero(within))


def _share(found: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(found) / found.size)


def _outside(name: str, mask: NDArray[np.uint8], head: NDArray[np.bool_]) -> str:
    if not head.any() or _share(head) > _WHOLE:
        return ""
    beside = sum(np.count_nonzero((m > 0) & ~h) for m, h in zip(mask, head, strict=True))
    share = beside / np.count_nonzero(mask)
    if share <= _HALF:
        return ""
    return (
        f"{name}: expected a mask inside the head, found {share:.0%} of it outside, where the "
        "image is empty. It may be turned or of another case; look at it before its figures are "
        "used."
    )


def _odd_neighbours(
    name: str, mask: NDArray[np.uint8], shares: NDArray[np.float64], numbers: Sequence[int]
) -> str:
    """Tell single slices that are full or inverted between slices that are not."""
    odd = [str(numbers[z]) for z in range(len(mask)) if shares[z] > _HALF and _alone(shares, z)]
    if not odd:
        return ""
    more = " …" if len(odd) > _NAMED else ""
    return (
        f"{name}: expected masks that mean the same as their neighbours, found most of the slice "
        f"filled in {', '.join(odd[:_NAMED])}{more} and little beside it. Look at it before its "
        "figures are used; export these masks again."
    )


def _alone(shares: NDArray[np.float64], z: int) -> bool:
    beside = [shares[n] for n in range(max(z - 2, 0), min(z + 3, len(shares))) if n != z]
    return bool(beside) and float(np.median(beside)) < _SMALL
