"""Undo and redo: one edit a gesture, kept as a packed and compressed box before and after.

A block of a mask is its bits, compressed, as it was before there were label maps; one that holds
a value above 1 is the values, compressed, behind `_VALUES`, which no compressed bits begin with.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.components import Box, bounding_box, box_slices
from core.domain.guide import Click
from core.domain.label_set import LabelMap, LabelSet
from core.domain.plane import PlaneName

HISTORY_BYTES = 64 * 2**20
"""Memory that undo may take for one correction; the oldest gestures are forgotten beyond it."""

_OVERHEAD = 400  # bytes of the objects around the two blocks
_FASTEST = 1
_VALUES = b"v"  # zlib begins with another byte


@dataclass(frozen=True, eq=False)
class Edit:
    """One finished gesture: the values of `box` before and after it, packed.

    `number` counts the gestures of a correction from 1 and is never given twice, so that it names
    the state the gesture led to. `z` is the slice of `plane` the reader was on, `voxels` how many
    changed. `clicks` are those that a guided correction was made of, in order. `labels` are the
    label set before and after, where it was changed; then no voxel need have changed.
    """

    number: int
    tool: str
    z: int
    box: Box
    before: bytes
    after: bytes
    voxels: int
    clicks: tuple[Click, ...] = ()
    labels: tuple[LabelSet, LabelSet] | None = None
    plane: PlaneName = "axial"

    def changed(self) -> tuple[NDArray[np.bool_], LabelMap]:
        """Return which voxels of the box it changes, and the box as it is afterwards."""
        before, after = (unpack(data, box_shape(self.box)) for data in (self.before, self.after))
        return before != after, after

    @property
    def nbytes(self) -> int:
        """Bytes held in memory."""
        return len(self.before) + len(self.after) + _OVERHEAD


class History:
    """The edits that can be undone and redone, the oldest forgotten beyond `budget` bytes.

    `base_head` is the number of the last forgotten edit, 0 when none was; `forgotten` counts the
    tools of forgotten edits. The newest edit is kept whatever it takes.
    """

    def __init__(
        self,
        edits: Iterable[Edit] = (),
        *,
        head: int = 0,
        base_head: int = 0,
        forgotten: Mapping[str, int] | None = None,
        budget: int = HISTORY_BYTES,
    ) -> None:
        self._edits = list(edits)
        self._applied = sum(edit.number <= head for edit in self._edits)
        self._budget = budget
        self._bytes = sum(edit.nbytes for edit in self._edits)
        self.base_head = base_head
        self.forgotten = Counter(forgotten or {})
        self._forget()

    @property
    def head(self) -> int:
        """Number of the last edit that is applied, which names the state of the mask."""
        return self._edits[self._applied - 1].number if self._applied else self.base_head

    @property
    def nbytes(self) -> int:
        """Bytes held in memory."""
        return self._bytes

    @property
    def applied(self) -> int:
        """How many edits are applied, forgotten ones included."""
        return self.forgotten.total() + self._applied

    @property
    def undone(self) -> int:
        """How many edits were taken back and can be made again."""
        return len(self._edits) - self._applied

    @property
    def done(self) -> tuple[Edit, ...]:
        """The edits that are applied now, oldest first; not those that were forgotten."""
        return tuple(self._edits[: self._applied])

    def since(self, number: int) -> int:
        """Return how many applied edits came after the edit of that number."""
        return sum(edit.number > number for edit in self._edits[: self._applied])

    @property
    def undoable(self) -> Edit | None:
        """The edit that `undo` would take back."""
        return self._edits[self._applied - 1] if self._applied else None

    @property
    def redoable(self) -> Edit | None:
        """The edit that `redo` would apply again."""
        return self._edits[self._applied] if self._applied < len(self._edits) else None

    @property
    def tools(self) -> dict[str, int]:
        """How often each tool was used in what is applied now, forgotten edits included."""
        return dict(self.forgotten + Counter(e.tool for e in self._edits[: self._applied]))

    @property
    def changes_labels(self) -> bool:
        """True when an edit, undone ones included, changed the label set."""
        return any(edit.labels is not None for edit in self._edits)

    @property
    def clicks(self) -> tuple[Click, ...]:
        """The clicks of what is applied now, in order; not those of forgotten edits."""
        return tuple(click for edit in self._edits[: self._applied] for click in edit.clicks)

    def push(self, edit: Edit) -> None:
        """Add an edit that was just made; what could be redone is gone."""
        dropped = self._edits[self._applied :]
        del self._edits[self._applied :]
        self._edits.append(edit)
        self._bytes += edit.nbytes - sum(old.nbytes for old in dropped)
        self._applied += 1
        self._forget()

    def undo(self) -> Edit | None:
        """Step back and return the edit whose `before` is to be put back, or None."""
        edit = self.undoable
        self._applied -= edit is not None
        return edit

    def redo(self) -> Edit | None:
        """Step forward and return the edit whose `after` is to be put back, or None."""
        edit = self.redoable
        self._applied += edit is not None
        return edit

    def _forget(self) -> None:
        count, freed = 0, 0
        while self._bytes - freed > self._budget and count < self._applied - 1:
            freed += self._edits[count].nbytes
            self.forgotten[self._edits[count].tool] += 1
            self.base_head = self._edits[count].number
            count += 1
        del self._edits[:count]
        self._applied -= count
        self._bytes -= freed


def make_edit(
    number: int,
    tool: str,
    z: int,
    *,
    changed: tuple[Box, LabelMap, LabelMap],
    labels: tuple[LabelSet, LabelSet] | None = None,
) -> Edit | None:
    """Return the edit that turns the first values of a box into the second; None for none.

    The box may be wider than what changed; the edit's own is as small as can be, one voxel where
    `labels`, the set before and after, changed alone.
    """
    box, before, after = changed
    differs = before != after
    tight = bounding_box(differs)
    if tight is None and labels is None:
        return None
    tight = tight or (0, 1, 0, 1, 0, 1)
    inner = box_slices(tight)
    z0, y0, x0 = box[::2]
    shifted = (tight[0] + z0, tight[1] + z0, tight[2] + y0, tight[3] + y0, tight[4] + x0)
    return Edit(
        number,
        tool,
        z,
        (*shifted, tight[5] + x0),
        pack_edits(before[inner]),
        pack_edits(after[inner]),
        int(np.count_nonzero(differs[inner])),
        labels=labels,
    )


def pack_edits(block: LabelMap) -> bytes:
    """Return values of any shape, compressed, with a checksum: bits where none is above 1."""
    if block.max(initial=0) > 1:
        return _VALUES + zlib.compress(block.tobytes(), _FASTEST)
    return zlib.compress(np.packbits(block).tobytes(), _FASTEST)


def unpack(data: bytes, shape: tuple[int, ...]) -> LabelMap:
    """Return the values of `shape` that were packed; raises `ValueError` when they are damaged."""
    valued = data.startswith(_VALUES)
    try:
        packed = np.frombuffer(zlib.decompress(data[len(_VALUES) :] if valued else data), np.uint8)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    count = int(np.prod(shape))
    if packed.size != (count if valued else (count + 7) // 8):
        raise ValueError(f"{packed.size} bytes for {count} voxels")
    if valued:
        return packed.reshape(shape).copy()
    return np.unpackbits(packed, count=count).reshape(shape)


def box_shape(box: Box) -> tuple[int, int, int]:
    """Return the (Z, Y, X) size of a box."""
    return box[1] - box[0], box[3] - box[2], box[5] - box[4]
