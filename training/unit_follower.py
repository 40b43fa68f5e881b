"""Tells a job of several trainings how far they are, and hands on what is asked of it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from core.jobs.job_events import Done, Progressed
from core.jobs.job_folder import JobFolder, JobWriter, list_jobs
from core.jobs.job_work import heed
from core.jobs.unit_job import FOLD_DSC

_LOOK_SECONDS = 0.5
_TELLING = 0.01
"""The share that must be done before the time that is left can be told from it."""
_VAL = "dsc_native_val"


class UnitFollower:
    """Looks into the folders of the trainings below `places`, of which there will be `count`.

    It alone writes of the way while they run.
    """

    def __init__(self, writer: JobWriter, places: Path, count: int) -> None:
        self._writer, self._places, self._count = writer, places, count
        self._offsets: dict[str, int] = {}
        self._shares: dict[str, float] = {}
        self._stages: dict[str, Progressed] = {}
        self._judged: set[str] = set()
        self._told: Progressed | None = None
        self._began, self._first = time.monotonic(), 0.0
        self._said = ""
        self._ended = threading.Event()

    @contextmanager
    def following(self) -> Iterator[Self]:
        """Look again and again, in a thread, until the block is left."""
        self._look()
        self._first = self._told.fraction if self._told else 0.0
        thread = threading.Thread(target=self._follow, name="unit follower", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            thread.join()
            self._look()

    def heard(self, fraction: float, message: str) -> None:
        """Hear of units that are done; raises `Cancelled` once something was asked of the job."""
        del fraction  # of units; the trainings themselves say more
        self._said = message or self._said
        heed(self._writer.folder)

    def _follow(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        self._writer.beat()
        # Asked anew each time: one that was only about to begin has forgotten it.
        wanted = self._writer.folder.requested()
        running = ""
        for job in list_jobs(self._places):
            self._read(job)
            if self._shares[job.path.name] < 1 and job.is_alive():
                running = job.path.name
                if wanted is not None and job.requested() is None:
                    job.request("pause")
        fraction = min(sum(self._shares.values()) / max(self._count, 1), 1.0)
        told = self._way(fraction, running)
        if told != self._told:
            self._told = told
            self._writer.write(msgspec.structs.replace(told, time=time.time()))

    def _read(self, job: JobFolder) -> None:
        name = job.path.name
        events, self._offsets[name] = job.events(self._offsets.get(name, 0))
        share = self._shares.get(name, 0.0)
        for event in events:
            if isinstance(event, Progressed):
                share, self._stages[name] = min(event.fraction, 0.99), event
            elif isinstance(event, Done):
                share = 1.0
                self._judge(name, event)
        self._shares[name] = share

    def _judge(self, name: str, event: Done) -> None:
        if name not in self._judged and _VAL in event.values:
            self._judged.add(name)
            self._writer.metric(len(self._judged), {FOLD_DSC: event.values[_VAL]})

    def _way(self, fraction: float, running: str) -> Progressed:
        now = self._stages.get(running)
        queued = now is not None and now.stage == "queued"
        done, spent = fraction - self._first, time.monotonic() - self._began
        return Progressed(
            time=0.0,
            fraction=fraction,
            stage="reading" if not running else now.stage if now else "reading",
            about=now.about if queued and now else running or self._said,
            seconds_left=round(spent / done * (1 - fraction)) if done > _TELLING else None,
            step=now.step if now else 0,
            images_a_second=now.images_a_second if now else 0.0,
        )
