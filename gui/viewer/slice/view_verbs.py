"""The verbs that change only what is seen: slices, channels, overlays, window and level."""

from dataclasses import replace
from typing import Literal, TypeAlias, get_args

from core.domain.plane import Cut, Plane, Voxel
from core.domain.window_level import WindowPreset, full_range, preset_range
from gui.shell.session import Session
from gui.shell.view_state import OPACITY_STEP, RGB, LayerKey, can_rgb, current_range, shown_channel

VoxelError: TypeAlias = Literal["false_positive", "false_negative", "wrong_label"]
_WINDOW_PER_PIXEL = 0.004


class ViewVerbs:
    """Changes the view state of a session; every verb does nothing without a case."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def set_asking(self, asking: bool) -> None:
        """Show what is asked about alone, or everything again."""
        self._session.set_view(replace(self._session.view, asking=asking))

    def go_to_slice(self, index: int, plane: Plane | None = None) -> None:
        """Show a slice, or the nearest there is; of the plane the reader works in by default."""
        opened, view = self._session.open_case, self._session.view
        if opened is not None:
            plane = plane or view.plane
            last = opened.loaded.volume.geometry.shape[plane.axis] - 1
            self._session.set_view(view.on_slice(min(max(index, 0), last), plane))

    def step_slice(self, step: int, plane: Plane | None = None) -> None:
        """Show the slice `step` further on."""
        view = self._session.view
        self.go_to_slice(view.cut_in(plane or view.plane).index + step, plane)

    def show_cut(self, cut: Cut) -> None:
        """Show one slice in its plane, and work there."""
        self.go_to_slice(cut.index, cut.plane)
        self.work_in(cut.plane)

    def go_to(self, voxel: Voxel) -> None:
        """Let every view cut through a voxel, or the nearest there is."""
        opened = self._session.open_case
        if opened is not None:
            shape = opened.loaded.volume.geometry.shape
            z, y, x = (min(max(at, 0), side - 1) for at, side in zip(voxel, shape, strict=True))
            self._change(at=(z, y, x))

    def work_in(self, plane: Plane, *, large: bool = False) -> None:
        """Let keys and strip be about a plane; where one view is shown, it shows that plane.

        With `large` the large view of three shows it.
        """
        if self._session.open_case is not None:
            self._session.set_view(self._session.view.working_in(plane, large=large))

    def show_crosshair(self, on: bool) -> None:
        """Show the crosshair of three planes; without it the large view is worked in."""
        view = replace(self._session.view, crosshair=on)
        self._session.set_view(view if on else replace(view, active=view.main.name))

    def set_between(self, between: bool) -> None:
        """Show thick slices from the side blended into each other, or as steps."""
        self._change(between=between)

    def last_slice(self) -> None:
        """Show the last slice."""
        opened = self._session.open_case
        if opened is not None:
            axis = self._session.view.plane.axis
            self.go_to_slice(opened.loaded.volume.geometry.shape[axis] - 1)

    def channels(self) -> tuple[str, ...]:
        """Return the channels the case on screen can be shown in."""
        opened = self._session.open_case
        if opened is None:
            return ()
        volume = opened.loaded.volume
        return (*volume.channels, RGB) if can_rgb(volume) else volume.channels

    def channel(self) -> str:
        """Return the channel on screen."""
        opened = self._session.open_case
        return "" if opened is None else shown_channel(self._session.view, opened.loaded.volume)

    def show_channel(self, channel: str) -> None:
        """Show another channel."""
        self._change(channel=channel)

    def auto_window(self) -> None:
        """Go back to the automatic range of the channel on screen."""
        self._session.set_view(self._session.view.with_window_level(self.channel(), None))

    def reset_window(self) -> None:
        """Show the full range of values of the channel on screen."""
        opened, channel = self._session.open_case, self.channel()
        if opened is None or channel == RGB:
            return
        volume = opened.loaded.volume
        value = full_range(volume.pixels[volume.channels.index(channel)])
        self._session.set_view(self._session.view.with_window_level(channel, value))

    def preset_window(self, preset: WindowPreset) -> None:
        """Show a range that readers often want of the channel on screen."""
        opened, channel = self._session.open_case, self.channel()
        if opened is None or channel == RGB:
            return
        value = preset_range(preset, dict(opened.automatic)[channel])
        self._session.set_view(self._session.view.with_window_level(channel, value))

    def set_neurological(self, on: bool) -> None:
        """Show the patient's right on the right, or on the left again."""
        self._change(neurological=on)

    def drag_window(self, right: float, up: float) -> None:
        """Widen the range by pixels to the right and lower it by pixels up."""
        opened, channel = self._session.open_case, self.channel()
        if opened is None or channel == RGB:
            return
        view = self._session.view
        scale = dict(opened.automatic)[channel].window * _WINDOW_PER_PIXEL
        moved = current_range(view, opened.automatic, channel).moved(right * scale, -up * scale)
        self._session.set_view(view.with_window_level(channel, moved))

    def invert(self) -> None:
        """Show what is bright dark, or as it is again."""
        self._change(inverted=not self._session.view.inverted)

    def toggle_layer(self, key: LayerKey) -> None:
        """Show or hide a layer."""
        self.set_layer(key, visible=not self._session.view.layer(key).visible)

    def toggle_errors(self, kind: VoxelError) -> None:
        """Show or hide false positives, false negatives or wrong labels."""
        view = self._session.view
        on = view.asking or not (getattr(view, kind) and view.errors.visible)
        if on and not view.errors.visible:
            shown = {each: each == kind for each in get_args(VoxelError)}
            self._change(errors=replace(view.errors, visible=True), asking=False, **shown)
        else:
            self._change(asking=False, **{kind: on})

    def set_layer(self, key: LayerKey, **style: object) -> None:
        """Change how a layer is drawn: `visible`, `opacity` or `filled`."""
        view = self._session.view
        changed = replace(view.layer(key), **style)  # type: ignore[arg-type]
        asking = view.asking and key != "errors"
        self._session.set_view(replace(view.with_layer(key, changed), asking=asking))

    def change_opacity(self, steps: int) -> None:
        """Make all overlays more or less opaque."""
        view = self._session.view
        for key in get_args(LayerKey):
            style = view.layer(key)
            opacity = min(max(style.opacity + steps * OPACITY_STEP, OPACITY_STEP), 1.0)
            view = view.with_layer(key, replace(style, opacity=round(opacity, 2)))
        self._session.set_view(view)

    def hide_overlays(self, hidden: bool) -> None:
        """Hide all overlays while a key is held."""
        self._change(overlays_hidden=hidden)

    def set_exact_voxels(self, exact: bool) -> None:
        """Show voxels as they are, without interpolation and smoothed outlines."""
        self._change(exact_voxels=exact)

    def _change(self, **changes: object) -> None:
        self._session.set_view(replace(self._session.view, **changes))  # type: ignore[arg-type]
