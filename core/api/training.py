"""A training in a process of its own, as the window's: followed and steered by its job folder."""

import time
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import ModelError
from core.domain.progress import Progress, silent
from core.jobs.job_events import Done, Failed, JobState, Progressed, progress_text
from core.jobs.job_folder import JobFolder
from core.models.registry import Model, Registry

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
        begun, offset, fraction = time.monotonic(), 0, 0.0
        while True:
            state = self.state()
            events, offset = self.job.events(offset)
            for event in events:
                if isinstance(event, Progressed):
                    fraction = event.fraction
                    progress(fraction, progress_text(event))
                elif isinstance(event, Done):
                    return self.models.find(event.result)
                elif isinstance(event, Failed):
                    raise ModelError(event.reason)
            late = state == "new" and time.monotonic() - begun > _START_SECONDS
            if state in ("paused", "interrupted") or late:
                raise ModelError(
                    f"{self.folder.name}: expected the training to end, found it {state} at "
                    f"{fraction:.0%}. {self.job.log_path} has what its process said."
                )
            time.sleep(_LOOK_SECONDS)
