"""What a correction starts from and is compared with, and what is said of where it comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from msgspec import UNSET

from core.annotation.correction import Correction
from core.annotation.draft import Draft, Origin, new_draft
from core.annotation.export import Provenance
from core.annotation.journal import load_draft
from core.annotation.live_figures import References
from core.annotation.versions import load_label_map, versions
from core.domain.label_set import LabelMap
from core.domain.mask import Mask
from gui.annotation.correction.correction_book import Book
from gui.shell.label_state import LabelState
from gui.shell.readiness import is_unsettled
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase, Place

StartKind = str
"""`prediction`, `truth`, `version` or `nothing`, as the settings have it."""

_ELSE = ("prediction", "truth", "nothing")


@dataclass(frozen=True, eq=False)
class Start:
    """What a first edit starts from: `mask` (Z, Y, X), None for nothing and for a version.

    `title` says it. A version is read when it is needed. Where a case has several labels the mask
    is of the region in focus, and `values` makes the label map, on a worker; a mask alone gets the
    label `fills`.
    """

    origin: Origin
    title: str
    mask: Mask | None = None
    values: Callable[[], LabelMap] | None = None
    fills: int = 1

    def same_as(self, other: "Start") -> bool:
        """Tell whether the other one is the same mask."""
        same = self.origin == other.origin and self.fills == other.fills
        return same and self.mask is other.mask


@dataclass(frozen=True, eq=False)
class CorrectionGround:
    """Where a correction is made: the case that is open, its place, and what it is held against.

    `labels` are those it has, and which of them tools write.
    """

    opened: OpenCase
    place: Place
    predicted: Mask | None
    author: str
    labels: LabelState

    @property
    def references(self) -> References:
        """What the region in focus is held against."""
        loaded = self.opened.loaded
        ml = loaded.volume.geometry.voxel_ml
        return References(loaded.ground_truth, self.predicted, ml)

    def book(self, draft: Draft) -> Book:
        """Return a correction that goes on from `draft`, with the journal it is written to."""
        of = (self.opened.loaded.case, self.place.dataset.root)
        correction = Correction(draft, self.references, focus=self.labels.focus)
        correction.set_rule(self.labels.rule)
        correction.call(self.labels.labels)
        if not correction.sees_hand:
            correction.see_hand(correction.hand_view())
        return Book(self.place.workspace.store, draft, correction, of=of)

    def stored(self) -> Book | None:
        """Return the correction that the workspace keeps; None where it keeps none.

        Raises `WorkspaceError` for one that cannot be read, or is of another shape.
        """
        loaded = self.opened.loaded
        shape = loaded.volume.geometry.shape
        draft = load_draft(self.place.workspace.store, loaded.case.id, shape)
        return None if draft is None else self.book(draft)

    def begin(self, start: Start) -> Book:
        """Return a new correction; a good tenth of a second for a large case.

        Raises `WorkspaceError` for a version that cannot be read.
        """
        values, labels = self._values(start), self.labels.labels
        case_id = self.opened.loaded.case.id
        return self.book(
            new_draft(case_id, values, start.origin, author=self.author, labels=labels)
        )

    def _values(self, start: Start) -> LabelMap:
        shape = self.opened.loaded.volume.geometry.shape
        if start.values is not None:
            return start.values()
        if start.mask is not None:
            return start.mask
        number, case_id = start.origin.version, self.opened.loaded.case.id
        for version in versions(self.place.workspace, case_id) if number is not None else []:
            if version.number == number:
                return load_label_map(version, shape)
        return np.zeros(shape, np.uint8)


def unready(session: Session) -> str:
    """Return why a correction cannot start yet from what a model says; empty when it can."""
    if session.seeking:
        return "The prediction is being read."
    if session.case_states[session.current].run == "running":
        return "The model is running on this case. Wait for it, or stop it first."
    # Begun now, a correction would start from nothing, or from the mask of another threshold.
    return "The figures are not settled yet." if is_unsettled(session) else ""


def ground_of(session: Session) -> CorrectionGround | None:
    """Return where a correction would be made now; None while no case is open."""
    opened, place = session.open_case, session.place
    if opened is None or place is None:
        return None
    predicted = predicted_mask(session)
    return CorrectionGround(opened, place, predicted, session.reader, session.labels)


def predicted_mask(session: Session) -> Mask | None:
    """Return the mask of the prediction on screen; None until all of it is there."""
    result = session.result
    if result is None or result.ready is not None or result.counted is None:
        return None
    return result.counted.mask


def predicted_values(session: Session) -> Callable[[], LabelMap] | None:
    """Return what makes the label map of the prediction on screen, on a worker; None without one.

    A prediction that tells no labels is of the region in focus: it gets the label in hand if that
    is one of the region, else the first of it.
    """
    result, post, fills = session.result, session.post, filled_label(session)
    mask = predicted_mask(session)
    if result is None or result.prediction is None or mask is None:
        return None
    prediction = result.prediction
    if result.label_map is not None:
        found = result.label_map
        return lambda: found
    if prediction.several is None:
        return lambda: mask * np.uint8(fills)
    return lambda: prediction.label_map(post)


def filled_label(session: Session) -> int:
    """Return the label that a mask gets: of the region that masks fill, else of that in focus."""
    state = session.labels
    values = (state.labels.filled or state.focus).values
    return state.in_hand if state.in_hand in values else values[0]


def true_values(session: Session) -> LabelMap | None:
    """Return the label map of the ground truth; None where it has none, or tells no labels."""
    opened = session.open_case
    return None if opened is None else opened.loaded.labels


def start_of(session: Session, opened: OpenCase) -> Start:
    """Return what a first edit starts from: what the settings say, else what there is."""
    for kind in (session.settings.start_from, *_ELSE):
        found = _start(kind, session, opened)
        if found is not None:
            return found
    raise AssertionError("nothing is always there")


def _start(kind: StartKind, session: Session, opened: OpenCase) -> Start | None:
    truth, state = opened.loaded.ground_truth, session.case_states[opened.loaded.case.id]
    if kind == "prediction":
        return _prediction(session)
    if kind == "truth":
        found = None if truth is None else Origin(kind="ground_truth")
        labels = opened.loaded.labels
        values = None if labels is None or session.labels.labels.is_binary else lambda: labels
        return None if found is None else Start(found, "the ground truth", truth, values)
    if kind == "version":
        number = state.version
        origin = Origin(kind="version", version=number)
        return Start(origin, f"version {number}") if number else None
    return Start(Origin(kind="empty"), "nothing")


def _prediction(session: Session) -> Start | None:
    predicted, result, model = predicted_mask(session), session.result, session.models.current
    if predicted is None or result is None or result.prediction is None or model is None:
        return None
    origin = Origin(
        kind="prediction",
        model_id=model.spec.id,
        key=result.prediction.key,
        threshold=session.post.threshold,
    )
    title, values = f"the prediction of {model.spec.title}", None
    if not session.labels.labels.is_binary:
        values = predicted_values(session)
        if result.label_map is None and result.prediction.several is None:
            title += f", all of it as {session.labels.labels.label(filled_label(session)).name}"
    return Start(origin, title, predicted, values, filled_label(session))


def provenance_of(correction: Correction, author: str) -> Provenance:
    """Say who exports a correction now, and what it began from."""
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    labels = correction.labels if correction.several else UNSET
    return Provenance(author=author, made_at=made_at, origin=correction.origin, labels=labels)
