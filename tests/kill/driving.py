"""Starts processes that say what they do, kills each at a random moment, and returns what was said.

A server forks a child for every seed it reads, so that hundreds start in little time. A child says
`will X` before it does something and `did X` when that was acknowledged.
"""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

_ROOT = Path(__file__).resolve().parents[2]


class Counts(msgspec.Struct, kw_only=True):
    """How often processes were killed, how much was acknowledged, and what of it was lost."""

    name: str
    kills: int = 0
    acknowledged: int = 0
    lost: list[str] = []
    seconds: float = 0.0


@dataclass(frozen=True)
class Moments:
    """When to kill: after up to `most` beginnings, and up to `seconds` later."""

    chance: random.Random
    most: int
    seconds: float


@contextmanager
def server(module: str, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    """Start `python -m MODULE ARGUMENT …`; it ends with its input."""
    command = [sys.executable, "-m", module, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, encoding="utf-8") as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def said_until_killed(process: "subprocess.Popen[str]", seed: int, moments: Moments) -> list[str]:
    """Let one child act, kill it, and return what it said; early, or after some steps."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{seed}\n")
    process.stdin.flush()
    steps = moments.chance.randrange(0, moments.most)
    said: list[str] = []
    child, timer = 0, None
    for line in process.stdout:
        said.append(line.strip())
        if said[-1] == "gone":
            break
        if line.startswith("child "):
            child = int(said[-1][6:])
        begun = sum(word.startswith(("started", "did ")) for word in said)
        if child and timer is None and begun > steps:
            delay = moments.chance.uniform(0, moments.seconds)
            timer = threading.Timer(delay, os.kill, (child, signal.SIGKILL))
            timer.start()
    if timer is not None:
        timer.join()
    return said


def after(said: list[str], kind: str) -> list[str]:
    """Return what follows `did KIND` or `will KIND` in each line that begins so."""
    return [line[len(kind) + 1 :] for line in said if line.startswith(f"{kind} ")]
