"""On a full disk every refused write is a sentence, nothing is a fault, and no work is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import patience

_ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no limit of file sizes there")

_PDF = """
import resource, sys
from pathlib import Path
from core.domain.errors import WorkspaceError
from gui.studies.report_pdf import write_pdf
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_pdf(Path(sys.argv[1]), "<p>words and words</p>" * 2000, title="x")
except WorkspaceError as error:
    print(error)
"""


def run(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=_ROOT, check=True, capture_output=True, encoding="utf-8",
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, timeout=patience.PROCESS_SECONDS,
    )  # fmt: skip
    return done.stdout.strip().splitlines()[-1]


def test_the_window_on_a_full_disk(tmp_path: Path) -> None:
    found = json.loads(run("-m", "tests.gui.full_disk", str(tmp_path)))
    assert found["faults"] == []
    told = {name: " ".join(said) for name, said in found["said"].items()}
    refused = ("could not be", "expected a workspace that can be written")
    silent = [name for name, said in told.items() if not any(word in said for word in refused)]
    assert [name for name in silent if name not in ("back", "report")] == []
    assert "Compare models" in told["report"]
    assert "kept in memory" in found["said"]["paint"][0]
    assert found["edits"] == [1, 2, 2]


def test_a_pdf_is_whole_or_not_there(tmp_path: Path) -> None:
    said = run("-c", _PDF, str(tmp_path / "a.pdf"))
    assert "the file could not be written" in said
    assert list(tmp_path.iterdir()) == []
