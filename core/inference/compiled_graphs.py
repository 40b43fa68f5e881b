"""Compiled graphs, kept between runs: taken up again, one is ready in a third of the time."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from core.io.atomic import make_private_folder, write_bytes
from core.workspace.settings import home

_MOST = 16


@dataclass(frozen=True)
class CompiledGraphs:
    """What OpenVINO compiled of one graph; `told` is all it depends on but shape and part."""

    told: str

    def place(self, shape: tuple[int, ...], part: int) -> Path:
        """Return where a part is kept for slices of a shape (C, h, w)."""
        words = f"{self.told} {shape} {part}".encode()
        return home() / "compiled" / f"{blake2b(words, digest_size=16).hexdigest()}.blob"


def take_up(core: Any, path: Path, settings: dict[str, Any]) -> Any | None:
    """Return a compiled graph that was kept, None where there is none that can be read."""
    try:
        content = path.read_bytes()
        path.touch()  # the newest stay
        return core.import_model(io.BytesIO(content), "CPU", settings)
    except (OSError, RuntimeError):
        return None


def keep(path: Path, compiled: Any) -> None:
    """Keep a compiled graph, and the newest of all others; where nothing can be written, nothing.

    The file is written as a whole or not at all.
    """
    with suppress(OSError, RuntimeError):
        make_private_folder(path.parent)
        content = compiled.export_model()
        write_bytes(path, content.getvalue() if hasattr(content, "getvalue") else content)
        kept = sorted(path.parent.glob("*.blob"), key=lambda each: each.stat().st_mtime)
        for old in kept[:-_MOST]:
            old.unlink(missing_ok=True)
