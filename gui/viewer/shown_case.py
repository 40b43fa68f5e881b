"""From the session to what there is to draw."""

from gui.shell.session import Session
from gui.shell.session_parts import OpenCase, Result
from gui.shell.view_state import Shown


def shown(session: Session, opened: OpenCase) -> Shown:
    """Return what there is to draw."""
    result, model, place = session.result, session.models.current, session.place
    counted = None if result is None else result.counted
    if not has_arrived(result, session.view.slice_index):
        counted = None  # what has not been predicted yet is not wrong
    dsc = None
    if counted is not None and counted.has_truth:
        plane = counted.counts.of_slice(session.view.slice_index)
        dsc = plane.dsc if plane.truth_voxels or plane.predicted_voxels else None
    lines: tuple[str, ...] = ()
    if result is not None and model is not None:
        lines = (model.spec.title, _cut(session))
    return Shown(
        case_version=session.case_version,
        mask_version=session.masks_of(session.view.slice_index),
        case_id=opened.loaded.case.id,
        volume=opened.loaded.volume,
        automatic=opened.automatic,
        slice_dsc=dsc,
        model=lines,
        synthetic=place is not None and place.synthetic,
        has_truth=opened.loaded.ground_truth is not None,
        has_prediction=counted is not None,
        has_correction=session.correction is not None,
        has_uncertainty=has_arrived(result, session.view.slice_index),
        edit=session.edits.get(session.view.slice_index, 0),
        head=opened.head,
    )


def _cut(session: Session) -> str:
    """Say where the mask was cut, and of which region it is where there are several."""
    cut = f"hreshold {session.post.threshold:.2f}"
    labels = session.labels
    return f"T{cut}" if labels.labels.is_binary else f"{labels.focus.name}, t{cut}"


def has_arrived(result: Result | None, index: int) -> bool:
    """Return whether the slice at `index` is predicted."""
    return result is not None and (result.ready is None or index in result.ready)
