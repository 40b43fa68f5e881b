"""Compiled graphs, kept between runs: taken up again, one is ready in a third of the time."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zlib import crc32

from core.domain.errors import WorkspaceError
from core.io.atomic import make_private_folder, write_bytes
from core.workspace.settings import home

_MOST = 16
_SUM = 4


@dataclass(frozen=True)
class CompiledGraphs:
    """What OpenVINO compiled of one graph; `told` is all it depends on but shape and part."""

    told: str

    def place(self, shape: tuple[int, ...], part: int) -> Path:
        """Return where a part is kept for slices of a shape (C, h, w)."""
        words = f"{self.told} {shape} {part}".encode()
        return home() / "compiled" / f"{blake2b(words, digest_size=16).hexdigest()}.blob"


def take_up(core: Any, path: Path, settings: dict[str, Any]) -> Any | None:
    """Return a compiled graph that was kept, None where there is none that can be read.

    OpenVINO takes up damaged numbers as readily as others, and masks would be made of them.
    """
    try:
        content = path.read_bytes()
        graph, told = memoryview(content)[:-_SUM], content[-_SUM:]
        if _sum(graph) != told:
            return None
        with suppress(OSError):
            path.touch()  # the newest stay
        return core.import_model(io.BytesIO(graph), "CPU", settings)
    except (OSError, RuntimeError):
        return None


def keep(path: Path, compiled: Any) -> None:
    """Keep a compiled graph, and the newest of all others; where nothing can be written, nothing.

    The file is written as a whole or not at all, and ends in a sum of what is before.
    """
    with suppress(OSError, RuntimeError, WorkspaceError):
        make_private_folder(path.parent)
        content = compiled.export_model()
        graph = content.getvalue() if hasattr(content, "getvalue") else content
        write_bytes(path, graph + _sum(graph))
        kept = sorted(path.parent.glob("*.blob"), key=lambda each: each.stat().st_mtime)
        for old in kept[:-_MOST]:
            old.unlink(missing_ok=True)


def _sum(content: bytes | memoryview) -> bytes:
    return crc32(content).to_bytes(_SUM, "little")
