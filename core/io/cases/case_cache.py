"""Cases kept in memory within a byte budget; the least recently used goes first."""

import threading
from collections import OrderedDict
from typing import Protocol

from core.domain.progress import Progress, silent
from core.io.cases.case import Case
from core.io.cases.case_preview import FirstLook
from core.io.cases.case_reader import LoadedCase, of_region, read_case, same_files


class CaseReader(Protocol):
    """Reads a case from its files, as `read_case` does."""

    def __call__(
        self, case: Case, *, progress: Progress = ..., look: FirstLook | None = ...
    ) -> LoadedCase:
        """Return the case; raises `FileError` for one that cannot be read."""


class CaseCache:
    """Loaded cases by id, at most `budget` bytes of them; usable from several threads.

    `reader` reads what is not there.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self.reader: CaseReader = read_case
        self._cases: OrderedDict[str, LoadedCase] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, case_id: str) -> LoadedCase | None:
        """Return the case if it is in memory, and count it as just used."""
        with self._lock:
            if case_id in self._cases:
                self._cases.move_to_end(case_id)
            return self._cases.get(case_id)

    def read(
        self, case: Case, *, progress: Progress = silent, look: FirstLook | None = None
    ) -> LoadedCase:
        """Return a case from memory, else read and kept; raises `FileError` as `read_case`.

        `look` is given the first slice of one that has to be read.
        """
        loaded = self._known(case)
        if loaded is None:
            loaded = self.reader(case, progress=progress, look=look)
            self.put(loaded)
        return loaded

    def glance(self, case: Case) -> LoadedCase:
        """Return a case from memory, else read and not kept: for work that goes through them all.

        Raises `FileError` as `read_case`.
        """
        loaded = self._known(case)
        return self.reader(case) if loaded is None else loaded

    def _known(self, case: Case) -> LoadedCase | None:
        """Return a case that is in memory, of another region if need be."""
        loaded = self.get(case.id)
        # A read for the dataset that was open before may end late, with a case of the same name.
        if loaded is None or not same_files(loaded.case, case):
            return None
        if loaded.case != case:
            loaded = of_region(loaded, case)
            self.put(loaded)
        return loaded

    def put(self, loaded: LoadedCase) -> None:
        """Keep a case; one larger than the whole budget is not kept."""
        if loaded.nbytes > self._budget:
            return
        with self._lock:
            self._cases[loaded.case.id] = loaded
            self._cases.move_to_end(loaded.case.id)
            while self._held() > self._budget:
                self._cases.popitem(last=False)

    def clear(self) -> None:
        """Forget all cases."""
        with self._lock:
            self._cases.clear()

    @property
    def nbytes(self) -> int:
        """Bytes held now."""
        with self._lock:
            return self._held()

    def __contains__(self, case_id: str) -> bool:
        with self._lock:
            return case_id in self._cases

    def _held(self) -> int:
        return sum(loaded.nbytes for loaded in self._cases.values())
