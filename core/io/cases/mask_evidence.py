"""What the values of TIFF masks mean, told by the masks of many cases of a folder.

One mask of 0 and 2 alone may be the mask of a lesion, drawn in 2. Where others of the same folder
hold 1 and 3, it is label 2. Few masks are read: those that are largest, of some of the cases.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.domain.errors import FileError
from core.domain.label_set import LabelSet, from_values
from core.io.labels.label_table import LabelTable, first_table, label_table
from core.io.labels.mask_meaning import holds_labels
from core.io.layouts.found import SLICES, FoundDataset, FoundMask
from core.io.tiff.tiff import read_picture
from core.io.tiff.tiff_samples import TiffPicture

_CASES, _MASKS = 12, 3
_LEAST_BITS = 8


def labels_of_masks(
    cases: Sequence[Sequence[Path]], tables: Iterable[Path], folders: LabelSet | None = None
) -> tuple[tuple[int, ...], LabelTable]:
    """Return the label values that the masks of cases hold, as `values_of_masks`, and their labels.

    The first of `tables` that can be used names them, and tells values that masks alone would not.
    Where other cases of the dataset have masks in a folder a label, `folders` are their labels,
    which were named already: then these are among the labels, and tables say nothing more.
    """
    table = first_table(tables) if folders is None else LabelTable(folders)
    named = table.labels
    if folders is None and named is not None and named.is_binary:
        named = None
    values = values_of_masks(cases, named.values if named else ())
    if not values:
        return (), LabelTable(folders, table.notices)
    labels = from_values(values) if named is None else named.with_found(values)
    return labels.values, LabelTable(labels, table.notices)


def values_of_masks(cases: Sequence[Sequence[Path]], known: Sequence[int] = ()) -> tuple[int, ...]:
    """Return the label values that the masks of cases hold; none where they are plain masks.

    `cases` are the mask files of each. They are labels where those that were looked at are whole
    numbers up to 20 alone, and at least two of them beside 0; or `known` values alone. Damaged
    masks tell nothing.
    """
    found: set[int] = set()
    for path in _looked_at([case for case in cases if case]):
        picture = None
        with suppress(FileError, MemoryError):
            picture = read_picture(path)
        if picture is None:
            continue
        values = _values(picture, known)
        if values is None:
            return ()
        found |= values
    return tuple(sorted(found)) if len(found) > 1 or found & set(known) else ()


def told_by_masks(found: FoundDataset) -> FoundDataset:
    """Return a dataset of slices with the label values that its masks hold; another as it is."""
    if found.layout != SLICES:
        return found
    first = [mask for case in found.cases for mask in case.masks[:1]]
    plain = [mask.files for mask in first if not mask.folders]
    folders = found.labels if len(plain) < len(first) else None
    tables = (label_table(case.channels[0].files[0].parent, case.id) for case in found.cases)
    values, named = labels_of_masks(plain, tables, folders)
    cases = tuple(
        replace(case, masks=tuple(_with_values(mask, values) for mask in case.masks))
        for case in found.cases
    )
    labels = named.labels or found.labels
    return replace(found, cases=cases, labels=labels, notices=(*found.notices, *named.notices))


def _with_values(mask: FoundMask, values: tuple[int, ...]) -> FoundMask:
    return mask if mask.folders else replace(mask, values=values)


def words_of(values: Iterable[int]) -> str:
    """Return values as they are told: `1, 2 and 4`."""
    *before, last = map(str, values)
    return f"{', '.join(before)} and {last}" if before else last


def _looked_at(cases: Sequence[Sequence[Path]]) -> Iterator[Path]:
    """Return masks of cases spread evenly: the largest files, else those amid the case."""
    step = max(len(cases) / _CASES, 1.0)
    for n in range(min(len(cases), _CASES)):
        masks = cases[int(n * step)]
        middle = len(masks) / 2
        ranked = sorted(enumerate(masks), key=lambda each: (-_size(each[1]), abs(each[0] - middle)))
        yield from (path for _, path in ranked[:_MASKS])


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _values(picture: TiffPicture, known: Sequence[int]) -> set[int] | None:
    """Return the values beside 0; None for a picture whose numbers are surely no labels."""
    if picture.bits < _LEAST_BITS or not holds_labels(picture, known):
        return None
    found = {int(value) for value in np.unique(picture.planes)}
    return found - {0} if 0 in found else None  # without a background nothing is sure
