"""Keeps the slice view in step with the session, and pictures of the next slices ready."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QPointF, Signal

from core.domain.components import Box
from core.domain.progress import Progress
from core.domain.uncertainty import entropy_map
from core.domain.volume import Pixels, Volume
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Lanes, Part, Task
from gui.shell.thread_share import GestureDelay
from gui.shell.view_state import RGB, Display, PictureKey, resolve, shown_channel
from gui.viewer.empty_state import EmptyState
from gui.viewer.picture import Masks, Picture, PictureCache, make_picture, with_edit
from gui.viewer.shown_case import has_arrived, shown
from gui.viewer.shown_preview import draw_preview
from gui.viewer.slice_view import SliceView
from gui.viewer.uncertainty_item import UncertaintyItem, UncertaintyScale

_AHEAD = (1, -1, 2, -2, 3, -3, 4, -4, 5, -5)
# While the reader paints, the words under the pointer follow every second sample.
_WORDS_WAIT_SECONDS = 0.025


class CanvasPresenter(QObject):
    """Draws what the session holds; a picture not yet prepared is made at once.

    `drawn` comes with the picture, its display, and the box that alone differs when it is known.
    """

    drawn = Signal(object, object, object)

    def __init__(self, session: Session, lanes: Lanes, view: SliceView, empty: EmptyState) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._view = view
        self._empty = empty
        self._pictures = PictureCache()
        self._ahead: Task[None] | None = None
        self._pointer: QPointF | None = None
        self._words = GestureDelay(self._read_out, view, seconds=_WORDS_WAIT_SECONDS)
        self._uncertainty, self._scale = UncertaintyItem(), UncertaintyScale(view)
        view.add_item(self._uncertainty, below=True)
        session.view_changed.connect(self.draw)
        session.post_changed.connect(self.draw)
        session.result_changed.connect(self.draw)
        session.part_arrived.connect(self._on_part_arrived)
        session.case_changed.connect(self._on_case_changed)
        session.correction_changed.connect(self.draw)
        session.mask_painted.connect(lambda box: self.draw(painted=box))
        session.place_changed.connect(self._on_place_changed)
        view.hovered.connect(self._on_hovered)

    def draw(self, *, painted: Box | None = None) -> None:
        """Draw the slice on screen as it is now; `painted` is all that differs, when known."""
        opened = self._session.open_case
        if opened is None:
            return
        display = resolve(self._session.view, shown(self._session, opened))
        picture = self._pictures.get(display.picture)
        if picture is None:
            picture = self._make(opened, display.picture, painted)
            self._pictures.put(display.picture, picture)
        self._view.show_display(display, picture, painted)
        self.drawn.emit(picture, display, painted)
        self._show_uncertainty(display)
        if display.unreadable:
            number = opened.loaded.volume.slice_numbers[display.picture.slice_index]
            self._empty.say(f"Slice {number} cannot be read", display.unreadable, icon="warning")
        else:
            self._empty.hide()
        if painted is not None:
            self._words.note_gesture()
        self._words.do(can_wait=painted is not None)
        self._prepare(display.picture, opened)

    def _on_part_arrived(self, indices: frozenset[int]) -> None:
        """Draw the slice on screen if it is new; others are made ready where they are."""
        opened, index = self._session.open_case, self._session.view.slice_index
        if index in indices:
            self.draw()
        elif opened is not None:
            display = resolve(self._session.view, shown(self._session, opened))
            self._prepare(display.picture, opened)

    def _show_uncertainty(self, display: Display) -> None:
        """Lay the map of the slice on screen under the outlines, with its scale."""
        style, result = display.uncertainty, self._session.result
        shown = style.visible and result is not None
        probability = result.probability if shown and result is not None else None
        opened = self._session.open_case
        image = None if opened is None else _structure(opened.loaded.volume)
        index = display.picture.slice_index
        self._uncertainty.show_slice(probability, index, style.opacity, image=image)
        self._scale.show_when(shown)

    def _on_case_changed(self) -> None:
        self._pictures.clear()
        preview = self._session.preview
        if preview is not None:
            self._clear()
            self._view.show_display(*draw_preview(self._session, preview))
            self._empty.hide()
        elif self._session.open_case is None:
            self._clear()
            title = f"{self._session.current} cannot be opened"
            self._empty.say(title, self._session.problem, icon="warning")
        else:
            self.draw()

    def _clear(self) -> None:
        self._view.clear_picture()
        self._uncertainty.show_slice(None, 0, 0.0)
        self._scale.show_when(False)

    def _on_place_changed(self) -> None:
        self._pictures.clear()
        self._clear()

    def _make(self, opened: OpenCase, key: PictureKey, painted: Box | None) -> Picture:
        """Make a picture; of a slice just painted on, only the outlines that have changed."""
        masks = self._masks(opened)
        before = self._pictures.take(replace(key, edit=key.edit - 1))
        if before is None:
            like = self._pictures.like(key)
            return make_picture(opened.loaded.volume, masks, key, before=like)
        return with_edit(before, masks, key, painted)

    def _masks(self, opened: OpenCase) -> Masks:
        result, correction = self._session.result, self._session.correction
        counted = None if result is None else result.counted
        mask = None if counted is None else counted.mask
        corrected = None if correction is None else correction.mask
        return Masks(opened.loaded.ground_truth, mask, corrected)

    def _prepare(self, key: PictureKey, opened: OpenCase) -> None:
        """Make the pictures around the one on screen, on a worker."""
        count = opened.loaded.volume.slices
        near = [key.slice_index + step for step in _AHEAD]
        session = self._session
        keys = [
            replace(
                key,
                slice_index=index,
                masks=session.masks_of(index),
                edit=session.edits.get(index, 0),
            )
            for index in near
            if 0 <= index < count
        ]
        wanted = [(k, self._pictures.like(k)) for k in keys if k not in self._pictures]
        if not wanted or (self._ahead is not None and not self._ahead.cancelled):
            return
        masks = self._masks(opened)
        volume = opened.loaded.volume

        def work(progress: Progress, part: Part) -> None:
            for number, (name, like) in enumerate(wanted):
                part((name, make_picture(volume, masks, name, before=like)))
                progress(number / len(wanted), "")

        self._ahead = self._lanes.run_in_parts(
            "idle", work, parted=self._keep, finished=self._on_prepared
        )

    def _keep(self, made: tuple[PictureKey, Picture]) -> None:
        self._pictures.put(*made)

    def _on_prepared(self) -> None:
        self._ahead = None

    def point_elsewhere(self, at: QPointF | None) -> None:
        """The pointer is over this place of the slice in another view."""
        self._pointer = at

    def _on_hovered(self, at: QPointF | None) -> None:
        self._pointer = at
        self._words.do(can_wait=at is not None)

    @property
    def voxel(self) -> tuple[int, int, int] | None:
        """The voxel (z, y, x) under the pointer; None when it is not over the slice."""
        at, opened = self._pointer, self._session.open_case
        if at is None or opened is None:
            return None
        x, y = int(np.floor(at.x())), int(np.floor(at.y()))
        height, width = opened.loaded.volume.geometry.shape[1:]
        inside = 0 <= x < width and 0 <= y < height
        return (self._session.view.slice_index, y, x) if inside else None

    def _read_out(self) -> None:
        """Say what lies under the pointer."""
        voxel, opened = self.voxel, self._session.open_case
        if voxel is None or opened is None:
            self._view.set_readout(())
            return
        volume = opened.loaded.volume
        index, y, x = voxel
        values = volume.pixels[:, index, y, x]
        channel = shown_channel(self._session.view, volume)
        if channel == RGB:
            said = "  ".join(f"{n} {v}" for n, v in zip(volume.channels, values, strict=True))
        else:
            said = f"{channel} {values[volume.channels.index(channel)]}"
        lines = [f"x {x}  y {y}", said]
        result = self._session.result
        if result is not None and has_arrived(result, index):
            level = result.probability[index, y, x]
            lines.append(f"p(lesion) {level / 255:.2f}")
            if self._session.view.uncertainty.visible:
                lines.append(f"{entropy_map(level):.2f} bit")
        self._view.set_readout(tuple(lines))


def _structure(volume: Volume) -> Pixels:
    """Return the channel by which the head is told from the air."""
    channel = volume.channels.index("FLAIR") if "FLAIR" in volume.channels else 0
    structure: Pixels = volume.pixels[channel]
    return structure
