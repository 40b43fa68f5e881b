"""A job that another process is at work on is neither resumed nor ended by a second."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.jobs.job_events import Paused
from core.jobs.job_folder import EVENTS_FILE, HEARTBEAT_FILE, JobFolder, JobWriter, create_job
from core.models.train_spec import TrainSpec
from gui.shell.job_watch import JobWatch
from gui.shell.tasks import Lanes

SPEC = TrainSpec(architecture="unet", data="d", split="s", max_steps=1)
_FAR = time.time() + 1e5  # its heartbeat grows not old while the test runs


@pytest.fixture
def watch(qtbot: QtBot) -> Iterator[JobWatch]:
    lanes = Lanes()
    made = JobWatch(lanes)
    yield made
    made.watch(None)
    lanes.close()


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    """One that has said that it pauses, and is still at work on that, elsewhere."""
    made = create_job(tmp_path / "0001-train", SPEC)
    writer = JobWriter(made)
    writer.start(resumed=False)
    writer.write(Paused(0.0, 3))
    writer.close()
    (made.path / HEARTBEAT_FILE).write_text("another-computer 1")
    os.utime(made.path / HEARTBEAT_FILE, (_FAR, _FAR))
    return made


@pytest.mark.parametrize("act", ["resume", "stop"])
def test_a_job_at_work_is_left_alone(
    qtbot: QtBot, watch: JobWatch, job: JobFolder, act: str
) -> None:
    told: list[tuple[str, str]] = []
    watch.failed.connect(lambda *said: told.append(said))
    watch.watch(job.path.parent)
    qtbot.waitUntil(lambda: watch.find(job.path.name) is not None)
    job.request("pause")
    before = (job.path / EVENTS_FILE).read_bytes()
    getattr(watch, act)(job.path.name)
    qtbot.waitUntil(lambda: bool(told))
    assert "expected a job that no process is at work on" in told[0][1]
    assert job.requested() == "pause"
    assert (job.path / EVENTS_FILE).read_bytes() == before
    # It is shown as it stands, not as one that is about to begin.
    qtbot.waitUntil(lambda: watch.records[0].requested not in ("start", "stop"))
