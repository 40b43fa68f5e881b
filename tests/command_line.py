"""The command line within this process: what `main` prints and how it ends, without a start."""

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from core.workspace.settings import HOME_VARIABLE
from main import main


def run_main(home: Path, *arguments: object) -> "CompletedProcess[str]":
    """Run `main.py` with everything it writes below `home`; returns what a process would.

    A fault is raised, not printed.
    """
    given = [str(each) for each in arguments]
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
    status: object = 0
    with (
        patch.dict(os.environ, {HOME_VARIABLE: str(home)}),
        patch.object(sys, "argv", ["main.py", *given]),
        redirect_stdout(streams[0]),
        redirect_stderr(streams[1]),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
    assert isinstance(status, int)
    out, err = (_text(stream) for stream in streams)
    return CompletedProcess(given, status, out, err)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    held = stream.buffer
    assert isinstance(held, io.BytesIO)
    return held.getvalue().decode("utf-8")
