"""A training in a process of its own, as the window's: followed and steered by its job folder."""

import time
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import ModelError
from core.domain.progress import Progress, silent
from core.jobs.job_events import Done, Failed, JobState, Progressed, progress_text
from core.jobs.job_folder import JobFolder
from core.jobs.job_start import start_job
from core.models.registry import Model, Registry
from core.studies.fold_figures import FoldSummary, read_fold_cases, read_fold_summary

_LOOK_SECONDS = 0.25
_START_SECONDS = 300.0


@dataclass(frozen=True)
class Training:
    """One training: `job` is its folder. It goes on when the notebook ends."""

    job: JobFolder
    models: Registry

    @property
    def folder(self) -> Path:
        """The job folder: `job.json`, `events.jsonl`, `log.txt` and the checkpoint."""
        return self.job.path

    def state(self) -> JobState:
        """Return how the training stands."""
        return self.job.state()

    def curve(self, name: str) -> list[tuple[int, float]]:
        """Return the points (step, value) of one figure, such as `loss`."""
        return self.job.curves().get(name, [])

    def pause(self) -> None:
        """Ask the training to save itself and end, after the step in hand."""
        self.job.request("pause")

    def stop(self) -> None:
        """Ask the training to end now, with the best weights there are."""
        self.job.request("stop")

    def wait(self, *, progress: Progress = silent) -> Model:
        """Wait for the end and return the new model, a candidate in the registry.

        `progress` may raise to stop waiting; the training itself goes on. Raises `ModelError` with
        what the training said when it failed, was paused or broke off.
        """
        return self.models.find(_result(self.job, progress))


@dataclass(frozen=True)
class Folds:
    """A cross-validation: `job` is its folder. It goes on when the notebook ends."""

    job: JobFolder

    @property
    def folder(self) -> Path:
        """The folder of the folds: `cases.csv`, `summary.json`, the masks and each fold's job."""
        return self.job.path

    def state(self) -> JobState:
        """Return how the folds stand."""
        return self.job.state()

    def pause(self) -> None:
        """Ask the fold in hand to save itself, and all to end."""
        self.job.request("pause")

    def resume(self) -> None:
        """Go on with folds that were paused or broke off; what is done is not done again."""
        if not self.job.is_alive():
            self.job.clear_request()
            start_job(self.job, "units")

    def wait(self, *, progress: Progress = silent) -> FoldSummary:
        """Wait for the end and return what all folds say together.

        `progress` may raise to stop waiting; the folds themselves go on. Raises `ModelError` with
        what was said when they failed, were paused or broke off.
        """
        _result(self.job, progress)
        summary = read_fold_summary(self.folder)
        if summary is None:
            raise ModelError(
                f"{self.folder}: expected the summary of its folds, found none that can be read. "
                "Go on with them (resume): it is written anew."
            )
        return summary

    def dsc(self) -> dict[str, float]:
        """Return the DSC of each case out of its fold, its mean over the repeats.

        Raises `DataError` before all folds are done.
        """
        return read_fold_cases(self.folder)


def _result(job: JobFolder, progress: Progress) -> str:
    """Wait for the end of a job and return what it made; raises `ModelError` where it made none."""
    begun, offset, fraction = time.monotonic(), 0, 0.0
    while True:
        state = job.state()
        events, offset = job.events(offset)
        for event in events:
            if isinstance(event, Progressed):
                fraction = event.fraction
                progress(fraction, progress_text(event))
            elif isinstance(event, Done):
                return event.result
            elif isinstance(event, Failed):
                raise ModelError(event.reason)
        late = state == "new" and time.monotonic() - begun > _START_SECONDS
        if state in ("paused", "interrupted") or late:
            raise ModelError(
                f"{job.path.name}: expected the training to end, found it {state} at "
                f"{fraction:.0%}. {job.log_path} has what its process said."
            )
        time.sleep(_LOOK_SECONDS)
