"""From the session to the rows of the layers panel."""

from gui.shell.correction_origin import other_origin
from gui.shell.session import Session
from gui.viewer.layers import LayerRow

_VIEWS = {"plain": "", "mirrored": "mirrored", "in-turn": "of views"}


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
        ("correction", "Correction", _edited(session), corrected),
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
    if model is None:
        return ""
    return "of flips" if model.spec.flips else _VIEWS[model.spec.view]


def _edited(session: Session) -> str:
    """Say that there is a correction, and of what where that is not the prediction on screen."""
    if session.correction is None:
        return ""
    other = other_origin(session)
    return f"of {other}" if other else "editing"


def _judged(session: Session) -> str:
    return "of the correction" if session.correction is not None else "of the prediction"
