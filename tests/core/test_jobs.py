"""The job folder, from both sides."""

import errno
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from core.domain.errors import WorkspaceError
from core.jobs.device_queue import device_turn
from core.jobs.job_events import Done, Failed, Logged, Paused, Progressed, Started
from core.jobs.job_folder import (
    ALIVE_SECONDS,
    EVENTS_FILE,
    HEARTBEAT_FILE,
    JobFolder,
    JobWriter,
    create_job,
    list_jobs,
)
from core.models.train_spec import TrainSpec
from core.workspace.workspace_lock import WorkspaceHeld, take_lock

SPEC = TrainSpec(architecture="unet", data="d", split="s", max_steps=1)


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    return create_job(tmp_path / "job", SPEC)


@pytest.fixture
def writer(job: JobFolder) -> Iterator[JobWriter]:
    made = JobWriter(job)
    made.start(resumed=False)
    yield made
    made.close()


def test_events_come_back_in_order_and_only_the_new_ones_from_an_offset(
    job: JobFolder, writer: JobWriter
) -> None:
    writer.log("one")
    first, offset = job.events()
    assert [type(event) for event in first] == [Started, Logged]
    writer.progress(0.5, "reading", "A_1")
    writer.metric(7, {"loss": 0.25})
    later, end = job.events(offset)
    assert [getattr(event, "fraction", None) for event in later] == [0.5, None]
    assert job.events(end) == ([], end)


def test_a_line_that_is_still_being_written_is_left_for_later(
    job: JobFolder, writer: JobWriter
) -> None:
    writer.log("whole")
    path = job.path / EVENTS_FILE
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"type":"log","time":1,"te')
    events, offset = job.events()
    assert len(events) == 2
    assert offset == len(whole)
    path.write_bytes(whole + b'{"type":"log","time":1,"text":"late"}\n')
    assert job.events(offset)[0] == [Logged(1, "late")]


@pytest.mark.parametrize(
    ("message", "stage", "about"),
    [
        ("waiting for another job on cuda:0", "queued", "cuda:0"),
        ("reading A_1", "reading", "A_1"),
        ("timing steps", "timing", ""),
        ("step 12, 30.1 images a second", "learning", ""),
        ("scoring A_1", "scoring", "A_1"),
        ("writing figures and report", "writing", ""),
        ("lite0: A_1", "comparing", "lite0: A_1"),
    ],
)
def test_events_of_an_old_job_are_read_with_their_stage(
    job: JobFolder, message: str, stage: str, about: str
) -> None:
    old = {"type": "progress", "time": 1.0, "fraction": 0.5, "message": message}
    (job.path / EVENTS_FILE).write_bytes(msgspec.json.encode(old) + b"\n")
    (event,) = job.events()[0]
    assert isinstance(event, Progressed)
    assert (event.fraction, event.stage, event.about) == (0.5, stage, about)


def test_a_line_cut_short_by_a_crash_costs_only_itself(job: JobFolder, writer: JobWriter) -> None:
    writer.close()
    path = job.path / EVENTS_FILE
    path.write_bytes(path.read_bytes() + b'{"type":"log"')
    again = JobWriter(job)
    again.start(resumed=True)
    again.log("on")
    again.close()
    assert [type(event) for event in job.events()[0]] == [Started, Started, Logged]


@pytest.mark.parametrize(
    ("event", "state"),
    [(Paused(0, 3), "paused"), (Done(0, "id"), "done"), (Failed(0, "why"), "failed")],
)
def test_the_state_is_that_of_the_last_word(
    job: JobFolder, writer: JobWriter, event: Paused | Done | Failed, state: str
) -> None:
    assert job.state() == "running"
    writer.write(event)
    writer.close()
    assert job.state() == state
    writer.start(resumed=True)
    assert job.state() == "running"


def test_a_job_without_a_heartbeat_was_interrupted(job: JobFolder, writer: JobWriter) -> None:
    old = time.time() - ALIVE_SECONDS - 1
    os.utime(job.path / HEARTBEAT_FILE, (old, old))
    assert job.state() == "interrupted"
    writer.beat(now=True)
    assert job.state() == "running"


_BEAT = """
import sys
from pathlib import Path
from core.jobs.job_folder import JobFolder, JobWriter
writer = JobWriter(JobFolder(Path(sys.argv[1])))
writer.start(resumed=False)
print("started", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(os.name == "nt", reason="there the heartbeat alone tells")
def test_a_killed_job_is_known_at_once(job: JobFolder) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _BEAT, str(job.path)],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == b"started\n"
    assert job.state() == "running"
    process.kill()
    process.wait()
    assert job.state() == "interrupted"
    # Another computer's process cannot be asked: its heartbeat tells.
    (job.path / HEARTBEAT_FILE).write_text(f"another-computer {process.pid}")
    assert job.state() == "running"
    process.stdin.close()
    process.stdout.close()


@pytest.mark.parametrize("signature", [b"here 99999999999999999999999", b"\xff\0", b""])
def test_a_damaged_heartbeat_stops_no_list_of_jobs(job: JobFolder, signature: bytes) -> None:
    here = platform.node().encode()
    job.path.mkdir(parents=True, exist_ok=True)
    (job.path / HEARTBEAT_FILE).write_bytes(signature.replace(b"here", here))
    assert job.is_alive() in (True, False)


def test_a_new_job_has_no_state_and_no_request(job: JobFolder) -> None:
    assert job.state() == "new"
    assert job.requested() is None


def test_jobs_are_listed_by_name_and_other_folders_are_not(tmp_path: Path) -> None:
    for name in ("b", "a"):
        create_job(tmp_path / "jobs" / name, SPEC)
    (tmp_path / "jobs" / "other").mkdir()
    assert [job.path.name for job in list_jobs(tmp_path / "jobs")] == ["a", "b"]
    assert list_jobs(tmp_path / "nowhere") == []


def test_a_request_is_read_until_it_is_met(job: JobFolder) -> None:
    job.request("pause")
    assert JobFolder(job.path).requested() == "pause"
    job.request("stop")
    assert job.requested() == "stop"
    job.clear_request()
    assert job.requested() is None


def test_a_folder_in_use_and_a_file_are_refused(job: JobFolder, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="empty or a new folder"):
        create_job(job.path, SPEC)
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match="expected a folder to write into"):
        create_job(tmp_path / "file", SPEC)


def test_events_reach_the_terminal_too(job: JobFolder) -> None:
    heard: list[object] = []
    writer = JobWriter(job, heard.append)
    writer.start(resumed=False)
    writer.progress(0.1, "reading")
    writer.close()
    assert [type(event) for event in heard] == [Started, Progressed]


_HOLD = """
import sys
from pathlib import Path
from core.jobs.device_queue import device_turn
with device_turn(Path(sys.argv[1]), "cpu", lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_jobs_take_turns_on_a_device_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout is not None
    assert other.stdin is not None
    assert other.stdout.readline() == b"held\n"
    waited: list[bool] = []

    def waiting() -> None:
        waited.append(True)
        other.kill()
        other.wait()

    with device_turn(tmp_path, "cuda:0", waiting):
        assert not waited
    with device_turn(tmp_path, "cpu", waiting):
        assert waited
    other.stdin.close()
    other.stdout.close()


@pytest.mark.skipif(os.name == "nt", reason="every disk has locks there")
def test_a_disk_without_locks_is_said_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", no_locks)
    with (
        pytest.raises(WorkspaceError, match="expected a disk on which a file can be locked"),
        device_turn(tmp_path, "cpu", lambda: pytest.fail("waits for ever")),
    ):
        pytest.fail("nothing was held")
    with pytest.raises(WorkspaceError, match="cannot be written") as refused:
        take_lock(tmp_path, user="Ada", dataset="data")
    assert not isinstance(refused.value, WorkspaceHeld)


def test_waiting_for_a_device_can_be_given_up(tmp_path: Path) -> None:
    class GivenUp(Exception):
        pass

    def give_up() -> None:
        raise GivenUp

    held = device_turn(tmp_path, "cpu", give_up)
    with held, pytest.raises(GivenUp), device_turn(tmp_path, "cpu", give_up):
        pytest.fail("the device was not held")
