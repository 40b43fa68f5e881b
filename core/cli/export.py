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
from core.cli.engine_options import EngineId, PrecisionName
from core.cli.options import CaseIds, DataDir, Device
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
                _write(out, loaded, mask, kinds, style)
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


def _write(out: Path, loaded: LoadedCase, mask: Mask, kinds: _Kinds, style: PictureStyle) -> None:
    from core.studies.pictures import frames, write_contact_sheet, write_gif, write_slices

    case, numbers = loaded.case, loaded.volume.slice_numbers
    labels = [f"slice {number}" for number in numbers]
    pictures = list(frames(loaded.volume, loaded.ground_truth, mask, style))
    if kinds.png:
        write_slices(out, case.id, pictures, numbers=numbers)
    if kinds.gif:
        write_gif(out / f"{case.id}.gif", pictures)
    if kinds.sheet:
        write_contact_sheet(out / f"{case.id}_sheet.png", pictures, labels)
