"""Cine: the slices of a case one after the other, round and round, until the reader takes over."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from gui.shell.session import Session

FRAME_MS = 110


class Cine(QObject):
    """Shows the next slice again and again; another slice, case or press ends it."""

    changed = Signal(bool)

    def __init__(self, session: Session, go_to: Callable[[int], None]) -> None:
        super().__init__()
        self._session, self._go_to = session, go_to
        self._expected = -1
        self._timer = QTimer(self, interval=FRAME_MS)
        self._timer.timeout.connect(self.step)
        session.case_opening.connect(self.stop)
        session.case_changed.connect(self.stop)
        session.view_changed.connect(self._on_view_changed)
        session.mask_painted.connect(lambda _: self.stop())

    @property
    def playing(self) -> bool:
        """Whether slices follow each other by themselves."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Begin, or end."""
        if self.playing or self._session.open_case is None:
            self.stop()
        else:
            self._expected = self._session.view.slice_index
            self._timer.start()
        self.changed.emit(self.playing)

    def stop(self) -> None:
        """End, and stay on the slice that shows."""
        if self.playing:
            self._timer.stop()
            self.changed.emit(False)

    def step(self) -> None:
        """Show the next slice, after the last one the first."""
        opened = self._session.open_case
        if opened is not None:
            view = self._session.view
            count = opened.loaded.volume.geometry.shape[view.plane.axis]
            self._expected = (view.slice_index + 1) % count
            self._go_to(self._expected)

    def _on_view_changed(self) -> None:
        if self._session.view.slice_index != self._expected:
            self.stop()
