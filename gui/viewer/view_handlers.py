"""What the commands of the viewer do, and what its views ask for by themselves."""

from PySide6.QtGui import QGuiApplication

from core.domain.plane import PLANES
from gui.shell.context import Context, Handlers
from gui.viewer.slice.cine import Cine
from gui.viewer.slice.picture_copy import caption_of, picture_of
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.view_verbs import ViewVerbs
from gui.viewer.viewer_views import ViewerViews

_ZOOM = 1.25


def view_handlers(context: Context, views: ViewerViews, verbs: ViewVerbs) -> Handlers:
    """Let what the views ask for be done, and return the verb of every command of the viewer."""
    _connect(context, views, verbs)
    cine = Cine(context.session, verbs.go_to_slice)
    cine.changed.connect(context.actions["cine"].setChecked)
    return {
        "copy_picture": lambda: _copy_picture(context, views),
        **_slice_handlers(verbs),
        **_view_handlers(views, verbs),
        **_overlay_handlers(verbs),
        **_option_handlers(context, views, verbs),
        "worst_slice": views.strip.go_to_worst,
        "cine": cine.toggle,
    }


def _connect(context: Context, views: ViewerViews, verbs: ViewVerbs) -> None:
    """Let what the views ask for be done."""
    layers = views.layers
    views.view.window_level_dragged.connect(verbs.drag_window)
    views.strip.slice_chosen.connect(verbs.go_to_slice)
    views.strip.plane_chosen.connect(lambda at: verbs.work_in(list(PLANES.values())[at]))
    views.top_bar.channel_chosen.connect(verbs.show_channel)
    views.header.command_asked.connect(context.trigger)
    views.top_bar.layout_asked.connect(context.trigger)
    views.top_bar.mode_asked.connect(context.trigger)
    for changed in (views.grid.layout_changed, views.planes.planes_changed):
        changed.connect(lambda _: views.top_bar.set_layout(views.planes.layout_name))
    layers.visibility_changed.connect(lambda key, on: verbs.set_layer(key, visible=on))
    layers.opacity_changed.connect(lambda key, value: verbs.set_layer(key, opacity=value))
    layers.filled_changed.connect(lambda key, on: verbs.set_layer(key, filled=on))


def _option_handlers(context: Context, views: ViewerViews, verbs: ViewVerbs) -> Handlers:
    """Return the verbs of what is kept as a setting."""

    def set_exact(exact: bool) -> None:
        verbs.set_exact_voxels(exact)
        context.actions["exact_voxels"].setChecked(exact)
        context.operations.change_settings(exact_voxels=exact)

    def set_neurological() -> None:
        on = not context.session.view.neurological
        verbs.set_neurological(on)
        context.actions["neurological"].setChecked(on)
        context.operations.change_settings(neurological=on)

    def set_between() -> None:
        between = not context.session.view.between
        verbs.set_between(between)
        context.actions["interpolate_slices"].setChecked(between)
        context.operations.change_settings(interpolate_slices=between)

    views.layers.exact_changed.connect(set_exact)
    return {
        "neurological": set_neurological,
        "exact_voxels": lambda: set_exact(not context.session.view.exact_voxels),
        "interpolate_slices": set_between,
    }


def _copy_picture(context: Context, views: ViewerViews) -> None:
    alone = views.grid.count == 1 and not views.grid.swiping
    seen = views.planes if views.planes.on else views.view if alone else views.grid
    QGuiApplication.clipboard().setImage(picture_of(seen, caption_of(context.session)))
    context.toasts.show_toast("Picture copied", "Paste it into another program.", kind="ok")


def _slice_handlers(verbs: ViewVerbs) -> Handlers:
    return {
        "previous_slice": lambda: verbs.step_slice(-1),
        "next_slice": lambda: verbs.step_slice(1),
        "back_five": lambda: verbs.step_slice(-5),
        "on_five": lambda: verbs.step_slice(5),
        "first_slice": lambda: verbs.go_to_slice(0),
        "last_slice": verbs.last_slice,
    }


def _view_handlers(views: ViewerViews, verbs: ViewVerbs) -> Handlers:
    def lay_out(count: int) -> None:
        views.grid.set_count(count)
        views.view.fit()

    def active() -> SliceView:
        """The view the reader works in."""
        return next((view for view in views.planes.views if view.framed), views.view)

    def fit() -> None:
        for view in views.planes.views if views.planes.on else (views.view,):
            view.fit()

    return {
        "auto_window": verbs.auto_window,
        "reset_window": verbs.reset_window,
        "window_contrast": lambda: verbs.preset_window("contrast"),
        "window_lesion": lambda: verbs.preset_window("lesion"),
        "window_soft": lambda: verbs.preset_window("soft"),
        "invert": verbs.invert,
        "zoom_in": lambda: active().zoom_by(_ZOOM),
        "zoom_out": lambda: active().zoom_by(1 / _ZOOM),
        "fit": fit,
        "one_view": lambda: lay_out(1),
        "two_views": lambda: lay_out(2),
        "swipe_view": views.grid.set_swipe,
        "four_views": lambda: lay_out(4),
    }


def _overlay_handlers(verbs: ViewVerbs) -> Handlers:
    return {
        "toggle_truth": lambda: verbs.toggle_layer("truth"),
        "toggle_prediction": lambda: verbs.toggle_layer("prediction"),
        "toggle_correction": lambda: verbs.toggle_layer("correction"),
        "toggle_uncertainty": lambda: verbs.toggle_layer("uncertainty"),
        "toggle_false_positive": lambda: verbs.toggle_errors("false_positive"),
        "toggle_false_negative": lambda: verbs.toggle_errors("false_negative"),
        "toggle_wrong_label": lambda: verbs.toggle_errors("wrong_label"),
        "less_opacity": lambda: verbs.change_opacity(-1),
        "more_opacity": lambda: verbs.change_opacity(1),
    }
