"""What a layout finds in a folder by names alone: cases, their channels and masks, label names."""

from dataclasses import dataclass, field
from pathlib import Path

from core.domain.errors import DataError
from core.domain.label_set import LabelSet
from core.domain.role import Role


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
    """One mask: its name (`truth`, a reader, a derivative) and its files."""

    name: str
    files: tuple[Path, ...]
    point: int | None = None


@dataclass(frozen=True)
class FoundCase:
    """One case: images on one grid, and the masks that came with it, the ground truth first.

    `notices` are sentences about files that were left out or are doubtful.
    """

    id: str
    channels: tuple[FoundChannel, ...]
    masks: tuple[FoundMask, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class FoundDataset:
    """The cases of a folder in the order of their ids, and the labels its masks mean.

    `labels` is None where the folder does not name them.
    """

    layout: str
    root: Path
    cases: tuple[FoundCase, ...]
    labels: LabelSet | None = None
    notices: tuple[str, ...] = field(default=())


class FolderUnknown(DataError):
    """No layout fits a folder: says what was found; the reader can give patterns instead."""

    def __init__(self, root: Path, *, found: str, layouts: tuple[str, ...]) -> None:
        self.root = root
        self.found = found
        super().__init__(
            f"{root.name or root}: expected one of the layouts {', '.join(layouts)}, found "
            f"{found}. Say how it is organised, by patterns such as --image FLAIR=*_flair.nii.gz "
            "and --mask *_seg.nii.gz, or choose the folder above or below."
        )
