"""One folder of loose volumes, folders of them, or one file: a case a volume, or a case a folder.

Files that share a beginning and end in a sequence or a word for a mask are one case; a folder of
masks beside a folder of images (`masks`, `labels`) goes with it by name.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from core.domain.role import Role, role_of
from core.io.layouts.found import FoundCase, FoundChannel, FoundDataset, FoundMask
from core.io.layouts.names import is_mask_name
from core.io.layouts.registry import Layout
from core.io.layouts.tree import Folder, nfc
from core.io.readers import is_image_name, stem_of

_PART = re.compile(r"[-_. ]+")
_DATA_ALONE = (".img", ".img.gz")  # the half of a pair that its header stands for
_MASK_FOLDERS = ("mask", "masks", "label", "labels", "seg", "segmentations", "truth", "gt")
_IMAGE_FOLDERS = ("image", "images", "img", "scans", "volumes", "data")


def fits(tree: Folder) -> bool:
    """Tell whether a folder, or one below it, holds a volume in a file."""
    return any(_volumes(folder) for folder in tree.walk())


def find(tree: Folder) -> FoundDataset:
    """Return the cases; a mask without an image is told."""
    masks = {
        stem: path for folder in tree.folders if _is_masks(folder) for stem, path in _named(folder)
    }
    cases: list[FoundCase] = []
    notices: list[str] = []
    unnamed = 0
    for folder in tree.walk():
        if folder is not tree and _is_masks(folder) and masks:
            continue
        found, told = _cases(folder, tree)
        unnamed += folder is not tree and len(found) > 1 and all(map(_is_unnamed, found))
        cases.extend(found)
        notices.extend(told)
    if unnamed > 1:
        notices.append(
            f"{tree.path.name}: expected names that tell which images of a folder belong together, "
            f"found none in {unnamed} folders of several. Each image is a case by itself; say how "
            "the folder is organised if a folder is a case."
        )
    return FoundDataset(
        "loose", tree.path, tuple(_with_mask(case, masks) for case in cases), None, tuple(notices)
    )


def _is_unnamed(case: FoundCase) -> bool:
    """Tell whether a case is one image of which no name says what it is."""
    alone = len(case.channels) == 1 and not case.masks
    return alone and case.channels[0].role is Role.OTHER


def _volumes(folder: Folder) -> list[str]:
    return [
        name
        for name in folder.files
        if is_image_name(name)
        and not name.casefold().endswith((".dcm", ".ima", ".dicom"))
        and not _is_half(folder, name)
    ]


def _is_half(folder: Folder, name: str) -> bool:
    """Tell whether a file is the data of a pair, whose header is there too."""
    stem = stem_of(name)
    return name.casefold().endswith(_DATA_ALONE) and any(
        f"{stem}{ending}" in folder.files for ending in (".hdr", ".HDR")
    )


def _is_masks(folder: Folder) -> bool:
    return folder.path.name.casefold() in _MASK_FOLDERS


def _named(folder: Folder) -> Iterator[tuple[str, Path]]:
    for name in _volumes(folder):
        yield _case_stem(nfc(stem_of(name))), folder.path / name


def _cases(folder: Folder, tree: Folder) -> tuple[list[FoundCase], list[str]]:
    """Return the cases of one folder: by the beginning their names share."""
    images: dict[str, list[FoundChannel]] = {}
    masks: dict[str, list[FoundMask]] = {}
    for name in _volumes(folder):
        stem = nfc(stem_of(name))
        key = _case_stem(stem)
        if is_mask_name(stem):
            masks.setdefault(key, []).append(FoundMask("truth", (folder.path / name,)))
        else:
            channel = FoundChannel(_channel_name(stem, key), role_of(stem), (folder.path / name,))
            images.setdefault(key, []).append(channel)
    if len(masks) == 1 and len(images) == 1:  # a folder a case: its mask has a name of its own
        masks = {next(iter(images)): next(iter(masks.values()))}
    cases = [
        FoundCase(_case_id(key, folder, tree), tuple(channels), tuple(masks.pop(key, ())))
        for key, channels in images.items()
    ]
    notices = (
        [
            f"{found[0].files[0].name}: expected an image beside the mask, found none of its name. "
            "It was left out; give both the same beginning."
            for found in masks.values()
        ]
        if images
        else []
    )
    return (cases, notices) if images else (_alone(masks, folder, tree), [])


def _alone(masks: dict[str, list[FoundMask]], folder: Folder, tree: Folder) -> list[FoundCase]:
    """Return masks without any image as cases, so that they can be seen."""
    return [
        FoundCase(
            _case_id(key, folder, tree), (FoundChannel("Image", Role.OTHER, mask.files),), (mask,)
        )
        for key, found in masks.items()
        for mask in found[:1]
    ]


def _case_stem(stem: str) -> str:
    """Return a name without the part that tells the sequence or says mask, and its separator."""
    parts = _PART.split(stem)
    kept = [p for p in parts if role_of(p) is Role.OTHER and not is_mask_name(p)]
    return "_".join(kept).strip("_")


def _channel_name(stem: str, case_stem: str) -> str:
    kept = set(case_stem.split("_"))
    told = [part for part in _PART.split(stem) if part not in kept]
    return "_".join(told) or "Image"


def _case_id(key: str, folder: Folder, tree: Folder) -> str:
    """Return the id: the name's own beginning, or that of the folder where a folder is a case."""
    own = "" if folder is tree else folder.path.name
    volumes = _volumes(folder)
    if folder is tree and len(volumes) == 1:
        return nfc(stem_of(volumes[0]))
    if not key:
        return own or tree.path.name
    place = own if own.casefold() not in _IMAGE_FOLDERS else ""
    return key if not place or key.startswith(place) else f"{place}_{key}"


def _with_mask(case: FoundCase, masks: dict[str, Path]) -> FoundCase:
    path = masks.get(case.id)
    if case.masks or path is None:
        return case
    return FoundCase(case.id, case.channels, (FoundMask("truth", (path,)),), case.notices)


LAYOUT = Layout("loose", "Loose volumes", fits, find)
