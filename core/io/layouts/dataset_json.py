"""`dataset.json` of nnU-Net and of the Medical Segmentation Decathlon: channels, labels, ending."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from core.domain.errors import FileError, reason
from core.domain.label_names import listed, told_apart
from core.domain.label_set import HIGHEST, Label, LabelSet, Region, colour_of
from core.io.json_file import decode_json
from core.io.layouts.tree import Folder

NAME = "dataset.json"


@dataclass(frozen=True)
class DatasetJson:
    """What the file says; parts it does not say are empty."""

    channels: Mapping[int, str] = field(default_factory=dict)
    labels: LabelSet | None = None
    ending: str | None = None
    four_axes: bool = False
    training: tuple[tuple[str, str | None], ...] = ()
    test: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def has_dataset_json(tree: Folder) -> bool:
    """Tell whether the folder has the file."""
    return NAME in tree.files


def read_dataset_json(tree: Folder) -> DatasetJson:
    """Return what the file says, or nothing where there is none.

    Raises `FileError` when it is no JSON object.
    """
    if not has_dataset_json(tree):
        return DatasetJson()
    path = tree.path / NAME
    try:
        told = decode_json(path.read_bytes(), dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise FileError(
            path,
            expected="a JSON object as nnU-Net writes it",
            found=reason(error) if isinstance(error, OSError) else str(error),
            action="Correct the file, or open the folder with another layout.",
        ) from error
    return parse_dataset_json(path, told)


def parse_dataset_json(path: Path, told: Mapping[str, Any]) -> DatasetJson:
    """Return what an object says that is as in such a file; `path` is named where it is odd."""
    labels, notices = _labels(path, told.get("labels"))
    return DatasetJson(
        _channels(told.get("channel_names") or told.get("modality")),
        labels,
        _ending(told.get("file_ending")),
        str(told.get("tensorImageSize", "")).upper() == "4D",
        _training(told.get("training")),
        tuple(name for name in map(_name, _items(told.get("test"))) if name),
        notices,
    )


def _channels(told: Any) -> dict[int, str]:
    if isinstance(told, list):
        told = dict(enumerate(told))
    if not isinstance(told, dict):
        return {}
    return {int(key): str(name) for key, name in told.items() if str(key).isdigit()}


def _labels(path: Path, told: Any) -> tuple[LabelSet | None, tuple[str, ...]]:
    """Return the labels: name → value in version 2, value → name before; lists are regions."""
    if not isinstance(told, dict) or not told:
        return None, ()
    names: dict[int, str] = {}
    regions: list[Region] = []
    odd: list[str] = []
    for key, value in told.items():
        values = value if isinstance(value, list) else None
        if values is not None and all(isinstance(v, int) and 1 <= v <= HIGHEST for v in values):
            regions.append(Region(str(key), tuple(values)))
        elif isinstance(value, int) and not isinstance(value, bool):
            names[value] = str(key)
        elif _is_number(key):
            names[int(key)] = str(value)
        else:
            odd.append(str(key))
    meant = {value: name for value, name in names.items() if name.casefold() != "ignore"}
    outside = [f"{value} ({meant[value]})" for value in meant if not 0 <= value <= HIGHEST]
    labels, notices = told_apart(
        (Label(v, name, colour_of(v)) for v, name in meant.items() if 1 <= v <= HIGHEST),
        path.name,
    )
    named = LabelSet(labels).with_found(v for region in regions for v in region.values)
    if odd:
        notices += (
            f"{path.name}: expected a number for each label, found none for {listed(odd)}. It was "
            "left out; correct the file if masks hold it.",
        )
    if outside:
        notices += (
            f"{path.name}: expected labels of 1 to {HIGHEST}, found {listed(outside)}. They were "
            "left out; renumber them in the file and in the masks.",
        )
    return LabelSet(named.labels, tuple(regions)), notices


def _is_number(key: Any) -> bool:
    return isinstance(key, str) and key.isascii() and key.removeprefix("-").isdecimal()


def _training(told: Any) -> tuple[tuple[str, str | None], ...]:
    pairs = []
    for item in _items(told):
        image = _name(item.get("image") if isinstance(item, dict) else item)
        if image:
            pairs.append((image, _name(item.get("label")) if isinstance(item, dict) else None))
    return tuple(pairs)


def _items(told: Any) -> list[Any]:
    return told if isinstance(told, list) else []


def _name(value: Any) -> str | None:
    """Return a file's path in the dataset, without the `./` before it."""
    if isinstance(value, dict):
        value = value.get("image")
    return value.removeprefix("./") if isinstance(value, str) and value else None


def _ending(value: Any) -> str | None:
    """Return the ending of files with its dot, which some leave out."""
    text = _text(value)
    return f".{text.lstrip('.')}" if text else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
