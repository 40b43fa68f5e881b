"""What the values of a label map mean: names, colours, codes, and regions made of several."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

LabelMap = NDArray[np.uint8]
"""(Z, Y, X), 0 is background."""

_COLOURS: tuple[Colour, ...] = (
    (255, 0, 135),
    (135, 255, 225),
    (240, 240, 15),
    (165, 120, 0),
    (45, 150, 150),
    (195, 90, 240),
    (225, 180, 135),
    (225, 195, 255),
)  # any two are at least 14.7 apart (CIEDE2000), also to protan, deutan and tritan eyes
_OPACITIES = (0.34, 0.13, 0.26)
"""How strongly the first colours fill: the bright ones cover the image sooner."""
_OPACITY = 0.26
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
    """One value of a label map, 1 to 255; raises `ValueError` for another.

    `parts` are the values of the labels that overlap where this one stands; most have none.
    """

    value: int
    name: str
    colour: Colour
    code: Code | None = None
    parts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what a label map of uint8 cannot hold."""
        if not 1 <= self.value <= HIGHEST:
            raise ValueError(f"expected a label value of 1 to {HIGHEST}, found {self.value}")

    @property
    def opacity(self) -> float:
        """How strongly its fill covers the image by itself, 0 to 1."""
        return _FILLS.get(self.colour, _OPACITY)


@dataclass(frozen=True)
class Region:
    """A named union of labels, such as whole tumour = 1 + 2 + 3."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True)
class LabelSet:
    """Labels by ascending value, and regions over them.

    Where labels overlap, a voxel of several has a label that stands for all of its `parts`
    (`core.domain.overlaps`); a region by the name of a label holds these too. `fills` names the
    region or label that a mask without labels is of; nothing where nobody said. Raises `ValueError`
    when a value stands twice or a region names a value that is no label.
    """

    labels: tuple[Label, ...]
    regions: tuple[Region, ...] = field(default=())
    fills: str = ""

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

    @property
    def whole(self) -> Region:
        """All labels, under the name of the region that is all of them, else as "Whole"."""
        every = set(self.values)
        named = (region for region in self.regions if set(region.values) == every)
        return next(named, Region("Whole", self.values))

    @property
    def filled(self) -> Region | None:
        """The region that a mask without labels is of; None where nobody said, or it is gone."""
        try:
            return self.region(self.fills) if self.fills else None
        except KeyError:
            return None

    @property
    def scored(self) -> tuple[Region, ...]:
        """What figures are given of, each once: the whole, the named regions, the other labels.

        Labels that overlap are whole there, with what they share.
        """
        every: dict[frozenset[int], Region] = {}
        labels = map(self.spread, self.segments)
        for region in (self.whole, *self.regions, *labels):
            every.setdefault(frozenset(region.values), region)
        names: dict[str, Region] = {}
        for region in every.values():
            names.setdefault(region.name, region)
        return tuple(names.values())

    @property
    def segments(self) -> tuple[Label, ...]:
        """The labels that are no combination of others."""
        return tuple(label for label in self.labels if not self.is_combination(label))

    @property
    def overlap(self) -> bool:
        """True where there are labels for what several share."""
        return len(self.segments) < len(self.labels)

    def is_combination(self, label: Label) -> bool:
        """Tell whether a label stands for several others of this set."""
        return bool(label.parts) and set(label.parts) <= set(self.values)

    @property
    def dotted(self) -> frozenset[int]:
        """The values whose label is filled with dots, as one before it has the same colour."""
        seen: set[Colour] = set()
        found = set()
        for label in self.labels:
            if label.colour in seen:
                found.add(label.value)
            seen.add(label.colour)
        return frozenset(found)

    def label(self, value: int) -> Label:
        """Return the label of `value`; raises `KeyError` when there is none."""
        for label in self.labels:
            if label.value == value:
                return label
        raise KeyError(value)

    def region(self, name: str) -> Region:
        """Return the region of `name`, the whole and a label's own name included.

        Raises `KeyError`.
        """
        for region in (*self.regions, self.whole):
            if region.name == name:
                return region
        for label in self.labels:
            if label.name == name:
                return self.spread(label)
        raise KeyError(name)

    def spread(self, label: Label) -> Region:
        """Return a label as a region, with what it shares with others where they overlap."""
        shared = (each.value for each in self.labels if label.value in each.parts)
        return Region(label.name, (label.value, *shared))

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
        value where there is none; one that was taken away becomes background, or what it shared
        with labels beyond the region.
        """
        before = self.mask(label_map, region)
        found = np.where(before & (mask == 0), self._left_of(region)[label_map], label_map)
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

    def _left_of(self, region: Region) -> LabelMap:
        """Return for each value what is left of it where a region is taken away: (256,)."""
        inside = set(region.values)
        left = np.zeros(HIGHEST + 1, np.uint8)
        by_parts = {frozenset(each.parts): each.value for each in self.labels if each.parts}
        by_parts |= {frozenset({each.value}): each.value for each in self.labels}
        for label in self.labels:
            stays = frozenset(
                part
                for part in label.parts
                if part in self.values and not set(self.spread(self.label(part)).values) <= inside
            )
            left[label.value] = by_parts.get(stays, 0)
        return left

    def region_fault(self, name: str, values: Iterable[int], instead_of: str = "") -> str:
        """Return why there can be no such region, empty where there can be.

        `instead_of` names the region that it would stand in place of.
        """
        regions = {each.name for each in (*self.regions, self.whole)}
        taken = (regions | {label.name for label in self.labels}) - {instead_of}
        chosen = set(values)
        fault = _name_fault(name, taken)
        if fault:
            return fault
        if not chosen or not chosen <= set(self.values):
            known = ", ".join(f"{each.value} {each.name}" for each in self.labels)
            return f"Choose labels among {known}."
        return ""

    def label_fault(self, value: int, name: str) -> str:
        """Return why the label of `value` cannot be called so, empty where it can be.

        The name of a region that it alone makes is its own.
        """
        others = {label.name for label in self.labels if label.value != value}
        alone = set(self.spread(self.label(value)).values)
        made = (*self.regions, self.whole)
        regions = {region.name for region in made if set(region.values) != alone}
        return _name_fault(name, others | regions)

    def with_region(self, region: Region, instead_of: str = "") -> "LabelSet":
        """Return the set with one region more, or in the place of the one of that name.

        Raises `ValueError` for one that `region_fault` finds fault with.
        """
        fault = self.region_fault(region.name, region.values, instead_of)
        if fault:
            raise ValueError(fault)
        made = Region(region.name.strip(), tuple(sorted(set(region.values))))
        if instead_of not in {each.name for each in self.regions}:
            return replace(self, regions=(*self.regions, made))
        regions = (made if each.name == instead_of else each for each in self.regions)
        fills = made.name if self.fills == instead_of else self.fills
        return replace(self, regions=tuple(regions), fills=fills)

    def without_region(self, name: str) -> "LabelSet":
        """Return the set without the region of that name; labels stay."""
        return replace(self, regions=tuple(each for each in self.regions if each.name != name))

    def with_label(self, label: Label) -> "LabelSet":
        """Return the set with `label` in place of the one of its value, or beside the others.

        What has the name of the label before it has the new one: a region that it alone makes, the
        combinations that it is a part of, and what masks without labels are of.
        """
        return self._with_labels({label.value: label})

    def renamed(self, names: Iterable[tuple[int, str]]) -> "LabelSet":
        """Return the set with other names for the labels of these values; new values are added.

        All at once, so that two may change their names; the rest is as `with_label` has it.
        """
        told = dict(names)
        whole = self.with_found(told)
        return whole._with_labels(
            {value: replace(whole.label(value), name=name) for value, name in told.items()}
        )

    def _with_labels(self, labels: Mapping[int, Label]) -> "LabelSet":
        before = {each.value: each.name for each in self.labels}
        names = before | {value: label.name for value, label in labels.items()}
        kept = (
            replace(each, name=_joined(each, names))
            if each.parts and each.name == _joined(each, before)
            else each
            for each in self.labels
            if each.value not in labels
        )
        made = (*kept, *labels.values())
        now = {each.value: each.name for each in made}
        regions = tuple(
            replace(region, name=next((now[v] for v in self._alone(region)), region.name))
            for region in self.regions
        )
        followed = dict(zip((each.name for each in self.regions), regions, strict=True))
        if self.fills in followed:
            return LabelSet(made, regions, followed[self.fills].name)
        fills = next((now[v] for v, name in before.items() if name == self.fills), self.fills)
        return LabelSet(made, regions, fills)

    def _alone(self, region: Region) -> tuple[int, ...]:
        """Return the value of the label that a region is, by name and by what it is made of."""
        return tuple(
            each.value
            for each in self.labels
            if each.name == region.name
            and set(region.values) in ({each.value}, set(self.spread(each).values))
        )

    def with_found(self, values: Iterable[int], known: "LabelSet | None" = None) -> "LabelSet":
        """Return the set with a label for each of `values` that has none yet; 0 is left out.

        They are called as `known` has them. Combinations are those of `known` where this set has
        the labels that they are made of, by the names that these have here.
        """
        missing = sorted({int(value) for value in values} - set(self.values) - {0})
        told = {} if known is None else {each.value: each for each in known.labels}
        labels = [
            told[value]
            if value in told and set(told[value].parts) <= {*self.values, *missing}
            else _unnamed(value)
            for value in missing
        ]
        before = {value: each.name for value, each in told.items()}
        names = before | {each.value: each.name for each in (*labels, *self.labels)}
        followed = (
            replace(each, name=_joined(each, names))
            if each.parts and each.name == _joined(each, before)
            else each
            for each in labels
        )
        return replace(self, labels=(*self.labels, *followed))


def binary(name: str = "Lesion") -> LabelSet:
    """Return the set of a mask: one label of value 1."""
    return LabelSet((Label(1, name, colour_of(1), LESION),))


def from_values(values: Iterable[int]) -> LabelSet:
    """Return a set of labels with plain names for `values`; 0 is left out.

    The one value 1 is a binary mask.
    """
    found = sorted({int(value) for value in values} - {0})
    return binary() if found == [1] else LabelSet(tuple(map(_unnamed, found)))


def values_in(label_map: NDArray[np.uint8]) -> list[int]:
    """Return the values that a label map (Z, Y, X), or a part of it, has beside 0, ascending."""
    seen = np.zeros(HIGHEST + 1, bool)
    # Slice by slice: counting takes eight bytes a voxel for the while.
    for plane in label_map if label_map.ndim > 2 else label_map[np.newaxis]:
        seen |= np.bincount(plane.ravel(), minlength=HIGHEST + 1) > 0
    seen[0] = False
    return np.flatnonzero(seen).tolist()


def colour_of(value: int) -> Colour:
    """Return the colour a label gets where its file names none."""
    return _COLOURS[(value - 1) % len(_COLOURS)]


def new_label(labels: LabelSet) -> Label | None:
    """Return a label of the lowest free value; None where all 255 are taken."""
    free = sorted(set(range(1, HIGHEST + 1)) - set(labels.values))
    return _unnamed(free[0]) if free else None


def _name_fault(name: str, taken: Iterable[str]) -> str:
    """Return why something cannot be called so; empty where it can be."""
    if not name.strip():
        return "Give it a name."
    if name.strip() in set(taken):
        return f"{name.strip()} is a name here already. Choose another."
    return ""


def _joined(label: Label, names: Mapping[int, str]) -> str:
    """Return the name of a combination as its parts have it; empty for what is none."""
    there = set(label.parts) <= set(names)
    return " + ".join(names[part] for part in label.parts) if there else ""


def _unnamed(value: int) -> Label:
    return Label(value, f"Label {value}", colour_of(value))


_FILLS = dict(zip(_COLOURS, _OPACITIES, strict=False))
BINARY = binary()
"""The label set of a mask whose one value is lesion."""
