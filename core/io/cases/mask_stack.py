"""Read the masks of a case, all slices together, onto the grid of its volume."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import FileError
from core.domain.label_set import Label, LabelSet
from core.domain.mask import Mask, binarise
from core.domain.overlaps import SegmentPile
from core.io.cases.case import Case, SliceFiles
from core.io.cases.mask_evidence import words_of
from core.io.labels.label_values import together
from core.io.labels.mask_meaning import Meaning, kind_of, meaning_of_masks, said_of_values
from core.io.memory import room_for_pixels
from core.io.tiff.tiff import read_picture, refused_mask
from core.io.tiff.tiff_samples import TiffPicture


@dataclass
class MaskStack:
    """Ground truth (Z, Y, X) and its classes, and sentences about damaged and unusual masks.

    `named` are the labels of masks that lie in a folder a label.
    """

    mask: Mask
    labels: NDArray[np.uint8]
    usable: bool = False
    named: LabelSet | None = None
    damaged: dict[int, FileError] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def read_masks(case: Case, shape: tuple[int, int, int]) -> MaskStack:
    """Return the masks of `case` on a grid (Z, Y, X); a mask that cannot be used is told."""
    if case.label_masks:
        return _read_folders(case, shape)
    stack = MaskStack(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8))
    kinds, stack.damaged = _pictures(case, shape[1:])
    for pictures in kinds:
        _take(case, stack, pictures)
    stack.said += _said_of_kinds(case, kinds)
    if case.mask_values and stack.usable:
        stack.said.append(
            f"{case.id}: expected masks of two values, found {words_of(case.mask_values)} in those "
            "of its folder. Each is a label of its own; name them in the panel of labels."
        )
    return stack


def _pictures(
    case: Case, shape: tuple[int, int] | None = None
) -> tuple[list[dict[int, TiffPicture]], dict[int, FileError]]:
    """Return the masks by the index of their slice, those of a kind together; and damaged ones.

    One of another `shape` (Y, X) than is wanted is damaged too.
    """
    kinds: dict[tuple[object, ...], dict[int, TiffPicture]] = {}
    damaged: dict[int, FileError] = {}
    room = room_for_pixels()
    for index, files in enumerate(case.slices):
        if files.mask is None:
            continue
        try:
            picture = read_picture(files.mask, room=room)
            room -= picture.planes.nbytes
            if shape is not None:
                _check_shape(files, picture.planes.shape[1:], shape)
        except FileError as error:
            damaged[index] = error
        except MemoryError:
            damaged[index] = refused_mask(files.mask, "more pixels than memory holds")
        else:
            kinds.setdefault(kind_of(picture), {})[index] = picture
    return list(kinds.values()), damaged


def _read_folders(case: Case, shape: tuple[int, int, int]) -> MaskStack:
    """Return the masks of folders, each of a label, together: what several share is kept."""
    stack = MaskStack(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8))
    folders = list(_each_folder(case))
    pile = SegmentPile(list({label.value: label for _, label in folders}.values()), shape)
    for alone, label in folders:
        own = read_masks(alone, shape)
        stack.usable |= own.usable
        stack.damaged |= own.damaged
        stack.said += own.said
        pile.lay(label.value, own.mask > 0)
    stack.labels, stack.named, told = together(case.folder, pile, case.id)
    stack.mask = binarise(stack.labels)
    stack.said += told
    return stack


def _each_folder(case: Case) -> Iterator[tuple[Case, Label]]:
    """Yield the case as if the masks of one folder were its masks, with the label they are of."""
    for folder in case.label_masks:
        if folder.label is None:
            continue
        masks = dict(folder.masks)
        slices = tuple(replace(each, mask=masks.get(each.number)) for each in case.slices)
        yield replace(case, slices=slices, label_masks=(), mask_values=()), folder.label


def read_loose_masks(case: Case) -> dict[int, Mask]:
    """Return the masks that can be used by the index of their slice, each on a grid of its own."""
    if case.label_masks:
        return _loose_of_folders(case)
    found: dict[int, Mask] = {}
    for pictures in _pictures(case)[0]:
        meaning = meaning_of_masks(list(pictures.values()))
        if not meaning.refused:
            found.update(zip(pictures, meaning.masks, strict=True))
    return found


def _loose_of_folders(case: Case) -> dict[int, Mask]:
    found: dict[int, Mask] = {}
    for alone, _ in _each_folder(case):
        for index, mask in read_loose_masks(alone).items():
            before = found.get(index)
            same = before is not None and before.shape == mask.shape
            found[index] = before | mask if before is not None and same else mask
    return found


def _take(case: Case, stack: MaskStack, pictures: dict[int, TiffPicture]) -> None:
    indices = list(pictures)
    meaning = meaning_of_masks(list(pictures.values()), case.mask_values)
    if meaning.refused:
        for index in indices:
            path = case.slices[index].mask
            if path is not None:
                stack.damaged[index] = refused_mask(path, meaning.refused)
        return
    stack.usable = True
    for index, mask, labels in zip(indices, meaning.masks, meaning.labels, strict=True):
        stack.mask[index], stack.labels[index] = mask, labels
    if meaning.cut:
        stack.said.append(_said_of_values(case, indices, meaning))


def _said_of_values(case: Case, indices: Sequence[int], meaning: Meaning) -> str:
    files = case.slices[indices[meaning.cut[0]]].mask
    name = files.name if files is not None else case.id
    return f"{name}: {said_of_values(meaning)}"


def _said_of_kinds(case: Case, kinds: Sequence[dict[int, TiffPicture]]) -> list[str]:
    """Tell masks that are stored in another way than most of their neighbours."""
    if len(kinds) < 2:
        return []
    few = min(kinds, key=len)
    files = case.slices[next(iter(few))].mask
    name = files.name if files is not None else case.id
    more = f" (and {len(few) - 1} more)" if len(few) > 1 else ""
    return [
        f"{name}{more}: expected masks that are all stored alike, found another kind of picture "
        "than in the other slices. It was read by its own tags; look at it before its figures are "
        "used."
    ]


def _check_shape(files: SliceFiles, found: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    if found != wanted and files.mask is not None:
        raise FileError(
            files.mask,
            expected=f"{wanted[0]}×{wanted[1]} pixels as its image",
            found=f"{found[0]}×{found[1]}",
            action="The slice counts as without ground truth; export the mask on the image's grid.",
        )
