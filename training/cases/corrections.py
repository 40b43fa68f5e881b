"""Readers' corrections: masks that stand in for the ground truth in training."""

import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.annotation.export import CorrectedLabels, corrected_labels, exported_cases
from core.annotation.versions import latest_versions
from core.domain.errors import DataError
from core.domain.label_set import BINARY
from core.domain.mask import Mask
from core.io.cases.case import Case
from core.io.tiff.tiff import read_mask_slice
from core.models.train_spec import TrainSpec
from core.workspace.splits import SplitFile
from core.workspace.workspace_folder import STORE_NAME, open_workspace

PLAIN = "correction without a manifest"

_MASK = re.compile(r"(?P<case>.+)_(?P<number>\d+)_mask\.tiff?", re.IGNORECASE)


@dataclass(frozen=True)
class Corrections:
    """The corrections in `source` of the cases `allowed`; all others are left alone.

    `source` is a workspace, whose latest versions count, or a folder of exports of any layout;
    masks named <CASE>_<n>_mask.tif without a manifest, in it or in a folder a case, count too.
    """

    source: Path
    allowed: frozenset[str]

    def ids(self) -> frozenset[str]:
        """Return the allowed cases that are corrected; raises `DataError` when nothing is."""
        if (self.source / STORE_NAME).exists():
            with closing(open_workspace(self.source)) as workspace:
                found = set(latest_versions(workspace))
        else:
            plain = {match["case"] for match in map(_named, self._files()) if match}
            found = plain | exported_cases(self.source)
        if not found:
            raise DataError(
                f"{self.source}: expected corrected masks <CASE>_<n>_mask.tif or a workspace with "
                "saved corrections, found none. Export corrections, or train without them."
            )
        return self.allowed & found

    def read(
        self, case: Case, truth: Mask | None, shape: tuple[int, int, int]
    ) -> CorrectedLabels | None:
        """Return what to learn `case` from, with all its labels, or None without a correction.

        Slices without a plain corrected mask keep `truth`. Raises `AppError` for a correction that
        cannot be used.
        """
        if case.id not in self.allowed:
            return None
        return corrected_labels(self.source, case, shape) or self._plain(case, truth, shape)

    def _plain(
        self, case: Case, truth: Mask | None, shape: tuple[int, int, int]
    ) -> CorrectedLabels | None:
        named = [(match, path) for path in self._files() if (match := _named(path))]
        masks = {int(match["number"]): path for match, path in named if match["case"] == case.id}
        numbers = [files.number for files in case.slices]
        missing = [number for number in numbers if number not in masks]
        if not masks:
            return None
        if truth is None and missing:
            raise DataError(
                f"{case.id}: expected a corrected mask for every slice of a case without ground "
                f"truth, found none for slice {missing[0]}. Export the correction again."
            )
        whole = np.zeros(shape, np.uint8) if truth is None else truth.copy()
        for index, number in enumerate(numbers):
            if number in masks:
                whole[index] = _plane(masks[number], shape[1:])
        return CorrectedLabels(whole, BINARY, PLAIN)

    def _files(self) -> Iterable[Path]:
        return sorted((*self.source.glob("*_mask.tif*"), *self.source.glob("*/*_mask.tif*")))


def corrections_of(spec: TrainSpec, file: SplitFile) -> Corrections | None:
    """Return the corrections a training learns from, None without any.

    Whatever readers corrected of `val`, it stays what it was when models were judged before.
    """
    return Corrections(Path(spec.corrections), frozenset(file.train)) if spec.corrections else None


def _named(path: Path) -> re.Match[str] | None:
    return _MASK.fullmatch(path.name)


def _plane(path: Path, size: tuple[int, ...]) -> Mask:
    mask, _ = read_mask_slice(path)
    if mask.shape != size:
        raise DataError(
            f"{path.name}: expected a mask of {size[0]}×{size[1]} as the case's slices, found "
            f"{mask.shape[0]}×{mask.shape[1]}. Export it again."
        )
    return mask
