"""The command `calibrate`: what DSC to expect of a model's mask where no truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.command_run import finish, progress_bar
from core.cli.options import DataDir
from core.cli.say import say
from core.io.write_guard import refuse_inside

if TYPE_CHECKING:
    from core.studies.expected_dsc_study import CalibrationSummary


def calibrate(
    folder: DataDir,
    split: Annotated[Path, typer.Option(help='JSON: {"train": [case ids], "val": [case ids]}.')],
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    model: Annotated[str, typer.Option(help="Model id; the champion by default.")] = "",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    flips: Annotated[bool, typer.Option(help="Measure how far the flips disagree too.")] = True,
    store: Annotated[
        bool, typer.Option(help="Keep the calibration with your models, unless it is worse.")
    ] = True,
) -> None:
    """Fit the expected DSC on train, judge it on val: expected_dsc.csv, .json and .png."""
    from core.inference.prediction_service import local_predictor
    from core.review.expected_dsc import calibration_place, write_calibration
    from core.studies.expected_dsc_study import (
        calibration_cases,
        fit_measured,
        measure,
        require_enough,
        write_calibration_study,
    )
    from core.workspace.known_dataset import scan_known
    from core.workspace.settings import home
    from core.workspace.splits import read_split
    from core.workspace.workspace_folder import registry, workspace_folder

    refuse_inside(folder, out)
    dataset, file, models = (
        scan_known(folder),
        read_split(split),
        registry(home(), workspace_folder(home(), folder)),
    )
    chosen = models.find(model) if model else models.champion()
    predictor = local_predictor(chosen, device)
    fitting = [dataset.case(name) for name in calibration_cases(file, chosen)]
    require_enough(len(fitting))  # before anything is predicted
    judging = [dataset.case(name) for name in file.val]
    with progress_bar() as progress:
        known = measure(fitting, chosen, predictor, progress=progress)
    calibration = fit_measured(known.rows)
    with progress_bar() as progress:
        judged = measure(judging, chosen, predictor, flips=flips, progress=progress)
    if judged.rows:
        summary = write_calibration_study(out, chosen, calibration, judged)
        _say(chosen.spec.id, summary, out)
        worse = summary.mean_absolute_error > summary.uncalibrated_error
        if worse:
            say(
                f"It makes things worse: without it the mean absolute error is "
                f"{summary.uncalibrated_error:.3f}. Nothing was kept."
            )
        store = store and not worse
    if store:
        write_calibration(chosen.folder, calibration)
        say(f"Kept in {calibration_place(chosen.folder)}")
    finish({**known.failed, **judged.failed}, dataset.notices)


def _say(model_id: str, summary: CalibrationSummary, out: Path) -> None:
    rho = "none" if summary.spearman is None else f"{summary.spearman:.3f}"
    say(
        f"{model_id}: {summary.method} fit on {summary.calibrated_on} cases; on "
        f"{summary.judged_on} others mean absolute error {summary.mean_absolute_error:.3f}, "
        f"Spearman {rho}, {summary.bad} under 0.8"
    )
    say(f"Report in {out}")
