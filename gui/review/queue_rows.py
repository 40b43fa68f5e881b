"""From what is asked about two masks to lines and sentences: pure functions, no widget."""

from collections.abc import Sequence

from core.domain.figure_text import counted
from core.domain.grid import LengthUnit, Spacing
from core.review.questions import Effect, Question
from gui.review.contradiction_queue import SliceQueue
from gui.review.disagreement_panel import DisagreementRow
from gui.shell.mask_source import CORRECTION, TRUTH, MaskSource
from gui.widgets.labels import number


def question_row(
    question: Question,
    *,
    source: MaskSource | None,
    numbers: Sequence[int],
    voxel_ml: float | None,
    spacing_mm: Spacing | None,
    given: bool = False,
) -> DisagreementRow:
    """Return the line of a question without its answer; `numbers` are those of the slices.

    `given` says that a reader gave the spacing, as no file tells it.
    """
    first, last = numbers[question.first_slice], numbers[question.last_slice]
    slices = str(first) if first == last else f"{first}–{last}"
    size = size_text(question.voxels, voxel_ml)
    title = question_title(question, source)
    if question.together:
        detail = f"{title}, slices {slices}, {size} together: one answer for all of them"
    else:
        detail = f"{title}, slices {slices}, {size}, {extent_text(question, spacing_mm)}"
    if given:
        detail = f"{detail} (spacing given)"
    return DisagreementRow(
        title=title,
        false_positive=None if question.together else question.pieces[0].kind == "false_positive",
        slices=slices,
        volume=size,
        detail=f"{detail[:1].upper()}{detail[1:]}",
    )


def question_title(question: Question, source: MaskSource | None) -> str:
    """Return what a question is about, by what the prediction is held against."""
    if question.together:
        return f"and {len(question.pieces):,} small ones"
    invented = question.pieces[0].kind == "false_positive"
    if source == CORRECTION:
        return "Taken away" if invented else "Added"
    if source != TRUTH:
        return "This only" if invented else "Other only"
    return question.name.capitalize()


def hint_row(queue: SliceQueue, position: int, numbers: Sequence[int]) -> DisagreementRow:
    """Return the line of a slice on which triage and mask disagree."""
    hint = queue.found[position]
    missing, number_of = hint.kind == "missing", numbers[hint.index]
    mask = "no voxel of it is marked" if missing else "the mask marks some"
    return DisagreementRow(
        title="Lesion expected" if missing else "No lesion expected",
        false_positive=not missing,
        slices=str(number_of),
        volume=f"p {hint.probability:.2f}",
        answer=True if queue.is_seen(position) else None,
        detail=f"Triage gives slice {number_of} a lesion with {hint.probability:.0%}; {mask}",
        to_see=True,
    )


def extent_text(question: Question, spacing_mm: Spacing | None, *, unit: LengthUnit = "mm") -> str:
    """Say how large a piece is at its longest, in `unit`, in voxels where no spacing is known."""
    unit = "voxels" if spacing_mm is None else unit
    longest = max(piece.largest_extent(spacing_mm) for piece in question.pieces)
    return f"{number(longest, 0)} {unit} across"


def size_text(voxels: int, voxel_ml: float | None) -> str:
    """Say how much it is, in mL where the spacing is known; what is there is never 0.0 mL."""
    if voxel_ml is None:
        return f"{voxels:,} vx"
    ml = voxels * voxel_ml
    return f"{number(ml, 1)} mL" if ml >= 0.05 else f"{number(ml, 3)} mL"


def effect_text(yes: Effect, no: Effect, numbers: Sequence[int]) -> str:
    """Say what the answers change: `Yes adds 19,800 voxels on slices 9 to 18`."""
    said = [
        _change(verb, effect, numbers)
        for verb, effect in (("Yes adds", yes), ("No takes away", no))
        if effect.voxels
    ]
    return "; ".join(said) or "Neither answer changes the correction"


def _change(verb: str, effect: Effect, numbers: Sequence[int]) -> str:
    first, last = numbers[effect.first_slice], numbers[effect.last_slice]
    where = f"slice {first}" if first == last else f"slices {first} to {last}"
    return f"{verb} {counted(effect.voxels, 'voxel')} on {where}"
