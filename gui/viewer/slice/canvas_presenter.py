"""Keeps a view of one plane in step with the session."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from core.domain.components import Box
from core.domain.plane import PLANES, Cut
from core.domain.volume import Pixels, Volume
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Lanes
from gui.shell.thread_share import GestureDelay
from gui.shell.view_state import Display, PictureKey, resolve, small
from gui.viewer.drawn.shown_case import shown
from gui.viewer.drawn.shown_preview import draw_preview
from gui.viewer.items.uncertainty_item import UncertaintyItem, UncertaintyScale
from gui.viewer.slice.empty_state import EmptyState
from gui.viewer.slice.pictures_ahead import PicturesAhead
from gui.viewer.slice.slice_view import SliceView


class CanvasPresenter(QObject):
    """Draws what the session holds; a picture not yet prepared is made at once.

    The view shows the plane at `slot` of the view state's planes: 0 is the large view, which alone
    says what cannot be shown. `drawn` comes with the picture, its display, and the box of the
    plane that alone differs when it is known.
    """

    drawn = Signal(object, object, object)

    def __init__(
        self,
        session: Session,
        lanes: Lanes,
        view: SliceView,
        empty: EmptyState | None = None,
        *,
        slot: int = 0,
    ) -> None:
        super().__init__()
        self._session = session
        self.view = view
        self._empty, self._slot = empty, slot
        self._pictures = PicturesAhead(session, lanes, view)
        self._drawn_key: PictureKey | None = None
        # What is painted in another view follows here, once a frame.
        self._later = GestureDelay(self.draw, view)
        self._uncertainty = UncertaintyItem()
        self._scale = UncertaintyScale(view) if slot == 0 else None
        view.add_item(self._uncertainty, below=True)
        session.view_changed.connect(self.draw)
        session.post_changed.connect(self.draw)
        session.result_changed.connect(self.draw)
        session.part_arrived.connect(self._on_part_arrived)
        session.case_changed.connect(self._on_case_changed)
        session.correction_changed.connect(self.draw)
        session.mask_painted.connect(self._on_mask_painted)
        session.place_changed.connect(self._on_place_changed)

    @property
    def cut(self) -> Cut:
        """The slice that the view shows."""
        view = self._session.view
        return view.cut_in(PLANES[view.planes[self._slot]])

    def draw(self, *, painted: Box | None = None) -> None:
        """Draw the slice on screen as it is now; `painted` is all that differs, when known.

        That is a box of (slices, rows, columns).
        """
        opened = self._session.open_case
        if opened is None or (self._slot and not self.view.isVisibleTo(self.view.window())):
            return
        display = self._display(opened)
        before, self._drawn_key = self._drawn_key, display.picture
        if before is None or before != replace(display.picture, edit=display.picture.edit - 1):
            painted = None
        picture, ahead = self._pictures.of(display.picture, opened, before, painted)
        self.view.show_display(display, picture, painted, ahead)
        self._show_uncertainty(display)
        self._say_unreadable(display, opened)
        self.drawn.emit(picture, display, painted)
        if not self._slot or before != display.picture:
            self._pictures.prepare(display, opened)

    def _display(self, opened: OpenCase) -> Display:
        view, cut = self._session.view, self.cut
        there = shown(self._session, opened, cut, scored=not self.view.small)
        display = resolve(view, there, cut.plane)
        return small(display, view, there, cut.plane) if self.view.small else display

    def _on_mask_painted(self, box: Box) -> None:
        opened = self._session.open_case
        if opened is None or not self.cut.holds(box):
            return
        if self._session.view.crosshair and not self.view.drawing:
            self._later.do(can_wait=True)
            self._later.note_gesture()
        else:
            shape = opened.loaded.volume.geometry.shape
            self.draw(painted=self.cut.plane.cut_box(box, shape))

    def _on_part_arrived(self, indices: frozenset[int]) -> None:
        """Draw the slice on screen if it is new; others are made ready where they are."""
        opened, cut = self._session.open_case, self.cut
        if cut.plane.axis or opened is None:
            return
        if cut.index in indices:
            self.draw()
        else:
            self._pictures.prepare(self._display(opened), opened)

    def _say_unreadable(self, display: Display, opened: OpenCase) -> None:
        if self._empty is None:
            return
        if display.unreadable:
            number = opened.loaded.volume.slice_numbers[display.picture.slice_index]
            self._empty.say(f"Slice {number} cannot be read", display.unreadable, icon="warning")
        else:
            self._empty.hide()

    def _show_uncertainty(self, display: Display) -> None:
        """Lay the map of the slice on screen under the outlines, with its scale."""
        style, result = display.uncertainty, self._session.result
        on = style.visible and result is not None
        probability = result.probability if on and result is not None else None
        opened = self._session.open_case
        image = None if opened is None else _structure(opened.loaded.volume)
        cut = display.picture.cut
        self._uncertainty.show_slice(probability, cut, style.opacity, image=image)
        if self._scale is not None:
            self._scale.show_when(on)

    def _on_case_changed(self) -> None:
        self._pictures.clear()
        self._drawn_key = None
        if self._session.open_case is not None:
            self.draw()
            return
        self._clear()
        preview = self._session.preview
        if self._empty is not None and preview is not None:
            self.view.show_display(*draw_preview(self._session, preview))
            self._empty.hide()
        elif self._empty is not None:
            title = f"{self._session.current} cannot be opened"
            self._empty.say(title, self._session.problem, icon="warning")

    def _clear(self) -> None:
        self.view.clear_picture()
        self._uncertainty.show_slice(None, Cut(), 0.0)
        if self._scale is not None:
            self._scale.show_when(False)

    def _on_place_changed(self) -> None:
        self._pictures.clear()
        self._drawn_key = None
        self._clear()


def _structure(volume: Volume) -> Pixels:
    """Return the channel by which the head is told from the air."""
    channel = volume.channels.index("FLAIR") if "FLAIR" in volume.channels else 0
    structure: Pixels = volume.pixels[channel]
    return structure
