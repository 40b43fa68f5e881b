"""The environment of the processes Overread starts to run and train models."""

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]

WAIT_POLICY = "OMP_WAIT_POLICY"


def child_environment() -> dict[str, str]:
    """Return this process's environment, with what a process of torch needs beside it.

    Waiting threads of torch spin by default. Where another process wants the core they spin on,
    that made a volume take fifteen times as long as with threads that sleep while they wait.
    """
    path = os.pathsep.join(part for part in (str(_ROOT), os.environ.get("PYTHONPATH")) if part)
    return {WAIT_POLICY: "PASSIVE", **os.environ, "PYTHONPATH": path}
