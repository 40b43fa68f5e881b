"""The command `export`: pictures of cases with the outlines of truth and prediction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.command_run import (
    dataset_workspace,
    finish,
    progress_bar,
    scanned,
)
from core.cli.options import CaseIds, DataDir, Device, EngineId, PrecisionName
from core.cli.say import say

if TYPE_CHECKING:
    from core.domain.mask import Mask
    from core.io.case import Case
    from core.io.case_reader import LoadedCase
    from core.studies.pictures import PictureStyle


@dataclass(frozen=True)
class _Kinds:
    """Which files are written of a case."""

    png: bool
    gif: bool
    sheet: bool


@dataclass(frozen=True, eq=False)
class _Pictured:
    """A case and the mask that is drawn over it."""

    loaded: LoadedCase
    mask: Mask
    made_by: str


def export(
    folder: DataDir,
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    model: Annotated[str, typer.Option(help="Model id; the champion when not given.")] = "",
    case: CaseIds = None,
    png: Annotated[bool, typer.Option(help="A PNG a slice.")] = False,
    gif: Annotated[bool, typer.Option(help="An animated GIF a case.")] = False,
    sheet: Annotated[bool, typer.Option(help="A contact sheet a case.")] = False,
    rgb: Annotated[bool, typer.Option(help="All three channels as colours, not FLAIR.")] = False,
    scale: Annotated[int, typer.Option(min=1, max=4, help="Pixels a voxel.")] = 1,
    device: Device = "auto",
    engine: EngineId = "auto",
    precision: PrecisionName = "auto",
    run: Annotated[
        bool, typer.Option(help="Run what is not in the workspace; --no-run needs no torch.")
    ] = True,
) -> None:
    """Write pictures with the truth green and the prediction red; all kinds when none is chosen."""
    from core.domain.errors import AppError
    from core.domain.prediction import to_mask
    from core.domain.progress import part
    from core.inference.prediction_service import find_models, predictors
    from core.models.certificates import engine_for
    from core.studies.pictures import PictureStyle

    dataset, cases = scanned(folder, case, out)
    kinds = _Kinds(png, gif, sheet) if png or gif or sheet else _Kinds(True, True, True)
    style = PictureStyle("RGB" if rgb else "FLAIR", scale)
    failed, notices = dict[str, str](), [*dataset.notices]
    with dataset_workspace(folder) as workspace, progress_bar() as progress:
        (chosen,) = find_models(workspace, [model], engine_for(device, engine, precision))
        predict = predictors(workspace, device, run=run)(chosen)
        for index, each in enumerate(cases):
            inner = part(progress, index / len(cases), (index + 1) / len(cases))
            try:
                loaded = _read(each)
                mask = to_mask(predict(loaded, inner).probability, chosen.spec.postprocessing)
                _write(out, _Pictured(loaded, mask, chosen.spec.title), kinds, style)
                notices += loaded.notices
            except AppError as error:
                failed[each.id] = str(error)
    say(f"{len(cases) - len(failed)} of {len(cases)} cases in {out}")
    finish(failed, notices)


def _read(case: Case) -> LoadedCase:
    from core.io.case_reader import read_case

    loaded = read_case(case)
    loaded.require_whole()
    return loaded


def _write(out: Path, source: _Pictured, kinds: _Kinds, style: PictureStyle) -> None:
    from core.io.atomic import write_bytes
    from core.studies.captions import captioned, captioned_frames, mask_words
    from core.studies.pictures import contact_sheet, frames, png, write_gif, write_slices

    loaded, mask, made_by = source.loaded, source.mask, source.made_by
    case = loaded.case
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
