"""From what core found in a folder to what the organise dialog shows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage

from core.domain.label_set import LabelSet
from core.domain.role import Role
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.cases.thumbnail import labelled_tile, telling_index
from core.io.datasets.folder_names import PATTERNS, FolderNames, LayoutOffer, best, patterns_of
from core.io.datasets.organisation import Organisation
from core.io.layouts.found import FoundCase, FoundDataset
from core.io.layouts.tree import Folder
from gui.data.organise_form import (
    LEFT_OUT,
    MASK,
    ChannelRow,
    FileRow,
    FoundRow,
    FoundView,
    LayoutCard,
    Match,
    OrganiseForm,
    PassportView,
)
from gui.data.organise_looks import cases_said, coloured, foot_title, millimetres

_TILE_EDGE = 140
_MOST_FOLDERS, _MOST_FILES = 200, 400
_MOST_TILES = 4
_MASK_STRENGTH = 0.9
_STARTING = (ChannelRow("FLAIR", "FLAIR", ""), ChannelRow(MASK, "", ""))


def cards(offers: Sequence[LayoutOffer]) -> list[LayoutCard]:
    """Return the layouts as cards, patterns the last."""
    found = [
        LayoutCard(
            offer.name,
            offer.title,
            cases_said(offer.cases) if offer.cases else "No match",
            offer.cases > 0,
            offer.why,
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
    return Organisation(
        layout,
        form.patterns,
        form.mask,
        roles,
        form.region,
        resample=form.resample or None,
        labels=form.labels,
    )


def found_view(found: FoundDataset, names: FolderNames, rows: Sequence[FoundRow]) -> FoundView:
    """Return what was found, in words; `rows` are its cases as far as they were looked at."""
    used, all_files = len(_tags(found)), len(names.files())
    return FoundView(
        foot_title(rows),
        f"{used:,} files in use, {all_files - used:,} left out. Files are only read.",
        tuple(rows),
        _matches(found),
        regions_of(found.labels),
        wrong=any(row.kind != "ok" for row in rows),
    )


def nothing_view(
    sentence: str, form: OrganiseForm | None = None, *, title: str = "No case is found so"
) -> FoundView:
    """Return that nothing was found, and why; which pattern of `form` lacks the case."""
    matches = {} if form is None else {name: Match("") for name, _ in form.patterns}
    patterns = [] if form is None else [*form.patterns, (MASK, form.mask)]
    for name, pattern in patterns:
        if pattern and "*" not in pattern and "{case}" not in pattern:
            matches[name] = Match("", whole=False, problem="No {case} in the pattern")
    return FoundView(title, sentence, matches=matches, wrong=True)


def _matches(found: FoundDataset) -> dict[str, Match]:
    """Return how many cases each channel and the mask have, and what is wrong there."""
    total = len(found.cases)
    names = dict.fromkeys(c.name for case in found.cases for c in case.channels)
    matches: dict[str, Match] = {}
    for name in names:
        without = [c.id for c in found.cases if name not in {own.name for own in c.channels}]
        matches[name] = _match(found, name, total, without)
    without = [case.id for case in found.cases if not case.masks]
    aside = f"{_named(without)} none: no DSC there" if without else ""
    mask = _match(found, MASK, total, without)
    matches[MASK] = replace(mask, aside=aside)
    return matches


def _match(found: FoundDataset, name: str, total: int, without: Sequence[str]) -> Match:
    wanted = f"expected one file for {name or 'the mask'}, found"
    doubled = [case.id for case in found.cases if any(wanted in n for n in case.notices)]
    problem = f"Several files match for {_first(doubled)}" if doubled else ""
    aside = f"{_named(without)} none" if without else ""
    said = f"{total - len(without):,} of {total:,}"
    return Match(said, whole=not without, problem=problem, aside=aside)


def _first(ids: Sequence[str]) -> str:
    return ids[0] if len(ids) == 1 else f"{ids[0]} and {len(ids) - 1} more"


def _named(ids: Sequence[str]) -> str:
    return f"{_first(ids)} {'has' if len(ids) == 1 else 'have'}"


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


def read_passport(case: FoundCase, labels: LabelSet | None) -> PassportView:
    """Return the passport of a case that was found, after reading it; raises `DataError`."""
    folder = case.channels[0].files[0].parent
    return passport_view(read_case(Case(case.id, folder, volumes=case, labels=labels)))


def passport_view(loaded: LoadedCase) -> PassportView:
    """Return the passport of a case that was read."""
    volume, truth = loaded.volume, loaded.ground_truth
    grid = volume.geometry
    index = telling_index(truth, volume.slices)
    labels = loaded.labels if loaded.labels is not None else truth
    shown = next((i for i, r in enumerate(volume.roles) if r is Role.FLAIR), -1)
    none = np.zeros(grid.shape[1:], np.uint8)
    tiles = []
    for name, pixels in list(zip(volume.channels, volume.pixels, strict=True))[:_MOST_TILES]:
        grey, _ = labelled_tile(pixels[index], none, edge=_TILE_EDGE)
        tiles.append((name, _grey_image(grey)))
    if labels is not None:
        plane = volume.pixels[shown][index]
        grey, small = labelled_tile(plane, labels[index], edge=_TILE_EDGE)
        picture = coloured(grey // 2, small, loaded.label_set, strength=_MASK_STRENGTH)
        tiles.append(("Mask", picture))
    spacing = grid.spacing_mm
    size = millimetres(spacing) if spacing else "unknown"
    first = volume.pixels[0]
    many = len(volume.channels) + (labels is not None)
    return PassportView(
        loaded.case.id,
        tuple(tiles),
        (
            (
                "Shape",
                " × ".join(map(str, grid.shape[::-1])),
                f"same in all {many}" if many > 1 else "",
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
        tag, case_id = tags.get(folder.path / name, (LEFT_OUT, ""))
        below.append(FileRow(name, tag, (), case_id))
    if len(folder.files) > _MOST_FILES:
        below.append(FileRow(f"{len(folder.files) - _MOST_FILES:,} more files"))
    count = len(folder.files) + len(folder.folders)
    return FileRow(folder.path.name, f"{count:,}", tuple(below))


def _grey_image(grey: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> QImage:
    height, width = grey.shape
    data = np.ascontiguousarray(grey)
    return QImage(data.data, width, height, width, QImage.Format.Format_Grayscale8).copy()


def _values(values: Sequence[int]) -> str:
    return " + ".join(map(str, values)) if len(values) <= 4 else f"{len(values)} labels"
