"""The worklist: its order, its filter and what comes next. Pure functions over rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.case_figures import CaseFigures
from core.dataset import natural_key
from core.reviews import STATUSES, Review


@dataclass(frozen=True)
class WorklistEntry:
    """A case with what is known of it; `disagreement` is that between the models ticked."""

    case_id: str
    review: Review
    figures: CaseFigures | None = None
    disagreement: float | None = None


@dataclass(frozen=True)
class Filter:
    """Which cases are shown; what is left empty lets all through.

    `low` and `high` bound the value `metric` sorts by, ends included. `text` is looked for in the
    case id, the note and the reader's name, in any case.
    """

    status: str = ""
    model: str = ""
    metric: str = ""
    low: float | None = None
    high: float | None = None
    text: str = ""


@dataclass(frozen=True)
class _Sort:
    label: str
    value: Callable[[WorklistEntry], float | None]
    worst_is_high: bool = True


def _figure(name: str, *, absolute: bool = False) -> Callable[[WorklistEntry], float | None]:
    def value(entry: WorklistEntry) -> float | None:
        found: float | None = getattr(entry.figures, name, None)
        return abs(found) if absolute and found is not None else found

    return value


_SORTS = {
    "dsc": _Sort("DSC", _figure("dsc"), worst_is_high=False),
    "hd95": _Sort("HD95", _figure("hd95")),
    "lesion_f1": _Sort("Lesion F1", _figure("lesion_f1"), worst_is_high=False),
    "volume_error": _Sort("Volume error", _figure("volume_difference", absolute=True)),
    "disagreement": _Sort("Disagreement", lambda entry: entry.disagreement),
    "uncertainty": _Sort("Uncertainty", _figure("uncertainty")),
    "rating": _Sort("Rating", lambda entry: entry.review.rating, worst_is_high=False),
    "status": _Sort("Status", lambda e: STATUSES.index(e.review.status), worst_is_high=False),
    "seconds": _Sort("Time spent", lambda entry: entry.review.seconds),
}
_TEXT_SORTS: dict[str, tuple[str, Callable[[WorklistEntry], str]]] = {
    "case": ("Case", lambda entry: entry.case_id),
    "reader": ("Reader", lambda entry: entry.review.reader),
}

SORTS: dict[str, str] = {
    **{name: sort.label for name, sort in _SORTS.items()},
    **{name: label for name, (label, _) in _TEXT_SORTS.items()},
}
"""Names of what a worklist can be sorted by, and how they are called in the window."""


def sort_entries(
    entries: Iterable[WorklistEntry], sort: str, *, descending: bool | None = None
) -> list[WorklistEntry]:
    """Return `entries` in the order of `sort`, worst first when `descending` is None.

    Entries without a value come last either way; equals stand in the natural order of their ids.
    Raises `KeyError` for a sort there is not.
    """
    ordered = sorted(entries, key=lambda entry: natural_key(entry.case_id))
    if sort in _TEXT_SORTS:
        text = _TEXT_SORTS[sort][1]
        # A stable sort turned round keeps equals in their order; reversing the list would not.
        found = sorted((e for e in ordered if text(e)), key=lambda e: natural_key(text(e)))
        found = found[::-1] if descending else found
        return found + [entry for entry in ordered if not text(entry)]
    chosen = _SORTS[sort]
    high_first = chosen.worst_is_high if descending is None else descending
    sign = -1 if high_first else 1
    return sorted(ordered, key=lambda entry: _rank(chosen.value(entry), sign))


def matches(entry: WorklistEntry, wanted: Filter) -> bool:
    """Return whether the filter lets `entry` through."""
    if wanted.status and entry.review.status != wanted.status:
        return False
    if wanted.model and (entry.figures is None or entry.figures.model != wanted.model):
        return False
    words = f"{entry.case_id}\n{entry.review.note}\n{entry.review.reader}".casefold()
    return wanted.text.casefold() in words and _in_range(entry, wanted)


def next_unreviewed(order: Sequence[str], said: Mapping[str, Review], after: str) -> str | None:
    """Return the next case of `order` that nobody has reviewed, from its beginning at its end.

    None when all others are reviewed.
    """
    start = order.index(after) + 1 if after in order else 0
    for case_id in (*order[start:], *order[:start]):
        review = said.get(case_id)
        if case_id != after and (review is None or review.status == "unreviewed"):
            return case_id
    return None


def _rank(value: float | None, sign: int) -> tuple[bool, float]:
    return value is None, 0.0 if value is None else sign * value


def _in_range(entry: WorklistEntry, wanted: Filter) -> bool:
    if not wanted.metric or (wanted.low is None and wanted.high is None):
        return True
    value = _SORTS[wanted.metric].value(entry)
    if value is None:
        return False
    above = wanted.low is None or value >= wanted.low
    return above and (wanted.high is None or value <= wanted.high)
