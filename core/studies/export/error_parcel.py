"""What readers hold to be wrong in a ground truth, as a parcel for the owner of the data.

`errors.csv` has a row for each region; `pictures/` shows each on its largest slice, the ground
truth green and what is proposed red; `masks/` has the proposed masks of the cases concerned, in the
layout of corrections; `README.txt` says all this. Nothing of the dataset is changed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import numpy as np

from core.annotation.draft import Origin
from core.annotation.export import Provenance, export_correction
from core.domain.components import LESION_JOINED_BY, bounding_box, box_slices
from core.domain.errors import DataError
from core.domain.mask import Mask
from core.domain.progress import Progress, silent
from core.io.atomic import write_bytes
from core.io.cases.case_reader import LoadedCase
from core.io.csv_file import write_csv
from core.io.write_guard import refuse_inside
from core.review.truth_errors import MarkedError, proposed_mask
from core.studies.export.pictures import PictureStyle, overlay, png

ERRORS_FILE, PICTURES, MASKS, README = "errors.csv", "pictures", "masks", "README.txt"
COLUMNS = (
    "number",
    "case",
    "first_slice",
    "last_slice",
    "what",
    "proposed",
    "voxels",
    "volume_ml",
    "reason",
    "reader",
    "time",
    "held_against",
    "picture",
    "mask",
)
_SMALL_SIDE, _LARGE_SCALE = 400, 3


@dataclass(frozen=True, eq=False)
class ParcelSource:
    """Where the cases come from; `load` reads one by its id."""

    dataset: str
    root: Path
    load: Callable[[str], LoadedCase]


def write_error_parcel(
    out: Path, source: ParcelSource, marked: Sequence[MarkedError], *, progress: Progress = silent
) -> list[Path]:
    """Write the parcel into the folder `out`; returns its files, the table first.

    Raises `DataError` for a folder inside the dataset, and where nothing was marked.
    """
    refuse_inside(source.root, out)
    if not marked:
        raise DataError(
            "Expected regions in which the ground truth was said to be wrong, found none. "
            "Mark them in the disagreements first."
        )
    rows: list[tuple[object, ...]] = []
    written: list[Path] = []
    cases = [(case, list(group)) for case, group in groupby(marked, lambda m: m.error.case_id)]
    for done, (case_id, errors) in enumerate(cases):
        progress(done / len(cases), case_id)
        loaded = source.load(case_id)
        for row, files in _case(out, source, loaded, errors, first=len(rows) + 1):
            rows.append(row)
            written += files
    write_csv(out / ERRORS_FILE, COLUMNS, rows)
    write_bytes(out / README, _readme(source.dataset, len(rows), len(cases)).encode())
    return [out / ERRORS_FILE, out / README, *written]


def _case(
    out: Path, source: ParcelSource, loaded: LoadedCase, errors: list[MarkedError], *, first: int
) -> Iterator[tuple[tuple[object, ...], list[Path]]]:
    """Yield the row of each error of a case, and the files written for it."""
    truth, case_id = loaded.ground_truth, loaded.case.id
    if truth is None or any(not _fits(each, truth) for each in errors):
        raise DataError(
            f"{case_id}: expected the ground truth in which errors were marked, found another or "
            "none. Put the files back as they were, or take the marks of this case back."
        )
    proposed = proposed_mask(truth, errors)
    numbers, ml = loaded.volume.slice_numbers, loaded.volume.geometry.voxel_ml
    made = Provenance(
        author=", ".join(sorted({each.error.reader for each in errors})),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        origin=Origin(kind="ground_truth"),
    )
    manifest = export_correction(
        loaded.case, proposed, out / MASKS, dataset_root=source.root, provenance=made
    )
    side = max(truth.shape[1:])
    style = PictureStyle(scale=_LARGE_SCALE if side < _SMALL_SIDE else 1)
    for number, each in enumerate(errors, start=first):
        error, index = each.error, _telling(each)
        name = f"{number:03d}_{case_id}_slice_{numbers[index]}.png"
        picture = out / PICTURES / name
        only = proposed_mask(truth, [each])
        write_bytes(picture, png(overlay(loaded.volume, index, truth, only, style)))
        row = (
            number,
            case_id,
            numbers[error.box[0]],
            numbers[error.box[1] - 1],
            error.name,
            "lesion" if error.lesion else "no lesion",
            error.voxels,
            None if ml is None else error.voxels * ml,
            error.reason,
            error.reader,
            error.time,
            "" if error.subject is None else error.subject.whole(),
            picture.relative_to(out).as_posix(),
            manifest.parent.relative_to(out).as_posix(),
        )
        yield row, [picture, *([manifest] if number == first else [])]


def _fits(each: MarkedError, truth: Mask) -> bool:
    """Return whether a region lies in a mask that says the contrary of it all."""
    box = each.error.box
    if any(end > size for end, size in zip(box[1::2], truth.shape, strict=True)):
        return False
    values = truth[box_slices(box)][each.region] > 0
    return bool((values != each.error.lesion).all())


def _telling(each: MarkedError) -> int:
    """Return the slice with most of a region."""
    within = bounding_box(each.region)
    assert within is not None, "a region has voxels"
    areas = np.count_nonzero(each.region, axis=(1, 2))
    return each.error.box[0] + int(areas.argmax())


def _readme(dataset: str, errors: int, cases: int) -> str:
    regions = f"{errors} region{'' if errors == 1 else 's'}"
    return f"""Errors in the ground truth of {dataset}, in the eyes of its readers

{regions} in {cases} case{"" if cases == 1 else "s"}. Made with Overread, which is not for clinical
use; the ground truth itself was not changed.

{ERRORS_FILE}   one row a region: case, slices by file number, what it is, what is proposed, size,
             the reason, who said so and when, and which prediction it was held against
{PICTURES}/    each region on the slice with most of it: ground truth green, proposed red
{MASKS}/       the proposed masks of these cases, whole, in the layout of the dataset, each case
             with a file that says who made them

A region is one piece of what the two call differently, joined by faces, edges and corners
({LESION_JOINED_BY} neighbours), as a lesion is.
"Missed" and "invented" are said of the prediction: an invented lesion that is one in truth is
missing in the ground truth.
"""
