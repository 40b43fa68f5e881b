"""Read a case from disk: its volume and its ground truth, with what was wrong said per file."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from core.domain.errors import DataError, FileError
from core.domain.geometry import Geometry
from core.domain.mask import Mask
from core.domain.progress import Progress, silent
from core.domain.volume import Pixels, Volume, channel_names
from core.io.case import Case, SliceFiles
from core.io.tiff import read_image, read_mask_slice


@dataclass(frozen=True, eq=False)
class LoadedCase:
    """A case in memory. `ground_truth` (Z, Y, X) is None when no mask could be used.

    `notices` are sentences about files that were left out or read with a caveat, each once;
    `damaged_masks` are those of them about masks that stand there but cannot be used.
    """

    case: Case
    volume: Volume
    ground_truth: Mask | None
    notices: tuple[str, ...] = ()
    damaged_masks: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes held in memory by pixels and ground truth."""
        truth = 0 if self.ground_truth is None else int(self.ground_truth.nbytes)
        return self.volume.nbytes + truth

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
                f"{self.case.id}: expected ground truth (…_mask.tif), found none. "
                "Add the masks, or use predict instead of evaluate."
            )
        return self.ground_truth


def read_case(case: Case, *, progress: Progress = silent) -> LoadedCase:
    """Return the volume and ground truth of `case`.

    An unreadable slice becomes zeros and a sentence in `Volume.unreadable`; an unreadable mask
    becomes a notice and counts as empty. Raises `DataError` when no slice at all can be read.
    """
    volume = read_volume(case, progress=progress)
    truth, damaged, notices = _read_ground_truth(case, volume)
    depth = ("16-bit",) if volume.pixels.dtype == np.uint16 else ()
    extra = tuple(
        f"{case.id}: {d} images; window and level start from the values found in the case, "
        f"{int(volume.pixels.min())} to {int(volume.pixels.max())}."
        for d in depth
    )
    unreadable = tuple(volume.unreadable.values())
    said = (*case.notices, *unreadable, *damaged, *notices, *extra)
    return LoadedCase(case, volume, truth, said, damaged)


def read_volume(case: Case, *, progress: Progress = silent) -> Volume:
    """Return the volume of `case`; raises `DataError` when no slice can be read."""
    if not case.slices:
        raise DataError(
            f"{case.id}: expected image files {case.id}_<number>.tif, found only masks. "
            "Put the images beside them."
        )
    read: dict[int, Pixels] = {}
    problems: dict[int, str] = {}
    for index, files in enumerate(case.slices):
        progress(index / len(case.slices), f"slice {files.number}")
        try:
            read[index] = read_image(files.image)
        except FileError as error:
            problems[index] = str(error)
    if not read:
        raise DataError(
            f"{case.id}: none of its {len(case.slices)} slices can be read. {problems[0]}"
        )
    return _stack(case, read, problems)


def _stack(case: Case, read: dict[int, Pixels], problems: dict[int, str]) -> Volume:
    """Put the slices of the commonest shape into one array; another shape is unreadable."""
    kinds = Counter((pixels.shape, pixels.dtype.str) for pixels in read.values())
    shape, dtype = kinds.most_common(1)[0][0]
    channels, height, width = shape
    pixels = np.zeros((channels, len(case.slices), height, width), np.dtype(dtype))
    for index, values in read.items():
        if (values.shape, values.dtype.str) == (shape, dtype):
            pixels[:, index] = values
        else:
            problems[index] = str(_odd_one(case.slices[index], values, pixels))
    return Volume(
        pixels,
        channel_names(channels),
        tuple(files.number for files in case.slices),
        Geometry((len(case.slices), height, width)),
        dict(sorted(problems.items())),
    )


def _odd_one(files: SliceFiles, values: Pixels, stack: Pixels) -> FileError:
    return FileError(
        files.image,
        expected=f"{_kind(stack.shape[2:], len(stack), stack.dtype)} as the case's other slices",
        found=_kind(values.shape[1:], len(values), values.dtype),
        action="Export this slice again with the others; they can be used without it.",
    )


def _kind(size: tuple[int, ...], channels: int, dtype: np.dtype[np.generic]) -> str:
    plural = "channel" if channels == 1 else "channels"
    return f"{size[0]}×{size[1]} pixels, {channels} {plural}, {dtype.itemsize * 8} bit"


def _read_ground_truth(
    case: Case, volume: Volume
) -> tuple[Mask | None, tuple[str, ...], tuple[str, ...]]:
    """Return the masks on the volume's grid, what is damaged among them, and other notices."""
    if not case.has_ground_truth:
        return None, (), ()
    truth = np.zeros(volume.geometry.shape, np.uint8)
    damaged: list[str] = []
    odd: list[str] = []
    usable = False
    for index, files in enumerate(case.slices):
        if files.mask is None:
            continue
        try:
            mask, binary = read_mask_slice(files.mask)
            _check_shape(files, mask, truth[index])
        except FileError as error:
            damaged.append(str(error))
            continue
        truth[index] = mask
        usable = True
        if not binary:
            odd.append(files.mask.name)
    return truth if usable else None, tuple(damaged), _mask_notices(case, odd)


def _mask_notices(case: Case, odd: list[str]) -> tuple[str, ...]:
    """Return what is said of masks that are not there, and of the masks `odd` with many values."""
    notices: list[str] = []
    without = [str(files.number) for files in case.slices if files.mask is None]
    if without:
        notices.append(
            f"{case.id}: expected a mask for every slice, found none for slice "
            f"{', '.join(without[:5])}{' …' if len(without) > 5 else ''}. "
            "It counts as empty there; add the mask file if the slice holds lesion."
        )
    if odd:
        notices.append(
            f"{odd[0]}: expected a mask of two values, found more"
            f"{f', as in {len(odd)} masks of this case' if len(odd) > 1 else ''}. "
            "Every value above zero is taken as lesion; export a binary mask to be sure."
        )
    return tuple(notices)


def _check_shape(files: SliceFiles, mask: Mask, slot: Mask) -> None:
    if mask.shape != slot.shape and files.mask is not None:
        raise FileError(
            files.mask,
            expected=f"{slot.shape[0]}×{slot.shape[1]} pixels as its image",
            found=f"{mask.shape[0]}×{mask.shape[1]}",
            action="The slice counts as without ground truth; export the mask on the image's grid.",
        )
