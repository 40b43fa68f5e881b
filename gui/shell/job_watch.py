"""Finds the jobs of a workspace, follows them, and starts, pauses and stops them.

A job needs no window: it is a folder and a process of its own. A window that was closed or killed
finds it again by looking into the folder.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.domain.progress import Progress
from core.jobs.job_folder import JobFolder, JobRequest, list_jobs, next_job_path
from core.jobs.job_start import JobProgram, start_job
from gui.shell.job_record import AskedOfJob, JobRecord, JobTail
from gui.shell.tasks import Lanes, Task

_BUSY_MS, _QUIET_MS = 500, 3000
_START_SECONDS = 60.0
_END_SECONDS = 3.0
"""How long a process that has said its last word may take to be gone."""

Prepare = Callable[[Path], tuple[JobFolder, JobProgram]]
"""Fills the new job folder of a path, on a worker; may raise `AppError`."""


class JobWatch(QObject):
    """Keeps `records` in step with the job folders; reads and writes them on workers alone."""

    changed = Signal()
    ended = Signal(object)
    started = Signal(str)
    failed = Signal(str, str)

    def __init__(self, lanes: Lanes) -> None:
        super().__init__()
        self._lanes = lanes
        self._folder: Path | None = None
        self._records: dict[str, JobRecord] = {}
        self._tails: dict[str, JobTail] = {}
        self._starting: dict[str, tuple[int, float, AskedOfJob]] = {}
        self._reading: Task[list[JobRecord]] | None = None
        self._again = False
        self._heard = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)

    @property
    def records(self) -> tuple[JobRecord, ...]:
        """The jobs, in order of their numbers."""
        return tuple(self._records.values())

    def find(self, job_id: str) -> JobRecord | None:
        """Return a job by the name of its folder."""
        return self._records.get(job_id)

    def watch(self, folder: Path | None) -> None:
        """Follow the jobs in `folder` from now on, none at all for None."""
        self._timer.stop()
        if self._reading is not None:
            self._reading.cancel()
        self._reading, self._folder = None, folder
        self._records, self._tails, self._starting = {}, {}, {}
        self._heard = False
        self.changed.emit()
        self.refresh()

    def refresh(self) -> None:
        """Read what is new, on a worker; while one reads, once more afterwards."""
        if self._folder is None:
            return
        if self._reading is not None:
            self._again = True
            return
        folder, tails = self._folder, self._tails
        self._reading = self._lanes.run(
            "io",
            lambda _: _read(folder, tails),
            self._on_read,
            failed=lambda said: self.failed.emit("The jobs were not read", said),
            finished=lambda: self._on_reading_finished(tails),
        )

    def begin(self, kind: str, prepare: Prepare) -> None:
        """Make the next job folder with `prepare` and start its process."""
        folder = self._folder
        if folder is None:
            return

        def work(_: Progress) -> str:
            job, program = prepare(next_job_path(folder, kind))
            start_job(job, program)
            return job.path.name

        self._lanes.run(
            "io",
            work,
            lambda job_id: self._on_begun(job_id, folder),
            failed=lambda said: self.failed.emit("The job was not started", said),
        )

    def resume(self, job_id: str) -> None:
        """Go on with a job that was paused, broke off or failed."""
        record = self._records.get(job_id)
        if record is None or record.active:
            return
        program = record.head.program

        def start() -> None:
            record.folder.take_up(wait_s=_END_SECONDS)
            start_job(record.folder, program, resume=program == "train")

        self._mark_starting(record, "start")
        self._do(start, "The job did not go on", job_id)

    def stop(self, job_id: str) -> None:
        """End a training with its best weights; one that stands still is taken up to do so."""
        record = self._records.get(job_id)
        if record is None:
            return
        if record.active:
            self.request(job_id, "stop")
            return

        def finish() -> None:
            record.folder.require_idle(wait_s=_END_SECONDS)
            record.folder.request("stop")
            start_job(record.folder, "train", resume=True)

        self._mark_starting(record, "stop")
        self._do(finish, "The job was not ended", job_id)

    def request(self, job_id: str, wanted: JobRequest) -> None:
        """Ask a running job to pause or to stop."""
        record = self._records.get(job_id)
        if record is None or not record.active:
            return
        self._records[job_id] = replace(record, requested=wanted)
        self.changed.emit()
        self._do(lambda: record.folder.request(wanted), f"The job was not asked to {wanted}")

    def _do(self, act: Callable[[], object], trouble: str, starting: str = "") -> None:
        def tell(said: str) -> None:
            self._starting.pop(starting, None)
            self.failed.emit(trouble, said)
            self.refresh()

        self._lanes.run("io", lambda _: act(), lambda _: self.refresh(), failed=tell)

    def _mark_starting(self, record: JobRecord, asked: AskedOfJob) -> None:
        self._starting[record.id] = (record.starts, time.monotonic(), asked)
        self._records[record.id] = replace(record, requested=asked)
        self.changed.emit()

    def _on_begun(self, job_id: str, folder: Path) -> None:
        if folder != self._folder:
            return  # it goes on there, as one whose window was closed
        self._starting[job_id] = (0, time.monotonic(), "start")
        self.refresh()
        self.started.emit(job_id)

    def _on_read(self, found: list[JobRecord]) -> None:
        before, heard = self._records, self._heard
        self._heard = True
        self._records = {record.id: self._as_asked(record) for record in found}
        self.changed.emit()
        for job_id, record in self._records.items():
            was = before.get(job_id)
            watched = was is not None and was.active
            if heard and watched and not record.active and job_id not in self._starting:
                self.ended.emit(record)

    def _as_asked(self, record: JobRecord) -> JobRecord:
        """Return a record that says it is being started until its process has said so itself."""
        starting = self._starting.get(record.id)
        if starting is None:
            return record
        starts, since, asked = starting
        if record.starts > starts or time.monotonic() - since > _START_SECONDS:
            del self._starting[record.id]
            return record
        return replace(record, requested=asked, failure="")

    def _on_reading_finished(self, tails: dict[str, JobTail]) -> None:
        if tails is not self._tails:
            return  # of a folder that is followed no longer
        self._reading = None
        if self._again:
            self._again = False
            self.refresh()
            return
        busy = self._starting or any(record.active for record in self._records.values())
        self._timer.start(_BUSY_MS if busy else _QUIET_MS)


def _read(folder: Path, tails: dict[str, JobTail]) -> list[JobRecord]:
    jobs = {job.path.name: job for job in list_jobs(folder)}
    for gone in tails.keys() - jobs.keys():
        del tails[gone]
    return [tails.setdefault(name, JobTail(job)).read() for name, job in jobs.items()]
