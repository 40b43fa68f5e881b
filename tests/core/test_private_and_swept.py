"""What is the reader's own is private, ids are folders', and killed writers leave nothing."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.domain.errors import ModelError, WorkspaceError
from core.io.atomic import atomic_path, sweep, write_bytes
from core.io.resource_paths import resource
from core.models.registry import Registry
from core.workspace.reservation import reserved
from core.workspace.settings import Settings, save_settings
from core.workspace.workspace_folder import open_workspace, registry
from core.workspace.workspace_lock import take_lock
from tests.synthetic import publish_unet

ROOT = Path(__file__).resolve().parents[2]
_KILLED = """
import os, sys
from pathlib import Path
from core.io.atomic import atomic_path
with atomic_path(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    os.kill(os.getpid(), 9)
"""
_HELD = """
import sys
from pathlib import Path
from core.workspace.reservation import reserved
with reserved(Path(sys.argv[1]), "fine-1"):
    print("held", flush=True)
    sys.stdin.read()
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name == "nt", reason="permissions are others there")
def test_what_is_private_is_for_this_reader_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder = home / "workspaces" / "data-1"
    before = os.umask(0o022)
    try:
        lock = take_lock(folder, user="Ada", dataset="data")
        open_workspace(folder).close()
        lock.release()
        save_settings(home / "settings.json", Settings(device="cpu"))
        write_bytes(tmp_path / "out" / "mask.tif", b"for colleagues")
    finally:
        os.umask(before)
    assert [mode(path) for path in (home, home / "workspaces", folder)] == [0o700] * 3
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"workspace.sqlite", "settings.json", "workspace.lock"}
    assert {mode(path) for path in files} == {0o600}
    assert mode(tmp_path / "out" / "mask.tif") == 0o644


@pytest.mark.skipif(os.name == "nt", reason="nobody can be asked whether a process lives there")
def test_temporary_files_of_a_killed_writer_are_swept_at_the_next_start(tmp_path: Path) -> None:
    target = tmp_path / "predictions" / "m" / "A_1.npz"
    subprocess.run([sys.executable, "-c", _KILLED, str(target)], cwd=ROOT, check=False)
    (left,) = target.parent.iterdir()
    strange = target.parent / ".hidden"
    strange.write_bytes(b"of somebody else")
    with atomic_path(target) as alive:
        open_workspace(tmp_path).close()
        assert not left.exists()
        assert alive.exists()
    assert sorted(target.parent.iterdir()) == [strange, target]
    assert sweep(tmp_path) == 0


def test_an_older_temporary_file_is_swept_a_day_later(tmp_path: Path) -> None:
    old, new = tmp_path / f".{'a' * 16}.tif", tmp_path / f".{'b' * 16}.tif"
    for path in (old, new):
        path.write_bytes(b"")
    os.utime(old, (1, 1))
    assert sweep(tmp_path) == 1
    assert new.exists()


def test_an_id_is_that_of_its_folder(tmp_path: Path) -> None:
    publish_unet(tmp_path, "mine")
    shutil.copytree(tmp_path / "mine", tmp_path / "copy")
    models, (problem,) = Registry((tmp_path,)).models()
    assert [model.spec.id for model in models] == ["mine"]
    assert "expected the id copy, as its folder is named, found mine" in problem


def test_nothing_becomes_champion_by_being_copied_in(tmp_path: Path) -> None:
    champion = registry(tmp_path).champion()
    publish_unet(tmp_path / "models", "mine")
    copied = tmp_path / "models" / champion.spec.id
    shutil.copytree(tmp_path / "models" / "mine", copied)
    path = copied / "model.json"
    path.write_text(path.read_text().replace('"mine"', f'"{champion.spec.id}"'))
    found = registry(tmp_path)
    assert found.champion().folder == champion.folder == resource("models") / champion.spec.id
    assert "that of a model that comes with Overread" in found.models()[1][0]


def test_a_second_training_for_one_id_is_told_at_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HELD, str(tmp_path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"held"
        with (
            pytest.raises(ModelError, match=f"that process {other.pid} on"),
            reserved(tmp_path, "fine-1"),
        ):
            pass
        with reserved(tmp_path, "fine-2"):
            pass
        other.kill()
    with reserved(tmp_path, "fine-1"):
        pass
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WorkspaceError), reserved(tmp_path / "file", "fine-1"):
        pass
