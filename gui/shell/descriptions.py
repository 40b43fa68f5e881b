"""From the session to what the panels show: pure functions, no widget and no task."""

from dataclasses import replace
from math import isnan

from core.domain.metrics import Overlap
from core.domain.triage import Triage
from core.inference.engine_messages import Measured
from core.models.preprocessing import Preprocessing
from core.models.registry import Model
from core.review.reviews import Review
from gui.prediction.metrics_parts import MetricsView
from gui.prediction.model_panel import ModelView
from gui.shell.session import Session
from gui.shell.session_parts import CaseState, OpenCase, Result, RunQueue
from gui.viewer.layers import LayerRow
from gui.viewer.strip_data import StripData
from gui.viewer.view_state import Shown
from gui.worklist.worklist_rows import RowStatus, WorklistRow


def worklist_row(
    state: CaseState,
    *,
    synthetic: bool,
    is_open: bool,
    name: str = "",
    review: Review | None = None,
) -> WorklistRow:
    """Return the worklist's row of a case."""
    case = state.case
    count = len(case.slices)
    detail = f"{count} slice{'' if count == 1 else 's'}"
    if state.run == "failed":
        detail = "cannot be read or run"
    elif not case.has_ground_truth:
        detail += " · no ground truth"
    return WorklistRow(
        case_id=case.id,
        slices=count,
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
        disagreement=state.disagreement,
        models=state.models,
        outlook=state.outlook,
    )


def _status(review: Review | None, *, is_open: bool) -> RowStatus:
    """Return what the mark of a row says; a verdict stands even while the case is open."""
    if review is not None and review.status != "unreviewed":
        return review.status
    return "open" if is_open else "unreviewed"


def strip_data(opened: OpenCase, result: Result | None, triage: Triage | None = None) -> StripData:
    """Return the areas and DSC of every slice."""
    volume = opened.loaded.volume
    unreadable = frozenset(volume.unreadable)
    chances = () if triage is None else tuple(map(float, triage.probability))
    truth = opened.loaded.ground_truth
    comparison = None if result is None else result.comparison
    if comparison is None:
        area = [0] * volume.slices if truth is None else truth.sum(axis=(1, 2)).tolist()
        nothing = (0.0,) * volume.slices
        return StripData(
            volume.slice_numbers,
            nothing,
            nothing,
            tuple(map(float, area)),
            (None,) * volume.slices,
            unreadable=unreadable,
            predicted=frozenset(),
            truth=truth is not None,
            triage=chances,
        )
    counts = comparison.counts
    scores = counts.dsc().tolist() if comparison.has_truth else [None] * volume.slices
    return StripData(
        volume.slice_numbers,
        tuple(map(float, counts.true_positive.tolist())),
        tuple(map(float, counts.false_positive.tolist())),
        tuple(map(float, counts.false_negative.tolist())),
        tuple(None if score is None or isnan(score) else score for score in scores),
        unreadable=unreadable,
        predicted=None if result is None else result.ready,
        truth=comparison.has_truth,
        triage=chances,
    )


def metrics_views(session: Session) -> tuple[MetricsView, MetricsView]:
    """Return the figures of the case and of the slice on screen."""
    opened, result = session.open_case, session.result
    if opened is None:
        return (MetricsView("no_case", "Open a case to see its figures."),) * 2
    comparison = None if result is None else result.comparison
    if result is None or (comparison is None and result.ready is None):
        waiting = session.case_states[opened.loaded.case.id].run if result is None else "running"
        if waiting in ("queued", "running"):
            return (MetricsView("running", "The model is about to run on this case."),) * 2
        return (MetricsView("no_prediction", "Run the model to see where it is right."),) * 2
    if comparison is None or result.ready is not None:
        done = 0 if result.ready is None else len(result.ready)
        said = f"{done} of {opened.loaded.volume.slices} slices predicted"
        return (MetricsView("running", said),) * 2
    said = f"whole volume, threshold {session.post.threshold:.2f}"
    case = figures_of(comparison.counts.pooled(), opened, said, has_truth=comparison.has_truth)
    case = replace(case, hd95="pending" if result.hd95_pending else result.hd95)
    index = session.view.slice_index
    plane = comparison.counts.of_slice(index)
    number = opened.loaded.volume.slice_numbers[index]
    one = figures_of(plane, opened, f"slice {number} alone", has_truth=comparison.has_truth)
    if not plane.truth_voxels and not plane.predicted_voxels:
        one = replace(one, dsc=None, iou=None, message=f"slice {number}: no lesion, none predicted")
    return case, one


def model_view(model: Model, champion_id: str, measured: Measured | None) -> ModelView:
    """Return a model in words."""
    spec = model.spec
    size = spec.parameters if measured is None else measured.parameters
    return ModelView(
        title=spec.title,
        model_id=spec.id,
        champion=spec.id == champion_id,
        architecture=spec.architecture,
        parameters="unknown" if size is None else f"{size / 1e6:.2f} M",
        gmac=None if measured is None else f"{measured.gmac:.2f} GMAC",
        memory=None if measured is None else f"{measured.batch_megabytes:,.0f} MB",
        channels=", ".join(spec.channels),
        preprocessing=preprocessing_words(spec.preprocessing),
        trained_on=f"{len(spec.trained_on)} cases" if spec.trained_on else spec.data or "not said",
        licence=spec.licence or "not said",
        figures=tuple((name, f"{value:.3f}") for name, value in spec.metrics.items()),
    )


def preprocessing_words(spec: Preprocessing) -> str:
    """Say what is done to a volume before the network sees it."""
    parts = ["cropped to the head" if spec.crop == "head" else "whole slice"]
    if spec.size is not None:
        parts.append(f"resized to {spec.size}×{spec.size}")
    if spec.neighbours:
        parts.append(f"with {spec.neighbours} neighbouring slice(s) on each side")
    parts.append("z-score of foreground" if spec.intensity == "foreground" else "reference scaling")
    return ", ".join(parts)


def queue_words(queue: RunQueue) -> tuple[str, float, str]:
    """Return which run it is, the share of all that is done, and how long it will take."""
    behind = queue.done + queue.failed
    what = f"{min(behind + 1, queue.total)} of {queue.total} · {queue.current}"
    left = f"{queue.seconds_left:.0f} s left" if queue.seconds_left is not None else "starting"
    failed = f" · {queue.failed} failed" if queue.failed else ""
    fraction = (behind + queue.fraction) / queue.total
    return what, fraction, f"{left}{failed} · {queue.message}"


def layer_rows(session: Session) -> tuple[LayerRow, ...]:
    """Return the rows of the layers panel."""
    view, opened = session.view, session.open_case
    truth = opened is not None and opened.loaded.ground_truth is not None
    predicted = session.result is not None
    corrected = session.correction is not None
    model = session.models.current
    texts = (
        ("truth", "Ground truth", "" if truth or opened is None else "none", truth),
        ("prediction", "Prediction", "" if model is None else model.spec.title, predicted),
        ("errors", "Errors", _judged(session), truth and (predicted or corrected)),
        ("correction", "Correction", "editing" if corrected else "", corrected),
        ("uncertainty", "Uncertainty", _averaged(session), predicted),
    )
    return tuple(
        LayerRow(
            key=key,  # type: ignore[arg-type]
            title=title,
            detail=detail,
            visible=view.layer(key).visible,  # type: ignore[arg-type]
            opacity=view.layer(key).opacity,  # type: ignore[arg-type]
            filled=view.layer(key).filled,  # type: ignore[arg-type]
            available=available,
        )
        for key, title, detail, available in texts
    )


def _averaged(session: Session) -> str:
    model = session.running_model
    return "mean of flips" if model is not None and model.spec.flips else ""


def _judged(session: Session) -> str:
    return "of the correction" if session.correction is not None else "of the prediction"


def shown(session: Session, opened: OpenCase) -> Shown:
    """Return what there is to draw."""
    result, model, place = session.result, session.models.current, session.place
    comparison = None if result is None else result.comparison
    if not has_arrived(result, session.view.slice_index):
        comparison = None  # what has not been predicted yet is not wrong
    dsc = None
    if comparison is not None and comparison.has_truth:
        plane = comparison.counts.of_slice(session.view.slice_index)
        dsc = plane.dsc if plane.truth_voxels or plane.predicted_voxels else None
    lines: tuple[str, ...] = ()
    if result is not None and model is not None:
        lines = (model.spec.title, f"Threshold {session.post.threshold:.2f}")
    return Shown(
        case_version=session.case_version,
        mask_version=session.mask_version,
        case_id=opened.loaded.case.id,
        volume=opened.loaded.volume,
        automatic=opened.automatic,
        slice_dsc=dsc,
        model=lines,
        synthetic=place is not None and place.synthetic,
        has_truth=opened.loaded.ground_truth is not None,
        has_prediction=comparison is not None,
        has_correction=session.correction is not None,
        has_uncertainty=has_arrived(result, session.view.slice_index),
        edit=session.edits.get(session.view.slice_index, 0),
        head=opened.head,
    )


def has_arrived(result: Result | None, index: int) -> bool:
    """Return whether the slice at `index` is predicted."""
    return result is not None and (result.ready is None or index in result.ready)


def figures_of(counts: Overlap, opened: OpenCase, said: str, *, has_truth: bool) -> MetricsView:
    """Return the figures of voxel counts in words and units of the case."""
    geometry = opened.loaded.volume.geometry
    ml = geometry.voxel_ml
    scale = 1.0 if ml is None else ml
    view = MetricsView(
        "ready" if has_truth else "no_truth",
        said,
        predicted_volume=counts.predicted_voxels * scale,
        volume_unit="voxels" if ml is None else "mL",
        length_unit="mm" if geometry.spacing_mm else "voxels",
    )
    if not has_truth:
        return view
    return replace(
        view,
        dsc=counts.dsc,
        iou=counts.iou,
        sensitivity=counts.sensitivity,
        precision=counts.precision,
        truth_volume=counts.truth_voxels * scale,
    )
