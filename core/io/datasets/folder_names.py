"""How a folder may be organised: what each layout finds in its names, and what patterns find."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import AppError
from core.io.datasets.organisation import Organisation, found_among
from core.io.layouts.found import FoundCase, FoundChannel, FoundDataset
from core.io.layouts.registry import layouts
from core.io.layouts.tree import Folder, nfc, tree_of

PATTERNS = "pattern"
_CASE, _NUMBER = "{case}", "{n}"


@dataclass(frozen=True)
class LayoutOffer:
    """A layout and how many cases it finds; none where it does not fit, and then `why`."""

    name: str
    title: str
    cases: int = 0
    why: str = ""


@dataclass(frozen=True, eq=False)
class FolderNames:
    """The names below a folder, read once."""

    root: Path
    tree: Folder

    @property
    def place(self) -> Path:
        """The folder that paths are counted from."""
        return self.tree.path

    def files(self) -> list[Path]:
        """Return all files."""
        return [folder.path / name for folder in self.tree.walk() for name in folder.files]


def read_names(root: Path) -> FolderNames:
    """Return the names below `root`; raises `DataError` when it cannot be read."""
    return FolderNames(root, tree_of(root))


def offers(names: FolderNames) -> list[LayoutOffer]:
    """Return every layout, with the number of cases where it fits."""
    return [_offer(names, layout.name, layout.title) for layout in layouts()[0]]


def best(found: Sequence[LayoutOffer]) -> str:
    """Return the layout that fits first, as when nothing is said; patterns when none does."""
    return next((offer.name for offer in found if offer.cases), PATTERNS)


def organised(names: FolderNames, how: Organisation) -> FoundDataset:
    """Return what is found as `how` says; raises `DataError` when that is no case."""
    return found_among(names.tree, names.root, how)


def patterns_of(found: FoundDataset, place: Path) -> dict[str, str]:
    """Return the pattern that each channel, and under an empty name the mask, seems to follow.

    Where its files are many, or the case is not in their names, it is left out.
    """
    told: dict[str, str] = {}
    for case in found.cases[:1]:
        for channel in case.channels:
            pattern = _pattern(case, channel, place)
            if pattern:
                told[channel.name] = pattern
    masked = next((case for case in found.cases if case.masks), None)
    if masked is not None:
        mask = masked.masks[0]
        pattern = _pattern(masked, FoundChannel("", masked.channels[0].role, mask.files), place)
        if pattern:
            told[""] = pattern
    return told


def _offer(names: FolderNames, name: str, title: str) -> LayoutOffer:
    layout = next(each for each in layouts()[0] if each.name == name)
    try:
        if not layout.fits(names.tree):
            return LayoutOffer(name, title)
        found = found_among(names.tree, names.root, Organisation(layout=name))
    except AppError as error:
        return LayoutOffer(name, title, why=str(error))
    return LayoutOffer(name, title, len(found.cases))


def _pattern(case: FoundCase, channel: FoundChannel, place: Path) -> str:
    path = channel.files[0]
    if len(channel.files) != 1 or channel.point is not None or not path.is_relative_to(place):
        return ""
    text = nfc(path.relative_to(place).as_posix())
    return text.replace(case.id, _CASE) if case.id in text else ""
