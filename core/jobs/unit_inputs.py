"""The inputs of a unit sent along with it, for machines that do not see the folders of this one."""

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

import msgspec

from core.domain.errors import AppError
from core.jobs.units import Unit, UnitOutcome, do_unit

PlaceOf = Callable[[Path], Path]


@dataclass(frozen=True)
class Inputs:
    """What a task reads: files of its own, and folders it shares with others of its command."""

    files: tuple[Path, ...]
    folders: tuple[Path, ...] = ()


@runtime_checkable
class Movable(Protocol):
    """A task that can be done where its inputs lie elsewhere."""

    def inputs(self) -> Inputs:
        """Return what it reads, by absolute paths."""

    def moved(self, own: PlaceOf, shared: PlaceOf) -> Self:
        """Return the same task, its files where `own` says and its folders where `shared` does."""


@dataclass(frozen=True)
class Packed:
    """Files by the absolute paths they had, as bytes; `key` is a hash of them."""

    key: str
    content: bytes


def inputs_of(unit: Unit) -> Inputs:
    """Return what a unit reads; raises `AppError` for one that writes into shared folders."""
    if not isinstance(unit.task, Movable):
        raise AppError(
            f"--stage: expected work that only reads, as predict, evaluate and compare, found "
            f"{unit.name}, which keeps its own folder. Leave --stage out, on a shared disk."
        )
    return unit.task.inputs()


def pack(paths: Iterable[Path]) -> Packed:
    """Return files, and the files of folders, to be unpacked elsewhere."""
    files = sorted({file for path in paths for file in _files(path)})
    content = msgspec.msgpack.encode({_below(file): file.read_bytes() for file in files})
    return Packed(blake2b(content, digest_size=16).hexdigest(), content)


def do_staged(unit: Unit, own: bytes, shared: Packed) -> UnitOutcome:
    """Do a unit with its inputs unpacked here; sentences name the places they came from."""
    assert isinstance(unit.task, Movable)
    kept = _kept(shared)
    with tempfile.TemporaryDirectory(prefix="overread-unit-") as name:
        root = Path(name)
        _unpack(own, root)
        task = unit.task.moved(lambda path: root / _below(path), lambda path: kept / _below(path))
        outcome = do_unit(replace(unit, task=task))
    return replace(outcome, failed=outcome.failed.replace(name, "").replace(str(kept), ""))


def _kept(shared: Packed) -> Path:
    """Return where the shared folders lie here; they are unpacked once for all units."""
    root = Path(tempfile.gettempdir()) / f"overread-shared-{os.getuid()}-{shared.key}"
    if not root.exists() or root.stat().st_uid != os.getuid():
        made = Path(tempfile.mkdtemp(prefix="overread-shared-", dir=root.parent))
        _unpack(shared.content, made)
        try:
            made.rename(root)
        except OSError:  # another process was first
            return made
    return root


def _unpack(content: bytes, root: Path) -> None:
    for name, data in msgspec.msgpack.decode(content, type=dict[str, bytes]).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


def _below(path: Path) -> str:
    return path.absolute().relative_to(path.absolute().anchor).as_posix()
