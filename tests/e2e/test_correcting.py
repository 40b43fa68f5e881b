"""A window killed amid a correction: what it called saved is there at the next start."""

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.e2e.scenarios import STROKES, Seen
from tests.e2e.test_window import ROOT, SIZE, environment, read
from tests.synthetic import digest, write_case


@pytest.mark.skipif(sys.platform == "win32", reason="no process is killed by a signal there")
def test_what_was_called_saved_survives_a_killed_window(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cases"
    write_case(folder, "A_1", 5, SIZE)
    before = digest(folder)
    saved = _killed_after_its_strokes(home, folder)
    assert [seen.tools for seen in saved] == [{"brush": n + 1} for n in range(STROKES)]
    assert len({seen.corrected for seen in saved}) == STROKES

    found = read(home, "came_back", "open", str(folder))
    if found.tools == {"brush": STROKES + 1}:
        # The stroke nobody was told of got to the disk too, before the end.
        assert found.corrected not in {seen.corrected for seen in saved}
    else:
        assert (found.tools, found.corrected) == (saved[-1].tools, saved[-1].corrected)
    assert not any("Read-only" in text for text in found.texts)
    assert digest(folder) == before


def _killed_after_its_strokes(home: Path, folder: Path) -> list[Seen]:
    """Let a reader draw in a window and kill it at once; returns what was seen at each save."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.scenarios", "killed", "open", str(folder)],
        cwd=ROOT,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as window:
        assert window.stdout is not None
        lines = [window.stdout.readline() for _ in range(STROKES)]
        window.send_signal(signal.SIGKILL)
        window.wait()
    assert all(lines), "the window ended before all strokes were saved"
    return [msgspec.json.decode(line, type=Seen) for line in lines]
