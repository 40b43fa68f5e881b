"""A search over settings of a training: trials as units, in rounds, and which was the best."""

import statistics
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.domain.errors import AppError, DataError
from core.domain.progress import Progress, part, silent
from core.io.json_file import decode_json
from core.io.write_guard import refuse_inside
from core.jobs.units import (
    UNITS_FOLDER,
    Unit,
    UnitOutcome,
    UnitRunner,
    cards_of,
    run_units,
    unit_key,
)
from core.models.train_spec import TrainSpec
from core.workspace.chosen_labels import label_choice
from core.workspace.settings import home
from core.workspace.splits import SplitFile, freeze_split, read_split
from core.workspace.workspace_folder import open_workspace, workspace_folder
from training.sweep.sweep_space import Setting, SweepSpec, settings_of, trial_spec
from training.sweep.sweep_unit import TrialFound, TrialTask, do_trial

TRIALS_FOLDER, _MODELS_FOLDER = "trials", "models"


@dataclass(frozen=True)
class Trial:
    """A trial and how it went: `found` is None where it failed, which `failed` then says.

    `rounds` are those it took part in; one that was stopped took part in fewer than others.
    """

    number: int
    setting: Setting
    spec: TrainSpec
    rounds: int = 0
    found: TrialFound | None = None
    failed: str = ""

    @property
    def best(self) -> float:
        """The DSC it is judged by, below zero where it has none."""
        return -1.0 if self.found is None else self.found.best


def read_sweep(path: Path) -> SweepSpec:
    """Return the search in a file; raises `DataError` for what is none."""
    try:
        return decode_json(path.read_bytes(), SweepSpec)
    except OSError as error:
        raise DataError(f"{path}: expected the file of a search, found none to read.") from error
    except msgspec.DecodeError as error:
        raise DataError(
            f'{path}: expected JSON as {{"train": {{settings}}, "space": {{name: values}}}}, '
            f"found: {error}. Correct the file."
        ) from error


def as_chosen_now(spec: SweepSpec) -> SweepSpec:
    """Return a search over cases whose masks mean what is chosen of their folder now.

    Unless it says so itself.
    """
    data = spec.train.get("data")
    if not isinstance(data, str) or "chosen" in spec.train:
        return spec
    chosen = label_choice(Path(data))
    if chosen is msgspec.UNSET:
        return spec
    train = {**spec.train, "chosen": msgspec.to_builtins(chosen)}
    return msgspec.structs.replace(spec, train=train)


def run_sweep(
    spec: SweepSpec, out: Path, *, runner: UnitRunner, progress: Progress = silent
) -> list[Trial]:
    """Return the trials, the best first; what is done in `out` is not done again.

    Each learns from the split's `train` and is judged by the selection cases among them; `val` is
    never looked at. Raises `AppError` for settings that do not fit, `DataError` when every trial
    failed.
    """
    trials = _trials(spec, out)
    refuse_inside(Path(trials[0].spec.data), out)
    split = SplitFile(read_split(Path(trials[0].spec.split)).train)
    with closing(open_workspace(workspace_folder(home(), Path(trials[0].spec.data)))) as workspace:
        freeze_split(workspace.store, split)  # without judges it freezes none, and is only checked
    rounds = spec.rounds if spec.stop == "median" else 1
    ended: list[Trial] = []
    for number in range(1, rounds + 1):
        left = number / rounds
        share = part(progress, (number - 1) / rounds, left)
        tasks = [_task(trial, split, out, left, runner.one_at_a_time) for trial in trials]
        outcomes = run_units([_unit(t) for t in tasks], runner, out / UNITS_FOLDER, progress=share)
        trials = [_after(t, outcomes[_unit(k).key]) for t, k in zip(trials, tasks, strict=True)]
        ended += [trial for trial in trials if trial.failed]
        trials, stopped = _kept([t for t in trials if not t.failed], last=number == rounds)
        ended += stopped
    best = sorted([*trials, *ended], key=lambda trial: (-trial.rounds, -trial.best, trial.number))
    if not trials:
        raise DataError(f"Every trial failed: {best[0].failed}")
    return sorted(best, key=lambda trial: (bool(trial.failed), -trial.best, trial.number))


def _trials(spec: SweepSpec, out: Path) -> list[Trial]:
    trials = []
    for number, setting in enumerate(settings_of(spec), start=1):
        made = trial_spec(spec, setting)
        own = msgspec.structs.replace(
            made,
            data=str(Path(made.data).absolute()),
            split=str(Path(made.split).absolute()),
            model_id=f"trial-{number}",
            title=f"Trial {number}",
            models=str((out / _MODELS_FOLDER).absolute()),
        )
        if spec.stop == "median" and own.selections < spec.rounds:
            raise AppError(
                f"sweep: expected as many selections as rounds at least, found {own.selections} "
                f"and {spec.rounds}. Take fewer rounds."
            )
        trials.append(Trial(number, setting, own))
    return trials


def _task(trial: Trial, split: SplitFile, out: Path, until: float, queued: bool) -> TrialTask:
    folder = (out / TRIALS_FOLDER / _place(trial)).absolute()
    return TrialTask(trial.number, trial.spec, split, str(folder), until, queued)


def _place(trial: Trial) -> str:
    """Return the folder of a trial: other settings under the same number have another."""
    return f"{trial.number}-{unit_key('trial', trial.spec.portable())[:8]}"


def _unit(task: TrialTask) -> Unit:
    key = unit_key("trial", task.spec.portable(), task.split, task.until)
    name, cpus = Path(task.folder).name, max(task.spec.threads, 1)
    return Unit(key, name, do_trial, task, cpus=cpus, gpus=cards_of(task.spec.device))


def _after(trial: Trial, outcome: UnitOutcome) -> Trial:
    found = None if outcome.failed else decode_json(outcome.content, TrialFound)
    return Trial(
        trial.number,
        trial.setting,
        trial.spec,
        trial.rounds + 1,
        found or trial.found,
        outcome.failed,
    )


def _kept(trials: Sequence[Trial], *, last: bool) -> tuple[list[Trial], list[Trial]]:
    """Return the trials that go on and those that are stopped: below the median of all of them."""
    if last or not trials:
        return list(trials), []
    middle = statistics.median(trial.best for trial in trials)
    return (
        [trial for trial in trials if trial.best >= middle],
        [trial for trial in trials if trial.best < middle],
    )
