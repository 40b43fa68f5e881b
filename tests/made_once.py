"""What is costly to make and only read is made once for all processes of the tests."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(places: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder or file that `make` wrote to the path it was given; no test may change it.

    A process of these tests takes over what another has made.
    """
    base = places.getbasetemp()
    common = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    if not common.exists():
        made = places.mktemp(name) / name
        make(made)
        try:
            made.rename(common)
        except OSError:  # another was quicker
            return made
    return common
