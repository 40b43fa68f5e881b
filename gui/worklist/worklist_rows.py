"""The rows of the worklist: what each says, what it is filtered and sorted by."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from core.domain.figure_text import counted
from core.io.layouts.tree import natural_key
from core.review.outlook import NOTHING_KNOWN, Outlook
from core.review.reviews import STATUSES, Review, Status
from core.studies.scores.case_figures import CaseFigures
from gui.widgets.labels import number

LOW_DSC = 0.6
FAIR_DSC = 0.8
RowStatus = Literal["unreviewed", "open", "accepted", "corrected", "rejected"]
SortKey = tuple[bool, float, list[str | int]]


@dataclass(frozen=True)
class WorklistRow:
    """What one row shows; `dsc` is None until scored, `progress` counts from 0 to 1 while running.

    `detail` is the caption, by default the number of slices. `predicted` and `has_truth` serve
    the filters; a case with a DSC has both. `name` is what is shown for the id, where it is short.
    `review` holds of what is there now, `was` says what was said of something else.
    `disagreement` is that between models, and `models` are those that predicted the case.
    `dsc` and `figures` are of the region in focus, `region_mean` is the mean DSC of all regions,
    None for a case of one label.
    """

    case_id: str
    slices: int
    dsc: float | None
    status: RowStatus
    detail: str = ""
    run: Literal["", "queued", "running", "failed"] = ""
    progress: float = 0.0
    synthetic: bool = False
    predicted: bool = False
    has_truth: bool = True
    name: str = ""
    figures: CaseFigures | None = None
    review: Review | None = None
    disagreement: float | None = None
    models: tuple[str, ...] = ()
    outlook: Outlook = NOTHING_KNOWN
    correction: Literal["", "begun", "saved"] = ""
    was: str = ""
    region_mean: float | None = None

    @property
    def title(self) -> str:
        """The first line."""
        return self.name or self.case_id

    @property
    def caption(self) -> str:
        """The second line."""
        return self.detail or counted(self.slices, "slice")

    def sentence(self) -> str:
        """Say everything the row shows in words."""
        score = "not scored" if self.dsc is None else f"DSC {self.dsc:.3f}"
        parts = [self.case_id, self.caption, score, self.status]
        parts += [f"correction {self.correction}"] if self.correction else []
        parts += [self.run] if self.run else []
        parts += ["synthetic"] if self.synthetic else []
        return ", ".join(parts)

    def tip(self) -> str:
        """Say everything that is known of the case, a line for each kind."""
        was = f"It was {self.was}: not what is there now" if self.was else ""
        lines = [self.sentence(), _measured(self), _reviewed(self.review), was]
        return "\n".join(line for line in lines if line)


def _measured(row: WorklistRow) -> str:
    parts = [
        f"{column.title} {column.said(row)}"
        for column in _COLUMNS.values()
        if column.measured and column.value(row) is not None
    ]
    return ", ".join(parts)


def _reviewed(review: Review | None) -> str:
    if review is None:
        return ""
    said = review.said() if review.decided else review.status
    rating = "" if review.rating is None else f"quality {review.rating} of 5"
    spent = f"{review.seconds:.0f} s" if review.seconds >= 1 else ""
    first = ", ".join(part for part in (said, rating, spent) if part)
    return f"{first}\n{review.note}" if review.note else first


def _below(limit: float) -> Callable[[WorklistRow], bool]:
    return lambda row: row.dsc is not None and row.dsc < limit


def _said(status: Status) -> Callable[[WorklistRow], bool]:
    return lambda row: (row.review.status if row.review else "unreviewed") == status


class CaseFilter(Enum):
    """Which cases are listed; the value is the text of the menu."""

    ALL = "All"
    UNPREDICTED = "Without prediction"
    LOW = f"DSC below {LOW_DSC}"
    FAIR = f"DSC below {FAIR_DSC}"
    NO_TRUTH = "No ground truth"
    FAILED = "Failed"
    BEGUN = "Correction begun"
    SAVED = "Correction saved"
    UNREVIEWED = "Unreviewed"
    ACCEPTED = "Accepted"
    CORRECTED = "Corrected"
    REJECTED = "Rejected"

    def accepts(self, row: WorklistRow) -> bool:
        """Tell whether a row passes."""
        return _ACCEPTS[self](row)


_ACCEPTS: dict[CaseFilter, Callable[[WorklistRow], bool]] = {
    CaseFilter.ALL: lambda _: True,
    CaseFilter.UNPREDICTED: lambda row: not row.predicted and row.dsc is None,
    CaseFilter.LOW: _below(LOW_DSC),
    CaseFilter.FAIR: _below(FAIR_DSC),
    CaseFilter.NO_TRUTH: lambda row: not row.has_truth,
    CaseFilter.FAILED: lambda row: row.run == "failed",
    CaseFilter.BEGUN: lambda row: row.correction == "begun",
    CaseFilter.SAVED: lambda row: row.correction == "saved",
    CaseFilter.UNREVIEWED: _said("unreviewed"),
    CaseFilter.ACCEPTED: _said("accepted"),
    CaseFilter.CORRECTED: _said("corrected"),
    CaseFilter.REJECTED: _said("rejected"),
}


class CaseOrder(Enum):
    """In which order; the value is the text of the selector. What has no value comes last."""

    WORST = "Worst DSC first"
    BEST = "Best DSC first"
    REGIONS = "Worst mean of regions first"
    HD95 = "Largest HD95 first"
    LESION_F1 = "Worst lesion F1 first"
    VOLUME = "Largest volume error first"
    UNCERTAIN = "Most uncertain first"
    DISAGREEMENT = "Most disagreement of models first"
    EXPECTED = "Worst expected DSC first"
    CONTRADICTIONS = "Most contradictions first"
    TRIAGE = "Most likely lesion first"
    LIKELY_SLICES = "Most likely slices first"
    RATING = "Worst rating first"
    STATUS = "Unreviewed first"
    SECONDS = "Longest read first"
    READER = "Reader"
    NAME = "Name"

    @property
    def column(self) -> str:
        """What the figure of a row is in this order."""
        return _COLUMNS.get(self, _DSC).title

    def key(self, row: WorklistRow) -> SortKey:
        """Return what a row is sorted by; equals follow the name."""
        name = natural_key(row.case_id)
        if self is CaseOrder.NAME:
            return (False, 0.0, name)
        if self is CaseOrder.READER:
            reader = _reader(row)
            return (not reader, 0.0, [*natural_key(reader), *name])
        column = _COLUMNS.get(self, _DSC)
        value = column.value(row)
        sign = -1.0 if column.high_first or self is CaseOrder.BEST else 1.0
        return (value is None, sign * (value or 0.0), name)

    def text(self, row: WorklistRow) -> str:
        """Return the figure that stands beside the row."""
        if self is CaseOrder.READER:
            return _reader(row)
        column = _COLUMNS.get(self, _DSC)
        return column.said(row) if column.decimals >= 0 else ""


@dataclass(frozen=True)
class _Column:
    """What cases are ordered by; `term` and `example` are how it is asked for in the search."""

    title: str
    value: Callable[[WorklistRow], float | None]
    decimals: int = 3
    high_first: bool = False
    term: str = ""
    example: str = ""
    measured: bool = True

    def said(self, row: WorklistRow) -> str:
        """Return the figure of a row as it is printed."""
        return number(self.value(row), self.decimals)


def _figure(name: str) -> Callable[[WorklistRow], float | None]:
    def value(row: WorklistRow) -> float | None:
        found: float | None = getattr(row.figures, name, None)
        return found if found is None else abs(found)

    return value


def _state(row: WorklistRow) -> float:
    return 0.0 if row.review is None else float(STATUSES.index(row.review.status))


def _reader(row: WorklistRow) -> str:
    return row.review.reader if row.review else ""


_DSC = _Column("DSC", lambda row: row.dsc, term="dsc", example="0.6-0.8")
_COLUMNS: dict[CaseOrder, _Column] = {
    CaseOrder.HD95: _Column("HD95 pooled", _figure("hd95"), 1, True, "hd95", "10-50"),
    CaseOrder.LESION_F1: _Column("Lesion F1", _figure("lesion_f1"), term="f1", example="0-0.7"),
    CaseOrder.VOLUME: _Column(
        "Volume error", _figure("volume_difference"), 2, True, "volume", "0.2-1"
    ),
    CaseOrder.UNCERTAIN: _Column(
        "Uncertainty", _figure("uncertainty"), 3, True, "uncertainty", "0.01-1"
    ),
    CaseOrder.DISAGREEMENT: _Column(
        "Disagreement", lambda row: row.disagreement, 3, True, "disagreement", "0.2-1"
    ),
    CaseOrder.EXPECTED: _Column(
        "Expected DSC", lambda row: row.outlook.expected_dsc, term="expected", example="0-0.8"
    ),
    CaseOrder.CONTRADICTIONS: _Column(
        "Contradictions",
        lambda row: row.outlook.contradictions,
        0,
        True,
        "contradictions",
        "1-20",
    ),
    CaseOrder.TRIAGE: _Column(
        "Triage", lambda row: row.outlook.likeliest, 3, True, "triage", "0.5-1"
    ),
    CaseOrder.LIKELY_SLICES: _Column(
        "Likely slices", lambda row: row.outlook.likely, 0, True, "likely", "1-40"
    ),
    CaseOrder.RATING: _Column(
        "Rating",
        lambda row: row.review.rating if row.review else None,
        0,
        term="rating",
        example="1-2",
        measured=False,
    ),
    CaseOrder.STATUS: _Column("DSC", _state, -1, measured=False),
    CaseOrder.SECONDS: _Column(
        "Seconds",
        lambda row: row.review.seconds if row.review else None,
        0,
        True,
        "seconds",
        "60-600",
        measured=False,
    ),
    CaseOrder.READER: _Column("Reader", lambda _: None, -1, measured=False),
    CaseOrder.REGIONS: _Column(
        "Mean DSC of regions", lambda row: row.region_mean, term="regions", example="0-0.8"
    ),
}
FIGURES = {column.term: column for column in (_DSC, *_COLUMNS.values()) if column.term}
"""What a range can be asked of in the search field, by the word that is typed for it."""
