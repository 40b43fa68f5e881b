"""A report's HTML as a PDF, painted by a process of its own.

Qt lays a document out in one piece, which would hold the window up for as long.
"""

import subprocess
from contextlib import suppress
from pathlib import Path

from core.domain.errors import WorkspaceError
from core.domain.progress import Progress, silent
from core.inference.child_environment import child_command, child_environment
from core.io.atomic import atomic_path


def write_pdf(path: Path, text: str, *, title: str, progress: Progress = silent) -> None:
    """Write HTML as A4 pages across; atomic. Call it on a worker.

    `progress` may raise `Cancelled`; then `path` stays as it was. Raises `WorkspaceError` when
    the pages cannot be written.
    """
    with atomic_path(path) as temporary:
        child = subprocess.Popen(
            child_command("gui.studies.report_pages", str(temporary), title),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            env={**child_environment(), "QT_QPA_PLATFORM": "offscreen"},
        )
        try:
            _follow(child, text, progress)
        finally:
            child.kill()
            _, said = child.communicate()
        if child.returncode:
            lines = said.decode(errors="replace").strip().splitlines()
            raise WorkspaceError(
                f"{path.name}: the pages could not be made: {lines[-1] if lines else 'no reason'}. "
                "Or export the HTML, and print it from a browser."
            )


def _follow(child: "subprocess.Popen[bytes]", text: str, progress: Progress) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    progress(0.0, "laying out pages")
    with suppress(BrokenPipeError), child.stdin as given:
        given.write(text.encode())
    child.stdin = None
    for line in child.stdout:
        progress(float(line), "drawing pages")
    child.wait()
