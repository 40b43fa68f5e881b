"""Figures and counts as they are written for readers, in the window and in reports alike."""

from math import isnan

MISSING = "–"
MINUS = "\u2212"


def counted(count: int, noun: str) -> str:
    """Return a number of things, as in `1 case` and `1,000 cases`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def figure(value: float | None, decimals: int = 3) -> str:
    """Return a figure with a true minus, a dash where there is none; what rounds to 0 has no sign.

    A value that is no number is one that is not there.
    """
    if value is None or isnan(value):
        return MISSING
    return f"{value:z,.{decimals}f}".replace("-", MINUS)


def signed(value: float | None, decimals: int = 3) -> str:
    """Return a difference with its sign, as `figure` does otherwise."""
    if value is None or isnan(value):
        return MISSING
    return f"{value:+z,.{decimals}f}".replace("-", MINUS)


def spread(value: float | None, deviation: float | None, decimals: int = 3) -> str:
    """Return a figure ± another, as a mean and its error; alone where there is no other."""
    if deviation is None or isnan(deviation):
        return figure(value, decimals)
    return f"{figure(value, decimals)} ± {figure(deviation, decimals)}"


def interval(low: float | None, high: float | None, decimals: int = 3) -> str:
    """Return the interval of a difference; `too few cases` where there is none."""
    if low is None or high is None:
        return "too few cases"
    return f"{signed(low, decimals)} to {signed(high, decimals)}"


def p_value(value: float | None) -> str:
    """Return a p value, a dash where there is none."""
    if value is None:
        return MISSING
    return "<0.001" if value < 0.001 else f"{value:.3f}"
