"""From the session to what there is to draw."""

import numpy as np

from core.domain.counted_mask import CountedMask
from core.domain.mask import Mask
from core.domain.metrics import Overlap
from core.domain.plane import Cut
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase, Result
from gui.shell.view_state import Shown


def shown(
    session: Session, opened: OpenCase, cut: Cut | None = None, *, scored: bool = True
) -> Shown:
    """Return what there is to draw of a slice, by default the one of the large view.

    Unless it is to be `scored` it comes without its DSC, which is counted where it is not known.
    """
    cut = cut or session.view.cut_in(session.view.main)
    result, model, place = session.result, session.models.current, session.place
    counted = None if result is None else result.counted
    if not has_arrived(result, cut):
        counted = None  # what has not been predicted yet is not wrong
    truth = opened.loaded.ground_truth
    lines: tuple[str, ...] = ()
    if result is not None and model is not None:
        lines = (model.spec.title, _cut(session))
    return Shown(
        case_version=session.case_version,
        mask_version=session.masks_of(cut),
        case_id=opened.loaded.case.id,
        volume=opened.loaded.volume,
        automatic=opened.automatic,
        slice_dsc=slice_dsc(counted, truth, cut) if scored else None,
        model=lines,
        synthetic=place is not None and place.synthetic,
        has_truth=truth is not None,
        has_prediction=counted is not None,
        has_correction=session.correction is not None,
        has_uncertainty=has_arrived(result, cut),
        edit=session.edits_of(cut),
        head=opened.head,
    )


def _cut(session: Session) -> str:
    """Say where the mask was cut, and of which region it is where there are several."""
    cut = f"hreshold {session.post.threshold:.2f}"
    labels = session.labels
    return f"T{cut}" if labels.labels.is_binary else f"{labels.focus.name}, t{cut}"


def slice_dsc(counted: CountedMask | None, truth: Mask | None, cut: Cut) -> float | None:
    """Return the DSC of a slice; None without truth, or where there is nothing on it."""
    if counted is None or not counted.has_truth:
        return None
    plane = slice_overlap(counted, truth, cut)
    return plane.dsc if plane.truth_voxels or plane.predicted_voxels else None


def slice_overlap(counted: CountedMask, truth: Mask | None, cut: Cut) -> Overlap:
    """Return the counts of one slice; those of axial ones are there already."""
    if not cut.plane.axis:
        return counted.counts.of_slice(cut.index)
    mask = cut.of(counted.mask) > 0
    expected = np.zeros_like(mask) if truth is None else cut.of(truth) > 0
    both, found, true = (int(np.count_nonzero(each)) for each in (mask & expected, mask, expected))
    return Overlap(both, found - both, true - both, mask.size - found - true + both)


def has_arrived(result: Result | None, cut: Cut) -> bool:
    """Return whether a slice is predicted: while parts arrive, axial ones alone can be."""
    if result is None or result.ready is None:
        return result is not None
    return not cut.plane.axis and cut.index in result.ready
