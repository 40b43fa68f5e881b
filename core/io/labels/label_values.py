"""Label maps out of stored pixels: real values that are whole numbers, whatever type holds them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import FileError
from core.domain.label_set import HIGHEST, LabelMap, LabelSet, binary, from_values, values_in
from core.domain.overlaps import SegmentPile, told_of
from core.domain.volume import Pixels
from core.io.stored import Stored

_ROUNDING = 0.05
"""Scaled and floating labels stray from whole numbers: a slope turns 1 into 1.0039."""


@dataclass(frozen=True, eq=False)
class Labels:
    """A label map (Z, Y, X) on the stored grid of its file, the set it means, and notices."""

    values: LabelMap
    labels: LabelSet
    notices: tuple[str, ...] = ()


def label_map(stored: Stored, labels: LabelSet | None = None) -> Labels:
    """Return the label map that `stored` holds; every value keeps its number.

    `labels` names the values where the file does not. A mask of one value above 255 becomes 1.
    Raises `FileError` for probabilities, negative values, colours and more values than fit.
    """
    path = stored.passport.path
    real = _grey(stored, path)
    whole, notices = _whole_numbers(real, path)
    low, high = (int(whole.min(initial=0)), int(whole.max(initial=0)))
    if low < 0:
        raise _refused(path, "labels of 0 and more", f"{low}", "Export it as unsigned labels.")
    if high > HIGHEST:
        whole, more = _narrowed(whole, path)
        notices += more
    values = np.ascontiguousarray(whole, np.uint8)
    found = _named(labels or stored.labels, values_in(values), stored.labels)
    return Labels(values, found, notices)


def together(
    path: Path, pile: SegmentPile, name: str = ""
) -> tuple[LabelMap, LabelSet, tuple[str, ...]]:
    """Return the label map (Z, Y, X) of the segments in a file, its labels, and what is told.

    That is told by `name`, where it is not called as its file. Raises `FileError` where more
    segments overlap in more ways than a label map has values for.
    """
    try:
        values, labels, shared = pile.together()
    except ValueError as error:
        raise _refused(
            path,
            f"segments and combinations of them that fit into {HIGHEST} values",
            str(error).rpartition("found ")[2],
            "Save the segments in several files.",
        ) from error
    return values, labels, (told_of(name or path.name, labels, shared),) if shared else ()


def _named(named: LabelSet | None, found: list[int], told: LabelSet | None) -> LabelSet:
    """Return the labels of the values found; what the file alone tells are combinations."""
    if named is None:
        return from_values(found) if found else binary()
    return named.with_found(found, told)


def _grey(stored: Stored, path: Path) -> Pixels:
    real = stored.real()
    if len(real) == 1:
        return np.asarray(real[0])
    if all(np.array_equal(real[0], other) for other in real[1:]):
        return np.asarray(real[0])
    raise _refused(path, "one value a voxel", "a mask in colour", "Export it as grey labels.")


def _whole_numbers(real: Pixels, path: Path) -> tuple[NDArray[np.integer], tuple[str, ...]]:
    if real.dtype.kind in "biu":
        return np.asarray(real, np.uint8 if real.dtype.kind == "b" else real.dtype), ()
    if not np.isfinite(real).all():
        raise _refused(path, "labels", "voxels without a number (NaN)", "Fill them with 0.")
    whole = np.rint(real)
    off = float(np.abs(real - whole).max(initial=0.0))
    if off > _ROUNDING:
        odd = float(real.flat[int(np.abs(real - whole).argmax())])
        raise _refused(
            path,
            "labels, which are whole numbers",
            f"{odd:.4g}",
            "If it holds probabilities, give it as a prediction; else export it as labels.",
        )
    if off <= 1e-6:
        return whole.astype(np.int64), ()
    return whole.astype(np.int64), (
        f"{path.name}: expected whole numbers as labels, found values up to {off:.2g} beside them "
        "(a slope or rounding). The nearest whole numbers are used.",
    )


def _narrowed(
    whole: NDArray[np.integer], path: Path
) -> tuple[NDArray[np.integer], tuple[str, ...]]:
    values = np.unique(whole)
    above = values[values > 0]
    if len(above) > 1:
        raise _refused(
            path,
            f"labels up to {HIGHEST}",
            f"{above[-1]} among {len(above)} values",
            f"Renumber them to at most {HIGHEST}.",
        )
    return (whole > 0).astype(np.uint8), (
        f"{path.name}: expected labels up to {HIGHEST}, found the one value {above[0]}. "
        "It is taken as label 1.",
    )


def _refused(path: Path, expected: str, found: str, action: str) -> FileError:
    return FileError(path, expected=expected, found=found, action=action)
