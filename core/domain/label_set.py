"""What the values of a label map mean: names, colours, codes, and regions made of several."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

LabelMap = NDArray[np.uint8]
"""(Z, Y, X), 0 is background."""

_COLOURS: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
    (153, 153, 153),
)  # Okabe and Ito 2008: told apart by colour-blind readers too
HIGHEST = 255


@dataclass(frozen=True)
class Code:
    """A term of a coding scheme, such as SCT 52988006 "Lesion"."""

    scheme: str
    value: str
    meaning: str


LESION = Code("SCT", "52988006", "Lesion")


@dataclass(frozen=True)
class Label:
    """One value of a label map, 1 to 255; raises `ValueError` for another."""

    value: int
    name: str
    colour: Colour
    code: Code | None = None

    def __post_init__(self) -> None:
        """Refuse what a label map of uint8 cannot hold."""
        if not 1 <= self.value <= HIGHEST:
            raise ValueError(f"expected a label value of 1 to {HIGHEST}, found {self.value}")


@dataclass(frozen=True)
class Region:
    """A named union of labels, such as whole tumour = 1 + 2 + 3."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True)
class LabelSet:
    """Labels by ascending value, and regions over them.

    Raises `ValueError` when a value stands twice or a region names a value that is no label.
    """

    labels: tuple[Label, ...]
    regions: tuple[Region, ...] = field(default=())

    def __post_init__(self) -> None:
        """Sort the labels and check that regions and values fit."""
        object.__setattr__(
            self, "labels", tuple(sorted(self.labels, key=lambda label: label.value))
        )
        if len(set(self.values)) != len(self.labels):
            raise ValueError(f"expected each label value once, found {list(self.values)}")
        for region in self.regions:
            foreign = sorted(set(region.values) - set(self.values))
            if foreign or not region.values:
                raise ValueError(f"{region.name}: expected values of labels, found {foreign}")

    @property
    def values(self) -> tuple[int, ...]:
        """The label values, ascending, without the background."""
        return tuple(label.value for label in self.labels)

    @property
    def is_binary(self) -> bool:
        """True when there is one label besides the background."""
        return len(self.labels) == 1

    def label(self, value: int) -> Label:
        """Return the label of `value`; raises `KeyError` when there is none."""
        for label in self.labels:
            if label.value == value:
                return label
        raise KeyError(value)

    def region(self, name: str) -> Region:
        """Return the region of `name`, a label's own name included; raises `KeyError`."""
        for region in self.regions:
            if region.name == name:
                return region
        for label in self.labels:
            if label.name == name:
                return Region(name, (label.value,))
        raise KeyError(name)

    def mask(self, label_map: LabelMap, region: Region) -> LabelMap:
        """Return the foreground of `region` in `label_map`, uint8 0/1, in the same shape."""
        chosen = np.zeros(HIGHEST + 1, np.uint8)
        chosen[list(region.values)] = 1
        found = np.empty(label_map.shape, np.uint8)
        # Slice by slice: looking values up takes eight bytes a voxel for the while.
        for plane, part in zip(label_map, found, strict=True):
            part[...] = chosen[plane]
        return found

    def restored(self, mask: LabelMap, label_map: LabelMap, region: Region) -> LabelMap:
        """Return `label_map` with `region` drawn anew as `mask` (0/1), in the same shape.

        Where both call a voxel the region it keeps its value, and so does what lies outside both.
        A voxel that was added gets the value of the nearest voxel of the region, the region's first
        value where there is none; one that was taken away becomes background.
        """
        before = self.mask(label_map, region)
        found = np.where(before & (mask == 0), np.uint8(0), label_map)
        added = (mask > 0) & (before == 0)
        if added.any():
            found[added] = region.values[0]
        if added.any() and before.any():
            from scipy import ndimage  # slow to load, and only an export needs it

            nearest = ndimage.distance_transform_edt(
                before == 0, return_distances=False, return_indices=True
            )
            found[added] = label_map[tuple(nearest[:, added])]
        return found

    def with_found(self, values: Iterable[int]) -> "LabelSet":
        """Return the set with a label for each of `values` that has none yet; 0 is left out."""
        missing = sorted({int(value) for value in values} - set(self.values) - {0})
        return replace(self, labels=self.labels + tuple(map(_unnamed, missing)))


def binary(name: str = "Lesion") -> LabelSet:
    """Return the set of a mask: one label of value 1."""
    return LabelSet((Label(1, name, colour_of(1), LESION),))


def from_values(values: Iterable[int]) -> LabelSet:
    """Return a set of labels with plain names for `values`; 0 is left out.

    The one value 1 is a binary mask.
    """
    found = sorted({int(value) for value in values} - {0})
    return binary() if found == [1] else LabelSet(tuple(map(_unnamed, found)))


def colour_of(value: int) -> Colour:
    """Return the colour a label gets where its file names none."""
    return _COLOURS[(value - 1) % len(_COLOURS)]


def _unnamed(value: int) -> Label:
    return Label(value, f"Label {value}", colour_of(value))


BINARY = binary()
"""The label set of a mask whose one value is lesion."""
