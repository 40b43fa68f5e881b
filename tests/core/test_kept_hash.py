"""Hashes of files that are kept: always those of what lies there now."""

import os
from hashlib import blake2b
from pathlib import Path

import pytest

from core.models.kept_hash import kept_hash

LONG_AGO = 1_000_000_000


def write(path: Path, content: bytes, *, seconds: int = LONG_AGO) -> None:
    path.write_bytes(content)
    os.utime(path, (seconds, seconds))


def true_hash(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def test_the_hash_is_that_of_what_comes_before_and_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    content = bytes(range(256)) * 9000  # more than is read at once
    write(path, content)
    for _ in range(2):
        assert kept_hash(path) == true_hash(content)
        assert kept_hash(path, b"before") == true_hash(b"before" + content)


@pytest.mark.parametrize("seconds", [LONG_AGO, LONG_AGO + 1])
def test_a_file_that_was_replaced_or_written_again_is_read_anew(
    tmp_path: Path, seconds: int
) -> None:
    path = tmp_path / "weights"
    write(path, b"one")
    assert kept_hash(path) == true_hash(b"one")
    write(path, b"two", seconds=seconds)  # of the same length, perhaps of the same time
    assert kept_hash(path) == true_hash(b"two")
    other = tmp_path / "other"
    write(other, b"six", seconds=seconds)
    other.replace(path)
    assert kept_hash(path) == true_hash(b"six")


def test_a_file_of_this_very_moment_is_read_each_time(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    for content in (b"one", b"two", b"six"):
        path.write_bytes(content)
        assert kept_hash(path) == true_hash(content)


def test_a_file_that_is_gone_is_no_hash_of_before(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    write(path, b"one")
    kept_hash(path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        kept_hash(path)


def test_an_old_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights"
    write(path, b"one")
    later = path.stat().st_ctime_ns + 10_000_000_000
    monkeypatch.setattr("core.models.kept_hash.time.time_ns", lambda: later)
    assert kept_hash(path) == true_hash(b"one")
    opened: list[Path] = []
    monkeypatch.setattr(Path, "open", lambda path, *_: opened.append(path))
    assert kept_hash(path) == true_hash(b"one")
    assert opened == []
