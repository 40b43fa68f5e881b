"""Keeps the panels in step with the session; each change redraws only what shows it."""

from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from core.inference.engine_messages import Measured
from core.io.case import Case
from core.io.dataset import short_names
from core.io.thumbnail import Thumbnail, thumbnail
from core.review.reviews import ReviewProgress, review_progress
from core.workspace.workspace_folder import Listing
from gui.app.main_window import MainWindow
from gui.prediction.prediction_views import metrics_views, model_view, queue_words
from gui.shell.session import Session
from gui.shell.tasks import Lanes, Task, Work
from gui.shell.thread_share import GivingWay
from gui.viewer.case_strip import strip_data
from gui.viewer.layer_rows import layer_rows
from gui.viewer.thumbnail_image import thumbnail_image
from gui.viewer.view_verbs import ViewVerbs
from gui.worklist.case_row import worklist_row
from gui.worklist.worklist_rows import WorklistRow

_EDGE = 80


class PanelPresenter(QObject):
    """Listens to the session and sets the panels of one window."""

    def __init__(
        self, session: Session, lanes: Lanes, window: MainWindow, verbs: ViewVerbs
    ) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._window = window
        self._verbs = verbs
        self._measured: dict[str, Measured] = {}
        self._thumbnails: dict[str, Thumbnail] = {}
        self._open_row = ""
        self._names: dict[str, str] = {}
        # The window's child: nothing is shown in one that has gone.
        self._result = GivingWay(self._show_result, window)
        session.place_changed.connect(self._on_place_changed)
        session.models_changed.connect(self._show_model)
        session.case_opening.connect(self._on_case_opening)
        session.case_changed.connect(self._on_case_changed)
        session.result_changed.connect(self._on_result_changed)
        session.view_changed.connect(self._on_view_changed)
        session.triage_changed.connect(self._on_triage_changed)
        session.case_state_changed.connect(self._on_case_state_changed)
        session.queue_changed.connect(self._on_queue_changed)
        session.device_changed.connect(self._show_devices)
        session.settings_changed.connect(self._show_devices)
        window.worklist.thumbnails_wanted.connect(self._on_thumbnails_wanted)
        window.worklist.order_changed.connect(self._show_header)
        window.worklist.listing_changed.connect(self._on_listing_changed)

    def show_measured(self, found: tuple[str, Measured]) -> None:
        """Show what a model costs."""
        self._measured[found[0]] = found[1]
        self._show_model()

    def redraw_thumbnails(self) -> None:
        """Colour the thumbnails again, after the palette has changed."""
        for case_id in self._thumbnails:
            self._set_thumbnail(case_id)

    def _on_place_changed(self) -> None:
        place = self._session.place
        if place is None:
            return
        self._thumbnails.clear()
        self._open_row = ""
        self._window.top_bar.set_dataset(place.dataset.name, synthetic=place.synthetic)
        self._names = short_names(list(self._session.case_states))
        self._window.worklist.set_listing(self._session.listing)
        self._window.worklist.set_rows([self._row(name) for name in self._names])
        self._window.strip.set_data(None)
        self._window.notices.set_notices(())
        self._show_footer()
        self._show_figures()

    def _on_case_opening(self) -> None:
        case_id = self._session.opening
        if not case_id:
            return
        before, self._open_row = self._open_row, case_id
        for name in (before, case_id):
            if name in self._session.case_states:
                self._on_case_state_changed(name)
        self._window.worklist.set_current(case_id)
        self._window.status.set_message(f"Opening {case_id}…")

    def _on_case_changed(self) -> None:
        self._show_header()
        opened = self._session.open_case
        if opened is None:
            self._window.strip.set_data(None)
            self._window.notices.set_notices(())
            self._show_figures()
            self.show_layers()
            return
        self._window.notices.set_notices(opened.loaded.notices)
        self._window.top_bar.set_channels(self._verbs.channels(), self._verbs.channel())
        self._on_result_changed()
        self._on_view_changed()

    def _show_header(self) -> None:
        case_id, order = self._session.opening, self._window.worklist.order()
        if case_id not in self._session.case_states:
            return
        count = len(self._session.case_states[case_id].case.slices)
        place = f" · {order.index(case_id) + 1} of {len(order)}" if case_id in order else ""
        title = self._names.get(case_id) or case_id
        self._window.header.set_case(title, f"{count} slices{place}", case_id)

    def _on_result_changed(self) -> None:
        result = self._session.result
        self._result.do(can_wait=result is not None and result.ready is not None)

    def _show_result(self) -> None:
        opened = self._session.open_case
        if opened is not None:
            self.show_strip()
            self._window.strip.set_current(self._session.view.slice_index)
        self._show_figures()
        self.show_layers()

    def _on_triage_changed(self) -> None:
        self.show_strip()
        self._window.strip.set_current(self._session.view.slice_index)

    def show_strip(self) -> None:
        """Show the bars of the prediction, unless those of the correction are wanted."""
        opened = self._session.open_case
        if opened is not None and not self._window.strip.of_correction:
            data = strip_data(opened, self._session.result, self._session.triage)
            self._window.strip.set_data(data)

    def _on_view_changed(self) -> None:
        self._result.note_gesture()
        self._window.strip.set_current(self._session.view.slice_index)
        self._window.top_bar.set_threshold(self._session.post.threshold)
        if self._session.open_case is not None:
            self._window.top_bar.set_channels(self._verbs.channels(), self._verbs.channel())
        self._show_figures()
        self.show_layers()

    def show_row(self, case_id: str) -> None:
        """Show again what the worklist says of a case."""
        self._window.worklist.update_row(self._row(case_id))

    def show_progress(self, found: ReviewProgress) -> None:
        """Show how far the review is; before the first one, how far the predictions are."""
        if not found.reviewed:
            self._show_footer()
            return
        left = f"{found.total - found.reviewed} left"
        if found.seconds_per_case is not None:
            left = f"{_duration(found.seconds_per_case)} a case · {left}"
        text = f"{found.reviewed} of {found.total} reviewed"
        short = f"{found.reviewed}/{found.total}"
        share = found.reviewed / max(found.total, 1)
        self._window.worklist.set_footer(text, left, share, short=short)

    def _on_case_state_changed(self, case_id: str) -> None:
        self._window.worklist.update_row(self._row(case_id))
        self._show_footer()
        if case_id == self._session.opening and self._session.result is None:
            self._show_figures()

    def _row(self, case_id: str) -> WorklistRow:
        place, model = self._session.place, self._session.models.current
        state = self._session.case_states[case_id]
        if model is not None and state.scored and model.spec.id not in state.models:
            state = replace(state, models=(*state.models, model.spec.id))
        return worklist_row(
            state,
            synthetic=place is not None and place.synthetic,
            is_open=case_id == self._session.opening,
            name=self._names.get(case_id, ""),
            review=self._session.reviews.get(case_id),
        )

    def _on_queue_changed(self) -> None:
        queue = self._session.queue
        self._window.drawer.setVisible(queue.active)
        self._window.enable_commands(self._session)
        if queue.active:
            self._window.drawer.set_progress(*queue_words(queue))

    def _show_model(self) -> None:
        models = self._session.models
        offered = [(m.spec.id, m.spec.title) for m in models.available]
        current = "" if models.current is None else models.current.spec.id
        self._window.top_bar.set_models(offered, current, models.champion_id)
        measured = self._measured.get(current)
        self._window.model_panel.set_model(
            None
            if models.current is None
            else model_view(models.current, models.champion_id, measured)
        )
        self._window.enable_commands(self._session)

    def _show_devices(self) -> None:
        chosen, used = self._session.settings.device, self._session.device_used
        self._window.top_bar.set_devices(self._session.devices, chosen, used)
        self._window.status.set_device((used or chosen).upper())

    def _show_figures(self) -> None:
        self._window.metrics.set_metrics(*metrics_views(self._session))

    def show_layers(self) -> None:
        """Show which layers there are and how they are drawn."""
        view, post = self._session.view, self._session.post
        rows = layer_rows(self._session)
        self._window.layers.set_layers(rows)
        self._window.layers.set_options(post, exact=view.exact_voxels)
        there = {row.key: row.available for row in rows}
        chips = {
            "toggle_correction": (view.correction.visible, there["correction"]),
            "toggle_truth": (view.truth.visible, there["truth"]),
            "toggle_prediction": (view.prediction.visible, there["prediction"]),
            "toggle_false_positive": (
                view.false_positive and view.errors.visible,
                there["errors"],
            ),
            "toggle_false_negative": (
                view.false_negative and view.errors.visible,
                there["errors"],
            ),
        }
        for command, (on, available) in chips.items():
            shown = on and not view.overlays_hidden
            self._window.header.set_chip(command, on=shown, available=available)
            self._window.actions[command].setChecked(on)
        self._window.actions["toggle_uncertainty"].setChecked(view.uncertainty.visible)

    def _show_footer(self) -> None:
        reviewed = review_progress(self._session.case_states, self._session.reviews)
        if reviewed.reviewed:
            self.show_progress(reviewed)
            return
        states = self._session.case_states.values()
        done, total = sum(state.scored for state in states), len(states)
        left = f"{total - done} left" if done < total else "all predicted"
        text = f"{done} of {total} predicted"
        share = done / max(total, 1)
        self._window.worklist.set_footer(text, left, share, short=f"{done}/{total}")

    def _on_listing_changed(self, listing: Listing) -> None:
        self._session.listing = listing

    def _on_thumbnails_wanted(self, case_ids: list[str]) -> None:
        for case_id in case_ids:
            state = self._session.case_states.get(case_id)
            if state is None:
                continue
            task: Task[Thumbnail | None] = Task(_thumbnail_of(state.case))
            task.succeeded.connect(lambda made, case=state.case: self._keep_thumbnail(case, made))
            self._lanes.start("idle", task)

    def _keep_thumbnail(self, case: Case, made: Thumbnail | None) -> None:
        state = self._session.case_states.get(case.id)
        # Another dataset may have a case of the same name.
        if made is not None and state is not None and state.case == case:
            self._thumbnails[case.id] = made
            self._set_thumbnail(case.id)

    def _set_thumbnail(self, case_id: str) -> None:
        overlays = self._window.overlays
        image: QImage = thumbnail_image(self._thumbnails[case_id], overlays.truth)
        self._window.worklist.set_thumbnail(case_id, image)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def _thumbnail_of(case: Case) -> Work[Thumbnail | None]:
    return lambda _: thumbnail(case, edge=_EDGE)
