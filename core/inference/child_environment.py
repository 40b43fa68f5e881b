"""How Overread starts processes of its own: what they run, and with which environment."""

import os
import site
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[__name__.count(".")]
_PACKAGE = __name__.removesuffix("core.inference.child_environment")
"""What stands before the names of our rooms: nothing in a checkout, a package once installed."""


def child_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours, named as in the sources: `training.train`.

    Nothing is imported from the folder the command runs in (`-P`), so that a `core/` that lies
    there is never taken for ours.
    """
    return [sys.executable, "-P", "-m", _PACKAGE + module, *arguments]


def code_folder() -> Path:
    """Return the folder our code is imported from: a checkout, or where packages are installed."""
    return _ROOT


def child_environment() -> dict[str, str]:
    """Return this process's environment, with what a process of ours needs beside it.

    Of `PYTHONPATH` only absolute folders are handed on: others would name the working folder.
    """
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    folders = [part for part in given if Path(part).is_absolute()]
    if str(_ROOT) not in site.getsitepackages():
        folders.insert(0, str(_ROOT))
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(folders),
        "PYTHONSAFEPATH": "1",
    }


@contextmanager
def own_imports() -> Iterator[None]:
    """Let processes that a library starts meanwhile import as those of `child_command` do."""
    names = ("PYTHONPATH", "PYTHONSAFEPATH")
    before, given = {name: os.environ.get(name) for name in names}, child_environment()
    os.environ.update({name: given[name] for name in names})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
