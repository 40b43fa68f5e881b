"""Grey levels of the tissues, and the painting of one slice."""

from dataclasses import dataclass

import numpy as np

from core.demo.shapes import COLUMNS, ROWS, ImagePlane

Signal = tuple[float, float, float]
"""Grey levels of a tissue before contrast, in FLAIR and after contrast."""

AIR: Signal = (0, 0, 0)
FAT: Signal = (178, 165, 172)
SKIN: Signal = (110, 95, 120)
BONE: Signal = (9, 7, 10)
MARROW: Signal = (70, 52, 72)
MUSCLE: Signal = (58, 50, 74)
FLESH: Signal = (35, 30, 44)
FACE_FAT: Signal = (134, 124, 129)
CSF: Signal = (30, 13, 30)
WHITE: Signal = (88, 62, 92)
GREY: Signal = (80, 74, 75)
DEEP_GREY: Signal = (82, 66, 80)
PALLIDUM: Signal = (84, 60, 84)
STEM: Signal = (85, 63, 84)
CEREBELLUM: Signal = (81, 66, 78)
FOLIA: Signal = (60, 40, 54)
ARBOR: Signal = (86, 60, 88)
BLOOD: Signal = (30, 14, 205)
DURA: Signal = (50, 30, 120)
CHOROID: Signal = (52, 42, 150)
VITREOUS: Signal = (32, 16, 34)
MUCOSA: Signal = (14, 12, 16)

PlaneBox = tuple[slice, slice]
WHOLE: PlaneBox = (slice(None), slice(None))


@dataclass(frozen=True)
class Tissue:
    """One slice being painted: `signal` (3, Y, X) and what later layers need to know.

    `brain`, `grey` and `sulcus` say how much of each pixel is brain, cortex and the fluid between
    the folds.
    """

    signal: ImagePlane
    brain: ImagePlane
    grey: ImagePlane
    sulcus: ImagePlane

    def paint(self, cover: ImagePlane, colour: Signal, box: PlaneBox = WHOLE) -> None:
        """Lay a tissue over what is there, as far as `cover` (0 to 1) goes."""
        for channel, level in zip(self.signal, colour, strict=True):
            part = channel[box]
            part += cover * (level - part)

    def mix(self, cover: ImagePlane, colours: tuple[Signal, Signal], share: ImagePlane) -> None:
        """Lay a blend over what is there: `share` of the second colour in the first."""
        for index, (low, high) in enumerate(zip(*colours, strict=True)):
            channel = self.signal[index]
            channel += cover * (low + (high - low) * share - channel)


def bare() -> Tissue:
    """Return a slice of air."""
    planes = (np.zeros((ROWS, COLUMNS), np.float32) for _ in range(3))
    return Tissue(np.zeros((3, ROWS, COLUMNS), np.float32), *planes)
