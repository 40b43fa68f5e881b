"""The grey values that the tools go by: those of the channel on screen."""

import math
from collections.abc import Callable

from core.annotation import regions
from core.annotation.patch import Patch, in_plane
from core.annotation.strokes import Tip
from core.domain.mask import Mask
from core.domain.plane import Cut, Plane, Voxel
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
        self, at: Voxel, share: float, plane: Plane, *, value: int, volumetric: bool
    ) -> Callable[[Mask], Patch | None]:
        """Return the flood fill from a voxel in a plane, within a share of the range."""
        pixels, tolerance = self.pixels, self.difference(share)

        def make(mask: Mask) -> Patch | None:
            if pixels is None:
                return None
            return regions.flood_fill(
                mask,
                plane.apply(pixels),
                plane.place(at, pixels.shape),
                tolerance=tolerance,
                value=value,
                volumetric=volumetric,
            )

        return in_plane(plane, make)

    def voxel(self, y: float, x: float, cut: Cut) -> Voxel | None:
        """Return the voxel of a slice at a point; None beyond it."""
        volume = self._volume
        if volume is None:
            return None
        return cut.voxel(math.floor(y), math.floor(x), volume.geometry.shape)

    def slice_number(self, cut: Cut) -> int:
        """Return the number of a slice as it is shown."""
        volume = self._volume
        if volume is None or cut.plane.axis:
            return cut.index + 1
        return volume.slice_numbers[cut.index]

    def spacing(self, plane: Plane) -> tuple[float, float, float]:
        """Return the mm from voxel to voxel (slice, row, column); 1 each where they are unknown."""
        volume = self._volume
        known = None if volume is None else volume.geometry.spacing_mm
        return (1.0, 1.0, 1.0) if known is None else plane.turned(known)

    def tip(self, plane: Plane, *, ball: bool) -> Tip:
        """Return what a brush is like on the slices of a plane."""
        return Tip(self.spacing(plane), ball)

    @property
    def unit(self) -> str:
        """What sizes of brushes are in: `mm`, or `px` where the spacing is unknown."""
        volume = self._volume
        known = volume is not None and volume.geometry.spacing_mm is not None
        return "mm" if known else "px"

    @property
    def _volume(self) -> Volume | None:
        opened = self.session.open_case
        return None if opened is None else opened.loaded.volume

    def _channel(self, volume: Volume) -> str:
        name = shown_channel(self.session.view, volume)
        return name if name != RGB else volume.channels[min(1, len(volume.channels) - 1)]
