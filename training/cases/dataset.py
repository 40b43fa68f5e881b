"""The cases of a training in memory, decoded once."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import DataError, ModelError
from core.domain.label_set import BINARY, LabelMap, LabelSet, from_values, values_in
from core.domain.mask import Mask
from core.domain.progress import Progress, silent
from core.domain.volume import Volume
from core.inference.preprocess import Prepared, labels_to_grid, prepare, to_grid
from core.io.atomic import atomic_path
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase, read_case, region_of
from core.models.acquisition import acquisition_of
from core.models.contract import fitted, mapping
from core.models.lineage import GROUND_TRUTH
from core.models.train_spec import TrainSpec
from training.cases.lessons import TAUGHT, Lessons
from training.learning.train_case import TrainCase

_HALF = 0.5
_GIB = 1 << 30

_TRUTH_ALONE = Lessons()


def load_cases(
    cases: Sequence[Case],
    spec: TrainSpec,
    *,
    stride: int,
    store: Path,
    lessons: Lessons = _TRUTH_ALONE,
    progress: Progress = silent,
) -> list[TrainCase]:
    """Return the cases, decoded and prepared; beyond `memory_gib` memory-mapped from `store`.

    Where the spec wants labels their masks are label maps, in each case's own values. A correction
    stands in for the ground truth of its case, and what teachers say of their pupils comes beside
    it. Raises `DataError` for a case without usable ground
    truth or with other channels.
    """
    loaded: list[TrainCase] = []
    room = int(spec.memory_gib * _GIB)
    for index, case in enumerate(cases):
        progress(index / len(cases), case.id)
        item = _load(case, spec, stride, lessons)
        room -= item.values.nbytes
        if room < 0:
            item = _mapped(item, store / f"{case.id}.npy")
        loaded.append(item)
        if item.channels != loaded[0].channels:
            raise DataError(
                f"{case.id}: expected the channels {', '.join(loaded[0].channels)} as in "
                f"{loaded[0].id}, found {', '.join(item.channels)}. Train on cases of one kind."
            )
    return loaded


def require_lesions(cases: Sequence[TrainCase]) -> None:
    """Raise `DataError` when no case has any lesion: there would be nothing to learn."""
    if not any(case.mask.any() for case in cases):
        raise DataError(
            f"Expected lesion in some of the {len(cases)} cases to learn from, found every mask "
            "empty. Check the masks: any value above zero is lesion."
        )


def _load(case: Case, spec: TrainSpec, stride: int, lessons: Lessons) -> TrainCase:
    loaded, several = read_case(case), spec.wanted_labels is not None
    loaded.require_whole()
    volume = loaded.volume
    said = lessons.probability(case, volume)
    if spec.channels:
        volume = _learnt(volume, spec.channels, case.id)
    truth, labels, origin = _truth(loaded, lessons, several=several, said=said)
    prepared = prepare(volume, spec.preprocessing, stride=stride)
    return TrainCase(
        case.id,
        prepared.values.astype(np.float16),
        _seen(truth, prepared, several=several),
        truth,
        prepared.grid,
        _numbers(volume, prepared),
        volume.channels,
        origin,
        _fingerprint(loaded.volume, truth, several=several),
        prepared.change,
        acquisition_of(volume),
        labels,
        None if said is None else _on_grid(said, prepared),
    )


def _on_grid(said: NDArray[np.uint8], prepared: Prepared) -> NDArray[np.uint8]:
    """Return a quantised probability on the grid of the network."""
    change = prepared.change
    there = said.astype(np.float32) if change is None else change.apply(said)
    return np.rint(to_grid(there, prepared.grid, fill=0.0)).astype(np.uint8)


def _truth(
    loaded: LoadedCase, lessons: Lessons, *, several: bool, said: NDArray[np.uint8] | None
) -> tuple[Mask, LabelSet | None, str]:
    """Return what a case is learnt from, what its values mean if they are labels, and its origin.

    A correction of several labels takes the place of them all; one of a single lesion draws the
    region in focus anew. Of a case that only teachers teach it is the mask of what they `said`.
    """
    case, truth, origin = loaded.case, loaded.ground_truth, GROUND_TRUTH
    if (taught := lessons.taught_mask(case, said)) is not None:
        return taught, None, TAUGHT
    corrected = lessons.correction(case, truth, loaded.volume.geometry.shape)
    if corrected is not None:
        truth, origin = corrected.mask(case.region), corrected.named
    if truth is None:
        raise DataError(
            f"{case.id}: expected masks that can be read, found none. {' '.join(loaded.notices)}"
        )
    if not several:
        return truth, None, origin
    if corrected is not None and not corrected.labels.is_binary:
        return corrected.values, labels_in(corrected.values, corrected.labels), origin
    known, label_map = loaded.label_set, loaded.labels
    if label_map is None:
        return truth, labels_in(truth, known), origin
    labels = labels_in(label_map, known)
    if corrected is not None:
        label_map = labels.restored(truth, label_map, region_of(labels, case.region))
    return label_map, labels, origin


def labels_in(label_map: LabelMap, known: LabelSet | None) -> LabelSet:
    """Return the labels of a map: those that are `known` of it, and what else it holds."""
    found = values_in(label_map)
    if known is not None and not known.is_binary:
        return known.with_found(found)
    return from_values(found) if found else BINARY


def _seen(truth: Mask, prepared: Prepared, *, several: bool) -> Mask:
    """Return a mask or label map on the grid of the network."""
    if several:
        return labels_to_grid(truth, prepared.grid, prepared.change)
    change = prepared.change
    seen = truth.astype(np.float32) if change is None else change.apply(truth)
    return (to_grid(seen, prepared.grid, fill=0.0) > _HALF).astype(np.uint8)


def _numbers(volume: Volume, prepared: Prepared) -> tuple[int, ...]:
    """Return for each slice the network sees the number of the one of the case it lies in."""
    if prepared.change is None:
        return volume.slice_numbers
    native, there = prepared.change.native[0], prepared.change.there[0]
    return tuple(volume.slice_numbers[int((i + 0.5) * native / there)] for i in range(there))


def _learnt(volume: Volume, channels: tuple[str, ...], case_id: str) -> Volume:
    """Return the channels that are learnt from; a model's sentence would ask for another model."""
    try:
        mapping(channels, volume.channels, volume.roles, title=case_id)
    except ModelError as error:
        raise DataError(
            f"{case_id}: expected the channels {', '.join(channels)} that are learnt from, found "
            f"{', '.join(volume.channels)}. Train on cases of one kind, or correct the roles of "
            "its channels."
        ) from error
    return fitted(volume, channels, title=case_id)


def _fingerprint(volume: Volume, truth: Mask, *, several: bool) -> str:
    digest = blake2b(volume.content_hash().encode(), digest_size=16)
    digest.update(truth.tobytes() if several else np.packbits(truth > 0).tobytes())
    return digest.hexdigest()


def _mapped(case: TrainCase, path: Path) -> TrainCase:
    with atomic_path(path) as temporary:
        np.save(temporary, case.values)
    values: NDArray[np.float16] = np.load(path, mmap_mode="r")
    return replace(case, values=values)
