"""A reader of label maps made by code: what is in hand and locked, strokes, merges, undo, redo."""

import numpy as np

from core.annotation import regions, shapes, strokes
from core.annotation.correction import Correction
from core.annotation.draft import Draft, Step, new_draft
from core.annotation.label_rule import LabelRule
from core.domain.label_set import Label, LabelMap, LabelSet, Region, colour_of
from tests.core.corrections.acting import FROM_PREDICTION, SHAPE, start_mask

VALUES = (1, 2, 4, 9)
LABELS = LabelSet(
    tuple(Label(value, f"Label {value}", colour_of(value)) for value in VALUES),
    (Region("Whole tumour", VALUES), Region("Core", (1, 4))),
)


def start_map() -> LabelMap:
    """Return the ball in stripes of all labels."""
    stripes = np.take(VALUES, np.arange(SHAPE[2]) // 5 % len(VALUES)).astype(np.uint8)
    return np.asarray(start_mask() * stripes, np.uint8)


def fresh_labels() -> Draft:
    return new_draft("CASE", start_map(), FROM_PREDICTION, author="Reader", labels=LABELS)


def act_on_labels(correction: Correction, random: np.random.Generator) -> Step | None:
    """Do one thing a reader of several labels does."""
    there = correction.labels.values
    locked = frozenset(int(each) for each in random.choice(there, random.integers(2)))
    rule = LabelRule(int(random.choice(there)), locked=locked, clears_all=bool(random.integers(2)))
    correction.set_rule(rule)
    z = int(random.integers(SHAPE[0]))
    kind = random.integers(8)
    if kind < 4:
        return _stroke(correction, z, random)
    if kind == 4:
        return correction.undo()
    if kind == 5:
        return correction.redo()
    if kind == 6:
        aim = correction.aim("focus")
        grown = shapes.grow(correction.ground(aim), by=1, z=z)
        return correction.apply("grow", z, grown, aim=aim)
    return _merged(correction, z)


def _merged(correction: Correction, z: int) -> Step | None:
    """Merge the last label into the first, or make it anew where it was merged."""
    now, last = correction.labels, VALUES[-1]
    if last not in now.values:
        return correction.change_labels("add label", z, LABELS)
    values = correction.label_map
    left = LabelSet(tuple(each for each in now.labels if each.value != last))
    patch = regions.replace(values, np.where(values == last, np.uint8(1), values))
    return correction.change_labels("merge label", z, left, patch)


def _stroke(correction: Correction, z: int, random: np.random.Generator) -> Step | None:
    value, size = int(random.integers(2)), float(random.uniform(1, 15))
    aim = correction.aim()
    correction.begin("brush" if value else "eraser", z, aim)
    last = tuple(random.uniform(0, SHAPE[1:]))
    for _ in range(random.integers(1, 5)):
        point = tuple(last + random.normal(0, 6, 2))
        ground = correction.under_hand
        correction.paint(strokes.stroke(ground, z, [last, point], size=size, value=value))
        last = point
    return correction.end()
