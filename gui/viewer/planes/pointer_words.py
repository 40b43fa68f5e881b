"""What lies under the pointer, in the corner of the large view, whichever view it is over."""

from PySide6.QtCore import QObject, QPointF

from core.domain.components import Box
from core.domain.plane import Cut, Voxel
from core.domain.uncertainty import entropy_map
from core.domain.volume import Volume
from gui.shell.session import Session
from gui.shell.thread_share import GestureDelay
from gui.shell.view_state import RGB, shown_channel
from gui.viewer.drawn.shown_case import has_arrived
from gui.viewer.labels.label_words import label_words
from gui.viewer.slice.slice_view import SliceView

# While the reader paints, the words under the pointer follow every second sample.
_WAIT_SECONDS = 0.025


class PointerWords(QObject):
    """Follows the pointer through every view of the case and says what is there."""

    def __init__(self, session: Session, view: SliceView) -> None:
        super().__init__()
        self._session, self._view = session, view
        self._pointer: tuple[SliceView, QPointF] | None = None
        self._words = GestureDelay(self._read_out, view, seconds=_WAIT_SECONDS)

    def add_view(self, view: SliceView) -> None:
        """Follow the pointer through one more view."""
        view.hovered.connect(lambda at: self._on_hovered(view, at))

    @property
    def voxel(self) -> Voxel | None:
        """The voxel under the pointer; None when it is over no slice."""
        if self._pointer is None or self._session.open_case is None:
            return None
        view, at = self._pointer
        return view.voxel_under(at)

    @property
    def cut(self) -> Cut:
        """The slice under the pointer, else the one the reader works on."""
        shown = None if self._pointer is None else self._pointer[0].cut
        return shown or self._session.view.cut

    def note_drawn(self, painted: Box | None) -> None:
        """The slice was drawn anew; while it is `painted` the words may wait a little."""
        if painted is not None:
            self._words.note_gesture()
        self._words.do(can_wait=painted is not None)

    def _on_hovered(self, view: SliceView, at: QPointF | None) -> None:
        self._pointer = None if at is None else (view, at)
        # A linked view beside the large one marks the place in it, which is enough there.
        if view is self._view or self._session.view.crosshair:
            self._words.do(can_wait=at is not None)

    def _read_out(self) -> None:
        voxel, opened = self.voxel, self._session.open_case
        if voxel is None or opened is None:
            self._view.set_readout(())
            return
        z, y, x = voxel
        view, volume = self._session.view, opened.loaded.volume
        whole = view.crosshair or view.main.axis > 0
        lines = [f"x {x}  y {y}" + (f"  z {z}" if whole else "")]
        shown = shown_channel(view, volume)
        lines += channel_lines(volume, voxel, RGB if whole else shown)
        # Of several lines, one a channel, that of the channel on screen stands out.
        named = (n for n, line in enumerate(lines) if line.startswith(f"{shown} "))
        bold = next(named, 1)
        result = self._session.result
        if result is not None and has_arrived(result, Cut(index=z)):
            level = result.probability[z, y, x]
            lines.append(f"p(lesion) {level / 255:.2f}")
            if view.uncertainty.visible:
                lines.append(f"{entropy_map(level):.2f} bit")
        lines += label_words(self._session, voxel)
        self._view.set_readout(tuple(lines), bold=bold)


def channel_lines(volume: Volume, voxel: Voxel, channel: str) -> list[str]:
    """Return the value of a channel at a voxel; of all of them, a line each, for RGB of four."""
    z, y, x = voxel
    values = volume.pixels[:, z, y, x]
    if channel != RGB:
        return [f"{channel} {values[volume.channels.index(channel)]}"]
    said = [f"{name} {value}" for name, value in zip(volume.channels, values, strict=True)]
    return ["  ".join(said)] if len(said) <= len(RGB) else said
