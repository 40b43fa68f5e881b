"""The command `train --folds`: from its options to the folds and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.cli.command_run import progress_bar
from core.cli.say import say
from core.domain.errors import AppError
from core.jobs.runners import make_runner
from core.workspace.settings import home
from core.workspace.splits import read_split
from core.workspace.workspace_folder import registry
from training.folds.fold_cases import read_groups
from training.folds.fold_study import FoldPlan, run_folds
from training.folds.fold_summary import said_of
from training.run.frame import keep_memory
from training.run.train_options import spec_of

if TYPE_CHECKING:
    from core.jobs.runners import RunnerPlace
    from training.run.train_options import TrainOptions


def cross_validate(
    options: TrainOptions, task: str, dealt: tuple[int, int, str], where: RunnerPlace
) -> None:
    """Cross-validate what the options say; the same command goes on with what was begun.

    `dealt` are folds, repeats and FILE:COLUMN of the groups; of no folds the judges of the split
    are the only one. Raises `AppError` for what does not fit.
    """
    complete = (
        options.config
        or options.recipe
        or (options.data.parts and (options.architecture or options.start_from))
    )
    if task != "segment" or not complete or options.resume:
        raise AppError(
            "--folds: expected an architecture or --from, and a folder of cases, of --task segment "
            "and without --resume: the same command goes on by itself."
        )
    split = read_split(options.split) if options.split.parts else None
    folds, repeats, group = dealt
    plan = FoldPlan(
        folds,
        repeats,
        read_groups(group),
        options.nproc,
        stop_after=options.stop_after,
        seed=options.deal_seed,
    )
    keep_memory()
    with progress_bar() as progress:
        summary = run_folds(
            spec_of(options, registry(home())),
            split,
            plan,
            options.out,
            runner=make_runner(where),
            progress=progress,
        )
    say(said_of(summary))
    say(f"Figures of every case in {options.out}")
