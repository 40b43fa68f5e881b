"""The grey values that the tools go by: those of the channel on screen."""

from collections.abc import Callable

import numpy as np

from core.annotation import regions
from core.annotation.patch import Patch
from core.domain.mask import Mask
from core.domain.plane import Voxel
from core.domain.volume import Pixels, Volume
from gui.shell.session import Session
from gui.shell.view_state import RGB, shown_channel


class ShownGrey:
    """Reads the channel on screen; in colour it is the second one, FLAIR."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def pixels(self) -> Pixels | None:
        """The channel (Z, Y, X); None while no case is open."""
        volume = self._volume
        if volume is None:
            return None
        pixels: Pixels = volume.pixels[volume.channels.index(self._channel(volume))]
        return pixels

    @property
    def channel(self) -> str:
        """Name of the channel; empty while no case is open."""
        volume = self._volume
        return "" if volume is None else self._channel(volume)

    @property
    def span(self) -> float:
        """The range of grey values in which the channel is shown by default."""
        opened = self.session.open_case
        if opened is None:
            return 1.0
        return float(dict(opened.automatic)[self._channel(opened.loaded.volume)].window)

    def difference(self, share: float) -> float:
        """Return how many grey values a share of the range is."""
        return share * self.span

    def flood(
        self, at: Voxel, share: float, *, value: int, volumetric: bool
    ) -> Callable[[Mask], Patch | None]:
        """Return the flood fill from a voxel, within a share of the range."""
        pixels, tolerance = self.pixels, self.difference(share)

        def make(mask: Mask) -> Patch | None:
            if pixels is None:
                return None
            return regions.flood_fill(
                mask, pixels, at, tolerance=tolerance, value=value, volumetric=volumetric
            )

        return make

    def voxel(self, y: float, x: float) -> Voxel | None:
        """Return the voxel of the slice on screen at a point; None beyond it."""
        volume = self._volume
        if volume is None:
            return None
        row, column = int(np.floor(y)), int(np.floor(x))
        height, width = volume.geometry.shape[1:]
        inside = 0 <= row < height and 0 <= column < width
        return (self.session.view.slice_index, row, column) if inside else None

    def slice_number(self, z: int) -> int:
        """Return the number of a slice as it is shown."""
        volume = self._volume
        return z if volume is None else volume.slice_numbers[z]

    @property
    def _volume(self) -> Volume | None:
        opened = self.session.open_case
        return None if opened is None else opened.loaded.volume

    def _channel(self, volume: Volume) -> str:
        name = shown_channel(self.session.view, volume)
        return name if name != RGB else volume.channels[min(1, len(volume.channels) - 1)]
