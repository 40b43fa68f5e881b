"""The curves and pictures of a job as TensorBoard reads them."""

from pathlib import Path

import numpy as np
from PIL import Image

from core.jobs.job_events import Event, Measured, Pictured
from core.jobs.job_folder import TENSORBOARD_FOLDER


class Board:
    """Writes the figures of a job's events to `tensorboard/` in its folder.

    Without the library, or with a disk that takes no more, there are no such files and the
    training goes on: the events hold the same figures.
    """

    def __init__(self, folder: Path) -> None:
        """Open the folder's event file."""
        self._folder = folder
        try:
            # Imported here alone: it costs a second, and only a training needs it.
            from torch.utils.tensorboard import SummaryWriter

            self._writer: SummaryWriter | None = SummaryWriter(str(folder / TENSORBOARD_FOLDER))
        except (ImportError, OSError):
            self._writer = None

    def show(self, event: Event) -> None:
        """Add the points or the pictures of an event, if it has some."""
        if self._writer is None:
            return
        try:
            if isinstance(event, Measured):
                for name, value in event.values.items():
                    self._writer.add_scalar(name, value, event.step, event.time)
            elif isinstance(event, Pictured):
                for name, file in event.files.items():
                    picture = np.asarray(Image.open(self._folder / file))
                    self._writer.add_image(name, picture, event.step, event.time, dataformats="HWC")
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
