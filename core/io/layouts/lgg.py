"""The public LGG set: a folder a case, `<CASE>_<n>.tif` slices and `<CASE>_<n>_mask.tif` beside.

Every slice holds three channels: pre-contrast, FLAIR, post-contrast.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from core.domain.label_set import Label, binary
from core.domain.role import Role
from core.io.labels.label_table import label_table
from core.io.layouts.found import SLICES, FoundCase, FoundChannel, FoundDataset, FoundMask
from core.io.layouts.label_folders import (
    SLICE,
    are_masks_alone,
    label_folder,
    labelled,
    named_folders,
)
from core.io.layouts.registry import Layout
from core.io.layouts.tree import Folder, nfc

_CHANNELS = (("Pre", Role.T1), ("FLAIR", Role.FLAIR), ("Post", Role.T1C))


def fits(tree: Folder) -> bool:
    """Tell whether there are folders of numbered slices."""
    return any(_is_case(folder) for folder in tree.walk())


def find(tree: Folder) -> FoundDataset:
    """Return the cases; each channel names all slices, and which of their channels it is."""
    below = {id(inner) for folder in tree.walk() for inner in _of_labels(folder)}
    cases = tuple(
        _case(folder) for folder in tree.walk() if _is_case(folder) and id(folder) not in below
    )
    notices = tuple(
        f"{case.id}: expected images {case.id}_<number>.tif, found masks alone. Left out; put the "
        "images beside them."
        for case in cases
        if not case.channels[0].files
    )
    shown = tuple(case for case in cases if case.channels[0].files)
    names = {each.name for case in shown for mask in case.masks for each in mask.folders}
    tables = (label_table(case.channels[0].files[0].parent, case.id) for case in shown)
    by_name, named = named_folders(names, tables)
    told = tuple(_with_labels(case, by_name) for case in shown)
    labels = named.labels or binary()
    return FoundDataset(SLICES, tree.path, told, labels, (*notices, *named.notices))


def _with_labels(case: FoundCase, labels: Mapping[str, Label]) -> FoundCase:
    masks = (replace(mask, folders=labelled(mask.folders, labels)) for mask in case.masks)
    return replace(case, masks=tuple(masks))


def _is_case(folder: Folder) -> bool:
    return any(SLICE.fullmatch(name) for name in folder.files)


def _of_labels(folder: Folder) -> list[Folder]:
    """Return the folders in that of a case that hold the masks of a label, and no images."""
    if not _is_case(folder):
        return []
    return [each for each in folder.folders if are_masks_alone(each.files)]


def _case(folder: Folder) -> FoundCase:
    matches = [(name, m) for name in folder.files if (m := SLICE.fullmatch(nfc(name)))]
    case_id = Counter(match["stem"] for _, match in matches).most_common(1)[0][0]
    own = [(name, match) for name, match in matches if match["stem"] == case_id]
    images = {int(match["number"]): folder.path / name for name, match in own if not match["mask"]}
    masks = {int(match["number"]): folder.path / name for name, match in own if match["mask"]}
    numbers = sorted(images)
    files = tuple(images[number] for number in numbers)
    missing = [n for a, b in pairwise(numbers) for n in range(a + 1, min(b, a + 6))]
    notices = (
        f"{case_id}: expected a slice for each number, found none for "
        f"{', '.join(map(str, missing[:5]))}. The others are shown in order; restore the file if "
        "it exists.",
    )
    channels = tuple(
        FoundChannel(name, role, files, index) for index, (name, role) in enumerate(_CHANNELS)
    )
    truth = FoundMask("truth", tuple(masks[number] for number in sorted(masks)))
    every = (label_folder(each.path, each.files, case_id) for each in _of_labels(folder))
    folders = tuple(each for each in every if each.masks)
    if folders:
        paths = tuple(path for each in folders for _, path in each.masks)
        truth = FoundMask("truth", paths, folders=folders)
    there = bool(truth.files)
    return FoundCase(case_id, channels, (truth,) if there else (), notices if missing else ())


LAYOUT = Layout(SLICES, "LGG slices", fits, find)
