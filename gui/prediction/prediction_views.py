"""From the session to what the panels show of predictions, models and runs."""

from dataclasses import replace

from core.inference.engine_messages import NetworkCost
from core.models.acquisition import acquisition_words, resampled_words
from core.models.mask_model import MaskModel
from core.models.preprocessing import Preprocessing
from core.models.registry import Model
from gui.prediction.case_fit import FitView
from gui.prediction.model_panel import ModelView
from gui.shell.case_figures import metrics_view_of, with_hd95
from gui.shell.session import Session
from gui.shell.session_parts import RunQueue
from gui.shell.view_state import slice_name
from gui.viewer.drawn.shown_case import slice_overlap
from gui.widgets.labels import duration
from gui.widgets.metrics_view import MetricsView

_INTENSITIES = {
    "foreground": "z-score of foreground",
    "reference": "reference scaling",
    "image": "z-score of all voxels",
    "box": "z-score of the box around the image",
    "nonzero": "z-score of what is not zero",
}


def metrics_views(session: Session, fit: FitView) -> tuple[MetricsView, MetricsView]:
    """Return the figures of the case and of the slice on screen; `fit` is said before a run."""
    opened, result = session.open_case, session.result
    if opened is None:
        return (MetricsView("no_case", "Open a case to see its figures."),) * 2
    counted = None if result is None else result.counted
    if result is None or (counted is None and result.ready is None):
        said = _waiting_words(session, opened.loaded.case.id)
        if said:
            return (MetricsView("running", said),) * 2
        problem = session.case_states[opened.loaded.case.id].problem
        said = _first_sentence(problem) if problem else _before_a_run(fit)
        return (MetricsView("no_prediction", said),) * 2
    if counted is None or result.ready is not None:
        done = 0 if result.ready is None else len(result.ready)
        said = f"{done} of {opened.loaded.volume.slices} slices predicted"
        return (MetricsView("running", said),) * 2
    made = result.prediction
    aside = ", resampled" if made is not None and made.resampled else ""
    said = f"whole volume, at {session.post.threshold:.2f}{aside}"
    case = metrics_view_of(counted.counts.pooled(), opened, said, has_truth=counted.has_truth)
    case = with_hd95(case, "pending" if result.hd95_pending else result.hd95)
    cut = session.view.cut
    plane = slice_overlap(counted, opened.loaded.ground_truth, cut)
    said = slice_name(cut, opened.loaded.volume)
    one = metrics_view_of(plane, opened, f"{said} alone", has_truth=counted.has_truth)
    if not plane.truth_voxels and not plane.predicted_voxels:
        one = replace(one, dsc=None, iou=None, message=f"{said}: no lesion, none predicted")
    return case, one


def _before_a_run(fit: FitView) -> str:
    if not fit.fits:
        return _first_sentence(fit.doubt)  # what to do stands in the message
    given = f"Given {fit.given}." if fit.renamed else ""
    differs = f"Learnt from other images: {fit.differs}." if fit.differs else ""
    return f"{given} {differs}".strip() or "Run the model to see where it is right."


def _first_sentence(text: str) -> str:
    return f"{text.partition('. ')[0].rstrip('.')}."


def _waiting_words(session: Session, case_id: str) -> str:
    """Say what the figures of a case wait for; empty when nothing is on its way."""
    if session.result is not None:
        return "The prediction is there; its figures are being counted."
    run = session.case_states[case_id].run
    if run == "queued":
        return "The model runs on this case when its turn comes."
    return "The model is about to run on this case." if run == "running" else ""


def model_view(
    model: Model, champion_id: str, measured: NetworkCost | None, fit: FitView
) -> ModelView:
    """Return a model in words, and how it meets the case on screen."""
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
        given=fit.given or ("not all it needs" if not fit.fits else "no case"),
        made_for=acquisition_words(spec.acquisition) if spec.acquisition else "not said",
        preprocessing=_preparation(model),
        trained_on=f"{len(spec.trained_on)} cases" if spec.trained_on else spec.data or "not said",
        licence=spec.licence or "not said",
        figures=tuple((name, f"{value:.3f}") for name, value in spec.metrics.items()),
    )


def _preparation(model: Model) -> str:
    """Say what is done to a volume before a model sees it, or to masks of another program."""
    if isinstance(model, MaskModel):
        return "by nearest neighbour from other grids" if model.resample else "none: as they lie"
    return preprocessing_words(model.spec.preprocessing)


def preprocessing_words(spec: Preprocessing) -> str:
    """Say what is done to a volume before the network sees it."""
    parts = ["cropped to the head" if spec.crop == "head" else "whole slice"]
    if spec.size is not None:
        parts.append(f"resized to {spec.size}×{spec.size}")
    if spec.neighbours:
        parts.append(f"with {spec.neighbours} neighbouring slice(s) on each side")
    if spec.spacing_mm is not None:
        parts.insert(0, f"resampled to {resampled_words(spec.spacing_mm)} mm")
    parts.append(_INTENSITIES[spec.intensity])
    return ", ".join(parts)


def queue_words(queue: RunQueue) -> tuple[str, float, str]:
    """Return which run it is, the share of all that is done, and how long it will take."""
    behind = queue.done + queue.failed
    what = f"{min(behind + 1, queue.total)} of {queue.total} · {queue.current}"
    left = f"{duration(queue.seconds_left)} left" if queue.seconds_left is not None else "starting"
    failed = f" · {queue.failed} failed" if queue.failed else ""
    fraction = (behind + queue.fraction) / queue.total
    return what, fraction, f"{left}{failed} · {queue.message}"
