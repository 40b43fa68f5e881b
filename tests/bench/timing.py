"""Repeat, take the time, and reduce it to figures that a busy machine moves little."""

import time
from collections.abc import Callable, Sequence

import numpy as np

MILLISECONDS = 1000.0


def median_seconds(call: Callable[[], object], *, runs: int) -> float:
    """Return the median time of `runs` calls after one that is not counted."""
    call()
    return float(np.median([seconds(call) for _ in range(runs)]))


def interleaved_seconds(calls: Sequence[Callable[[], object]], *, runs: int) -> list[float]:
    """Return the median time of each call, called in turns: a busy spell meets all alike."""
    for call in calls:
        call()
    rounds = [[seconds(call) for call in calls] for _ in range(runs)]
    return [float(value) for value in np.median(rounds, axis=0)]


def seconds(call: Callable[[], object]) -> float:
    """Return the time of one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
