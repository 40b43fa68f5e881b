"""A correction at rest: what it started from, its mask, its history, and the state to be saved."""

from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec
import numpy as np

from core.annotation.history import Edit, History
from core.domain.guide import Click
from core.domain.label_set import BINARY, LabelMap, LabelSet, values_in
from core.domain.mask import binarise
from core.domain.plane import PLANES, Cut

Clicks = tuple[Click, ...]
"""What a guided correction was made of, in order."""

StepKind = Literal["edit", "undo", "redo"]


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a correction started from; `key` is the prediction's, `version` a saved version's."""

    kind: Literal["prediction", "ground_truth", "empty", "version"]
    model_id: str = ""
    key: str = ""
    threshold: float | None = None
    version: int | None = None


@dataclass(frozen=True, eq=False)
class Draft:
    """A correction of one case as it was started or as the journal holds it.

    `start` (Z, Y, X) are the label values the reader began with, 0 and 1 where there is one label,
    `mask` what they became, `labels` what they mean now. `counter` is the highest edit number ever
    given, `saved_head` the edit that the last saved version holds. `stored` is False until the
    journal has a row of it. One `Correction` goes on with it.
    """

    case_id: str
    author: str
    origin: Origin
    start: LabelMap
    mask: LabelMap
    history: History = field(default_factory=History)
    counter: int = 0
    saved_head: int = 0
    seconds: float = 0.0
    stored: bool = False
    labels: LabelSet = BINARY

    @property
    def is_mask(self) -> bool:
        """True when it has one label, and never had others that undo could bring back."""
        plain = is_plain(self.labels) and not self.history.changes_labels
        return plain and int(self.start.max(initial=0)) <= 1


@dataclass(frozen=True, eq=False)
class Step:
    """One change of a correction, to be journalled in order: a new edit, an undo or a redo.

    `head` is the number of the last applied edit afterwards, `seconds` the time spent so far.
    """

    kind: StepKind
    edit: Edit
    head: int
    seconds: float

    @property
    def tool(self) -> str:
        """The tool of the gesture."""
        return self.edit.tool

    @property
    def z(self) -> int:
        """Index of the slice to jump to, in the plane of the gesture."""
        return self.cut.index

    @property
    def cut(self) -> Cut:
        """The slice to jump to, in the plane it was drawn in: the reader's, if it changed."""
        plane = PLANES[self.edit.plane]
        first, end = self.edit.box[2 * plane.axis : 2 * plane.axis + 2]
        return Cut(plane, min(max(self.edit.z, first), end - 1))

    @property
    def box(self) -> tuple[int, int, int, int, int, int]:
        """The voxels that changed."""
        return self.edit.box


@dataclass(frozen=True, eq=False, kw_only=True)
class Snapshot:
    """A correction at one moment, copied so that a worker can save it as a version.

    `mask` (Z, Y, X) are the values of `labels`. The figures are those of `region`, which is named
    where there are several labels; `start` is the map the correction began from.
    """

    case_id: str
    mask: LabelMap
    origin: Origin
    tools: dict[str, int]
    seconds: float
    voxels: int
    voxels_changed: int
    dsc_before: float | None
    dsc_after: float | None
    head: int
    truth_voxels: int | None = None
    labels: LabelSet = BINARY
    region: str = ""
    start: LabelMap | None = None


def new_draft(
    case_id: str, mask: LabelMap, origin: Origin, *, author: str, labels: LabelSet = BINARY
) -> Draft:
    """Return a correction of `case_id` that starts from a copy of `mask` (Z, Y, X).

    The mask holds the values of `labels`; of one label it is its foreground, whatever the value,
    and the label is 1 from then on. Values that no label has get one.
    """
    if labels.is_binary:
        start = binarise(mask)
        labels = replace(BINARY, labels=(replace(labels.labels[0], value=1),))
    else:
        start = np.array(mask, np.uint8)
        labels = naming(labels, start)
    start.setflags(write=False)
    return Draft(case_id, author, origin, start, np.array(start), labels=labels)


def naming(labels: LabelSet, label_map: LabelMap) -> LabelSet:
    """Return the set with a label for each value of a label map (Z, Y, X) that has none yet."""
    return labels.with_found(values_in(label_map))


def is_plain(labels: LabelSet) -> bool:
    """Tell whether values of these labels are a mask: there is one, and it is 1."""
    return labels.values == (1,)
