"""The one tie of a long core function to whoever waits for it."""

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Called with the fraction done (0 to 1) and a short message; may raise `Cancelled`."""


class Cancelled(Exception):
    """Raised from a progress hook when nobody wants the result any more."""


def silent(fraction: float, message: str) -> None:
    """Report nothing: the progress hook of a caller that does not wait."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """Return a hook that maps 0 to 1 onto `start` to `stop` of `progress`."""

    def report(fraction: float, message: str) -> None:
        progress(start + (stop - start) * fraction, message)

    return report
