"""The command `export`: pictures of cases with the outlines of truth and prediction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.cli.command_run import (
    case_ids,
    dataset_workspace,
    finish,
    progress_bar,
    scanned,
)
from core.cli.options import (
    CaseIds,
    ChannelRoles,
    DataDir,
    Device,
    EngineId,
    ExportFormat,
    Fills,
    ImagePatterns,
    LayoutName,
    MaskPattern,
    Point,
    PrecisionName,
    Resample,
    SpacingGiven,
    SplitPart,
)
from core.cli.say import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.io.cases.case import Case


def export(
    folder: DataDir,
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    model: Annotated[str, typer.Option(help="Model id; the champion when not given.")] = "",
    case: CaseIds = None,
    split: SplitPart = "",
    png: Annotated[bool, typer.Option(help="A PNG a slice.")] = False,
    gif: Annotated[bool, typer.Option(help="An animated GIF a case.")] = False,
    sheet: Annotated[bool, typer.Option(help="A contact sheet a case.")] = False,
    masks: Annotated[
        Literal["prediction", "correction", "truth"] | None,
        typer.Option(
            help="Masks instead of pictures: of the model, saved corrections, or the truth (with "
            "corrections in its place)."
        ),
    ] = None,
    images: Annotated[
        bool, typer.Option(help="With the masks their images, so that OUT is a dataset.")
    ] = False,
    measurements: Annotated[
        bool, typer.Option(help="What readers measured, as measurements.csv, and nothing else.")
    ] = False,
    format_name: ExportFormat = None,
    rgb: Annotated[bool, typer.Option(help="All three channels as colours, not FLAIR.")] = False,
    plane: Annotated[
        Literal["axial", "coronal", "sagittal"], typer.Option(help="Plane of the pictures.")
    ] = "axial",
    scale: Annotated[int, typer.Option(min=1, max=4, help="Pixels a voxel.")] = 1,
    device: Device = "auto",
    engine: EngineId = "auto",
    precision: PrecisionName = "auto",
    run: Annotated[
        bool, typer.Option(help="Run what is not in the workspace; --no-run needs no torch.")
    ] = True,
    layout: LayoutName = None,
    image: ImagePatterns = None,
    mask: MaskPattern = None,
    role: ChannelRoles = None,
    point: Point = None,
    resample: Resample = None,
    spacing: SpacingGiven = "",
    fills: Fills = "",
) -> None:
    """Write pictures (truth green, prediction red), or with --masks the masks of the cases."""
    from core.domain.errors import DataError
    from core.domain.plane import PLANES
    from core.inference.prediction_service import predictors
    from core.io.datasets.organisation import corrected, given
    from core.models.certificates import engine_for
    from core.studies.export.case_export import ExportOrder, export_cases
    from core.studies.export.case_pictures import Drawing, PictureKinds, draw_cases
    from core.studies.export.exported_mask import ExportSource
    from core.studies.export.pictures import PictureStyle
    from core.workspace.known_models import find_models

    if masks is None and (images or format_name is not None):
        raise DataError(
            "--images and --format: expected --masks beside them, found none. Say which masks: "
            "prediction, correction or truth."
        )
    said = given(layout, image, mask, spacing=spacing)
    how = corrected(said, role, resample=resample, point=point, fills=fills)
    dataset, cases = scanned(folder, case_ids(case, split), out, how)
    if measurements:
        _write_measurements(folder, cases, out)
        return
    kinds = PictureKinds(png, gif, sheet)
    if not (png or gif or sheet):
        kinds = PictureKinds(png=True, gif=True, sheet=True)
    style = PictureStyle("RGB" if rgb else "FLAIR", scale)
    with dataset_workspace(folder) as workspace, progress_bar() as progress:
        (chosen,) = find_models(workspace, [model], engine_for(device, engine, precision))
        predict = predictors(workspace, device, run=run)(chosen)
        if masks is None:
            drawing = Drawing(out, kinds, style, chosen, PLANES[plane])
            done = draw_cases(cases, drawing, predict, progress=progress)
        else:
            order = ExportOrder(out, masks, images, format_name)
            source = ExportSource(workspace, chosen, predict)
            done = export_cases(cases, order, source, dataset=dataset, progress=progress)
    say(f"{len(cases) - len(done.failed)} of {len(cases)} cases in {out}")
    finish(done.failed, (*dataset.notices, *done.notices))


def _write_measurements(folder: Path, cases: Sequence[Case], out: Path) -> None:
    from core.review.measurements import MEASUREMENTS_FILE, all_measurements, measurements_csv

    with dataset_workspace(folder) as workspace:
        found = all_measurements(workspace.store, cases)
    measurements_csv(out / MEASUREMENTS_FILE, found)
    say(f"{len(found)} measurement{'' if len(found) == 1 else 's'} in {out / MEASUREMENTS_FILE}")
