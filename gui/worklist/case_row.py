"""From the state of a case to its row of the worklist."""

from statistics import fmean

from core.domain.figure_text import counted
from core.review.reviews import Review
from core.studies.comparison.region_study import averaged_regions
from gui.shell.session_parts import CaseState
from gui.worklist.worklist_rows import RowStatus, WorklistRow


def worklist_row(
    state: CaseState,
    *,
    synthetic: bool,
    is_open: bool,
    name: str = "",
    review: Review | None = None,
    was: str = "",
) -> WorklistRow:
    """Return the worklist's row of a case; `was` is what was said of something else."""
    case = state.case
    count = case.slice_count
    detail = counted(count, "slice") if count else ", ".join(case.sequences)
    if state.run == "failed":
        detail = "cannot be read or run"
    elif not case.has_ground_truth:
        detail += " · no ground truth"
    correction = "begun" if state.begun else f"version {state.version}" if state.version else ""
    detail = f"{correction} · {detail}" if correction else detail
    return WorklistRow(
        case_id=case.id,
        slices=count or 0,
        dsc=state.dsc,
        status=_status(review, is_open=is_open),
        detail=detail,
        run=state.run,
        progress=state.progress,
        synthetic=synthetic,
        predicted=state.scored,
        has_truth=case.has_ground_truth,
        name=name,
        figures=state.figures,
        review=review,
        was=was,
        correction="begun" if state.begun else "saved" if state.version else "",
        disagreement=state.disagreement,
        models=state.models,
        outlook=state.outlook,
        region_mean=_region_mean(state),
    )


def _region_mean(state: CaseState) -> float | None:
    """Return the mean DSC of the regions, of the labels where no regions are named."""
    names = averaged_regions(state.case.labels, state.labels)
    found = [state.labels[name].dsc for name in names]
    known = [dsc for dsc in found if dsc is not None]
    return fmean(known) if known else None


def _status(review: Review | None, *, is_open: bool) -> RowStatus:
    """Return what the mark of a row says; a verdict stands even while the case is open."""
    if review is not None and review.status != "unreviewed":
        return review.status
    return "open" if is_open else "unreviewed"
