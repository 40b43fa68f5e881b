"""The events of a training as lines of a terminal."""

import sys
import time

from core.domain.plain_text import printable
from core.jobs.job_events import (
    Done,
    Event,
    Failed,
    Logged,
    Measured,
    Paused,
    Pictured,
    Progressed,
    progress_text,
)


def tell(event: Event) -> None:
    """Write an event to the terminal's error stream, as a line."""
    clock = time.strftime("%H:%M:%S", time.localtime(event.time))
    sys.stderr.write(f"{clock} {printable(line(event))}\n")
    sys.stderr.flush()


def line(event: Event) -> str:
    """Return what an event says, in a line."""
    match event:
        case Progressed(fraction=fraction, seconds_left=left):
            said = "" if left is None else f", {left / 60:.1f} min left"
            return f"{fraction:6.1%} {progress_text(event)}{said}"
        case Measured(_, step, values):
            return f"step {step}: {_figures(values)}"
        case Pictured(_, step, files):
            return f"step {step}: pictures of {', '.join(files)}"
        case Logged(_, text) | Failed(_, text):
            return text
        case Paused(_, step):
            return f"paused after step {step}; go on with --resume"
        case Done(_, result, values):
            return f"done, {result}: {_figures(values)}"
        case _:
            return "started"


def _figures(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in values.items())
