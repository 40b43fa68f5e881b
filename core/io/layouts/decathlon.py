"""Medical Segmentation Decathlon: a file a case, its channels along a fourth axis.

Cases are those that `dataset.json` lists, else the files of `imagesTr` and `imagesTs`.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from core.domain.role import role_of
from core.io.layouts.dataset_json import DatasetJson, has_dataset_json, read_dataset_json
from core.io.layouts.found import FoundCase, FoundChannel, FoundDataset, FoundMask
from core.io.layouts.registry import Layout
from core.io.layouts.tree import Folder, nfc
from core.io.readers import is_image_name, stem_of

_PARTS = (("imagesTr", "labelsTr"), ("imagesTs", "labelsTs"))


def fits(tree: Folder) -> bool:
    """Tell whether there is a `dataset.json` beside a folder of images."""
    has_images = any(tree.folder(images) is not None for images, _ in _PARTS)
    return has_dataset_json(tree) and has_images


def find(tree: Folder) -> FoundDataset:
    """Return the cases; each channel is one volume of the case's file."""
    told = read_dataset_json(tree)
    cases: list[FoundCase] = []
    listed: set[str] = set()
    for image, label in _pairs(tree, told):
        if image in listed:
            continue
        listed.add(image)
        cases.append(_case(tree.path, image, label, told))
    return FoundDataset("decathlon", tree.path, tuple(cases), told.labels, told.notices)


def _pairs(tree: Folder, told: DatasetJson) -> Iterator[tuple[str, str | None]]:
    """Yield image and label of each case as paths in the dataset that exist."""
    there = {
        nfc(f"{part}/{name}"): f"{part}/{name}"
        for folder in tree.folders
        for part in (folder.path.name,)
        for name in folder.files
    }
    listed = [*told.training, *((name, None) for name in told.test)]
    for image, label in listed:
        if nfc(image) in there:
            yield there[nfc(image)], there.get(nfc(label or _label_of(image)))
    for images, labels in _PARTS:
        folder = tree.folder(images)
        for name in () if folder is None else folder.files:
            if is_image_name(name):
                yield f"{images}/{name}", there.get(nfc(f"{labels}/{name}"))


def _label_of(image: str) -> str:
    """Return where the label of an image that `dataset.json` gives none lies, if it has one."""
    for images, labels in _PARTS:
        if image.startswith(f"{images}/"):
            return f"{labels}/{image.removeprefix(f'{images}/')}"
    return ""


def _case(root: Path, image: str, label: str | None, told: DatasetJson) -> FoundCase:
    path = root / image
    numbers = sorted(told.channels) or [0]
    several = len(numbers) > 1 or told.four_axes
    channels = []
    for number in numbers:
        name = told.channels.get(number, "Image")
        channels.append(FoundChannel(name, role_of(name), (path,), number if several else None))
    masks = () if label is None else (FoundMask("truth", (root / label,)),)
    return FoundCase(nfc(stem_of(PurePosixPath(image).name)), tuple(channels), masks)


LAYOUT = Layout("decathlon", "Decathlon", fits, find)
