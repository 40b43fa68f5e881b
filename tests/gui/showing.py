"""What a slice view is given to draw in its tests: a small head with a lesion."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from core.domain.mask import Mask
from core.domain.volume import Volume
from core.domain.window_level import automatic
from gui.shell.view_state import Display, Shown, ViewState, resolve
from gui.viewer.slice.slice_view import SliceView
from tests.synthetic import head, lesion, volume_of

HEAD = (2, 38, 2, 30)
"""The head of the small volume as (y0, y1, x0, x1)."""


def small_volume(slices: int = 4) -> Volume:
    """Return the head of `tests.synthetic` as a volume of 40 rows and 32 columns."""
    return volume_of(head(slices))


def two_masks(slices: int = 4) -> tuple[Mask, Mask]:
    """Return a ground truth and a prediction two voxels to its right."""
    truth = lesion(slices)
    return truth, np.roll(truth, 2, axis=2)


def display_of(volume: Volume, view: ViewState, **there: object) -> Display:
    """Return what the view draws when both masks are there, unless told otherwise."""
    ranges = tuple(
        (name, automatic(pixels))
        for name, pixels in zip(volume.channels, volume.pixels, strict=True)
    )
    known: dict[str, object] = {"has_truth": True, "has_prediction": True, "head": HEAD, **there}
    shown = Shown(1, 1, "A_1", volume, ranges, **known)  # type: ignore[arg-type]
    return resolve(view, shown)


def pixels_of(view: SliceView) -> NDArray[np.uint8]:
    """Return what the view shows as (rows, columns, 3)."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()
