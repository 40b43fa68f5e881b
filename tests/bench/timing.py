"""Repeat, take the time, and reduce it to figures that a busy machine moves little."""

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

MILLISECONDS = 1000.0
_FEWEST = 3


def interleaved_seconds(
    calls: Sequence[Callable[[], object]], *, runs: int, within_seconds: float = 40.0
) -> list[float]:
    """Return the median time of each call; see `rounds_of`."""
    rounds = rounds_of(calls, runs=runs, within_seconds=within_seconds)
    return [float(value) for value in np.median(rounds, axis=0)]


def rounds_of(
    calls: Sequence[Callable[[], object]], *, runs: int, within_seconds: float = 40.0
) -> NDArray[np.float64]:
    """Return the times (rounds, calls) of calls made in turns: a busy spell meets all alike.

    On a machine so slow that it takes longer than `within_seconds`, `_FEWEST` rounds are enough.
    """
    started = time.perf_counter()
    for call in calls:
        call()
    rounds: list[list[float]] = []
    while len(rounds) < runs:
        rounds.append([seconds(call) for call in calls])
        if len(rounds) >= _FEWEST and time.perf_counter() - started > within_seconds:
            break
    return np.array(rounds)


def seconds(call: Callable[[], object]) -> float:
    """Return the time of one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
