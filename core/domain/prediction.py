"""A prediction: one model's probability for one case, of one lesion or of several labels.

Imports no torch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.domain.label_set import LabelMap, LabelSet, Region, values_in
from core.domain.mask import Mask
from core.domain.model_output import ModelOutput

OnSlices = Callable[[Sequence[int], NDArray[np.uint8]], None]
"""Called with slice indices (B,) and their quantised probabilities (B, Y, X) as they arrive.

What runs a model of several labels hands over all its channels, (K, B, Y, X).
"""


SURE = 255
"""What quantises a probability of 1."""
SMALL_SHARE = 0.3
"""Components below this share of the largest are small, where nobody says otherwise."""


class Postprocessing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a probability becomes a mask.

    Of the connected components the largest alone is kept, or those with at least `smallest_share`
    of its voxels, or all. A share keeps the lesion where a false alarm is larger than it.
    """

    threshold: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    largest_component: bool = False
    fill_holes: bool = False
    smallest_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0

    @property
    def cut(self) -> str:
        """What tells apart the masks of one probability, in words that are stored."""
        said = f"{self.threshold:.3f} {self.largest_component} {self.fill_holes}"
        return f"{said} {self.smallest_share:.2f}" if self.smallest_share else said

    @property
    def cleanup(self) -> str:
        """What is done after the threshold, in words; empty for nothing."""
        parts = ["largest component"] if self.largest_component else []
        if self.smallest_share and not self.largest_component:
            parts.append(f"components of {self.smallest_share:.0%} of the largest")
        return ", ".join([*parts, "holes filled"] if self.fill_holes else parts)


def quantise(probability: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return probabilities 0 to 1 as uint8 0 to 255; above 0.5 is above 127, exactly."""
    # Rounding to the nearest takes 127.5 up, and a network sure of nothing would see lesion.
    return np.asarray(np.ceil(probability * 255.0 - 0.5), dtype=np.uint8)


def to_mask(probability: NDArray[np.uint8], post: Postprocessing) -> Mask:
    """Return the mask of a quantised probability (Z, Y, X) or (Y, X): above the threshold is 1.

    Holes are filled in (Z, Y, X) slice by slice, after components were chosen.
    """
    # scipy's image routines load slowly, and the first picture need not wait for them.
    from core.domain.components import fill_holes, large_components, largest_component

    level = np.uint8(min(max(int(np.floor(post.threshold * 255.0)), 0), 254))
    mask = (probability > level).view(np.uint8)
    if post.largest_component and mask.ndim == 3:
        mask = largest_component(mask)
    elif post.smallest_share and mask.ndim == 3:
        mask = large_components(mask, post.smallest_share)
    return fill_holes(mask) if post.fill_holes and mask.ndim == 3 else mask


@dataclass(frozen=True)
class Focus:
    """What is looked at in a case: its `labels`, None without any, and the `region`, None for all.

    A model of several labels calls them by the case's names and values where it knows the same.
    """

    labels: LabelSet | None = None
    region: Region | None = None


_MIDDLE = 127  # quantised; above it is above one half


@dataclass(frozen=True, eq=False)
class LabelProbabilities:
    """What a model of several labels says: `channels` (K, Z, Y, X) uint8, as `output` names them.

    Each is 255 times a probability, on the native grid. For a model of classes the background has
    what they leave of 255.
    """

    channels: NDArray[np.uint8]
    output: ModelOutput

    def of(self, region: Region) -> NDArray[np.uint8]:
        """Return the probability (Z, Y, X) of a region or label.

        Above one half is what the label map shows as the region, exactly. Of classes it is the sum
        over its labels, moved to one half where the likeliest class decides otherwise: two labels
        of 0.3 each are no lesion beside a background of 0.4. Of regions it is the likeliest channel
        that paints a label of it, less what is likely to be painted over.
        """
        return self._of_classes(region) if self._is_classes else self._of_regions(region)

    def label_map(self, post: Postprocessing) -> LabelMap:
        """Return the label of each voxel (Z, Y, X), 0 for background.

        Of classes it is the likeliest, whatever the threshold, its components and holes chosen
        label by label. Of regions each is cut and cleaned as `mask_of` has it, then painted over
        those before it.
        """
        if self._is_classes:
            return self._cleaned(self._likeliest, post)
        painted = np.zeros(self.channels.shape[1:], np.uint8)
        for region, value in zip(self.output.channels, self.output.paints, strict=True):
            painted[to_mask(self.of(region), post) > 0] = value
        return painted

    def wanted(self, focus: Focus) -> Region:
        """Return the region that a focus names, of one whose case has the same values."""
        if focus.region is None:
            return self.output.whole
        return self.output.region_of(focus.labels, focus.region)

    def adapted(self, labels: LabelSet | None) -> "LabelProbabilities":
        """Return the same with the values that a case gives to its labels."""
        output, order = self.output.adapted(labels)
        if output is self.output:
            return self
        same = order == tuple(range(len(order)))
        return LabelProbabilities(self.channels if same else self.channels[list(order)], output)

    @property
    def _is_classes(self) -> bool:
        return self.output.kind == "classes"

    @cached_property
    def _likeliest(self) -> LabelMap:
        """The likeliest class of each voxel, of two alike the one before, background first."""
        total = self.channels.sum(axis=0, dtype=np.uint16)
        best = np.uint8(255) - np.minimum(total, 255).astype(np.uint8)
        found = np.zeros(best.shape, np.uint8)
        for value, channel in zip(self.output.paints, self.channels, strict=True):
            above = channel > best
            found[above] = value
            np.copyto(best, channel, where=above)
        return found

    def _of_classes(self, region: Region) -> NDArray[np.uint8]:
        values = self.output.paints
        chosen = [place for place, value in enumerate(values) if value in region.values]
        total = self.channels[chosen].sum(axis=0, dtype=np.uint16)
        probability: NDArray[np.uint8] = np.minimum(total, 255).astype(np.uint8)
        inside = self.output.labels.mask(self._likeliest, region) > 0
        np.maximum(probability, _MIDDLE + 1, out=probability, where=inside)
        np.minimum(probability, _MIDDLE, out=probability, where=~inside)
        return probability

    def _of_regions(self, region: Region) -> NDArray[np.uint8]:
        found = np.zeros(self.channels.shape[1:], np.uint8)
        over = np.zeros_like(found)
        every = zip(self.output.paints, self.channels, strict=True)
        for value, channel in reversed(list(every)):
            if value in region.values:
                np.maximum(found, np.minimum(channel, 255 - over), out=found)
            else:
                np.maximum(over, channel, out=over)
        return found

    def _cleaned(self, label_map: LabelMap, post: Postprocessing) -> LabelMap:
        if not post.cleanup:
            return label_map
        cleaned = np.zeros_like(label_map)
        for value in self.output.labels.values:
            level = (label_map == value).astype(np.uint8) * np.uint8(255)
            mask = to_mask(level, post)
            cleaned[(mask > 0) & ((label_map == value) | (label_map == 0))] = value
        return cleaned


@dataclass(frozen=True, eq=False)
class SureLabels:
    """What masks of another program say: a label a voxel, and nothing of how sure that is.

    `painted` (Z, Y, X) has the values of `labels`: the case's own, and those it has none of, which
    are `foreign`. A foreign one is lesion in the whole, and background of every other region.
    """

    painted: LabelMap
    labels: LabelSet
    foreign: tuple[int, ...] = ()

    @property
    def output(self) -> ModelOutput:
        """What the channels would be of."""
        return ModelOutput(kind="classes", labels=self.labels)

    @property
    def channels(self) -> NDArray[np.uint8]:
        """A channel (K, Z, Y, X) a label, for those that take the mean of several."""
        values = self.labels.values
        return np.stack([(self.painted == value) * np.uint8(SURE) for value in values])

    def of(self, region: Region) -> NDArray[np.uint8]:
        """Return the probability (Z, Y, X) of a region or label: 0 or 255."""
        known = set(self.labels.values) - set(self.foreign)
        if known <= set(region.values):
            region = Region(region.name, tuple(sorted({*region.values, *self.foreign})))
        sure = self.labels.mask(self.painted, region)
        sure *= np.uint8(SURE)
        return sure

    def label_map(self, post: Postprocessing) -> LabelMap:
        """Return the label of each voxel (Z, Y, X); components and holes are chosen as always."""
        if not post.cleanup:
            return self.painted
        return LabelProbabilities(self.channels, self.output).label_map(post)

    def wanted(self, focus: Focus) -> Region:
        """Return the region that a focus names."""
        return self.labels.whole if focus.region is None else focus.region

    def adapted(self, labels: LabelSet | None) -> "SureLabels":
        """Return the same: its labels are those of its case, however they are called."""
        if labels is None:
            return self
        foreign = tuple(value for value in self._found if value not in labels.values)
        return replace(self, labels=labels.with_found(self._found, self.labels), foreign=foreign)

    @cached_property
    def _found(self) -> list[int]:
        return values_in(self.painted)


SaidLabels: TypeAlias = LabelProbabilities | SureLabels
"""What is said of several labels at once."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """`probability` (Z, Y, X) uint8 is 255 times the foreground probability, on the native grid.

    `key` names what it was computed from (weights, specification, pixels); `seconds` is the time
    the network took, `device` where it ran. Of a model of several labels `several` is all it says,
    and `probability` that of the region in focus, `focus`; both are None for a binary one.
    `notices` are whole sentences about what was done to it on the way here, `resampled` is True
    where its voxels are not those of its file.
    """

    probability: NDArray[np.uint8]
    model_id: str
    key: str
    device: str
    seconds: float
    several: SaidLabels | None = None
    focus: Region | None = None
    notices: tuple[str, ...] = ()
    resampled: bool = False

    @property
    def filed(self) -> str:
        """What figures of it are filed under: the key, and the region they are of."""
        if self.focus is None:
            return self.key
        return f"{self.key}-of-{'.'.join(map(str, self.focus.values))}"

    def focused(self, focus: Focus) -> "Prediction":
        """Return this prediction of a case, its labels' values those of the case.

        A binary prediction stays as it is.
        """
        if self.several is None:
            return self
        several: SaidLabels = self.several.adapted(focus.labels)
        wanted = several.wanted(focus)
        if several is self.several and wanted == self.focus:
            return self
        probability = several.of(wanted)
        return replace(self, several=several, focus=wanted, probability=probability)

    def mask_of(self, region: Region, post: Postprocessing) -> Mask:
        """Return the mask (Z, Y, X) of a region or label; what figures are made of.

        Components and holes are those of the region. A binary prediction has one mask, whatever
        region it fills.
        """
        several = self.several
        if several is None or region == self.focus:
            return to_mask(self.probability, post)
        return to_mask(several.of(region), post)

    def label_map(self, post: Postprocessing, fills: int = 1) -> LabelMap:
        """Return the label of each voxel (Z, Y, X); a binary prediction has the value `fills`."""
        if self.several is None:
            return to_mask(self.probability, post) * np.uint8(fills)
        return self.several.label_map(post)


def prediction_of(
    channels: NDArray[np.uint8],
    output: ModelOutput | None,
    *,
    model_id: str,
    key: str,
    device: str,
    seconds: float,
) -> Prediction:
    """Return the prediction of a model from its quantised channels (K, Z, Y, X).

    Of a model of several labels all of them are in focus; a binary one, `output` None, has one
    channel.
    """
    if output is None:
        return Prediction(channels[0], model_id, key, device, seconds)
    several, whole = LabelProbabilities(channels, output), output.whole
    return Prediction(several.of(whole), model_id, key, device, seconds, several, whole)
