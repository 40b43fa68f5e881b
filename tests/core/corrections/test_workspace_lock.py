"""The lock of a workspace: one window writes, and a killed one leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.domain.errors import WorkspaceError
from core.workspace.workspace_lock import LOCK_NAME, WorkspaceHeld, take_lock

_ROOT = Path(__file__).resolve().parents[3]
_HOLD = """
import sys
from pathlib import Path
from core.workspace.workspace_lock import take_lock
lock = take_lock(Path(sys.argv[1]), user="Ann", dataset="tiny")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_window_hears_who_holds_the_workspace(tmp_path):
    lock = take_lock(tmp_path, user="Ann", dataset="tiny")
    with pytest.raises(WorkspaceHeld, match="opened read-only, because Ann on ") as told:
        take_lock(tmp_path, user="Bo", dataset="tiny")
    assert told.value.holder.user == "Ann"
    assert told.value.holder.process == os.getpid()
    lock.release()
    lock.release()
    take_lock(tmp_path, user="Bo", dataset="tiny").release()


def test_of_the_holder_before_nothing_is_left(tmp_path):
    take_lock(tmp_path, user="A reader of a very long name", dataset="tiny").release()
    lock = take_lock(tmp_path, user="Bo", dataset="tiny")
    with pytest.raises(WorkspaceHeld) as told:
        take_lock(tmp_path, user="Cy", dataset="tiny")
    assert told.value.holder.user == "Bo"
    lock.release()


def test_another_process_holds_it_until_it_is_killed(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WorkspaceHeld, match="Ann") as told:
            take_lock(tmp_path, user="Bo", dataset="tiny")
        assert told.value.holder.process == holder.pid
        holder.kill()
    take_lock(tmp_path, user="Bo", dataset="tiny").release()


def test_a_holder_whose_name_was_cut_short_is_someone(tmp_path):
    lock = take_lock(tmp_path, user="Ann", dataset="tiny")
    (tmp_path / LOCK_NAME).write_bytes(b'{"user": "A')
    with pytest.raises(WorkspaceHeld, match="another reader on this computer has had it open"):
        take_lock(tmp_path, user="Bo", dataset="tiny")
    lock.release()


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WorkspaceError, match="opened read-only, because it cannot be written"):
        take_lock(tmp_path / "file", user="Ann", dataset="tiny")
    (tmp_path / LOCK_NAME).mkdir()
    with pytest.raises(WorkspaceError, match="cannot be written"):
        take_lock(tmp_path, user="Ann", dataset="tiny")
