"""A workspace that Overread of 28 November 2026 wrote, which knew masks of one label alone.

It was made by code: corrections with edits, some undone, some forgotten, one undone whole, one
saved; edits of one voxel; a click; versions. `drafts` are the masks that undo and redo lead to.
"""

import sqlite3
from base64 import b64decode
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np

from core.domain.mask import Mask

_FILE = Path(__file__).with_name("workspace_of_version_9.json")


class OldDraft(msgspec.Struct):
    """Digests of the masks from the first that is known to the last that was undone."""

    applied: int
    states: list[str]
    forgotten: int
    head: int
    tools: dict[str, int]


class Written(msgspec.Struct, kw_only=True):
    """A workspace: its version, its tables as SQL, and its files by their place, in base 64."""

    version: int
    files: dict[str, str]
    sql: str


class OldWorkspace(Written, kw_only=True):
    shape: tuple[int, int, int]
    drafts: dict[str, OldDraft]
    versions: dict[str, str]


def old_workspace(folder: Path) -> OldWorkspace:
    """Write the workspace into `folder`, and return what is known of it."""
    known = msgspec.json.decode(_FILE.read_bytes(), type=OldWorkspace)
    put_workspace(folder, known)
    return known


def put_workspace(folder: Path, known: Written) -> None:
    """Write a workspace as it was."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "workspace.sqlite")) as connection:
        connection.executescript(known.sql)
        connection.execute(f"PRAGMA user_version={known.version}")
        connection.commit()
    for name, content in known.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b64decode(content))


def digest(mask: Mask) -> str:
    return sha256(np.packbits(mask > 0).tobytes()).hexdigest()
