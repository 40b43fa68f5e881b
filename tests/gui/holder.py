"""Another process that holds a workspace: `python -m tests.gui.holder FOLDER USER`."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.workspace.workspace_lock import take_lock

_ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def held_by(user: str, folder: Path) -> Iterator[int]:
    """Let another process hold the workspace in `folder`; yields its number."""
    command = [sys.executable, "-m", "tests.gui.holder", str(folder), user]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, encoding="utf-8") as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder.pid
        holder.stdin.close()


def main() -> None:
    """Hold the workspace until the standard input ends."""
    lock = take_lock(Path(sys.argv[1]), user=sys.argv[2], dataset="tiny")
    sys.stdout.write("held\n")
    sys.stdout.flush()
    sys.stdin.read()
    lock.release()


if __name__ == "__main__":
    main()
