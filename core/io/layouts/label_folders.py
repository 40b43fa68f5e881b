"""TIFF masks in one folder a label: `<CASE>/<label>/<CASE>_<n>_mask.tif` below the slices.

A folder is named after its label, with its value before the name where it has one: `1_Core`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.domain.label_set import HIGHEST, Label, LabelSet, colour_of
from core.io.labels.label_table import LabelTable, named_by_tables
from core.io.layouts.tree import natural, nfc

SLICE = re.compile(r"(?P<stem>.+)_(?P<number>\d+)(?P<mask>_mask)?\.tiff?", re.IGNORECASE)
"""The name of a slice of a case, or of the mask of one."""
_NUMBERED = re.compile(r"(?P<value>\d{1,3})[ _.-]+(?P<name>.+)")
_OUTSIDE = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


@dataclass(frozen=True)
class LabelFolder:
    """The masks of one label by slice number, in the folder `name`; no `label` until it is told."""

    name: str
    masks: tuple[tuple[int, Path], ...]
    label: Label | None = None

    def moved(self, place: Callable[[Path], Path]) -> "LabelFolder":
        """Return the same folder whose files lie where `place` says."""
        return replace(self, masks=tuple((number, place(path)) for number, path in self.masks))


def are_masks_alone(names: Iterable[str]) -> bool:
    """Tell whether the files of a folder are masks of slices, with no image of one among them."""
    slices = [match for name in names if (match := SLICE.fullmatch(name))]
    return bool(slices) and all(match["mask"] for match in slices)


def label_folder(folder: Path, names: Iterable[str], case_id: str) -> LabelFolder:
    """Return the masks that a case has among the files of a folder of masks."""
    matches = ((name, match) for name in names if (match := SLICE.fullmatch(name)))
    own = {int(m["number"]): folder / name for name, m in matches if nfc(m["stem"]) == case_id}
    return LabelFolder(nfc(folder.name), tuple(sorted(own.items())))


def labels_of_folders(names: Iterable[str]) -> dict[str, Label]:
    """Return the label of each folder of a dataset, by the names of all of them.

    Those that tell a value of their own have it; the others are numbered in their order. A folder
    that there is no value left for has none.
    """
    told: dict[int, tuple[str, str]] = {}
    loose: list[tuple[str, str]] = []
    for name in dict.fromkeys(names):
        match = _NUMBERED.fullmatch(name)
        value = int(match["value"]) if match else 0
        if match and 1 <= value <= HIGHEST and value not in told:
            told[value] = name, match["name"]
        else:
            loose.append((name, name))
    free = (value for value in range(1, HIGHEST + 1) if value not in told)
    told |= dict(zip(free, loose, strict=False))
    return {
        folder: Label(value, name, colour_of(value))
        for value, (folder, name) in sorted(told.items())
    }


def named_folders(
    names: Iterable[str], tables: Iterable[Path]
) -> tuple[Mapping[str, Label], LabelTable]:
    """Return the label of each folder as `labels_of_folders`, and all of them as a set.

    Folders are numbered in their natural order, whatever that of `names`. The first of `tables`
    that can be used names the labels; no two have one name.
    """
    own = labels_of_folders(natural(set(names)))
    if not own:
        return own, LabelTable()
    named = named_by_tables(LabelSet(tuple(own.values())), tables)
    known = {} if named.labels is None else {each.value: each for each in named.labels.labels}
    return {name: known[label.value] for name, label in own.items()}, named


def folder_of(label: Label) -> str:
    """Return the name of the folder that the masks of a label are written into."""
    return f"{label.value}_{_OUTSIDE.sub('_', label.name).strip(' .') or 'Label'}"


def labelled(
    folders: Sequence[LabelFolder], labels: Mapping[str, Label]
) -> tuple[LabelFolder, ...]:
    """Return the folders of a case with their labels; those that have none are left out."""
    return tuple(replace(each, label=labels[each.name]) for each in folders if each.name in labels)
