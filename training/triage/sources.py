"""Where labelled slices come from: cases with masks, or pictures in one folder a class."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import numpy as np
import torch
from PIL import Image

from core.domain.errors import DataError, FileError
from core.domain.grid import Grid
from core.domain.progress import Progress, silent
from core.domain.volume import Pixels, Volume, channel_names
from core.inference.preprocess import prepare
from core.io.case_reader import read_volume
from core.io.layouts.tree import natural_key
from core.jobs.classify_spec import TRIAGE_CLASSES, ClassifySpec
from core.workspace.known_dataset import scan_known
from core.workspace.splits import read_split
from training.dataset import TrainCase, load_cases
from training.split import Split, make_split
from training.triage.dataset import LabelArray, Labelled, lesion_labels

PartName: TypeAlias = Literal["fit", "selection", "val"]

_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
_FEWEST = 3
_GREY, _COLOUR = 1, 3


class TrainingSource(Protocol):
    """Labelled slices in three parts: to learn from, to choose the weights by, and to judge."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, by label."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of a slice."""

    def ids(self, part: PartName) -> tuple[str, ...]:
        """Return the ids of the cases or pictures of a part."""

    def load(self, part: PartName, *, stride: int, progress: Progress = silent) -> Labelled:
        """Return a part, prepared for a network of that stride."""


def make_source(spec: ClassifySpec, store: Path) -> TrainingSource:
    """Return the source a training asks for; `store` holds what does not fit the memory.

    Raises `DataError` when it cannot be used.
    """
    if spec.task == "triage":
        split = make_split(read_split(Path(spec.split)), scan_known(Path(spec.data)), spec)
        return CaseSource(spec, split, read_volume(split.fit[0]).channels, store)
    return find_pictures(spec)


@dataclass(frozen=True)
class CaseSource:
    """Slices of cases, labelled by their masks."""

    spec: ClassifySpec
    split: Split
    channels: tuple[str, ...]
    store: Path
    classes: tuple[str, ...] = TRIAGE_CLASSES

    def ids(self, part: PartName) -> tuple[str, ...]:
        """Return the ids of the cases of a part."""
        return tuple(case.id for case in getattr(self.split, part))

    def load(self, part: PartName, *, stride: int, progress: Progress = silent) -> Labelled:
        """Return a part; raises `DataError` for a case without usable ground truth."""
        cases = load_cases(
            getattr(self.split, part),
            self.spec,
            stride=stride,
            store=self.store,
            progress=progress,
        )
        labels = (lesion_labels(case.seen_truth, self.spec.lesion_voxels) for case in cases)
        return Labelled(tuple(cases), tuple(labels))


@dataclass(frozen=True)
class LabelledPicture:
    """A picture of a class, by label."""

    path: Path
    label: int

    @property
    def id(self) -> str:
        """Its class folder and its name."""
        return f"{self.path.parent.name}/{self.path.name}"


@dataclass(frozen=True)
class PictureSource:
    """Pictures, each a slice of its own, labelled by the folder they lie in."""

    spec: ClassifySpec
    classes: tuple[str, ...]
    channels: tuple[str, ...]
    parts: dict[PartName, tuple[LabelledPicture, ...]]

    def ids(self, part: PartName) -> tuple[str, ...]:
        """Return the ids of the pictures of a part."""
        return tuple(picture.id for picture in self.parts[part])

    def load(self, part: PartName, *, stride: int, progress: Progress = silent) -> Labelled:
        """Return a part; raises `FileError` for a file that is no picture."""
        pictures = self.parts[part]
        cases = []
        for index, picture in enumerate(pictures):
            progress(index / len(pictures), picture.id)
            cases.append(self._case(picture, stride))
        labels: tuple[LabelArray, ...] = tuple(np.array([p.label], np.int64) for p in pictures)
        return Labelled(tuple(cases), labels)

    def _case(self, picture: LabelledPicture, stride: int) -> TrainCase:
        pixels = read_labelled(picture.path, channels=len(self.channels))
        shape = (1, int(pixels.shape[2]), int(pixels.shape[3]))
        volume = Volume(pixels, self.channels, (1,), Grid(shape))
        prepared = prepare(volume, self.spec.preprocessing, stride=stride)
        values = prepared.values.astype(np.float16)
        empty = np.zeros((1, *values.shape[2:]), np.uint8)
        truth = np.zeros(shape, np.uint8)
        return TrainCase(picture.id, values, empty, truth, prepared.grid, (1,), self.channels)


def find_pictures(spec: ClassifySpec) -> PictureSource:
    """Return the pictures below `spec.data`, split by the folders train and val, or by lot.

    Raises `DataError` without two classes of at least three pictures each.
    """
    root = Path(spec.data)
    by_folder = (root / "train").is_dir() and (root / "val").is_dir()
    known = _listed(root / "train" if by_folder else root)
    classes = tuple(known)
    if len(classes) < 2 or min(map(len, known.values())) < _FEWEST:
        counts = ", ".join(f"{name} with {len(found)}" for name, found in known.items())
        raise DataError(
            f"{root}: expected a folder for each of two or more classes with at least {_FEWEST} "
            f"pictures in it (<class>/*.png), found {counts or 'none'}. Choose another folder."
        )
    judged = _listed(root / "val") if by_folder else {}
    parts: dict[PartName, list[LabelledPicture]] = {"fit": [], "selection": [], "val": []}
    for label, name in enumerate(classes):
        own = [LabelledPicture(path, label) for path in known[name]]
        held = [LabelledPicture(path, label) for path in judged.get(name, ())]
        if not by_folder:
            own, held = _drawn(own, spec.val_share, spec.seed)
        own, chosen = _drawn(own, spec.val_share, spec.seed + 1)
        parts["fit"] += own
        parts["selection"] += chosen
        parts["val"] += held
    first = parts["fit"][0].path
    with _opened(first) as image:
        channels = _GREY if image.mode in ("1", "L", "I", "I;16", "I;16B", "F") else _COLOUR
    return PictureSource(
        spec, classes, channel_names(channels), {name: tuple(p) for name, p in parts.items()}
    )


def read_labelled(path: Path, *, channels: int) -> Pixels:
    """Return a picture (C, 1, Y, X) in grey (16 bit where it has them) or in colour."""
    with _opened(path) as image:
        if channels == _GREY and image.mode.startswith("I;16"):
            return np.array(image, np.uint16)[None, None]
        if channels == _GREY:
            return np.array(image.convert("L"), np.uint8)[None, None]
        colours = np.array(image.convert("RGB"), np.uint8)
    return np.ascontiguousarray(np.moveaxis(colours, -1, 0)[:, None])


def _opened(path: Path) -> Image.Image:
    try:
        image = Image.open(path)
        image.load()
    except Exception as error:  # a damaged picture surfaces as whatever its decoder met
        raise FileError(
            path,
            expected="a picture",
            found=f"a file that cannot be read as one ({type(error).__name__})",
            action="Export it again, or take it out of the folder.",
        ) from error
    return image


def _listed(root: Path) -> dict[str, list[Path]]:
    """Return the pictures of each folder that has some, in natural order."""
    if not root.is_dir():
        return {}
    found = {}
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")):
        names = [p for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES]
        if names:
            found[folder.name] = sorted(names, key=lambda p: (natural_key(p.name), p.name))
    return found


def _drawn(
    pictures: list[LabelledPicture], share: float, seed: int
) -> tuple[list[LabelledPicture], list[LabelledPicture]]:
    """Return what is left and what is held out, at least one, by lot."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(pictures), generator=generator).tolist()
    held = set(order[: max(1, round(share * len(pictures)))])
    return (
        [p for i, p in enumerate(pictures) if i not in held],
        [p for i, p in enumerate(pictures) if i in held],
    )
