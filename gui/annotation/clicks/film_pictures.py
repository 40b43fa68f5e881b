"""The pictures of the film of a carried click, made on a worker: a slice before and after."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform

from core.annotation.guided import Guided
from core.domain.components import Box
from core.domain.plane import PLANES, Cut, PlaneName
from core.domain.progress import Progress
from core.domain.volume import Pixels
from gui.shell.tasks import Lanes, Part, Task
from gui.viewer.items.click_item import click_lines

_MARGIN, _LEAST = 0.35, 0.4
_BEFORE_WIDTH, _AFTER_WIDTH = 1.0, 1.4


@dataclass(frozen=True)
class FilmLook:
    """How slices are drawn: the range of grey values, mirrored or not, the size in pixels.

    `voxel_mm` (row, column) is the size of a voxel, and `before` the colour of the outline there
    was. `ratio` is how many pixels of the screen one of the picture's is made of.
    """

    limits: tuple[float, float]
    size: tuple[int, int]
    voxel_mm: tuple[float, float] = (1.0, 1.0)
    mirrored: bool = False
    before: str = "#FF5C5C"
    ratio: float = 1.0


@dataclass(frozen=True, eq=False)
class FilmRoll:
    """A film to be drawn: slices of `plane` of a channel (Z, Y, X) as clicks would change them."""

    state: Guided
    plane: PlaneName
    pixels: Pixels
    look: FilmLook

    def like(self, other: "FilmRoll | None") -> bool:
        """Tell whether the pictures of another one are those of this one."""
        if other is None or (self.plane, self.look) != (other.plane, other.look):
            return False
        return self.state is other.state and self.pixels is other.pixels


def draw_slice(roll: FilmRoll, index: int) -> QImage:
    """Return the picture of a slice: around what changes anywhere, before red and after white."""
    cut, look = Cut(PLANES[roll.plane], index), roll.look
    rows, columns = _window(roll)
    low, high = look.limits
    grey = cut.of(roll.pixels)[rows, columns].astype(np.float32)
    shown = np.clip((grey - low) * (255.0 / (high - low or 1.0)), 0, 255).astype(np.uint8)
    shown = np.ascontiguousarray(shown)
    height, width = shown.shape
    image = QImage(shown.data, width, height, width, QImage.Format.Format_Grayscale8)
    across, down = (round(side * look.ratio) for side in look.size)
    drawn = QImage(across, down, QImage.Format.Format_RGB32)
    drawn.fill(QColor("black"))
    painter = QPainter(drawn)
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    to_screen = QTransform.fromScale(across / width, down / height)
    if look.mirrored:
        to_screen = QTransform(-1, 0, 0, 1, width, 0) * to_screen
    painter.setTransform(to_screen)
    painter.drawImage(QRectF(0, 0, width, height), image)
    painter.resetTransform()
    before = cut.of(roll.state.ground.mask)[rows, columns] > 0
    lines = click_lines(before, roll.state.reached_mask(cut)[rows, columns])
    pen = QPen(QColor(look.before), _BEFORE_WIDTH * look.ratio)
    painter.strokePath(lines.before.on_screen(to_screen), pen)
    lines.paint(painter, to_screen, _AFTER_WIDTH * look.ratio)
    painter.end()
    drawn.setDevicePixelRatio(look.ratio)
    return drawn


def _window(roll: FilmRoll) -> tuple[slice, slice]:
    """Return the rows and columns that all pictures show: what changes, and some around it.

    As wide and high in mm as the picture is; voxels beyond the slice are never shown.
    """
    shape, plane = roll.state.ground.mask.shape, PLANES[roll.plane]
    _, *sides = plane.turned(shape)
    box: Box = roll.state.reached_box or (0, shape[0], 0, shape[1], 0, shape[2])
    _, _, top, end, left, right = plane.cut_box(box, shape)
    steps = roll.look.voxel_mm
    wide, high = roll.look.size
    spans = [(end - top) * steps[0], (right - left) * steps[1]]
    least = _LEAST * min(side * step for side, step in zip(sides, steps, strict=True))
    scale = max(
        max(span * (1 + 2 * _MARGIN), least) / px
        for span, px in zip(spans, (high, wide), strict=True)
    )
    found = []
    for (low, last), side, step, px in zip(
        ((top, end), (left, right)), sides, steps, (high, wide), strict=True
    ):
        count = min(max(ceil(scale * px / step), 1), side)
        start = min(max((low + last - count) // 2, 0), side - count)
        found.append(slice(start, start + count))
    return found[0], found[1]


class FilmPictures(QObject):
    """Draws the slices that are on screen; `drawn` tells each, latest film alone.

    Pictures of the film before stay until there are newer ones.
    """

    drawn = Signal(int)

    def __init__(self, lanes: Lanes) -> None:
        super().__init__()
        self._lanes = lanes
        self._roll: FilmRoll | None = None
        self._kept: dict[int, tuple[FilmRoll, QImage]] = {}
        self._wanted: tuple[int, ...] = ()
        self._task: Task[None] | None = None

    def image(self, index: int) -> QImage | None:
        """Return the newest picture of a slice there is."""
        found = self._kept.get(index)
        return None if found is None else found[1]

    def want(self, roll: FilmRoll, slices: tuple[int, ...]) -> None:
        """Have these slices drawn, as soon as may be."""
        if not roll.like(self._roll):
            if self._roll is not None and self._roll.plane != roll.plane:
                self._kept.clear()
            self._roll = roll
            if self._task is not None:
                self._task.cancel()
        self._wanted = slices
        self._go_on()

    def drop(self) -> None:
        """Forget all pictures."""
        self._roll, self._wanted = None, ()
        self._kept.clear()
        if self._task is not None:
            self._task.cancel()

    def _go_on(self) -> None:
        roll = self._roll
        missing = [z for z in self._wanted if z not in self._kept or self._kept[z][0] is not roll]
        if roll is None or not missing or self._task is not None:
            return

        def work(progress: Progress, part: Part) -> None:
            for number, index in enumerate(missing):
                progress(number / len(missing), "film")
                part((roll, index, draw_slice(roll, index)))

        self._task = self._lanes.run_in_parts(
            "io", work, lambda _: None, parted=self._take, finished=self._end
        )

    def _take(self, part: object) -> None:
        assert isinstance(part, tuple)
        roll, index, image = part
        if isinstance(roll, FilmRoll) and roll is self._roll:
            self._kept[index] = (roll, image)
            self.drawn.emit(index)

    def _end(self) -> None:
        self._task = None
        self._go_on()
