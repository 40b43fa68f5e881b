"""What a layout finds in a folder by names alone: cases, their channels and masks, label names."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.domain.errors import DataError
from core.domain.label_set import LabelSet
from core.domain.role import Role
from core.io.layouts.label_folders import LabelFolder

SLICES = "lgg"
"""The layout whose cases are slices, read by a reader of their own."""


@dataclass(frozen=True)
class FoundChannel:
    """One channel: its name and role, its files, and which of their volumes it is (None: the one).

    A DICOM series has a file for each plane; a slice folder a file for each slice.
    """

    name: str
    role: Role
    files: tuple[Path, ...]
    point: int | None = None


@dataclass(frozen=True)
class FoundMask:
    """One mask: its name (`truth`, a reader, a derivative) and its files.

    Of masks in slices `values` are the labels that they hold, none where they are plain, and
    `folders` those that have a folder a label.
    """

    name: str
    files: tuple[Path, ...]
    point: int | None = None
    values: tuple[int, ...] = ()
    folders: tuple[LabelFolder, ...] = ()

    def moved(self, place: Callable[[Path], Path]) -> "FoundMask":
        """Return the same mask whose files lie where `place` says."""
        files = tuple(map(place, self.files))
        return replace(self, files=files, folders=tuple(f.moved(place) for f in self.folders))


@dataclass(frozen=True)
class FoundCase:
    """One case: images on one grid, and the masks that came with it, the ground truth first.

    `notices` are sentences about files that were left out or are doubtful.
    """

    id: str
    channels: tuple[FoundChannel, ...]
    masks: tuple[FoundMask, ...] = ()
    notices: tuple[str, ...] = ()

    def moved(self, place: Callable[[Path], Path]) -> "FoundCase":
        """Return the same case whose files lie where `place` says."""
        channels = (replace(c, files=tuple(map(place, c.files))) for c in self.channels)
        masks = (mask.moved(place) for mask in self.masks)
        return replace(self, channels=tuple(channels), masks=tuple(masks))

    @property
    def sequences(self) -> tuple[str, ...]:
        """A name for each channel, no two alike: its role where one channel alone has it."""
        roles = Counter(channel.role for channel in self.channels)
        plain = [
            channel.role.value
            if channel.role is not Role.OTHER and roles[channel.role] == 1
            else channel.name
            for channel in self.channels
        ]
        return tuple(
            name if plain.count(name) == 1 else f"{name} {plain[: index + 1].count(name)}"
            for index, name in enumerate(plain)
        )


@dataclass(frozen=True)
class FoundDataset:
    """The cases of a folder in the order of their ids, and the labels its masks mean.

    `labels` is None where the folder does not name them, `twice` are the ids that several cases
    had, of which the first are here.
    """

    layout: str
    root: Path
    cases: tuple[FoundCase, ...]
    labels: LabelSet | None = None
    notices: tuple[str, ...] = field(default=())
    twice: tuple[str, ...] = ()


class FolderUnknown(DataError):
    """No layout fits a folder: says what was found; the reader can give patterns instead."""

    def __init__(
        self, root: Path, *, found: str, layouts: tuple[str, ...], notices: tuple[str, ...] = ()
    ) -> None:
        self.root = root
        self.found = found
        self._layouts = layouts
        why = " ".join(notices[:3])
        self.in_a_window = (
            f"{root.name}: found {found}, which fits no layout that is known. Open it again and "
            f"say how it is organised, or choose the folder above or below. {why}".rstrip()
        )
        """The same where a reader has a dialog instead of options to type."""
        super().__init__(
            f"{root}: expected one of the layouts {', '.join(layouts)}, found "
            f"{found}. Say how it is organised, by patterns such as --image FLAIR=*_flair.nii.gz "
            "and --mask *_seg.nii.gz, or choose the folder above or below. "
            f"{why}".rstrip()
        )

    def because(self, notices: Sequence[str]) -> "FolderUnknown":
        """Return it with the first of `notices` as what may be the reason."""
        told = tuple(notices)
        return FolderUnknown(self.root, found=self.found, layouts=self._layouts, notices=told)
