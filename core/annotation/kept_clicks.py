"""What readers clicked, as the journal keeps it: to be learnt from, slice by slice.

Only what a saved version holds counts, as with masks: what a reader has not saved yet may still be
taken back.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.annotation.draft import Draft
from core.annotation.history import Edit, box_shape, unpack
from core.annotation.journal import DAMAGED, load_draft, told
from core.domain.components import box_slices
from core.domain.guide import Click
from core.domain.label_set import LabelMap
from core.domain.mask import Mask
from core.domain.plane import PLANES, Cut, PlaneName
from core.io.json_file import decode_json
from core.workspace.store import Store

_UNBOUNDED = 1 << 62


@dataclass(frozen=True, eq=False)
class ClickedSlice:
    """The clicks of one guided correction on one slice `cut`, oldest first.

    `before` (rows, columns) is the label in hand as the clicks found it, `after` as the reader left
    it in the version that was saved, whatever came between.
    """

    cut: Cut
    clicks: tuple[Click, ...]
    before: Mask
    after: Mask


def kept_clicks(store: Store, case_id: str, shape: tuple[int, ...]) -> tuple[ClickedSlice, ...]:
    """Return what was clicked in the saved correction of a case, the oldest correction first.

    Raises `WorkspaceError` for a journal that cannot be read, or of a volume of another shape.
    """
    draft = load_draft(store, case_id, shape, budget=_UNBOUNDED)  # nothing is folded by reading
    return () if draft is None else clicked_slices(draft)


def clicked_slices(draft: Draft) -> tuple[ClickedSlice, ...]:
    """Return what was clicked in a correction up to its last saved version; none without one.

    An edit that wrote several labels at once, or none, is left out: nobody knows what it meant.
    """
    edits = draft.history.done
    if not draft.saved_head or draft.history.head < draft.saved_head:
        return ()
    label_map = np.array(draft.mask)
    later = [edit for edit in edits if edit.number > draft.saved_head]
    for edit in reversed(later):
        _take_back(label_map, edit)
    saved, found = label_map.copy(), []
    for edit in reversed(edits[: len(edits) - len(later)]):
        _take_back(label_map, edit)
        found += _clicked(edit, label_map, saved)[::-1]
    return tuple(found[::-1])


def _take_back(label_map: LabelMap, edit: Edit) -> None:
    label_map[box_slices(edit.box)] = unpack(edit.before, box_shape(edit.box))


def _clicked(edit: Edit, before: LabelMap, saved: LabelMap) -> list[ClickedSlice]:
    """Return the slices that an edit was clicked on, in the order of their first click."""
    hand = _hand_of(edit)
    if hand is None:
        return []
    by_cut: dict[tuple[PlaneName, int], list[Click]] = {}
    for click in edit.clicks:
        if click.z not in click.left_out:  # the reader did not want what it did there
            by_cut.setdefault((click.plane, click.z), []).append(click)
    found = []
    for (plane, index), clicks in by_cut.items():
        cut = Cut(PLANES[plane], index)
        planes = [(cut.of(whole) == hand).astype(np.uint8) for whole in (before, saved)]
        found.append(ClickedSlice(cut, tuple(clicks), planes[0], planes[1]))
    return found


def _hand_of(edit: Edit) -> int | None:
    """Return the label that the clicks of an edit filled or took away; None for none or several."""
    if not edit.clicks:
        return None
    before, after = (unpack(data, box_shape(edit.box)) for data in (edit.before, edit.after))
    changed = before != after
    gone: Sequence[int] = before[changed & (after == 0)].tolist()
    values = {*after[changed & (after > 0)].tolist(), *gone}
    return values.pop() if len(values) == 1 else None


def count_kept_clicks(store: Store) -> dict[str, int]:
    """Return by case how many clicks saved corrections hold, as `kept_clicks` would find them.

    Raises `WorkspaceError` for a journal that cannot be read.
    """
    with told("all cases", "read", DAMAGED):
        rows = store.read(
            "SELECT case_id, edits.clicks FROM correction_edits AS edits "
            "JOIN correction_states AS states USING (case_id) WHERE edits.clicks != '' "
            "AND edits.number <= states.saved_head AND states.saved_head <= states.head"
        )
        found: Counter[str] = Counter()
        for case_id, clicks in rows:
            found[str(case_id)] += len(decode_json(str(clicks), tuple[Click, ...]))
    return dict(found)
