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
from training.checkpoint import load_checkpoint
from training.processes import train_together
from training.train import read_job, run

ROOT = Path(__file__).resolve().parents[2]


def _losses(job: JobFolder) -> list[float]:
    return [
        e.values["loss"] for e in job.events()[0] if isinstance(e, Measured) and "loss" in e.values
    ]


def _run_two(*command: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    children = [
        subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, **shared, "RANK": rank, "LOCAL_RANK": rank},
            stderr=subprocess.PIPE,
        )
        for rank in ("0", "1")
    ]
    for child in children:
        told = child.communicate(timeout=patience.PROCESS_SECONDS)[1]
        assert child.returncode == 0, told.decode()


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
    _run_two("main.py", "train", *given)
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
