"""A classifier over pictures: the probability of each class for every one, as a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import AppError
from core.domain.progress import Progress, silent
from core.domain.volume import Volume
from core.io.csv_file import write_csv
from core.io.json_file import write_json
from core.io.volumes.picture_file import read_picture
from core.models.classifiers import ClassifierModel
from core.models.provenance import made_from

ClassesOf = Callable[[Volume], NDArray[np.float64]]
"""Gives the probability (Z, K) of each class for each slice of a volume."""


@dataclass(frozen=True, eq=False)
class ClassedPictures:
    """Probabilities (K,) by picture, and a sentence for each that could not be read."""

    found: dict[Path, NDArray[np.float64]]
    failed: dict[str, str]


def classify_pictures(
    pictures: Sequence[Path],
    classes_of: ClassesOf,
    *,
    channels: int,
    progress: Progress = silent,
) -> ClassedPictures:
    """Classify each picture, in grey or in colour; one that fails is told, the rest go on."""
    found: dict[Path, NDArray[np.float64]] = {}
    failed: dict[str, str] = {}
    for index, path in enumerate(pictures):
        progress(index / len(pictures), path.name)
        try:
            found[path] = classes_of(read_picture(path, channels=channels))[0]
        except AppError as error:
            failed[path.name] = str(error)
    progress(1.0, "done")
    return ClassedPictures(found, failed)


def write_classes(
    path: Path, rows: Sequence[tuple[tuple[str, ...], NDArray[np.float64]]], model: ClassifierModel
) -> None:
    """Write a table: what was classified, its class, a column of probabilities a class.

    The first of each row is the file or case, the second, if any, the number of its slice. What
    it was made by stands beside it as JSON.
    """
    classes = model.spec.classes
    what = ("case", "slice") if rows and len(rows[0][0]) > 1 else ("picture",)
    cells = (
        (*name, classes[int(chances.argmax())], *(f"{chance:.6f}" for chance in chances))
        for name, chances in rows
    )
    write_csv(path, (*what, "class", *(f"p {name}" for name in classes)), cells)
    write_json(path.with_suffix(".json"), made_from((model,), {}))
