"""The curves of a job as TensorBoard reads them."""

from pathlib import Path

from core.jobs.job_events import Event, Measured
from core.jobs.job_folder import TENSORBOARD_FOLDER


class Board:
    """Writes the figures of a job's events to `tensorboard/` in its folder.

    Without the library, or with a disk that takes no more, there are no such files and the
    training goes on: the events hold the same figures.
    """

    def __init__(self, folder: Path) -> None:
        """Open the folder's event file."""
        try:
            # Imported here alone: it costs a second, and only a training needs it.
            from torch.utils.tensorboard import SummaryWriter

            self._writer: SummaryWriter | None = SummaryWriter(str(folder / TENSORBOARD_FOLDER))
        except (ImportError, OSError):
            self._writer = None

    def show(self, event: Event) -> None:
        """Add the points of an event, if it has some."""
        if self._writer is None or not isinstance(event, Measured):
            return
        try:
            for name, value in event.values.items():
                self._writer.add_scalar(name, value, event.step, event.time)
        except OSError:
            self._writer = None

    def close(self) -> None:
        """Write what is left and close the file."""
        if self._writer is None:
            return
        try:
            self._writer.close()
        except OSError:
            return
