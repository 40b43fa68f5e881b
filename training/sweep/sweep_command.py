"""The command `sweep`. Imports no torch until it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli.runner_options import Address, Gpus, RunnerOption, Workers, place_of
from core.cli.say import say


def sweep(
    spec: Annotated[
        Path,
        typer.Argument(
            metavar="SPEC", help='JSON: {"train": {settings}, "space": {name: values or range}}.'
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the trials; the same again goes on.")],
    runner: RunnerOption = "local",
    workers: Workers = 1,
    address: Address = "",
    gpus: Gpus = None,
) -> None:
    """Search settings of a training: sweep.csv, sweep.png and the command line of the best."""
    from core.cli.command_run import FAILED_CASES, progress_bar
    from core.jobs.runners import make_runner
    from training.run.frame import keep_memory
    from training.sweep.sweep import as_chosen_now, read_sweep, run_sweep
    from training.sweep.sweep_report import write_sweep

    where = place_of(runner, workers, address, gpus=gpus)
    wanted = as_chosen_now(read_sweep(spec))
    keep_memory()
    place = make_runner(where)
    with progress_bar() as progress:
        trials = run_sweep(wanted, out, runner=place, progress=progress)
    line = write_sweep(out, trials)
    best = trials[0]
    say(
        f"Best of {len(trials)} trials: trial {best.number}, DSC {best.best:.4f} of the selection "
        "cases, which chose it and is therefore too good."
    )
    say(line)
    failed = [trial for trial in trials if trial.failed]
    for trial in failed:
        say(f"Failed: trial {trial.number}: {trial.failed}", err=True)
    if failed:
        raise typer.Exit(FAILED_CASES)
