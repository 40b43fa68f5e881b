"""A disk that is full while a model is trained: a sentence, and what was kept stays."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.domain.errors import WorkspaceError
from core.jobs.job_events import Failed
from core.jobs.job_failures import told_failures
from core.jobs.job_folder import JobFolder, JobWriter
from tests.training.making import make_job

ROOT = Path(__file__).resolve().parents[2]
_FULL = """
import resource, sys
from training.train import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
sys.exit(main([sys.argv[1]]))
"""


@pytest.mark.skipif(os.name == "nt", reason="no limit of a file's size there")
@pytest.mark.parametrize("limit", [100, 3_000, 30_000])
def test_a_full_disk_while_training_is_a_sentence(tmp_path: Path, limit: int) -> None:
    _, job = make_job(tmp_path)
    child = subprocess.run(
        [sys.executable, "-c", _FULL, str(job.path), str(limit)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert child.returncode == 1, child.stderr
    said = child.stderr.splitlines()[-1]
    assert "could not be written (file too large)" in said
    assert "Free some space" in said
    assert "fault of Overread" not in child.stderr


def test_a_disk_that_refuses_is_told_in_the_job(tmp_path: Path) -> None:
    job = JobFolder(tmp_path)
    writer = JobWriter(job)
    writer.start(resumed=False)
    with pytest.raises(WorkspaceError, match="no space left"), told_failures(writer):
        raise OSError(28, "No space left on device")
    writer.close()
    events, _ = job.events(0)
    assert isinstance(events[-1], Failed)
    assert "fault of Overread" not in events[-1].reason
