"""What a training would cost in time and what its augmentation looks like, before it starts."""

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.domain.errors import WorkspaceError
from core.io.json_file import decode_json
from core.models.train_spec import TrainSpec

PREVIEW_FILE = "preview.json"
PLANES_FILE = "preview.npy"


class TrainPreview(msgspec.Struct, frozen=True, kw_only=True):
    """Measured on this computer; `cases` and `slices` are those that would be learnt from.

    `seconds_a_selection` is how long it takes to score all cases that choose the weights, once.
    """

    seconds_a_step: float
    images_a_second: float
    seconds_a_selection: float
    cases: int
    slices: int


def seconds_needed(spec: TrainSpec, preview: TrainPreview) -> float:
    """Return how long a training goes on, its selections among it; the first limit ends it.

    0 for one without a limit.
    """
    steps = [spec.max_steps] if spec.max_steps else []
    if spec.epochs:
        steps.append(spec.epochs * -(-preview.slices // spec.batch_size))
    limits = [60 * spec.minutes] if spec.minutes else []  # selections count among the minutes
    if steps:
        scored = spec.selections * preview.seconds_a_selection
        limits.append(min(steps) * preview.seconds_a_step + scored)
    return min(limits, default=0.0)


def read_preview(folder: Path) -> TrainPreview | None:
    """Return the preview in a job folder, None while there is none."""
    try:
        return decode_json((folder / PREVIEW_FILE).read_bytes(), TrainPreview)
    except (OSError, msgspec.DecodeError):
        return None


def preview_planes(folder: Path) -> NDArray[np.uint8]:
    """Return a slice and variations of it (N, 2, h, w): 0 to 255, and its mask 0 or 1.

    The first of the N is the slice as it is. Raises `WorkspaceError` for a file that is not that.
    """
    path = folder / PLANES_FILE
    try:
        planes: NDArray[np.uint8] = np.load(path)
    except Exception as error:  # a damaged header surfaces as whatever its parser met
        raise _refused(path, f"a file that cannot be read ({type(error).__name__})") from error
    if planes.dtype != np.uint8 or planes.ndim != 4 or planes.shape[1] != 2 or not planes.size:
        raise _refused(path, f"{planes.shape} of {planes.dtype}")
    return planes


def _refused(path: Path, found: str) -> WorkspaceError:
    return WorkspaceError(
        f"{path}: expected slices of a preview, found {found}. Time the training again."
    )
