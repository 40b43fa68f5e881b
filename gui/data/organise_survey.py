"""Looks into the files of the cases that were found, one after the other."""

import time
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject

from core.domain.progress import Progress
from core.io.cases.case_look import CaseLook, look_at
from core.io.layouts.found import FoundCase, FoundDataset
from gui.shell.context import Context
from gui.shell.tasks import Part, Task

_EDGE = 80
_SAY_SECONDS = 0.25  # all counts are made anew each time

TellNames = Callable[[list[str]], None]
"""Called with the ids of further cases that were looked at."""


class OrganiseSurvey(QObject):
    """Remembers what it saw: a case whose files are the same is not looked at again."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._looks: dict[tuple[FoundCase, bool], CaseLook] = {}
        self._task: Task[None] | None = None

    def known(self, found: FoundDataset, *, resample: bool) -> dict[str, CaseLook]:
        """Return what is known of cases by their ids."""
        keys = {case.id: _key(case, resample=resample) for case in found.cases}
        return {name: self._looks[key] for name, key in keys.items() if key in self._looks}

    def start(self, found: FoundDataset, *, resample: bool, told: TellNames) -> None:
        """Look at the cases that are not known yet; what went on before ends."""
        self.stop()
        wanted = [c for c in found.cases if _key(c, resample=resample) not in self._looks]
        if not wanted:
            return

        def work(progress: Progress, part: Part) -> None:
            seen: list[tuple[FoundCase, CaseLook]] = []
            said = time.monotonic() - _SAY_SECONDS
            for index, case in enumerate(wanted):
                progress(index / len(wanted), case.id)
                seen.append((case, look_at(case, found.labels, edge=_EDGE, resample=resample)))
                if time.monotonic() - said >= _SAY_SECONDS or index == len(wanted) - 1:
                    part(seen)
                    seen, said = [], time.monotonic()

        def arrived(seen: list[tuple[FoundCase, CaseLook]]) -> None:
            self._looks |= {_key(case, resample=resample): look for case, look in seen}
            told([case.id for case, _ in seen])

        self._task = self._context.lanes.run_in_parts("io", work, parted=arrived)

    def stop(self) -> None:
        """Look at no further case."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def forget(self) -> None:
        """Stop, and forget what was seen: another folder is asked about."""
        self.stop()
        self._looks.clear()


def _key(case: FoundCase, *, resample: bool) -> tuple[FoundCase, bool]:
    return replace(case, notices=()), resample
