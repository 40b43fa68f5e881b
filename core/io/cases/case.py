"""A case: the files of one patient volume. Holds no pixels."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from core.domain.grid import Spacing
from core.domain.label_set import LabelSet
from core.domain.progress import Progress, part
from core.domain.role import Role
from core.io.labels.label_table import table_of
from core.io.layouts.found import FoundCase
from core.io.layouts.label_folders import LabelFolder
from core.io.readers import with_data


@dataclass(frozen=True)
class SliceFiles:
    """The files of one slice; `mask` is None where there is no ground truth."""

    number: int
    image: Path
    mask: Path | None


@dataclass(frozen=True)
class Case:
    """One patient volume: its files, and what their names already tell.

    A case of slices has them in numeric order; `missing` are slice numbers that lie between
    others but have no file, `channels` the indices of those that are used, in order; none
    stands for all. A case of any other layout has `volumes`: files that hold whole channels and
    masks, whose values mean `labels`; `region` names those that are lesion, all when empty.
    `roles` are corrected roles of channels by name. `mask_place` is where its mask lies below
    the dataset's `root`, or belongs, then without an ending. `resample` brings its mask from
    another grid. `given_spacing_mm` (z, y, x) is what the reader said of files that tell no
    spacing. `mask_values` are the label values that the masks of its slices hold, none where they
    are plain; `label_masks` are masks in a folder a label. `notices` are whole sentences about
    files that were left out or look wrong; the case can be opened all the same.
    """

    id: str
    folder: Path
    slices: tuple[SliceFiles, ...] = ()
    missing: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()
    channels: tuple[int, ...] = ()
    volumes: FoundCase | None = None
    labels: LabelSet | None = None
    region: str = ""
    roles: tuple[tuple[str, Role], ...] = ()
    root: Path | None = None
    mask_place: PurePosixPath | None = None
    resample: bool = False
    given_spacing_mm: Spacing | None = None
    mask_values: tuple[int, ...] = ()
    label_masks: tuple[LabelFolder, ...] = ()

    @property
    def has_ground_truth(self) -> bool:
        """True when at least one slice has a mask file, or the volume has one."""
        if self.volumes is not None:
            return bool(self.volumes.masks)
        return bool(self.label_masks) or any(s.mask is not None for s in self.slices)

    @property
    def slice_count(self) -> int | None:
        """How many slices it has; None where that takes a look into its files."""
        if self.volumes is None:
            return len(self.slices)
        files = self.volumes.channels[0].files
        return len(files) if len(files) > 1 else None

    @property
    def sequences(self) -> tuple[str, ...]:
        """The channels of a volume by role, or by name where that tells more; empty for slices."""
        if self.volumes is None:
            return ()
        return self.volumes.sequences

    @property
    def files(self) -> tuple[Path, ...]:
        """Its files, each once: by slice, an image before its mask, or by channel and mask."""
        found = [path for s in self.slices for path in (s.image, s.mask) if path is not None]
        found += [path for folder in self.label_masks for _, path in folder.masks]
        if self.volumes is not None:
            found = [path for channel in self.volumes.channels for path in channel.files]
            found += [path for mask in self.volumes.masks for path in mask.files]
        return tuple(dict.fromkeys(found))

    @property
    def tables(self) -> tuple[Path, ...]:
        """The tables beside its masks that name their labels, read with them; those there are."""
        masks = () if self.volumes is None else self.volumes.masks
        beside = (place for mask in masks for place in (mask.files[0], mask.files[0].parent))
        return tuple(path for path in dict.fromkeys(map(table_of, beside)) if path.is_file())

    @property
    def sources(self) -> tuple[Path, ...]:
        """All that is read of it: its files, the data beside headers, the tables of its masks."""
        return (*with_data(self.files), *self.tables)

    @property
    def folders(self) -> frozenset[Path]:
        """The folders of its originals, which are never written to."""
        return frozenset((self.folder, *(path.parent for path in self.files)))

    def moved(self, place: Callable[[Path], Path]) -> "Case":
        """Return the same case whose files lie where `place` says."""

        def placed(path: Path | None) -> Path | None:
            return None if path is None else place(path)

        slices = tuple(SliceFiles(s.number, place(s.image), placed(s.mask)) for s in self.slices)
        volumes = None if self.volumes is None else self.volumes.moved(place)
        folders = tuple(folder.moved(place) for folder in self.label_masks)
        return replace(
            self,
            folder=place(self.folder),
            slices=slices,
            volumes=volumes,
            root=placed(self.root),
            label_masks=folders,
        )

    @property
    def middle(self) -> int:
        """Index of the slice a thumbnail shows before anything else is known."""
        return len(self.slices) // 2


def each_case(cases: Sequence[Case], progress: Progress) -> Iterator[tuple[Case, Progress]]:
    """Yield each case with its share of `progress`, which is told the name of the case."""
    for index, case in enumerate(cases):
        start, stop = index / len(cases), (index + 1) / len(cases)
        progress(start, case.id)
        yield case, part(progress, start, stop)
    progress(1.0, "done")
