"""A disk that is full while a model is trained: a sentence, and what was kept stays."""

import os
import re
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
for limit, job in zip(sys.argv[1::2], sys.argv[2::2]):
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), most))
    print(main([job]), file=sys.stderr)
"""


@pytest.mark.skipif(os.name == "nt", reason="no limit of a file's size there")
def test_a_full_disk_while_training_is_a_sentence(tmp_path: Path) -> None:
    limits = ("100", "3000", "30000")
    words = [word for limit in limits for word in (limit, str(make_job(tmp_path, limit)[1].path))]
    child = subprocess.run(
        [sys.executable, "-c", _FULL, *words],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert child.returncode == 0, child.stderr
    told = re.split(r"^1$", child.stderr, flags=re.MULTILINE)
    assert [part.strip() for part in told[len(limits) :]] == [""], child.stderr
    for part in told[: len(limits)]:
        said = part.strip().splitlines()[-1]
        assert "could not be written (file too large)" in said
        assert "Free some space" in said
        assert "fault of Overread" not in part


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
