"""Segments that overlap, as one label map: a label for each combination that occurs.

A voxel of A alone has the label A, one of A and B the label "A + B", whose `parts` are the two. So
nothing is lost: a segment is its own label and all combinations it is a part of
(`LabelSet.region`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.domain.label_names import listed
from core.domain.label_set import HIGHEST, Label, LabelMap, LabelSet, Region, colour_of

_ALIKE = 8
"""Parts up to this value give a combination the same value in every case, for all of them fit."""


class SegmentPile:
    """Takes segments one by one, each a foreground, and gives the label map they make together.

    `labels` are those of the segments, `shape` is (Z, Y, X).
    """

    def __init__(self, labels: Sequence[Label], shape: tuple[int, ...]) -> None:
        self._labels = tuple(labels)
        self._codes = {frozenset({label.value}): n for n, label in enumerate(labels, start=1)}
        self._parts = [frozenset[int](), *self._codes]
        self._found: NDArray[np.uint8] | NDArray[np.uint16] = np.zeros(shape, np.uint8)

    def lay(self, value: int, inside: NDArray[np.bool_], z: int | None = None) -> None:
        """Put the segment of `value` where `inside` is true: of slice `z` (Y, X), or of all."""
        own = frozenset({value})
        there = (self._found if z is None else self._found[z])[inside]
        under = np.flatnonzero(np.bincount(there.ravel(), minlength=1))
        become = np.zeros(len(self._parts), np.uint16)
        for code in under.tolist():
            become[code] = self._code(self._parts[code] | own)
        if become.max() > np.iinfo(self._found.dtype).max:
            self._found = self._found.astype(np.uint16)
        (self._found if z is None else self._found[z])[inside] = become[there]

    def together(self) -> tuple[LabelMap, LabelSet, int]:
        """Return the label map (Z, Y, X), its labels, and how many voxels are in several segments.

        Raises `ValueError` for more combinations than a label map has values for.
        """
        counts = np.zeros(len(self._parts), np.int64)
        for plane in self._found:
            counts += np.bincount(plane.ravel(), minlength=len(counts))
        several = [
            (n, sorted(parts))
            for n, parts in enumerate(self._parts)
            if len(parts) > 1 and counts[n]
        ]
        labels = _with_combinations(LabelSet(self._labels), [parts for _, parts in several])
        values = np.zeros(len(self._parts), np.uint8)
        for label in self._labels:
            values[self._codes[frozenset({label.value})]] = label.value
        for code, parts in several:
            values[code] = combination(labels, parts)
        found = np.empty(self._found.shape, np.uint8)
        for plane, part in zip(self._found, found, strict=True):
            part[...] = values[plane]
        return found, labels, int(counts[[code for code, _ in several]].sum())

    def _code(self, parts: frozenset[int]) -> int:
        if parts not in self._codes:
            self._codes[parts] = len(self._parts)
            self._parts.append(parts)
        return self._codes[parts]


def told_of(name: str, labels: LabelSet, voxels: int) -> str:
    """Return what is told of a file whose segments overlap in `voxels`."""
    names = [label.name for label in labels.labels if labels.is_combination(label)]
    return (
        f"{name}: expected segments that do not overlap, found {voxels:,} voxels in several. All "
        f"are kept: what is shared has a label of its own ({listed(names, 3)}), each "
        "segment is whole in figures, and every export keeps it."
    )


def combination(labels: LabelSet, parts: Sequence[int]) -> int:
    """Return the value that stands for all of these segments at once, 0 for none of them.

    Raises `KeyError` where the labels have no such combination.
    """
    wanted = set(parts)
    if len(wanted) < 2:
        return next(iter(wanted), 0)
    for label in labels.labels:
        if set(label.parts) == wanted:
            return label.value
    raise KeyError(tuple(parts))


def renumbered(values: LabelMap, theirs: LabelSet, ours: LabelSet) -> LabelMap:
    """Return a map of labels of one set with the values that another gives to the combinations.

    What `ours` has no value for keeps its own.
    """
    known = {frozenset(label.parts): label.value for label in ours.labels if label.parts}
    table = np.arange(HIGHEST + 1, dtype=np.uint8)
    for label in theirs.labels:
        table[label.value] = known.get(frozenset(label.parts), label.value)
    same = all(table[label.value] == label.value for label in theirs.labels)
    return values if same else table[values]


def merging(labels: LabelSet, value: int, into: int) -> tuple[LabelSet, Mapping[int, int]]:
    """Return the labels without one that becomes `into` (0: background), and what values become.

    A combination that the label is a part of loses it: "A + B" without A is B. The last label
    stays among the labels.
    """
    gone = labels.label(value)
    parts_into = set(labels.label(into).parts) or {into} if into else set[int]()
    wanted: dict[int, set[int]] = {}
    for label in labels.labels:
        if value in label.parts and not gone.parts:
            wanted[label.value] = (set(label.parts) - {value}) | parts_into
    new = [sorted(parts) for parts in wanted.values() if len(parts) > 1]
    left = tuple(each for each in labels.labels if each.value not in {value, *wanted})
    if not left:
        return labels, {value: into}
    made = _with_combinations(LabelSet(left, (), labels.fills), new)
    become = {old: combination(made, sorted(parts)) for old, parts in wanted.items()}
    become[value] = into
    kept = set(made.values)
    thinned = (
        Region(region.name, tuple(dict.fromkeys(v for v in region.values if v in kept)))
        for region in labels.regions
    )
    return replace(made, regions=tuple(each for each in thinned if each.values)), become


def _with_combinations(labels: LabelSet, combinations: Sequence[Sequence[int]]) -> LabelSet:
    """Return the set with a label for each combination of values that it has none for."""
    known = {frozenset(label.parts) for label in labels.labels}
    missing = sorted({tuple(parts) for parts in combinations if frozenset(parts) not in known})
    taken = set(labels.values)
    found: dict[tuple[int, ...], int] = {}
    for parts in missing:
        usual = _usual_value(parts)
        if usual and usual not in taken:
            found[parts] = usual
    taken |= set(found.values())
    free = iter([value for value in range(HIGHEST, 0, -1) if value not in taken])
    for parts in missing:
        if parts not in found:
            value = next(free, 0)
            if not value:
                raise ValueError(
                    f"expected segments and combinations of them in {HIGHEST} values at most, "
                    f"found {len(labels.values) + len(missing)}"
                )
            found[parts] = value
    made = [
        Label(value, " + ".join(labels.label(v).name for v in parts), colour_of(value), None, parts)
        for parts, value in found.items()
    ]
    return replace(labels, labels=(*labels.labels, *made))


def _usual_value(parts: Sequence[int]) -> int:
    """Return the value that a combination of low values has in every case; 0 for others.

    The first is 255, and they go down: 1+2, 1+3, 2+3, 1+2+3, 1+4 …, all 247 of eight segments.
    """
    if max(parts) > _ALIKE:
        return 0
    bits = sum(1 << (value - 1) for value in parts)
    singles = bits.bit_length()  # the powers of two up to it stand for no combination
    return HIGHEST - (bits - singles - 1)
