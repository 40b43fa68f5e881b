"""Two processes that train one network are one."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.jobs.job_events import Measured, Started
from core.jobs.job_folder import JOB_FILE, JobFolder
from tests import patience
from tests.training.making import STILL, make_job
from training.run.checkpoint import load_checkpoint
from training.run.processes import train_together
from training.train import read_job, run

ROOT = Path(__file__).resolve().parents[2]


def _losses(job: JobFolder) -> list[float]:
    return [
        e.values["loss"] for e in job.events()[0] if isinstance(e, Measured) and "loss" in e.values
    ]


_TOGETHER = """
import os, sys, traceback
import torch._dynamo  # DistributedDataParallel loads it
from main import main
from training import commands, train

def act(rank):
    os.environ.update(RANK=rank, LOCAL_RANK=rank)
    try:
        main()
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0

for rank in ("0", "1"):
    if os.fork() == 0:
        status = act(rank)
        sys.stderr.flush()
        os._exit(status)
for _ in range(2):
    _, status = os.wait()
    if status:
        os.kill(0, 15)  # the other would wait for it
"""


def _run_two(*arguments: str) -> None:
    """Run the command line in two processes that are forked when all they need is loaded."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    done = subprocess.run(
        [sys.executable, "-c", _TOGETHER, *arguments],
        cwd=ROOT, env={**os.environ, **shared}, stderr=subprocess.PIPE, encoding="utf-8",
        timeout=patience.PROCESS_SECONDS, check=False, start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_gloo_processes_give_the_losses_and_the_model_of_one(
    tmp_path: Path, home: Path
) -> None:
    # On the CPU batch norm has no statistics over processes, so it is frozen here.
    changes = {
        "augmentation": STILL,
        "freeze_norms": True,
        "precision": "float32",
        "max_steps": 20,
        "learning_rate": 1e-3,
    }
    spec, one = make_job(tmp_path, "one", **changes)
    alone = run(spec, one)
    two = JobFolder(tmp_path / "two")
    # Seen: the second found the folder that the first had just made, and refused it.
    given = ("--config", str(one.path / JOB_FILE), "--out", str(two.path))
    _run_two("train", *given)
    assert alone is not None
    assert len(_losses(one)) > 2
    assert _losses(two) == pytest.approx(_losses(one), abs=1e-3)
    first, second = (load_checkpoint(job.checkpoint)[1]["network"] for job in (one, two))
    for name, tensor in first.items():
        torch.testing.assert_close(second[name], tensor, atol=1e-3, rtol=1e-3)
    assert (home / "models" / "two" / "model.json").is_file()
    assert two.state() == "done"
    assert [type(event) for event in two.events()[0]].count(Started) == 1


@pytest.mark.cluster
def test_nproc_starts_them_itself(tmp_path: Path) -> None:
    job = make_job(tmp_path, "two", max_steps=2)[1]
    spec = read_job(job.path)
    model = train_together(job, spec, 2, resume=False)
    assert model is not None
    assert model.spec.id == "small"
    assert job.state() == "done"
