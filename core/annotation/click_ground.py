"""What guided clicks are made at: an image, the mask of it, and what a model says of it.

All of it can be cut by another plane, as views: what a coronal click sees is a coronal slice, its
neighbours are coronal, and a voxel is as large as it is in every plane.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.annotation.label_rule import FREE, LabelRule
from core.domain.components import bounding_box, fill_holes
from core.domain.guide import PlaneValues, logit, pixel_steps, sigmoid, voxel_mm
from core.domain.label_set import HIGHEST, LabelMap
from core.domain.mask import BoolMask, Mask
from core.domain.mask_judgement import head_of
from core.domain.plane import AXIAL, Plane
from core.domain.volume import Pixels

_SURE = 3.0  # logit far inside or outside a mask that comes without a probability
_SOFT = 2.0  # pixels at 256² from the outline of such a mask, a logit
_HEAD = 0.1  # share of a channel's maximum above which it shows the head
_SAMPLE = 2_000_000  # voxels of a channel that are counted for its normalisation


@dataclass(frozen=True, eq=False)
class Scene:
    """What is clicked at: `pixels` (C, Z, Y, X), and the mm from voxel to voxel where known.

    One that was cut by another plane has slices, rows and columns for Z, Y and X, and remembers
    the `whole` it is of: its grey values are normalised alike. `plane` is the one it was cut by.
    """

    pixels: Pixels
    channels: tuple[str, ...]
    spacing_mm: tuple[float, float, float] | None = None
    whole: "Scene | None" = None
    plane: Plane = AXIAL

    def cut(self, plane: Plane) -> "Scene":
        """Return the same as slices of a plane; a view."""
        if plane == AXIAL:
            return self
        spacing = plane.turned(voxel_mm(self.pixels.shape, self.spacing_mm))
        return Scene(plane.apply(self.pixels), self.channels, spacing, self, plane)

    @cached_property
    def steps(self) -> tuple[float, float, float]:
        """Size of a voxel (slice, row, column): in slices, and in pixels at 256²."""
        return pixel_steps(self.pixels.shape, self.spacing_mm)

    @cached_property
    def scales(self) -> tuple[tuple[float, float], ...]:
        """Mean and standard deviation of the foreground of each channel."""
        if self.whole is not None:
            return self.whole.scales
        return tuple(_scale(channel) for channel in self.pixels)

    @cached_property
    def shown(self) -> BoolMask:
        """Where the image shows something, or surrounds it: the brain of a stripped one."""
        if self.whole is not None:
            return self.plane.apply(self.whole.shown)
        return fill_holes(head_of(self.pixels)).view(np.bool_)

    @cached_property
    def _tops(self) -> tuple[float, ...]:
        if self.whole is not None:
            return self.whole._tops
        return tuple(float(channel.max(initial=0)) for channel in self.pixels)

    def channel(self, name: str) -> int:
        """Return the number of a channel; the first where there is none of that name."""
        return self.channels.index(name) if name in self.channels else 0

    def image(self, z: int, rows: slice, columns: slice) -> NDArray[np.float32]:
        """Return the normalised channels around part of slice `z` (C, 3, Y, X)."""
        last = self.pixels.shape[1] - 1
        about = [max(z - 1, 0), z, min(z + 1, last)]
        cut = self.pixels[:, about, rows, columns].astype(np.float32)
        mean, spread = np.array(self.scales, np.float32).T.reshape(2, -1, 1, 1, 1)
        return np.asarray((cut - mean) / spread, np.float32)

    def usual(self, z: int, channel: int) -> float:
        """Return the median of the head on a slice, normalised; every other row and column."""
        plane = self.pixels[channel, z, ::2, ::2]
        head = plane[plane > _HEAD * self._tops[channel]]
        mean, spread = self.scales[channel]
        return (float(np.median(head)) - mean) / spread if head.size else 0.0

    def grey(self, z: int, where: tuple[slice, slice], channel: int) -> PlaneValues:
        """Return a normalised channel of part of a slice (Y, X)."""
        mean, spread = self.scales[channel]
        plane = self.pixels[channel, z][where].astype(np.float32)
        return np.asarray((plane - mean) / spread, np.float32)


@dataclass(frozen=True, eq=False)
class ClickGround:
    """What clicks correct: a mask (Z, Y, X) and, where there is one, the probability behind it.

    `probability` (Z, Y, X) is uint8, 255 times that of foreground, and `threshold` its cut. Where
    the two disagree, as after a correction by hand, the mask is right. Without a probability the
    distance to the outline stands for it. Where there are several labels, `mask` is of the one in
    hand, `labels` (Z, Y, X) are the values there are, and `rule` says what may be written.
    """

    scene: Scene
    mask: Mask
    probability: NDArray[np.uint8] | None = None
    threshold: float = 0.5
    labels: LabelMap | None = None
    rule: LabelRule = FREE

    def cut(self, plane: Plane) -> "ClickGround":
        """Return the same as slices of a plane; a view."""
        if plane == AXIAL:
            return self
        probability = None if self.probability is None else plane.apply(self.probability)
        labels = None if self.labels is None else plane.apply(self.labels)
        return replace(
            self,
            scene=self.scene.cut(plane),
            mask=plane.apply(self.mask),
            probability=probability,
            labels=labels,
        )

    def barred(self, index: int) -> BoolMask | None:
        """Return the voxels (Y, X) of a slice that the rule keeps as they are; None for none."""
        if self.labels is None:
            return None
        return np.asarray(self._kept[self.labels[index]])

    @cached_property
    def _kept(self) -> BoolMask:
        """Whether voxels of each of 256 values stay as they are.

        The label in hand can be taken away, whatever it may be written over, unless it is locked.
        """
        if self.rule.stuck:
            return np.ones(HIGHEST + 1, bool)
        kept: BoolMask = self.rule.replaceable() == 0
        kept[self.rule.value] = False
        return kept

    @cached_property
    def _table(self) -> PlaneValues:
        """Return the logit above the threshold of each of 256 probabilities."""
        level = min(max(int(np.floor(self.threshold * 255.0)), 0), 254)
        found = logit(np.asarray((np.arange(256) + 0.5) / 256, np.float32))
        cut = logit(np.asarray([(level + 1) / 256], np.float32))
        return np.asarray(found - cut, np.float32)

    def plane(self, z: int) -> PlaneValues:
        """Return the probability (Y, X) of a slice; above one half is foreground, exactly."""
        inside = self.mask[z] > 0
        if self.probability is None:
            return sigmoid(_from_outline(inside, self.scene.steps[1:]))
        logits = self._table[self.probability[z]]
        wrong = (logits > 0) != inside
        if wrong.any():
            logits[wrong] = _from_outline(inside, self.scene.steps[1:])[wrong]
        return sigmoid(logits)


def _from_outline(inside: BoolMask, step: tuple[float, float]) -> PlaneValues:
    """Return the logits (Y, X) of a mask alone: the distance to its outline, held to ±`_SURE`."""
    found = np.full(inside.shape, -_SURE, np.float32)
    box = bounding_box(inside[np.newaxis])
    if box is None:
        return found
    from scipy import ndimage

    margins = [int(np.ceil(_SURE * _SOFT / size)) + 1 for size in step]
    where = tuple(
        slice(max(start - margin, 0), end + margin)
        for start, end, margin in zip(box[2::2], box[3::2], margins, strict=True)
    )
    part = inside[where]
    half = min(step) / 2
    depth = ndimage.distance_transform_edt(np.pad(part, 1, mode="edge"), step)[1:-1, 1:-1]
    apart = ndimage.distance_transform_edt(~part, step)
    logits = np.where(part, depth - half, half - apart) / _SOFT
    found[where] = np.clip(logits, -_SURE, _SURE)
    return found


def _scale(channel: Pixels) -> tuple[float, float]:
    """Return mean and standard deviation of a channel above a tenth of its maximum.

    Values above the 99.5th percentile of those count as it.
    """
    stride = max(1, channel.size // _SAMPLE)
    values = channel.reshape(-1)[::stride].astype(np.float32)
    head = values[values > _HEAD * float(values.max(initial=0.0))]
    if not head.size:
        return 0.0, 1.0
    head = np.minimum(head, np.percentile(head, 99.5))
    spread = float(head.std())
    return float(head.mean()), spread if spread > 0 else 1.0
