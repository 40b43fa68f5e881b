"""TIFF masks in one folder a label: `<CASE>/<label>/<CASE>_<n>_mask.tif` below the slices.

A folder is named after its label, with its value before the name where it has one: `1_Core`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.label_set import HIGHEST, Label, LabelSet, colour_of

_NUMBERED = re.compile(r"(?P<value>\d{1,3})[ _.-]+(?P<name>.+)")
_OUTSIDE = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


@dataclass(frozen=True)
class LabelFolder:
    """The masks of one label by slice number, in the folder `name`; `value` is 0 until told."""

    name: str
    masks: tuple[tuple[int, Path], ...]
    value: int = 0

    @property
    def label(self) -> Label:
        """The label that it is of, once its value is told."""
        match = _NUMBERED.fullmatch(self.name)
        own = match is not None and int(match["value"]) == self.value
        name = match["name"] if match is not None and own else self.name
        return Label(self.value, name, colour_of(self.value))


def labels_of_folders(names: Iterable[str]) -> LabelSet:
    """Return the labels of all folders of a dataset, by the names of these.

    Those that tell a value of their own have it; the others are numbered in their order.
    """
    told: dict[int, str] = {}
    loose: list[str] = []
    for name in dict.fromkeys(names):
        match = _NUMBERED.fullmatch(name)
        value = int(match["value"]) if match else 0
        if match and 1 <= value <= HIGHEST and value not in told:
            told[value] = match["name"]
        else:
            loose.append(name)
    free = (value for value in range(1, HIGHEST + 1) if value not in told)
    told |= dict(zip(free, loose, strict=False))
    return LabelSet(tuple(Label(value, told[value], colour_of(value)) for value in sorted(told)))


def value_of_folder(name: str, labels: LabelSet) -> int:
    """Return the value of the label that a folder is of; 0 for one that there is no value left."""
    match = _NUMBERED.fullmatch(name)
    for label in labels.labels:
        told = match is not None and int(match["value"]) == label.value
        if label.name == name or (told and match is not None and match["name"] == label.name):
            return label.value
    return 0


def folder_of(label: Label) -> str:
    """Return the name of the folder that the masks of a label are written into."""
    return f"{label.value}_{_OUTSIDE.sub('_', label.name).strip(' .') or 'Label'}"


def numbered(folders: Sequence[LabelFolder], labels: LabelSet) -> tuple[LabelFolder, ...]:
    """Return the folders of a case with the values of their labels."""
    values: Mapping[str, int] = {each.name: value_of_folder(each.name, labels) for each in folders}
    return tuple(
        LabelFolder(each.name, each.masks, values[each.name])
        for each in folders
        if values[each.name]
    )
