"""From what core found in a folder to what the organise dialog shows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage

from core.domain.label_set import LabelSet
from core.domain.role import Role
from core.io.case_reader import LoadedCase
from core.io.folder_names import PATTERNS, FolderNames, LayoutOffer, best, patterns_of
from core.io.layouts.found import FoundCase, FoundDataset
from core.io.layouts.tree import Folder
from core.io.organisation import Organisation
from core.io.thumbnail import tile
from gui.data.organise_form import (
    MASK,
    ChannelRow,
    FileRow,
    FoundRow,
    FoundView,
    LayoutCard,
    OrganiseForm,
    PassportView,
)

_TILE_EDGE = 140
_MOST_FOLDERS, _MOST_FILES = 200, 400
_MOST_TILES = 4
_NO_MASK = "No mask: can be predicted, not scored"
_STARTING = (ChannelRow("FLAIR", "FLAIR", ""), ChannelRow(MASK, "", ""))


def cards(offers: Sequence[LayoutOffer]) -> list[LayoutCard]:
    """Return the layouts as cards, patterns the last."""
    found = [
        LayoutCard(
            offer.name,
            offer.title,
            _cases(offer.cases) if offer.cases else "No match",
            offer.cases > 0,
        )
        for offer in offers
    ]
    return [*found, LayoutCard(PATTERNS, "Own patterns", "Edit below", fits=True)]


def chosen_layout(offers: Sequence[LayoutOffer], known: Organisation) -> str:
    """Return the layout to begin with: what was said before, else what fits best."""
    return PATTERNS if known.images else known.layout or best(offers)


def rows_of(found: FoundDataset | None, place: Path, known: Organisation) -> list[ChannelRow]:
    """Return a row for each channel, and one for the masks."""
    if found is None and known.images:
        roles = dict(known.roles)
        own = [ChannelRow(n, str(roles.get(n, n)), p) for n, p in known.images]
        return [*own, ChannelRow(MASK, "", known.mask)]
    if found is None:
        return list(_STARTING)
    patterns = patterns_of(found, place) | (dict(known.images) if known.images else {})
    roles_of = {c.name: c.role.value for case in found.cases for c in case.channels}
    roles_of |= {name: role.value for name, role in known.roles if name in roles_of}
    many = {
        c.name: f"{len(c.files)} files a case" if len(c.files) > 1 else c.files[0].name
        for case in found.cases[:1]
        for c in case.channels
    }
    rows = [
        ChannelRow(
            name, role, patterns.get(name, ""), "" if name in patterns else many.get(name, "")
        )
        for name, role in roles_of.items()
    ]
    mask = known.mask or patterns.get(MASK, "")
    masked = next((case.masks[0] for case in found.cases if case.masks), None)
    files = "" if mask or masked is None else f"{len(masked.files)} files a case"
    return [*rows, ChannelRow(MASK, "", mask, files)]


def how_of(form: OrganiseForm, found: FoundDataset | None) -> Organisation:
    """Return what a form says; only roles that differ from those that were guessed are said."""
    guessed = (
        {} if found is None else {c.name: c.role for case in found.cases for c in case.channels}
    )
    roles = tuple(
        (name, Role(role)) for name, role in form.roles if guessed.get(name, Role.OTHER) != role
    )
    layout = "" if form.layout == PATTERNS else form.layout
    return Organisation(layout, form.patterns, form.mask, roles, form.region)


def found_view(found: FoundDataset, names: FolderNames) -> FoundView:
    """Return what was found, in words."""
    total = len(found.cases)
    matches = Counter(c.name for case in found.cases for c in case.channels)
    masks = sum(bool(case.masks) for case in found.cases)
    rows = [_row(case) for case in found.cases]
    told = sum(bool(row.notice) for row in rows)
    used, all_files = len(_tags(found)), len(names.files())
    title = f"{_cases(total)}, {total - told} without a notice"
    return FoundView(
        title if told else f"{_cases(total)}, all complete",
        f"{used:,} files in use, {all_files - used:,} left out. Files are only read.",
        tuple(rows),
        {**{name: f"{n} of {total}" for name, n in matches.items()}, MASK: f"{masks} of {total}"},
        regions_of(found.labels),
        wrong=bool(told),
    )


def nothing_view(sentence: str) -> FoundView:
    """Return that nothing was found, and why."""
    return FoundView("No case is found so", sentence, wrong=True)


def regions_of(labels: LabelSet | None) -> tuple[tuple[str, str], ...]:
    """Return what may be lesion, as (key, title): all labels, a region, or one label."""
    if labels is None or len(labels.labels) < 2:
        return ()
    regions = [
        (region.name, f"{region.name} ({_values(region.values)})") for region in labels.regions
    ]
    known = {name for name, _ in regions}
    own = [(lb.name, f"{lb.name} ({lb.value})") for lb in labels.labels if lb.name not in known]
    return (("", f"Any label ({_values(labels.values)})"), *regions, *own)


def file_rows(names: FolderNames, found: FoundDataset | None) -> tuple[str, list[FileRow]]:
    """Return how many files there are, and the tree of them, each with what it is taken for."""
    tags = {} if found is None else _tags(found)
    row = _folder_row(names.tree, tags)
    return f"{len(names.files()):,}", [*row.below]


def passport_view(loaded: LoadedCase) -> PassportView:
    """Return the passport of a case that was read."""
    volume, truth = loaded.volume, loaded.ground_truth
    grid = volume.geometry
    areas = None if truth is None or not truth.any() else truth.sum(axis=(1, 2))
    index = volume.slices // 2 if areas is None else int(areas.argmax())
    tiles = [
        (name, _grey_image(tile(pixels[index], edge=_TILE_EDGE)))
        for name, pixels in zip(volume.channels, volume.pixels, strict=True)
    ][:_MOST_TILES]
    if truth is not None:
        tiles.append(("Mask", _grey_image(tile(truth[index], edge=_TILE_EDGE))))
    spacing = grid.spacing_mm
    size = " × ".join(f"{side:.2g}" for side in spacing[::-1]) + " mm" if spacing else "unknown"
    first = volume.pixels[0]
    return PassportView(
        loaded.case.id,
        tuple(tiles),
        (
            (
                "Shape",
                " × ".join(map(str, grid.shape[::-1])),
                "of all channels",
            ),
            ("Spacing", size, "from the files" if spacing else ""),
            (
                "Orientation",
                ", ".join(filter(None, (grid.orientation, grid.plane))) or "unknown",
                "R is on the left" if grid.is_known else "left and right cannot be told",
            ),
            ("Values", f"{first.min():g} to {first.max():g}", f"{volume.channels[0]}"),
        ),
        loaded.notices,
    )


def _row(case: FoundCase) -> FoundRow:
    count = len(case.channels)
    said = f"{count} channel{'' if count == 1 else 's'}{' + mask' if case.masks else ''}"
    notice = case.notices[0] if case.notices else "" if case.masks else _NO_MASK
    return FoundRow(case.id, said, notice)


def _tags(found: FoundDataset) -> dict[Path, tuple[str, str]]:
    """Return for each file that is used what it is taken for, and its case."""
    tags: dict[Path, tuple[str, str]] = {}
    for case in found.cases:
        for channel in case.channels:
            tags |= dict.fromkeys(channel.files, (channel.role.value, case.id))
        for mask in case.masks:
            tags |= dict.fromkeys(mask.files, ("Mask", case.id))
    return tags


def _folder_row(folder: Folder, tags: Mapping[Path, tuple[str, str]]) -> FileRow:
    below = [_folder_row(each, tags) for each in folder.folders[:_MOST_FOLDERS]]
    if len(folder.folders) > _MOST_FOLDERS:
        below.append(FileRow(f"{len(folder.folders) - _MOST_FOLDERS:,} more folders"))
    for name in folder.files[:_MOST_FILES]:
        tag, case_id = tags.get(folder.path / name, ("left out", ""))
        below.append(FileRow(name, tag, (), case_id))
    if len(folder.files) > _MOST_FILES:
        below.append(FileRow(f"{len(folder.files) - _MOST_FILES:,} more files"))
    count = len(folder.files) + len(folder.folders)
    return FileRow(folder.path.name, f"{count:,}", tuple(below))


def _grey_image(grey: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> QImage:
    height, width = grey.shape
    data = np.ascontiguousarray(grey)
    return QImage(data.data, width, height, width, QImage.Format.Format_Grayscale8).copy()


def _cases(count: int) -> str:
    return f"{count:,} case{'' if count == 1 else 's'}"


def _values(values: Sequence[int]) -> str:
    return " + ".join(map(str, values)) if len(values) <= 4 else f"{len(values)} labels"
