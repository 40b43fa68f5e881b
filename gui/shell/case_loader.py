"""Open a case: its first slice, the whole of it, then its neighbours ahead."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.domain.errors import DataError
from core.domain.plane import AXIAL, Cut, acquired
from core.domain.progress import Progress
from core.domain.window_level import automatic
from core.inference.preprocess import head_box
from core.io.cases.case import Case
from core.io.cases.case_cache import CaseCache
from core.io.cases.case_preview import CasePreview, FirstLook
from core.io.cases.case_reader import LoadedCase
from gui.shell.open_preview import OpenPreview
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import FAULT, Lanes, Part, Task, unheard

_STEADY = 0.05
"""A head this much larger, by its longer side, does not make the view jump."""


class CaseLoader(QObject):
    """Loads the case asked for, drops the loads nobody waits for, reads the neighbours ahead."""

    loaded = Signal()
    failed = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes, cache: CaseCache) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self.cache = cache
        self._task: Task[tuple[OpenCase, int]] | None = None
        self._preview: OpenPreview | None = None
        self._ahead: list[Task[None]] = []
        self._left: dict[str, int] = {}
        session.place_changed.connect(self._left.clear)

    def open(self, case: Case, *, slice_index: int = -1) -> None:
        """Show `case`; a negative slice means where it was left, else most lesion or the middle.

        Its first slice is on screen before a large one is whole.
        """
        if self._task is not None:
            self._task.cancel()
        self.read_ahead([])  # what is looked at is read first
        self._preview = None
        index = self._left_at(case.id) if slice_index < 0 else slice_index
        channel = self._session.view.channel
        self._session.set_pending(case.id)
        self._task = self._lanes.run_in_parts(
            "io",
            lambda progress, part: self._read(
                case, progress, FirstLook(channel, index, lambda found: _give(part, found))
            ),
            lambda read: self._show(*read, index),
            parted=self._show_preview,
            failed=lambda sentence: self._fail(case.id, sentence),
            faulted=lambda _: self._fail(case.id, f"{case.id}: {FAULT}"),
        )

    def read_ahead(self, cases: list[Case]) -> None:
        """Read `cases` into memory while there is nothing else to do."""
        for task in self._ahead:
            task.cancel()
        self._ahead = [self._read_into_cache(c) for c in cases if c.id not in self.cache]

    def _read_into_cache(self, case: Case) -> Task[None]:
        return self._lanes.run(
            "idle", lambda progress: _read_into(self.cache, case, progress), failed=unheard
        )

    def _read(self, case: Case, progress: Progress, look: FirstLook) -> tuple[OpenCase, int]:
        loaded = self._read_case(case, progress, look)
        volume = loaded.volume
        before = self._session.open_case
        if before is not None and before.loaded.volume is volume:  # of another region alone
            return OpenCase(loaded, before.automatic, before.head), first_slice(loaded)
        ranges = tuple(
            (name, automatic(pixels))
            for name, pixels in zip(volume.channels, volume.pixels, strict=True)
        )
        return OpenCase(loaded, ranges, head_box(volume.pixels)), first_slice(loaded)

    def _read_case(self, case: Case, progress: Progress, look: FirstLook) -> LoadedCase:
        """Return a case of the region it names, of all labels where its own have none of it."""
        try:
            return self.cache.read(case, progress=progress, look=look)
        except DataError:
            if not case.region:
                raise
            return self.cache.read(replace(case, region=""), progress=progress)

    def _left_at(self, case_id: str) -> int:
        """Return the slice at which a case was left; negative for one not seen yet."""
        opened = self._session.open_case
        if opened is not None and opened.loaded.case.id == case_id:
            return self._session.view.at[0]
        return self._left.get(case_id, -1)

    def _keep_slice(self) -> None:
        """Note where the case is left that is on screen."""
        before = self._session.open_case
        if before is not None:
            self._left[before.loaded.case.id] = self._session.view.at[0]

    def _show_preview(self, preview: OpenPreview) -> None:
        self._keep_slice()
        self._preview = preview
        self._session.set_preview(preview)

    def _show(self, opened: OpenCase, first: int, slice_index: int) -> None:
        self._task, preview, self._preview = None, self._preview, None
        self._keep_slice()
        loaded = opened.loaded
        index = self._left_at(loaded.case.id) if slice_index < 0 else slice_index
        if preview is not None:  # what is on screen stays where it is
            index = preview.at[0]
            opened = replace(opened, head=_steady(preview.head, opened.head))
        index = first if index < 0 else index
        labels = self._session.labels.of_case(loaded)
        last = loaded.volume.slices - 1
        self._session.set_open_case(opened, slice_index=min(index, last), labels=labels)
        self.loaded.emit()

    def _fail(self, case_id: str, sentence: str) -> None:
        self._task = self._preview = None
        self.failed.emit(case_id, sentence)


def _read_into(cache: CaseCache, case: Case, progress: Progress) -> None:
    cache.read(case, progress=progress)


def _give(part: Part, found: CasePreview) -> None:
    """Hand over what can be shown of a case already, on a worker."""
    preview = _to_show(found)
    if preview is not None:
        part(preview)


def _to_show(found: CasePreview) -> OpenPreview | None:
    """Return the slice that an `OpenCase` would show first, and nothing that holds the rest.

    None where it lies in a plane that is not read yet.
    """
    head = head_box(found.sample[np.newaxis])
    y0, y1, x0, x1 = head
    y, x = found.lesion or ((y0 + y1 - 1) // 2, (x0 + x1 - 1) // 2)
    at, plane = (found.slice_index, y, x), acquired(found.geometry, found.turn)
    if plane is AXIAL:
        image = found.image
    elif found.values is not None:
        image = Cut(plane, at[plane.axis]).of(found.values)
    else:
        return None
    return OpenPreview(
        found.case.id,
        found.channel,
        np.array(image),
        plane,
        at,
        found.number,
        found.geometry,
        automatic(found.sample),
        head,
    )


def _steady(
    before: tuple[int, int, int, int], now: tuple[int, int, int, int]
) -> tuple[int, int, int, int]:
    """Return the box of the head on screen, unless that of the whole case is clearly another."""
    y0, y1, x0, x1 = now
    near = _STEADY * max(y1 - y0, x1 - x0)
    same = all(abs(one - other) <= near for one, other in zip(before, now, strict=True))
    return before if same else now


def first_slice(loaded: LoadedCase) -> int:
    """Return the index a reader wants to see first: most lesion, else the middle."""
    areas = loaded.truth_areas
    return int(np.argmax(areas)) if any(areas) else loaded.volume.slices // 2
