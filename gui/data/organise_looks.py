"""What looks into the files of cases told, as rows, labels and checks of the organise dialog."""

from collections import Counter
from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from core.domain.figure_text import counted
from core.domain.label_set import LabelMap, LabelSet, values_in
from core.io.cases.case_look import CaseLook
from core.io.layouts.found import FoundCase, FoundDataset
from gui.data.organise_form import CheckRow, FoundLabel, FoundRow, SurveyView

_MOST_LABELS = 12
_TILE_STRENGTH = 0.55
_TRUTH = (63, 214, 122)
_NO_MASK = "No mask: can be predicted, not scored"


def cases_said(count: int) -> str:
    """Return how many cases, in words."""
    return counted(count, "case")


def foot_title(rows: Sequence[FoundRow]) -> str:
    """Say how many cases there are, and how many of them are complete."""
    kinds = Counter(row.kind for row in rows)
    if not kinds["warn"] and not kinds["bad"]:
        return f"{cases_said(len(rows))}, all complete"
    parts = [cases_said(len(rows)), f"{kinds['ok']:,} complete"]
    parts += [f"{kinds['warn']:,} with notices"] if kinds["warn"] else []
    parts += [f"{kinds['bad']:,} that cannot be read"] if kinds["bad"] else []
    return ", ".join(parts)


def row_of(case: FoundCase, look: CaseLook | None) -> FoundRow:
    """Return a case as a row: what names tell, and what a look into it told where there was one."""
    count = len(case.channels)
    said = f"{count} + mask" if case.masks else counted(count, "channel")
    told = case.notices[0] if case.notices else "" if case.masks else _NO_MASK
    if look is None:
        return FoundRow(case.id, said, "", told, "warn" if told else "ok")
    problem = look.problem.partition(": ")[2] or look.problem
    if not look.is_readable:
        return FoundRow(case.id, said, "", problem, "bad")
    if look.other_grid:
        problem = f"Label on another grid: {problem.partition(', found ')[2].partition('. ')[0]}"
    if look.resampled:
        problem = "Label on another grid, resampled by nearest neighbour"
    notice = problem or told
    return FoundRow(
        case.id, said, _geometry(look), notice, "warn" if notice else "ok", _look_image(look)
    )


def survey_view(
    found: FoundDataset, looks: Sequence[CaseLook], rows: Sequence[FoundRow]
) -> SurveyView:
    """Return what the looks told so far: labels with their volumes, and what was checked."""
    total = len(found.cases)
    masked = [look for look in looks if look.voxels is not None or look.problem]
    there = [look for look in masked if look.voxels is not None]
    elsewhere = sum(look.other_grid for look in looks)
    resampled = sum(look.resampled for look in looks)
    spaced = sum(look.spacing_mm is not None for look in looks)
    readable = sum(look.is_readable for look in looks)
    twice = len(found.twice)
    on_grid = sum(not look.other_grid for look in masked)
    checks = (
        ()
        if not looks
        else (
            CheckRow("One grid", _share(on_grid, len(masked)), not elsewhere),
            CheckRow("Spacing known", _share(spaced, readable), spaced == readable),
            CheckRow("No name twice", f"{twice:,} left out" if twice else "", not twice),
        )
    )
    if len(looks) < total:
        title = f"{foot_title(rows)} · {len(looks):,} looked at"
    else:
        title = foot_title(rows)
    wrong = any(row.kind != "ok" for row in rows)
    return SurveyView(
        title, _labels(found.labels, there), checks, elsewhere, resampled, wrong=wrong
    )


def _labels(named: LabelSet | None, there: Sequence[CaseLook]) -> tuple[FoundLabel, ...]:
    """Return a row for each label that the folder names or a mask holds."""
    labels = {} if named is None else {label.value: label for label in named.labels}
    for look in there:
        for label in look.names.labels if look.names is not None else ():
            labels.setdefault(label.value, label)
    rows = []
    for value in sorted(labels)[:_MOST_LABELS]:
        volumes = [found for look in there if (found := look.volume(value)) is not None]
        unit = "mL" if all(look.voxel_ml is not None for look in there) else "voxels"
        middle = median(volumes) if volumes else None
        said = "" if middle is None else f"{middle:,.{1 if unit == 'mL' else 0}f} {unit}"
        masks = f"{len(volumes):,} of {len(there):,}" if there else ""
        name, colour = labels[value].name, "#{:02x}{:02x}{:02x}".format(*labels[value].colour)
        rows.append(FoundLabel(value, name, colour, said, masks))
    return tuple(rows)


def _share(passed: int, total: int) -> str:
    return "" if passed == total else f"{passed:,} of {total:,}"


def _geometry(look: CaseLook) -> str:
    shape = " × ".join(map(str, (look.shape or ())[::-1]))
    spacing = look.spacing_mm
    parts = [shape, millimetres(spacing) if spacing else "spacing unknown"]
    return " · ".join([*parts, look.orientation or "orientation unknown"])


def millimetres(spacing: tuple[float, float, float]) -> str:
    """Return the sides of a voxel (z, y, x), x first; one where all are alike."""
    sides = [f"{side:.1f}" if side >= 0.1 else f"{side:.2g}" for side in spacing[::-1]]
    return f"{sides[0] if len(set(sides)) == 1 else ' × '.join(sides)} mm"


def _look_image(look: CaseLook) -> QImage | None:
    if look.grey is None or look.labels is None:
        return None
    return coloured(look.grey, look.labels, None, strength=_TILE_STRENGTH)


def coloured(
    grey: NDArray[np.uint8],
    labels: LabelMap,
    names: LabelSet | None,
    *,
    strength: float,
) -> QImage:
    """Return a grey picture with its labels over it: in their own colours, or all as truth."""
    red_green_blue = np.repeat(grey[..., np.newaxis], 3, axis=2).astype(np.float32)
    for value in values_in(labels):
        known = names is not None and value in names.values
        colour = names.label(value).colour if names is not None and known else _TRUTH
        where = labels == value
        red_green_blue[where] += strength * (np.asarray(colour, np.float32) - red_green_blue[where])
    height, width = grey.shape
    data = np.ascontiguousarray(red_green_blue.astype(np.uint8))
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
