"""The command `calibrate`: what DSC to expect of a model's mask where no truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.command_run import finish, progress_bar, scanned
from core.cli.options import DataDir, Fills, RegionName
from core.cli.runner_options import Address, Gpus, RunnerOption, Stage, Workers, place_of
from core.cli.say import say

if TYPE_CHECKING:
    from core.models.registry import Model
    from core.review.expected_dsc import Calibration
    from core.studies.expected_dsc_study import CalibrationSummary, Measurements


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
    region: RegionName = "",
    fills: Fills = "",
    runner: RunnerOption = "local",
    workers: Workers = 1,
    address: Address = "",
    stage: Stage = False,
    gpus: Gpus = None,
) -> None:
    """Fit the expected DSC on train, judge it on val: expected_dsc.csv, .json and .png."""
    from core.io.datasets.organisation import corrected, given
    from core.jobs.runners import make_runner
    from core.review.expected_dsc import calibration_place, write_calibration
    from core.studies.calibration_units import measure_spread
    from core.studies.expected_dsc_study import (
        calibration_cases,
        fit_measured,
        require_enough,
    )
    from core.studies.scores.case_units import Spread
    from core.studies.scores.model_task import model_task
    from core.workspace.settings import home
    from core.workspace.splits import read_split
    from core.workspace.workspace_folder import registry, workspace_folder

    where = place_of(runner, workers, address, stage=stage, gpus=gpus)
    spread = Spread(make_runner(where), out)
    alone = spread.runner.one_at_a_time
    how = corrected(given(None, None, None, region), None, fills=fills)
    dataset, _ = scanned(folder if alone else folder.absolute(), None, out, how, scores=True)
    file, models = read_split(split), registry(home(), workspace_folder(home(), folder))
    chosen = models.find(model) if model else models.champion()
    names = calibration_cases(file, chosen)
    require_enough(len(names), judges=len(file.val))  # before anything is predicted
    # One thread each wherever it is done: more would add up the same numbers in another order.
    task = model_task(chosen, device=device, threads=0 if alone else 1)
    fitting, judging = ([dataset.case(name) for name in part] for part in (names, file.val))
    with progress_bar() as progress:
        known = measure_spread(fitting, task, spread, progress=progress)
    calibration = fit_measured(known.rows)
    with progress_bar() as progress:
        judged = measure_spread(judging, task, spread, flips=flips, progress=progress)
    if _stands(chosen, calibration, judged, out) and store:
        write_calibration(chosen.folder, calibration)
        say(f"Kept in {calibration_place(chosen.folder)}")
    finish({**known.failed, **judged.failed}, dataset.notices)


def _stands(model: Model, calibration: Calibration, judged: Measurements, out: Path) -> bool:
    """Write and say what the judges find; tell whether it is better than no calibration."""
    from core.studies.expected_dsc_study import write_calibration_study

    if not judged.rows:
        say("None of the cases of val could judge it. Nothing was kept.")
        return False
    summary = write_calibration_study(out, model, calibration, judged)
    _say(model.spec.id, summary, out)
    worse = summary.mean_absolute_error > summary.uncalibrated_error
    if worse:
        say(
            f"It makes things worse: without it the mean absolute error is "
            f"{summary.uncalibrated_error:.3f}. Nothing was kept."
        )
    return not worse


def _say(model_id: str, summary: CalibrationSummary, out: Path) -> None:
    rho = "none" if summary.spearman is None else f"{summary.spearman:.3f}"
    say(
        f"{model_id}: {summary.method} fit on {summary.calibrated_on} cases; on "
        f"{summary.judged_on} others mean absolute error {summary.mean_absolute_error:.3f}, "
        f"Spearman {rho}, {summary.bad} under 0.8"
    )
    say(f"Report in {out}")
