"""Writes are whole or not at all, whatever ends them."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tifffile import imread

from core.domain.errors import WorkspaceError
from core.io.atomic import atomic_path, write_bytes
from core.io.tiff.tiff import write_mask_slice

ROOT = Path(__file__).resolve().parents[2]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_write_makes_folders_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "新" / "a b" / "c.json"
    write_bytes(path, b"old")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(path.parent) == ["c.json"]


def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut after a rename that was not preceded by a sync leaves an empty file."""
    path, done = tmp_path / "a.bin", []
    sync, replace = os.fsync, Path.replace

    def note_sync(handle: int) -> None:
        size = os.fstat(handle).st_size
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else f"{size} bytes")
        sync(handle)

    def note_replace(self: Path, target: Path) -> Path:
        done.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    write_bytes(path, b"whole")
    assert done == ["5 bytes", "name", *(["folder"] if os.name != "nt" else [])]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_block_that_raises_leaves_the_old_file(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")

    def fail() -> None:
        with atomic_path(path) as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_a_refused_write_is_a_sentence_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")

    def fill() -> None:
        with atomic_path(path) as temporary:
            temporary.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(WorkspaceError) as error:
        fill()
    assert str(error.value).startswith(f"{path}: could not be written (no space left on device)")
    assert "unchanged" in str(error.value)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("place", ["below a file", "a folder", "a long name"])
def test_a_place_that_takes_no_file_is_a_sentence(tmp_path: Path, place: str) -> None:
    write_bytes(tmp_path / "file", b"old")
    (tmp_path / "folder" / "full").mkdir(parents=True)
    path = {
        "below a file": tmp_path / "file" / "a.bin",
        "a folder": tmp_path / "folder",
        "a long name": tmp_path / ("a" * 300),
    }[place]
    with pytest.raises(WorkspaceError, match="could not be written"):
        write_bytes(path, b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names(tmp_path) == ["file", "folder"]


def test_a_name_as_long_as_the_system_takes_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("病" * 83 + ".json")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="rights are other on this system")
def test_a_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_bytes(tmp_path / "written", b"")
    rights = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "written")]
    assert rights[0] == rights[1]


_WRITER = """
import sys
from pathlib import Path
import numpy as np
from core.io.atomic import write_bytes
from core.io.tiff.tiff import write_mask_slice
folder = Path(sys.argv[1])
for number in range(10**9):
    write_bytes(folder / "bytes.bin", bytes([number % 256]) * 300_000)
    write_mask_slice(folder / "mask.tif", np.full((300, 300), number % 2, np.uint8))
    print(number, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="another system kills in another way")
def test_a_process_killed_while_it_writes_leaves_whole_files(tmp_path: Path) -> None:
    write_bytes(tmp_path / "bytes.bin", b"\0" * 300_000)
    write_mask_slice(tmp_path / "mask.tif", np.zeros((300, 300), np.uint8))
    for written in (1, 2, 5):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            for _ in range(written):
                assert child.stdout.readline()
            child.send_signal(signal.SIGKILL)
        content = (tmp_path / "bytes.bin").read_bytes()
        assert len(content) == 300_000
        assert len(set(content)) == 1
        mask = imread(tmp_path / "mask.tif")
        assert mask.shape == (300, 300)
        assert mask.min() == mask.max()
    # What a killed write leaves is hidden, and taken for nothing.
    left = [name for name in names(tmp_path) if name not in ("bytes.bin", "mask.tif")]
    assert all(name.startswith(".") for name in left)
