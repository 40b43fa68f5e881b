"""Open a case: the volume first, then its prediction, and the neighbours ahead."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from core.domain.errors import DataError
from core.domain.progress import Progress
from core.domain.window_level import automatic
from core.inference.preprocess import head_box
from core.io.case import Case
from core.io.case_cache import CaseCache
from core.io.case_reader import LoadedCase
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import FAULT, Lanes, Task, unheard

_AHEAD = 1


class CaseLoader(QObject):
    """Loads the case asked for, drops the loads nobody waits for, reads the neighbours ahead."""

    loaded = Signal()
    failed = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes, cache: CaseCache) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self.cache = cache
        self._task: Task[OpenCase] | None = None
        self._ahead: list[Task[None]] = []
        self._left: dict[str, int] = {}
        session.place_changed.connect(self._left.clear)

    def open(self, case: Case, *, slice_index: int = -1) -> None:
        """Show `case`; a negative slice means where it was left, else most lesion or the middle."""
        if self._task is not None:
            self._task.cancel()
        self._session.set_pending(case.id)
        self._task = self._lanes.run(
            "io",
            lambda progress: self._read(case, progress),
            lambda opened: self._show(opened, slice_index),
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

    def _read(self, case: Case, progress: Progress) -> OpenCase:
        loaded = self._read_case(case, progress)
        volume = loaded.volume
        before = self._session.open_case
        if before is not None and before.loaded.volume is volume:  # of another region alone
            return OpenCase(loaded, before.automatic, before.head)
        ranges = tuple(
            (name, automatic(pixels))
            for name, pixels in zip(volume.channels, volume.pixels, strict=True)
        )
        return OpenCase(loaded, ranges, head_box(volume.pixels))

    def _read_case(self, case: Case, progress: Progress) -> LoadedCase:
        """Return a case of the region it names, of all labels where its own have none of it."""
        try:
            return self.cache.read(case, progress=progress)
        except DataError:
            if not case.region:
                raise
            return self.cache.read(replace(case, region=""), progress=progress)

    def _show(self, opened: OpenCase, slice_index: int) -> None:
        self._task = None
        before = self._session.open_case
        if before is not None:
            self._left[before.loaded.case.id] = self._session.view.at[0]
        index = self._left.get(opened.loaded.case.id, -1) if slice_index < 0 else slice_index
        index = first_slice(opened.loaded) if index < 0 else index
        last = opened.loaded.volume.slices - 1
        labels = self._session.labels.of_case(opened.loaded)
        self._session.set_open_case(opened, slice_index=min(index, last), labels=labels)
        self.loaded.emit()

    def _fail(self, case_id: str, sentence: str) -> None:
        self._task = None
        self.failed.emit(case_id, sentence)


def _read_into(cache: CaseCache, case: Case, progress: Progress) -> None:
    cache.read(case, progress=progress)


def first_slice(loaded: LoadedCase) -> int:
    """Return the index a reader wants to see first: most lesion, else the middle."""
    if loaded.ground_truth is not None and loaded.ground_truth.any():
        return int(loaded.ground_truth.sum(axis=(1, 2)).argmax())
    return loaded.volume.slices // 2
