"""Read a case from disk: its volume and its ground truth, with what was wrong said per file."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.domain.errors import DataError
from core.domain.grid import AS_STORED, Turn
from core.domain.label_set import LabelMap, LabelSet, Region, from_values, values_in
from core.domain.mask import Mask, binarise
from core.domain.mask_judgement import head_of, judge_mask
from core.domain.prediction import Focus, Prediction
from core.domain.progress import Progress, silent
from core.domain.volume import Volume
from core.io.cases.case import Case
from core.io.cases.case_preview import FirstLook
from core.io.cases.mask_stack import MaskStack
from core.io.cases.slice_volume import SliceVolume
from core.io.cases.volume_reader import VolumeRead, read_volumes


@dataclass(frozen=True, eq=False)
class LoadedCase:
    """A case in memory. `ground_truth` (Z, Y, X) is None when no mask could be used.

    `notices` are sentences about files that were left out or read with a caveat, each once;
    `damaged_masks` are those of them about masks that stand there but cannot be used. `labels`
    (Z, Y, X) are the classes of the ground truth, where its masks hold several, and `label_set`
    what they mean; the ground truth is the region of them that the case names. `turn` leads from
    the grid of the files to that of the volume. `off_grid` is True where a mask could be used if it
    were resampled, `unchosen` where a file holds several volumes and nobody chose one.
    """

    case: Case
    volume: Volume
    ground_truth: Mask | None
    notices: tuple[str, ...] = ()
    damaged_masks: tuple[str, ...] = ()
    labels: LabelMap | None = None
    label_set: LabelSet | None = None
    turn: Turn = AS_STORED
    off_grid: bool = False
    unchosen: bool = False

    @property
    def meaning(self) -> LabelSet | None:
        """What the labels of its masks mean, where it has several; None for a binary case."""
        found = self.label_set or self.case.labels
        return None if found is None or found.is_binary else found

    @property
    def region(self) -> Region | None:
        """The region that its ground truth is of, None for a binary case."""
        found = self.meaning
        return None if found is None else region_of(found, self.case.region)

    @property
    def focus(self) -> Focus:
        """The labels of the case and the region it names; what a model of several is asked for."""
        labels = self.meaning or self.label_set
        if labels is None or not self.case.region:
            return Focus(labels)
        return Focus(labels, region_of(labels, self.case.region))

    @property
    def nbytes(self) -> int:
        """Bytes held in memory by pixels and ground truth."""
        truth = 0 if self.ground_truth is None else int(self.ground_truth.nbytes)
        labels = 0 if self.labels is None else int(self.labels.nbytes)
        return self.volume.nbytes + truth + labels

    @cached_property
    def truth_areas(self) -> tuple[int, ...]:
        """Voxels of ground truth in each slice, 0 without any; counted once."""
        if self.ground_truth is None:
            return (0,) * self.volume.slices
        return tuple(int(np.count_nonzero(plane)) for plane in self.ground_truth)

    def require_whole(self) -> None:
        """Raise `DataError` when a slice is unreadable: figures of such a case would mislead."""
        if self.volume.unreadable:
            raise DataError(next(iter(self.volume.unreadable.values())))

    def require_ground_truth(self) -> Mask:
        """Return the whole ground truth; raises `DataError` when it, or an image, is not whole."""
        self.require_whole()
        if self.damaged_masks:
            raise DataError(self.damaged_masks[0])
        if self.ground_truth is None:
            raise DataError(
                f"{self.case.id}: expected ground truth, found no mask. "
                "Add the masks, or use predict instead of evaluate."
            )
        return self.ground_truth


def read_case(
    case: Case, *, progress: Progress = silent, look: FirstLook | None = None
) -> LoadedCase:
    """Return the volume and ground truth of `case`; `look` is given its first slice before.

    An unreadable slice becomes zeros and a sentence in `Volume.unreadable`; an unreadable mask
    becomes a notice and counts as empty. Raises `DataError` when no slice at all can be read.
    """
    if case.volumes is not None:
        return _of_volumes(case, read_volumes(case, progress=progress, look=look))
    slices = _slices_of(case, progress, look)
    volume = _with_roles(slices.read(), case)
    stack = _read_ground_truth(case, volume, slices)
    extra: tuple[str, ...] = ()
    if volume.pixels.dtype != np.uint8:
        extra = (
            f"{case.id}: {volume.pixels.dtype.itemsize * 8}-bit images; window and level start "
            "from the values found in the case, {:g} to {:g}.".format(*volume.value_range),
        )
    unreadable = tuple(volume.unreadable.values())
    damaged = tuple(map(str, stack.damaged.values())) if stack is not None else ()
    judged = tuple(stack.said) if stack is not None else ()
    said = (*case.notices, *unreadable, *damaged, *judged, *extra, *volume.notices)
    usable = stack is not None and stack.usable
    truth = stack.mask if stack is not None and usable else None
    found = LoadedCase(case, volume, truth, said, damaged)
    if stack is None or not usable:
        return found
    several = case.labels is not None and not case.labels.is_binary
    if stack.labels.max() <= 1 and not several:
        return found
    named = _named_in(case, stack.labels, stack.named)
    return of_region(replace(found, labels=stack.labels, label_set=named), case)


def _named_in(case: Case, label_map: LabelMap, told: LabelSet | None) -> LabelSet:
    """Return the labels of a case; `told` are those of its files, for what overlaps there."""
    values = values_in(label_map)
    return from_values(values) if case.labels is None else case.labels.with_found(values, told)


def of_region(loaded: LoadedCase, case: Case) -> LoadedCase:
    """Return a case in memory as `case`, which differs from it in region and names of labels alone.

    Raises `DataError` for a region that its labels do not have.
    """
    labels, named = loaded.labels, loaded.label_set
    told = case.labels != loaded.case.labels
    if labels is None and told:
        labels, named = _one_of_several(loaded, case)
    if labels is None or named is None:
        return replace(loaded, case=case, label_set=named)
    if case.labels is not None and told:
        named = _named_in(case, labels, named)  # not of what was named before: a label may be gone
    if named.is_binary:  # the labels that were added are gone again
        return replace(
            loaded, case=case, label_set=named, ground_truth=binarise(labels), labels=None
        )
    truth = named.mask(labels, region_of(named, case.region))
    return replace(loaded, case=case, label_set=named, ground_truth=truth, labels=labels)


def _one_of_several(loaded: LoadedCase, case: Case) -> tuple[LabelMap | None, LabelSet | None]:
    """Return the mask of a case of one label as the label it is among those that `case` names.

    A case without a mask has no map; one whose labels are still one stays as it is.
    """
    named, truth = case.labels, loaded.ground_truth
    if named is None or named.is_binary:
        return None, loaded.label_set
    value = loaded.label_set.values[0] if loaded.label_set and loaded.label_set.labels else 1
    if truth is None:
        return None, named if loaded.label_set is not None else None
    return truth * np.uint8(value), named.with_found((value,))


def each_region(loaded: LoadedCase) -> list[LoadedCase]:
    """Return a case once for each region and label that figures are of, the whole first.

    None for a binary case, and where one region alone was asked for.
    """
    meaning = loaded.meaning
    if meaning is None or loaded.labels is None or loaded.case.region:
        return []
    return [of_region(loaded, replace(loaded.case, region=r.name)) for r in meaning.scored]


def of_the_region(loaded: LoadedCase, prediction: Prediction) -> Prediction:
    """Return a prediction with the probability of the region that the case names.

    It is the same one where it tells no labels: that is held against whatever region is named.
    """
    return prediction.focused(loaded.focus)


def same_files(one: Case, other: Case) -> bool:
    """Tell whether two cases differ in the region and the names of labels alone, if at all."""
    return replace(one, region=other.region, labels=other.labels) == other


def _of_volumes(case: Case, read: VolumeRead) -> LoadedCase:
    """Return a case of whole volumes, its ground truth the region that the case names."""
    said = (*read.notices, *read.damaged, *read.volume.notices)
    loaded = LoadedCase(
        case,
        read.volume,
        None,
        said,
        read.damaged,
        turn=read.turn,
        off_grid=read.off_grid,
        unchosen=read.unchosen,
    )
    if read.label_map is None or read.labels is None:
        return loaded
    return replace(
        loaded,
        ground_truth=read.labels.mask(read.label_map, region_of(read.labels, case.region)),
        labels=None if read.labels.is_binary else read.label_map,
        label_set=read.labels,
    )


def region_of(labels: LabelSet, name: str) -> Region:
    """Return the region of `name`, or the whole, all labels, when it is empty.

    Raises `DataError` for a name that no region has.
    """
    if not name:
        return labels.whole
    try:
        return labels.region(name)
    except KeyError as error:
        # A region of one label may have its name.
        names = [r.name for r in labels.regions] + [lb.name for lb in labels.labels]
        known = ", ".join(dict.fromkeys(names))
        raise DataError(
            f"{name}: expected a region of {known}, found another name. Choose one of them."
        ) from error


def named_region(labels: LabelSet, name: str) -> Region:
    """Return the region of that name; all of the labels where there is none so called."""
    try:
        return labels.region(name)
    except KeyError:
        return labels.whole


def read_volume(case: Case, *, progress: Progress = silent) -> Volume:
    """Return the volume of `case`; raises `DataError` when no slice can be read."""
    if case.volumes is not None:
        return read_volumes(case, progress=progress).volume
    return _slices_of(case, progress).read()


def _slices_of(case: Case, progress: Progress, look: FirstLook | None = None) -> SliceVolume:
    if not case.slices:
        raise DataError(
            f"{case.id}: expected image files {case.id}_<number>.tif, found only masks. "
            "Put the images beside them."
        )
    return SliceVolume(case, progress, look)


def _with_roles(volume: Volume, case: Case) -> Volume:
    """Return the volume with the roles that the reader corrected."""
    known = dict(case.roles)
    roles = tuple(
        known.get(name, role) for name, role in zip(volume.channels, volume.roles, strict=True)
    )
    return replace(volume, roles=roles) if known else volume


def _read_ground_truth(case: Case, volume: Volume, slices: SliceVolume) -> MaskStack | None:
    """Return the masks on the volume's grid, judged; None where there are none."""
    if not case.has_ground_truth:
        return None
    stack = slices.masks(volume.geometry.shape)
    drawn = {number for folder in case.label_masks for number, _ in folder.masks}
    without = [
        str(files.number)
        for files in case.slices
        if files.mask is None and files.number not in drawn
    ]
    if without:
        stack.said.insert(
            0,
            f"{case.id}: expected a mask for every slice, found none for slice "
            f"{', '.join(without[:5])}{' …' if len(without) > 5 else ''}. "
            "It counts as empty there; add the mask file if the slice holds lesion.",
        )
    if stack.mask.any():
        head = head_of(volume.pixels)
        stack.said += judge_mask(case.id, stack.mask, head, numbers=volume.slice_numbers)
    return stack
