"""The geometry passport of a case as `info` prints it and the window shows it."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from core.domain.errors import AppError
from core.domain.grid import Grid
from core.domain.label_set import Label, LabelSet
from core.domain.plain_text import shortened
from core.io.cases.found_case import check_one_grid, read_channel, read_mask
from core.io.labels.label_table import with_table
from core.io.layouts.found import FoundCase, FoundDataset
from core.io.stored import Stored

_FEW_LABELS = 64


class ChannelInfo(msgspec.Struct, frozen=True):
    """A channel: its name, role and files."""

    name: str
    role: str
    files: tuple[str, ...]


class LabelInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A label that was found in the masks of a case; `parts` are those that overlap there."""

    value: int
    name: str
    parts: tuple[int, ...] = ()


class CaseInfo(msgspec.Struct, frozen=True):
    """The passport of a case: shape (z, y, x), spacing (z, y, x), affine of (x, y, z) → RAS+ mm."""

    id: str
    channels: tuple[ChannelInfo, ...]
    shape: tuple[int, ...] | None
    spacing_mm: tuple[float, ...] | None
    orientation: str | None
    affine: list[list[float]] | None
    labels: tuple[LabelInfo, ...]
    notices: tuple[str, ...]


class DatasetInfo(msgspec.Struct, frozen=True):
    """What `info --json` prints."""

    layout: str
    cases: tuple[CaseInfo, ...]


@dataclass(frozen=True, eq=False)
class Known:
    """What reading a case told: passports of its channels, and whether none could be read."""

    info: CaseInfo
    passports: tuple[Stored, ...]
    failed: bool


def known_of(case: FoundCase, labels: LabelSet | None, *, resample: bool = False) -> Known:
    """Return what reading a found case tells; what cannot be read is among its notices."""
    notices = [*case.notices]
    passports: list[Stored] = []
    named: dict[int, Label] = {}
    for channel in case.channels:
        try:
            stored = read_channel(channel)
            stored = stored if case.masks else with_table(stored)
            if passports:
                check_one_grid(passports[0], stored)
            passports.append(stored)
            notices.extend(stored.passport.notices)
            notices.extend(_without_a_number(stored))
        except AppError as error:
            notices.append(str(error))
    for mask in case.masks if passports else ():
        try:
            placed = read_mask(mask, case, passports[0], labels=labels, resample=resample)
        except AppError as error:
            if not _by_name_alone(case):
                notices.append(str(error))
            continue
        if not _by_name_alone(case) or len(placed.labels.labels) <= _FEW_LABELS:
            notices.extend(placed.notices)
            named |= {label.value: label for label in placed.labels.labels}
    for stored in passports if not case.masks else ():
        named |= {label.value: label for label in stored.labels.labels} if stored.labels else {}
    grid = passports[0].grid if passports else None
    told = CaseInfo(
        case.id,
        tuple(ChannelInfo(c.name, c.role.value, tuple(map(str, c.files))) for c in case.channels),
        *_place(grid),
        tuple(LabelInfo(each.value, each.name, each.parts) for _, each in sorted(named.items())),
        tuple(dict.fromkeys(notices)),
    )
    return Known(told, tuple(passports), failed=not passports)


def _without_a_number(stored: Stored) -> tuple[str, ...]:
    """Return what is told of voxels that hold no number, counted."""
    kind = stored.pixels.dtype.kind
    if kind != "f":
        return ()
    odd = int(stored.pixels.size - np.isfinite(stored.pixels).sum())
    if not odd:
        return ()
    return (
        f"{stored.passport.path.name}: expected a number in every voxel, found {odd:,} of "
        f"{stored.pixels.size:,} without (NaN or infinite). They are shown as 0; fill them in the "
        "program that made the image.",
    )


def _by_name_alone(case: FoundCase) -> bool:
    """Tell whether an image is taken for a mask only because its name says so."""
    return any(mask.files == channel.files for mask in case.masks for channel in case.channels)


def _place(
    grid: Grid | None,
) -> tuple[tuple[int, ...] | None, tuple[float, ...] | None, str | None, list[list[float]] | None]:
    """Return shape, spacing, orientation and affine, rounded to what a header can hold."""
    if grid is None:
        return None, None, None, None
    spacing = None if grid.spacing_mm is None else tuple(round(v, 6) for v in grid.spacing_mm)
    affine = None if grid.affine is None else (grid.affine.round(9) + 0.0).tolist()
    return grid.shape, spacing, grid.orientation, affine


def heading_of(found: FoundDataset) -> str:
    """Return in words which layout a folder has and what was left out."""
    count = len(found.cases)
    lines = [f"{found.root.name}: layout {found.layout}, {count} case{'s' if count > 1 else ''}"]
    return "\n".join([*lines, *(f"  ! {notice}" for notice in found.notices)])


def text_of(known: Known) -> str:
    """Return the passport of a case in words, a line for each thing."""
    told = known.info
    lines = [told.id]
    for channel in told.channels:
        count = f" and {len(channel.files) - 1} more" if len(channel.files) > 1 else ""
        name = Path(channel.files[0]).name
        lines.append(f"  channel      {channel.name} ({channel.role}): {name}{count}")
    if told.shape is not None:
        lines += _geometry(told)
    for stored in known.passports:
        passport = stored.passport
        lines.append(f"  {passport.path.name} ({passport.format})")
        lines += [f"    {source.name}: {source.says}" for source in passport.sources]
        lines.append(f"    believed: {passport.believed}; {passport.why}")
    lines += [
        f"  label        {label.value} {shortened(label.name)}{_shared(label)}"
        for label in told.labels
    ]
    return "\n".join([*lines, *(f"  ! {notice}" for notice in told.notices)])


def _shared(label: LabelInfo) -> str:
    return f" (where {' and '.join(map(str, label.parts))} overlap)" if label.parts else ""


def _geometry(told: CaseInfo) -> list[str]:
    spacing = "unknown" if told.spacing_mm is None else "×".join(f"{v:g}" for v in told.spacing_mm)
    rows = (
        ""
        if told.affine is None
        else "; ".join(" ".join(f"{value:.6g}" for value in row) for row in told.affine[:3])
    )
    return [
        f"  shape        {'×'.join(map(str, told.shape or ()))} (z, y, x)",
        f"  spacing      {spacing} mm (z, y, x)" if told.spacing_mm else "  spacing      unknown",
        f"  orientation  {told.orientation or 'unknown'}",
        f"  affine       {rows or 'unknown'}",
    ]
