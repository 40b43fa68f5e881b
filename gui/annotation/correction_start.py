"""What a correction starts from and is compared with, and what is said of where it comes from."""

from datetime import UTC, datetime

import numpy as np

from core.annotation.correction import Correction
from core.annotation.draft import Draft, Origin
from core.annotation.export import Provenance
from core.annotation.live_figures import References
from core.domain.mask import Mask
from gui.annotation.correction_book import Book
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase, Place


def predicted_mask(session: Session) -> Mask | None:
    """Return the mask of the prediction on screen; None until all of it is there."""
    result = session.result
    if result is None or result.ready is not None or result.counted is None:
        return None
    return result.counted.mask


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


def open_book(session: Session, opened: OpenCase, draft: Draft, place: Place) -> Book:
    """Return a correction that goes on from `draft`, with the journal it is written to."""
    truth, ml = opened.loaded.ground_truth, opened.loaded.volume.geometry.voxel_ml
    references = References(truth, predicted_mask(session), ml)
    of = (opened.loaded.case, place.dataset.root)
    return Book(place.workspace.store, draft, Correction(draft, references), of=of)


def provenance_of(correction: Correction, author: str) -> Provenance:
    """Say who exports a correction now, and what it began from."""
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    return Provenance(author=author, made_at=made_at, origin=correction.origin)
