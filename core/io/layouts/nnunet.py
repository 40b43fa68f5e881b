"""nnU-Net raw: `imagesTr`, `labelsTr`, `imagesTs` and `dataset.json` (versions 1 and 2).

An image is `CASE_0000.nii.gz`, the number of its channel behind; a label is `CASE.nii.gz`.
"""

import re
from pathlib import Path

from core.domain.role import role_of
from core.io.layouts.dataset_json import DatasetJson, has_dataset_json, read_dataset_json
from core.io.layouts.found import FoundCase, FoundChannel, FoundDataset, FoundMask
from core.io.layouts.registry import Layout
from core.io.layouts.tree import Folder, nfc
from core.io.readers import suffix_of

_CHANNEL = re.compile(r"(?P<case>.+)_(?P<channel>\d{4})")
_PARTS = (("imagesTr", "labelsTr"), ("imagesTs", "labelsTs"))
_FEW = 50  # names by which the layout is told


def fits(tree: Folder) -> bool:
    """Tell whether there are images whose names end in the number of a channel."""
    images = tree.folder("imagesTr") or tree.folder("imagesTs")
    if images is None or not has_dataset_json(tree):
        return False
    return any(_parts(name, None) for name in images.files[:_FEW])


def find(tree: Folder) -> FoundDataset:
    """Return the cases of training and of test; the channels are named by `dataset.json`."""
    told = read_dataset_json(tree)
    cases: list[FoundCase] = []
    for images, labels in _PARTS:
        folder = tree.folder(images)
        if folder is not None:
            cases.extend(_cases(folder, tree.folder(labels), told))
    return FoundDataset("nnunet", tree.path, tuple(cases), told.labels, told.notices)


def _cases(folder: Folder, masks: Folder | None, told: DatasetJson) -> list[FoundCase]:
    found: dict[str, dict[int, Path]] = {}
    for name in folder.files:
        parts = _parts(name, told.ending)
        if parts:
            found.setdefault(parts[0], {})[parts[1]] = folder.path / name
    truths = {} if masks is None else _truths(masks, told.ending)
    return [_case(case_id, files, truths.get(case_id), told) for case_id, files in found.items()]


def _truths(folder: Folder, ending: str | None) -> dict[str, Path]:
    found = {}
    for name in folder.files:
        suffix = _suffix(name, ending)
        if suffix:
            found[nfc(name)[: -len(suffix)]] = folder.path / name
    return found


def _case(case_id: str, files: dict[int, Path], truth: Path | None, told: DatasetJson) -> FoundCase:
    channels = []
    for number in sorted(files):
        name = told.channels.get(number, f"Channel {number}")
        channels.append(FoundChannel(name, role_of(name), (files[number],)))
    missing = [told.channels[n] for n in sorted(told.channels.keys() - files.keys())]
    notices = (
        f"{case_id}: expected the channels of dataset.json, found no {', '.join(missing)}. The "
        "others are used; add the file if there is one.",
    )
    masks = () if truth is None else (FoundMask("truth", (truth,)),)
    return FoundCase(case_id, tuple(channels), masks, notices if missing else ())


def _parts(name: str, ending: str | None) -> tuple[str, int] | None:
    """Return case and channel of an image's name, or None for another name."""
    suffix = _suffix(name, ending)
    match = _CHANNEL.fullmatch(nfc(name)[: -len(suffix)]) if suffix else None
    return (match["case"], int(match["channel"])) if match else None


def _suffix(name: str, ending: str | None) -> str | None:
    if ending is not None:
        return ending if name.casefold().endswith(ending.casefold()) else None
    return suffix_of(name)


LAYOUT = Layout("nnunet", "nnU-Net raw", fits, find)
