"""Volumes in folders of slices, a TIFF a slice: the public LGG set's images and masks."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.domain.errors import FileError
from core.domain.grid import Grid
from core.domain.label_set import LabelMap, LabelSet, binary, from_values, values_in
from core.domain.volume import Pixels
from core.io.cases.case import Case, SliceFiles
from core.io.cases.mask_stack import read_masks
from core.io.evidence import notices_of
from core.io.layouts.found import FoundMask
from core.io.stored import GeometrySource, Passport, Stored
from core.io.tiff.tiff import read_image

_NUMBER = re.compile(r"_(\d+)(?:_mask)?\.tiff?$", re.IGNORECASE)


def read_slices(files: Sequence[Path]) -> Stored:
    """Return the slices of `files`, in their order, as (C, Z, Y, X) of unknown place.

    Raises `FileError` for the first that cannot be read or is of another size.
    """
    planes = [read_image(path) for path in files]
    for path, plane in zip(files, planes, strict=True):
        if plane.shape != planes[0].shape or plane.dtype != planes[0].dtype:
            raise _odd(path, planes[0].shape, plane.shape)
    pixels = np.stack(planes, axis=1)
    return _stored(files[0].parent, pixels, "TIFF slices", None)


def read_mask_slices(mask: FoundMask, images: Sequence[Path], like: Grid) -> Stored:
    """Return the masks of the slices that have one, empty elsewhere, as classes (1, Z, Y, X).

    Raises `FileError` for the first that cannot be used.
    """
    files = mask.files
    masks = {_number(path): path for path in (files if not mask.folders else ())}
    lost = [path for path in files if _number(path) not in set(map(_number, images))]
    if lost:
        raise _odd(lost[0], like.shape[1:], ())
    slices = tuple(SliceFiles(n, p, masks.get(n)) for p in images for n in (_number(p),))
    folder = images[0].parent
    case = Case(folder.name, folder, slices, mask_values=mask.values, label_masks=mask.folders)
    stack = read_masks(case, like.shape)
    if stack.damaged:
        index = min(stack.damaged)
        raise stack.damaged[index]
    stored = _stored(files[0].parent, stack.labels[np.newaxis], "TIFF mask slices", like)
    named = stack.named if stack.named else _named(stack.labels, mask.values)
    return replace(stored, labels=named).with_notices(*stack.said)


def _named(label_map: LabelMap, values: Sequence[int]) -> LabelSet:
    """Return the labels of masks: one for a plain one, whatever value it has."""
    several = bool(values) or bool(label_map.size and label_map.max() > 1)
    return from_values((*values, *values_in(label_map))) if several else binary()


def is_slice(files: Sequence[Path]) -> bool:
    """Tell whether files are numbered slices of one volume."""
    return all(_NUMBER.search(path.name) for path in files)


def _number(path: Path) -> int:
    match = _NUMBER.search(path.name)
    return int(match[1]) if match else -1


def _stored(folder: Path, pixels: Pixels, kind: str, like: Grid | None) -> Stored:
    grid = like or Grid((pixels.shape[1], pixels.shape[2], pixels.shape[3]))
    passport = Passport(
        folder,
        kind,
        (GeometrySource("resolution", "not given"),),
        "nothing",
        "TIFF does not tell how an image lies in the patient",
        notices_of(folder, grid) if like is None else (),
    )
    return Stored(pixels, grid, passport)


def _odd(path: Path, expected: tuple[int, ...], found: tuple[int, ...]) -> FileError:
    return FileError(
        path,
        expected=f"{'×'.join(map(str, expected))} pixels as the other slices",
        found="×".join(map(str, found)),
        action="Export this slice again with the others.",
    )
