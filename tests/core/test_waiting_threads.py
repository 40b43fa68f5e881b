"""Wherever a process of ours may run torch, threads that wait sleep."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.inference.child_environment import child_environment

_ASK = "import os, importlib, sys; importlib.import_module(sys.argv[1]); print(os.environ['{}'])"


@pytest.mark.parametrize("module", ["main", "core.domain.mask", "training", "overread"])
@pytest.mark.parametrize("chosen", [None, "ACTIVE"])
def test_threads_wait_passively_unless_the_reader_says_otherwise(
    module: str, chosen: str | None
) -> None:
    name = "OMP_WAIT_POLICY"
    root = Path(__file__).parents[2]
    environment = {n: v for n, v in child_environment().items() if n != name}
    environment["PYTHONPATH"] += os.pathsep + str(root / ".ci" / "package")
    if chosen:
        environment[name] = chosen
    done = subprocess.run(
        [sys.executable, "-c", _ASK.format(name), module],
        env=environment, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert done.stdout.strip() == (chosen or "PASSIVE")
