"""What a correction starts from."""

import numpy as np

from core.corrections.draft import Origin
from core.mask import Mask
from gui.session import Session
from gui.session_parts import OpenCase


def predicted_mask(session: Session) -> Mask | None:
    """Return the mask of the prediction on screen; None until all of it is there."""
    result = session.result
    if result is None or result.ready is not None or result.comparison is None:
        return None
    return result.comparison.mask


def starting_mask(session: Session, opened: OpenCase) -> tuple[Mask, Origin]:
    """Return the mask a correction starts from, and where it comes from."""
    predicted, result, model = predicted_mask(session), session.result, session.models.current
    if predicted is None or result is None or result.prediction is None or model is None:
        return np.zeros(opened.loaded.volume.geometry.shape, np.uint8), Origin(kind="empty")
    origin = Origin(
        kind="prediction",
        model_id=model.spec.id,
        key=result.prediction.key,
        threshold=session.post.threshold,
    )
    return predicted, origin
