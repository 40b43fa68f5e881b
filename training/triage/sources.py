"""Where labelled slices come from: cases with masks, or pictures in one folder a class."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import numpy as np

from core.domain.errors import DataError
from core.domain.progress import Progress, silent
from core.domain.volume import channel_names
from core.inference.preprocess import prepare
from core.io.cases.case_reader import read_volume
from core.io.layouts.tree import natural_key
from core.io.volumes.picture_file import PICTURE_SUFFIXES, picture_channels, read_picture
from core.jobs.classify_spec import TRIAGE_CLASSES, ClassifySpec
from core.workspace.chosen_labels import dataset_of_job
from core.workspace.splits import read_split
from training.cases.dataset import load_cases
from training.cases.split import Split, make_split
from training.learning.train_case import TrainCase
from training.triage.dataset import Labelled, lesion_labels
from training.triage.picture_parts import draw_part, patients_of

PartName: TypeAlias = Literal["fit", "selection", "val"]

_FEWEST = 3


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
        split = split_cases(spec)
        return CaseSource(spec, split, read_volume(split.fit[0]).channels, store)
    return find_pictures(spec)


def split_cases(spec: ClassifySpec) -> Split:
    """Return which cases teach and choose; raises `DataError` for a split unfit."""
    dataset = dataset_of_job(Path(spec.data), spec.chosen)
    return make_split(read_split(Path(spec.split)), dataset, spec)


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
    patients: int = 0

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
        labels = tuple(np.array([p.label], np.int64) for p in pictures)
        return Labelled(tuple(cases), labels)

    def _case(self, picture: LabelledPicture, stride: int) -> TrainCase:
        volume = read_picture(picture.path, channels=len(self.channels))
        prepared = prepare(volume, self.spec.preprocessing, stride=stride)
        values = prepared.values.astype(np.float16)
        empty = np.zeros((1, *values.shape[2:]), np.uint8)
        truth = np.zeros(volume.geometry.shape, np.uint8)
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
    patients = patients_of({**known, **_as_judged(judged)}, spec.patient)
    if not by_folder:
        held = draw_part(known, patients, spec.val_share, spec.seed)
        judged = {name: [path for path in paths if path in held] for name, paths in known.items()}
        known = {name: [p for p in paths if p not in held] for name, paths in known.items()}
    chosen = draw_part(known, patients, spec.val_share, spec.seed + 1)
    for label, name in enumerate(classes):
        for path in known[name]:
            part: PartName = "selection" if path in chosen else "fit"
            parts[part].append(LabelledPicture(path, label))
        parts["val"] += [LabelledPicture(path, label) for path in judged.get(name, ())]
    _require_parts(root, parts)
    channels = picture_channels(parts["fit"][0].path)
    return PictureSource(
        spec,
        classes,
        channel_names(channels),
        {name: tuple(p) for name, p in parts.items()},
        len({patients[picture.path] for own in parts.values() for picture in own}),
    )


def _as_judged(classes: dict[str, list[Path]]) -> dict[str, list[Path]]:
    """Return the classes under names of their own, so that they are counted apart."""
    return {f"val/{name}": paths for name, paths in classes.items()}


def _require_parts(root: Path, parts: dict[PartName, list[LabelledPicture]]) -> None:
    """Raise `DataError` when so few patients are left that a part has none."""
    for name, own in parts.items():
        if not own:
            raise DataError(
                f"{root}: expected patients for learning, choosing and judging, found none left "
                f"for {name}. Add pictures of others, or say who is who (--set patient=PATTERN)."
            )


def _listed(root: Path) -> dict[str, list[Path]]:
    """Return the pictures of each folder that has some, in natural order."""
    if not root.is_dir():
        return {}
    found = {}
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")):
        names = [p for p in folder.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES]
        if names:
            found[folder.name] = sorted(names, key=lambda p: (natural_key(p.name), p.name))
    return found
