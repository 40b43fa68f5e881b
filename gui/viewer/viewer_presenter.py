"""Keeps strip, layers, notices and channels in step with the session."""

from PySide6.QtCore import QObject

from gui.shell.actions import Actions
from gui.shell.context import Context
from gui.shell.thread_share import GestureDelay
from gui.viewer.labels.label_layer import tells_labels
from gui.viewer.layer_rows import layer_rows
from gui.viewer.slice.view_verbs import ViewVerbs
from gui.viewer.strip.strip_presenter import StripPresenter
from gui.viewer.viewer_views import ViewerViews

_NO_LABELS = "What is judged tells no labels, so none of them can be wrong."


class ViewerPresenter(QObject):
    """Listens to the session; each change redraws only what shows it."""

    def __init__(self, context: Context, views: ViewerViews, verbs: ViewVerbs) -> None:
        super().__init__()
        self._session, self._views, self._verbs = context.session, views, verbs
        self._actions: Actions = context.actions
        self.strip = StripPresenter(context.session, context.lanes, views.strip)
        # The window's child: nothing is shown in one that has gone.
        self._result = GestureDelay(self._show_result, context.window)
        session = self._session
        session.place_changed.connect(self._on_place_changed)
        session.case_changed.connect(self._on_case_changed)
        session.result_changed.connect(self._on_result_changed)
        session.part_arrived.connect(lambda _: self._result.do(can_wait=True))
        session.view_changed.connect(self._on_view_changed)
        session.triage_changed.connect(self._on_triage_changed)
        session.labels_changed.connect(self.show_layers)

    def _on_place_changed(self) -> None:
        self._views.strip.set_data(None)
        self._views.notices.set_notices(())

    def _on_case_changed(self) -> None:
        opened = self._session.open_case
        if opened is None:
            self._views.strip.set_data(None)
            self._views.notices.set_notices(())
            self.show_layers()
            return
        self._show_notices()
        self._on_result_changed()
        self._on_view_changed()

    def _on_result_changed(self) -> None:
        self._result.do(can_wait=False)

    def _show_notices(self) -> None:
        """Say what is odd about the case, and about masks that another program drew on it."""
        opened, result = self._session.open_case, self._session.result
        made = None if result is None else result.prediction
        if opened is not None:
            told = () if made is None else made.notices
            self._views.notices.set_notices((*opened.loaded.notices, *told))

    def _show_result(self) -> None:
        self._show_notices()
        if self._session.open_case is not None:
            self.show_strip()
            self._views.strip.set_current(self._session.view.slice_index)
        self.show_layers()

    def _on_triage_changed(self) -> None:
        self.show_strip()
        self._views.strip.set_current(self._session.view.slice_index)

    def show_strip(self) -> None:
        """Show the bars of the prediction, unless those of the correction are wanted."""
        self.strip.show()

    def _on_view_changed(self) -> None:
        self._result.note_gesture()
        self.strip.follow()
        if self._session.open_case is not None:
            self._views.top_bar.set_channels(self._verbs.channels(), self._verbs.channel())
        self.show_layers()

    def show_layers(self) -> None:
        """Show which layers there are and how they are drawn."""
        view, post = self._session.view, self._session.post
        rows = layer_rows(self._session)
        self._views.layers.set_layers(rows)
        self._views.layers.set_options(post, exact=view.exact_voxels)
        there = {row.key: row.available for row in rows}
        chips = {
            "toggle_correction": (view.correction.visible, there["correction"]),
            "toggle_truth": (view.truth.visible, there["truth"]),
            "toggle_prediction": (view.prediction.visible, there["prediction"]),
            "toggle_false_positive": (
                view.false_positive and view.errors.visible and not view.asking,
                there["errors"],
            ),
            "toggle_false_negative": (
                view.false_negative and view.errors.visible and not view.asking,
                there["errors"],
            ),
        }
        several = not self._session.labels.labels.is_binary
        self._views.header.set_several(several)
        chips["toggle_wrong_label"] = (
            view.wrong_label and view.errors.visible and not view.asking,
            there["errors"] and several and tells_labels(self._session),
        )
        for command, (on, available) in chips.items():
            shown = on and not view.overlays_hidden
            missing = _NO_LABELS if command == "toggle_wrong_label" else ""
            self._views.header.set_chip(command, on=shown, available=available, missing=missing)
            self._actions[command].setChecked(on)
        self._actions["toggle_uncertainty"].setChecked(view.uncertainty.visible)
        self._actions["invert"].setChecked(view.inverted)
