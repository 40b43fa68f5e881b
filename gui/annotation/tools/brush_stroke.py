"""A stroke of a brush: all samples of the pointer, on the slice it began on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from core.annotation import strokes
from core.annotation.patch import Patch, Point, unturned
from core.domain.mask import Mask
from core.domain.plane import Cut
from core.domain.volume import Pixels

_LIGHTEST = 0.15  # share of the size that a pen draws without any pressure


@dataclass
class Stroke:
    """Samples (y, x) on a slice that are not painted yet, and what they paint.

    `tip` is the shape of the brush in the plane of the slice, and what `size` is counted in.
    `brush` holds a threshold brush to the grey values it began with; `over` is True once the
    button is up. `trail` is drawn until the stroke can be painted.
    """

    cut: Cut
    value: int
    size: float
    tip: strokes.Tip = strokes.DISC
    begun: bool = False
    over: bool = False
    brush: strokes.ThresholdBrush | None = None
    _path: list[Point] = field(default_factory=list)
    _sizes: list[float] = field(default_factory=list)

    @property
    def trail(self) -> tuple[Point, ...]:
        """The samples that are not painted yet."""
        return tuple(self._path)

    def add(self, at: Point, pressure: float) -> None:
        """Go on to a sample; a pen that is pressed less draws a thinner line."""
        self._path.append(at)
        self._sizes.append(self.size * (_LIGHTEST + (1 - _LIGHTEST) * pressure))

    def hold_to(self, pixels: Pixels, *, half_width: float) -> None:
        """Paint only what is about as bright in `pixels` (Z, Y, X) as the voxel it began on."""
        turned = self.cut.plane.apply(pixels)
        brush = strokes.threshold_brush(
            turned[self.cut.index],
            self._path[0],
            size=self.size,
            half_width=half_width,
            value=self.value,
        )
        self.brush = replace(brush, volume=turned) if self.tip.ball else brush

    def lift(self) -> None:
        """Go on elsewhere without a line to there."""
        self._path.clear()
        self._sizes.clear()

    def paint(self, mask: Mask, put: Callable[[Patch | None], None]) -> None:
        """Paint what was added since the last time; the last sample is where it goes on."""
        if not self._path:
            return
        path, sizes, plane, index = self._path, self._sizes, self.cut.plane, self.cut.index
        turned, tip = plane.apply(mask), self.tip
        if self.brush is not None:
            patch = strokes.threshold_stroke(
                turned, index, path, brush=self.brush, size=sizes, tip=tip
            )
        else:
            patch = strokes.stroke(turned, index, path, size=sizes, value=self.value, tip=tip)
        put(unturned(patch, plane, mask.shape))
        self._path, self._sizes = path[-1:], sizes[-1:]
