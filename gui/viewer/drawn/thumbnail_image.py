"""A thumbnail as a picture of Qt, the ground truth tinted over it."""

import numpy as np
from PySide6.QtGui import QColor, QImage

from core.io.cases.thumbnail import Thumbnail

_TINT = 0.55


def thumbnail_image(made: Thumbnail, truth_colour: str) -> QImage:
    """Return the thumbnail with its mask in `truth_colour`; its pixels are a copy."""
    colour = QColor(truth_colour)
    tint = np.array([colour.red(), colour.green(), colour.blue()], np.float32)
    rgb = np.repeat(made.grey[..., np.newaxis], 3, axis=-1)
    inside = made.mask > 0
    rgb[inside] = (rgb[inside] * (1 - _TINT) + tint * _TINT).astype(np.uint8)
    height, width = made.grey.shape
    data = np.ascontiguousarray(rgb)
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
