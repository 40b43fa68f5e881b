"""What a mask or a probability map of another program says of a case."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import FileError
from core.domain.grid import Grid
from core.domain.label_names import listed
from core.domain.label_set import LabelMap, LabelSet
from core.domain.placement import placement
from core.domain.prediction import SURE, SureLabels, quantise
from core.domain.resample import nearest
from core.io import readers
from core.io.cases.case_reader import LoadedCase, named_region
from core.io.cases.found_case import may_be_cut, other_grid, resampled_told
from core.io.cases.mask_folder import numbered
from core.io.labels.label_table import with_table
from core.io.labels.label_values import label_map
from core.io.stored import Stored
from core.io.tiff.tiff import read_mask_slice

_MANY_VALUES = 64  # of whole numbers: then they are probabilities in 255 steps
_SURE = np.uint8(SURE)


@dataclass(frozen=True, eq=False)
class ForeignMask:
    """What files say of a case, on its volume (Z, Y, X): 255 times the probability of lesion.

    `several` are the labels where they tell them. `notices` say what was done to bring it here,
    `resampled` is True where its voxels are not those of its file.
    """

    probability: NDArray[np.uint8]
    several: SureLabels | None = None
    notices: tuple[str, ...] = ()
    resampled: bool = False


@dataclass(frozen=True, eq=False)
class _Placed:
    """Values (Z, Y, X) on the grid of a case, and what is told of how they came there."""

    values: LabelMap
    told: tuple[str, ...] = ()
    resampled: bool = False


def read_foreign(
    loaded: LoadedCase, files: Sequence[Path], *, several: bool = False, resample: bool = False
) -> ForeignMask:
    """Return what masks or probabilities in `files` say of a case.

    A mask is sure of itself: of its labels those of the case's region are lesion. Where the case
    has one label, or a mask the value 1 alone and its fellows no `several`, all of it is lesion.
    Floating values from 0 to 1, and many whole ones up to 255, are probabilities; of several
    volumes the first is background. Raises `FileError` for what is neither, and for another grid
    unless `resample` takes the nearest neighbour.
    """
    if numbered(files[0]) is not None:
        return ForeignMask(_of_slices(loaded, files))
    stored = _read(files)
    grid = loaded.volume.geometry
    values = _probability(stored, files[0])
    if values is not None:
        return _said(_placed(stored, values, grid, resample=resample))
    labels = loaded.label_set or loaded.case.labels
    found = label_map(stored, labels)
    placed = _placed(stored, found.values, grid, resample=resample)
    if labels is not None and not labels.is_binary:
        if not several and not _tells_labels(stored, found.values):
            return _said(placed, np.minimum(placed.values, 1) * _SURE)
        said = SureLabels(placed.values, found.labels).adapted(labels)
        if said.foreign:
            placed = replace(placed, told=(*placed.told, _told_foreign(files[0], said, labels)))
        return _said(placed, said.of(named_region(said.labels, loaded.case.region)), said)
    return _said(placed, np.minimum(placed.values, 1) * _SURE)


def _said(
    placed: _Placed,
    probability: NDArray[np.uint8] | None = None,
    several: SureLabels | None = None,
) -> ForeignMask:
    values = placed.values if probability is None else probability
    return ForeignMask(values, several, placed.told, placed.resampled)


def tells_labels(files: Sequence[Path]) -> bool:
    """Tell whether a mask has more than one label; raises `FileError` for one that is none."""
    if numbered(files[0]) is not None:
        return False
    stored = _read(files)
    return _probability(stored, files[0]) is None and _tells_labels(
        stored, label_map(stored).values
    )


def _told_foreign(path: Path, said: SureLabels, labels: LabelSet) -> str:
    """Return what is told of values that the ground truth has no label for, and what they count."""
    counts = np.bincount(said.painted.ravel())
    found = [f"{value} ({counts[value]:,} voxels)" for value in said.foreign]
    known = [f"{label.value} {label.name}" for label in labels.labels]
    return (
        f"{path.name}: expected values of the labels of the ground truth ({listed(known)}), found "
        f"{listed(found)}. They count as lesion in {listed([labels.whole.name])}, and as "
        "background in every other region and label; renumber them if they are one of these."
    )


def _read(files: Sequence[Path]) -> Stored:
    return with_table(readers.read(files[0], point=0) if len(files) == 1 else readers.read(*files))


def _tells_labels(stored: Stored, values: LabelMap) -> bool:
    named = stored.labels is not None and not stored.labels.is_binary
    return named or int(values.max(initial=0)) > 1


def _probability(stored: Stored, path: Path) -> NDArray[np.uint8] | None:
    """Return quantised probabilities, or None for a label map."""
    first = stored.real()[0]
    if stored.points > 1:
        planes = [first, *(readers.read(path, point=n).real()[0] for n in range(1, stored.points))]
        whole = np.sum(planes, axis=0)
        summed = np.allclose(whole, 1.0, atol=1e-2)
        lesion = 1.0 - first if summed else np.max(planes, axis=0)
        return quantise(np.clip(lesion, 0, 1).astype(np.float32))
    if first.dtype.kind == "f":
        low, high = float(first.min()), float(first.max())
        if low >= 0 and high <= 1 and not np.array_equal(first, np.rint(first)):
            return quantise(first.astype(np.float32))
        return None
    if first.dtype == np.uint8 and len(np.unique(first)) > _MANY_VALUES:
        return np.asarray(first)
    return None


def _placed(stored: Stored, values: LabelMap, target: Grid, *, resample: bool) -> _Placed:
    """Return values of a stored grid on the canonical one of a case, voxel for voxel."""
    place = placement(stored.grid, target)
    if place is not None and not (place.covers(stored.grid.shape) or may_be_cut(stored)):
        place = None
    found = None if place is None else place.apply(values)
    if found is None and resample and stored.grid.is_known and target.is_known:
        told = resampled_told(stored, values, target)
        return _Placed(nearest(values, stored.grid, target), told, resampled=True)
    if found is None:
        raise other_grid(stored, target, image="its image")
    return _Placed(np.ascontiguousarray(found))


def _of_slices(loaded: LoadedCase, files: Sequence[Path]) -> NDArray[np.uint8]:
    """Return masks of slices by their numbers; a slice without one has no lesion."""
    places = {number: index for index, number in enumerate(loaded.volume.slice_numbers)}
    found = np.zeros(loaded.volume.geometry.shape, np.uint8)
    for path in files:
        told = numbered(path)
        mask, _ = read_mask_slice(path)
        index = None if told is None else places.get(told[1])
        if index is None or mask.shape != found.shape[1:]:
            raise FileError(
                path,
                expected=f"a slice of {found.shape[1]}×{found.shape[2]} that the case has",
                found=f"{mask.shape[0]}×{mask.shape[1]}" if index is not None else "another number",
                action="Export the masks on the grid of their images.",
            )
        found[index] = mask * _SURE
    return found
