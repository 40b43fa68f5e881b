"""Pictures of many cases, each with the outlines of its truth and of a prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import AppError
from core.domain.mask import Mask
from core.domain.plane import AXIAL, Plane
from core.domain.prediction import to_mask
from core.domain.progress import Progress, silent
from core.inference.prediction_service import Predictor
from core.io.atomic import write_bytes
from core.io.cases.case import Case, each_case
from core.io.cases.case_reader import LoadedCase, read_case
from core.models.registry import Model
from core.studies.export.captions import captioned, captioned_frames, mask_words
from core.studies.export.mask_files import Written
from core.studies.export.pictures import (
    PictureStyle,
    contact_sheet,
    frames,
    png,
    write_gif,
    write_slices,
)
from core.studies.export.turned_case import turned_case


@dataclass(frozen=True)
class PictureKinds:
    """Which files are written of a case."""

    png: bool
    gif: bool
    sheet: bool


@dataclass(frozen=True)
class Drawing:
    """What is drawn where, whose prediction, and in which plane."""

    out: Path
    kinds: PictureKinds
    style: PictureStyle
    model: Model
    plane: Plane = AXIAL


def draw_cases(
    cases: Sequence[Case], drawing: Drawing, predict: Predictor, *, progress: Progress = silent
) -> Written:
    """Draw the cases; what fails is told, and the rest goes on."""
    failed, notices, spec = dict[str, str](), list[str](), drawing.model.spec
    for case, inner in each_case(cases, progress):
        try:
            loaded = read_case(case)
            loaded.require_whole()
            mask = to_mask(predict(loaded, inner).probability, spec.postprocessing)
            turned, turned_mask = turned_case(loaded, mask, drawing.plane)
            assert turned_mask is not None, "a mask was given"
            _write(drawing, turned, turned_mask)
            notices += loaded.notices
        except AppError as error:
            failed[case.id] = str(error)
    return Written(failed, tuple(notices))


def _write(drawing: Drawing, loaded: LoadedCase, mask: Mask) -> None:
    out, kinds, style = drawing.out, drawing.kinds, drawing.style
    case, made_by = loaded.case, drawing.model.spec.title
    if kinds.png or kinds.gif:
        pictures = list(captioned_frames(loaded, mask, made_by, style))
        if kinds.png:
            write_slices(out, loaded, pictures)
        if kinds.gif:
            write_gif(out / f"{case.id}.gif", pictures)
    if kinds.sheet:
        plain = list(frames(loaded.volume, loaded.ground_truth, mask, style))
        sheet = contact_sheet(plain, [f"slice {n}" for n in loaded.volume.slice_numbers])
        said = (case.id, *mask_words(loaded, mask, made_by))
        write_bytes(out / f"{case.id}_sheet.png", png(captioned(sheet, said)))
