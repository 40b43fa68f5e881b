"""Keeps the worklist, and the place of the case in it, in step with the session."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from core.io.cases.case import Case
from core.io.cases.case_reader import same_files
from core.io.cases.thumbnail import Thumbnail, thumbnail
from core.io.datasets.dataset import short_names
from core.review.reviews import ReviewProgress, review_progress
from gui.shell.context import Context
from gui.shell.look import look_of
from gui.shell.tasks import Work, unheard
from gui.viewer.drawn.thumbnail_image import thumbnail_image
from gui.viewer.viewer_header import ViewerHeader
from gui.widgets.later import Later
from gui.worklist.case_row import worklist_row
from gui.worklist.worklist_panel import Worklist
from gui.worklist.worklist_rows import WorklistRow

_EDGE = 80
_STANDINGS_MS = 250


@dataclass(frozen=True, eq=False)
class WorklistViews:
    """The list, the header that says which case of it is on screen, and what the search opens."""

    worklist: Worklist
    header: ViewerHeader
    find: Callable[[], None]


class WorklistPresenter(QObject):
    """Listens to the session and sets rows, footer, pictures and the header."""

    def __init__(self, context: Context, views: WorklistViews) -> None:
        super().__init__()
        self._session, self._lanes, self._views = context.session, context.lanes, views
        self._thumbnails: dict[str, Thumbnail] = {}
        self._open_row = ""
        self._names: dict[str, str] = {}
        self._overlays = look_of(self._session.settings)[1]
        session, worklist = self._session, views.worklist
        session.place_changed.connect(self._on_place_changed)
        session.case_opening.connect(self._on_case_opening)
        session.case_changed.connect(self._show_header)
        session.case_state_changed.connect(self._on_case_state_changed)
        session.reviews_changed.connect(self._on_reviews_changed)
        session.review_changed.connect(self._on_review_changed)
        session.settings_changed.connect(self._on_settings_changed)
        # Another threshold: what was said of the one before is not said of this.
        self._standings = Later(self, _STANDINGS_MS, self._on_reviews_changed)
        for changed in (session.post_changed, session.models_changed):
            changed.connect(self._standings.start)
        for changed in (
            session.post_changed,
            session.models_changed,
            session.listed_changed,
            session.labels_changed,
        ):
            changed.connect(self._show_note)
        context.closing.connect(self._standings.stop)
        worklist.thumbnails_wanted.connect(self._on_thumbnails_wanted)
        worklist.order_changed.connect(self._show_header)
        worklist.listing_changed.connect(context.operations.keep_listing)

    def _on_place_changed(self) -> None:
        if self._session.place is None:
            return
        self._thumbnails.clear()
        self._open_row = ""
        self._names = short_names(list(self._session.case_states))
        self._views.worklist.set_listing(self._session.listing)
        self._views.worklist.set_rows([self._row(name) for name in self._names])
        self._show_footer()

    def _on_case_opening(self) -> None:
        case_id = self._session.wanted
        before, self._open_row = self._open_row, case_id
        for name in (before, case_id):
            if name in self._session.case_states:
                self._on_case_state_changed(name)
        self._views.worklist.set_current(case_id)

    def _show_header(self) -> None:
        case_id, order = self._session.current, self._views.worklist.order()
        if case_id not in self._session.case_states:
            return
        opened = self._session.open_case
        read = None if opened is None else opened.loaded.volume.slices
        count = read or self._session.case_states[case_id].case.slice_count or 0
        place = f" · {order.index(case_id) + 1} of {len(order)}" if case_id in order else ""
        title = self._names.get(case_id) or case_id
        self._views.header.set_case(
            title, f"{count} slices{place}" if count else place[3:], case_id
        )

    def _on_reviews_changed(self) -> None:
        for case_id in self._session.reviews:
            self._show_row(case_id)
        self._show_footer()

    def _on_review_changed(self, case_id: str) -> None:
        self._show_row(case_id)
        self._show_footer()

    def _show_row(self, case_id: str) -> None:
        if case_id in self._session.case_states:
            self._views.worklist.update_row(self._row(case_id))

    def _on_case_state_changed(self, case_id: str) -> None:
        self._views.worklist.update_row(self._row(case_id))
        self._show_footer()

    def _on_settings_changed(self) -> None:
        before, self._overlays = self._overlays, look_of(self._session.settings)[1]
        if before != self._overlays:
            for case_id in self._thumbnails:
                self._set_thumbnail(case_id)

    def _row(self, case_id: str) -> WorklistRow:
        place, model = self._session.place, self._session.models.current
        state = self._session.case_states[case_id]
        if model is not None and state.scored and model.spec.id not in state.models:
            state = replace(state, models=(*state.models, model.spec.id))
        return worklist_row(
            state,
            synthetic=place is not None and place.synthetic,
            is_open=case_id == self._session.wanted,
            name=self._names.get(case_id, ""),
            review=self._session.standing(case_id) if case_id in self._session.reviews else None,
            was=self._was(case_id),
        )

    def _was(self, case_id: str) -> str:
        """Return what was said of a case when it was not what it is now; empty for nothing."""
        review = self._session.reviews.get(case_id)
        if review is None or review.holds(self._session.subject(case_id)):
            return ""
        return review.said()

    def _show_progress(self, found: ReviewProgress) -> None:
        """Show how far the review is."""
        left = f"{found.total - found.reviewed} left"
        if found.seconds_per_case is not None:
            left = f"{_duration(found.seconds_per_case)} a case · {left}"
        text = f"{found.reviewed} of {found.total} reviewed"
        short = f"{found.reviewed}/{found.total}"
        share = found.reviewed / max(found.total, 1)
        self._views.worklist.set_footer(text, left, share, short=short)

    def _show_note(self) -> None:
        """Say which region the figures are of, and at which threshold where not the model's own."""
        model, post = self._session.models.current, self._session.post
        own = post if model is None else model.spec.postprocessing
        listed, note = self._session.listed, ""
        if listed != post:
            note = f"at {listed.threshold:.2f}, changing…"
        elif post != own:
            note = (
                f"at {post.threshold:.2f}" if post.threshold != own.threshold else "other clean-up"
            )
        labels = self._session.labels
        focus = "" if labels.labels.is_binary else labels.focus.name
        self._views.worklist.set_several(not labels.labels.is_binary)
        self._views.worklist.set_note(" · ".join(part for part in (focus, note) if part))

    def _show_footer(self) -> None:
        reviewed = review_progress(self._session.case_states, self._session.standings)
        if reviewed.reviewed:
            self._show_progress(reviewed)
            return
        states = self._session.case_states.values()
        done, total = sum(state.scored for state in states), len(states)
        left = f"{total - done} left" if done < total else "all predicted"
        text = f"{done} of {total} predicted"
        share = done / max(total, 1)
        self._views.worklist.set_footer(text, left, share, short=f"{done}/{total}")

    def _on_thumbnails_wanted(self, case_ids: list[str]) -> None:
        for case_id in case_ids:
            state = self._session.case_states.get(case_id)
            if state is None:
                continue
            self._lanes.run(
                "idle",
                _thumbnail_of(state.case),
                partial(self._keep_thumbnail, state.case),
                failed=unheard,
            )

    def _keep_thumbnail(self, case: Case, made: Thumbnail | None) -> None:
        state = self._session.case_states.get(case.id)
        # Another dataset may have a case of the same name.
        if made is not None and state is not None and same_files(state.case, case):
            self._thumbnails[case.id] = made
            self._set_thumbnail(case.id)

    def _set_thumbnail(self, case_id: str) -> None:
        image: QImage = thumbnail_image(self._thumbnails[case_id], self._overlays.truth)
        self._views.worklist.set_thumbnail(case_id, image)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def _thumbnail_of(case: Case) -> Work[Thumbnail | None]:
    return lambda _: thumbnail(case, edge=_EDGE)
