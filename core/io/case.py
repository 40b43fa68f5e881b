"""A case: the files of one patient volume. Holds no pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.progress import Progress, part


@dataclass(frozen=True)
class SliceFiles:
    """The files of one slice; `mask` is None where there is no ground truth."""

    number: int
    image: Path
    mask: Path | None


@dataclass(frozen=True)
class Case:
    """One patient volume: its slices in numeric order and what its file names already tell.

    `notices` are whole sentences about files that were left out or look wrong; the case can be
    opened all the same. `missing` are slice numbers that lie between others but have no file.
    `channels` are the indices of those that are used, in order; none stands for all.
    """

    id: str
    folder: Path
    slices: tuple[SliceFiles, ...]
    missing: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()
    channels: tuple[int, ...] = ()

    @property
    def has_ground_truth(self) -> bool:
        """True when at least one slice has a mask file."""
        return any(s.mask is not None for s in self.slices)

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
