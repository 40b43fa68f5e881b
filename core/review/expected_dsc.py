"""From the DSC that a model's probabilities expect to the one that came about on known cases.

The calibration is fitted where the truth is known and stored beside the model; using it never
looks at any truth.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.domain.errors import ModelError, reason
from core.domain.prediction import Postprocessing
from core.domain.uncertainty import Probability, soft_dsc
from core.io.json_file import decode_json, write_json
from core.io.resource_paths import resource
from core.workspace.settings import home

CALIBRATION_FILE = "expected_dsc.json"
BAD_DSC = 0.8
FEWEST_FITTED = 5
_FOLDER = ".calibrations"

Method: TypeAlias = Literal["linear", "median", "isotonic"]
"""A line of least squares, one of least absolute deviations, or a rising fit of least squares."""
DscArray: TypeAlias = NDArray[np.float64]


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A line of knots from soft DSC to expected DSC; beyond the outer knots it goes on level.

    `error` is the mean absolute error on the cases it was fitted on, each left out in turn.
    """

    soft: tuple[float, ...]
    expected: tuple[float, ...]
    method: Method
    error: float
    fitted_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no such line; read from a file, msgspec tells it as an error of it."""
        if not self.soft or len(self.soft) != len(self.expected):
            raise ValueError(
                f"Expected as many soft as expected values, found {len(self.soft)} and "
                f"{len(self.expected)}"
            )
        for values in (self.soft, self.expected):
            if any(after < before for before, after in pairwise((0.0, *values, 1.0))):
                raise ValueError("Expected values of 0 to 1 that never fall, found others")

    def apply(self, soft: float) -> float:
        """Return the expected DSC of a case, 0 to 1."""
        return float(np.interp(soft, self.soft, self.expected))


@dataclass(frozen=True, eq=False)
class Judgement:
    """How well an expected DSC did on cases whose DSC is known.

    `read` and `found` (N + 1,) are the curve: the share of the bad cases among the share of cases
    with the lowest expectation; `area` the area under it, 0.5 for random order, None (and the
    curve empty) without a bad case. `best_area` is that of the order by the true DSC.
    """

    cases: int
    bad: int
    spearman: float | None
    mean_absolute_error: float
    read: DscArray
    found: DscArray
    area: float | None
    best_area: float | None


def expected_dsc(
    probability: Probability, post: Postprocessing, calibration: Calibration | None
) -> float:
    """Return the DSC to expect of the mask of `probability`; uncalibrated without calibration."""
    soft = soft_dsc(probability, post)
    return soft if calibration is None else calibration.apply(soft)


def fit_calibration(
    soft: Sequence[float], dsc: Sequence[float], *, cases: Sequence[str] = ()
) -> Calibration:
    """Return the line or rising fit that has the lowest error with each case left out.

    Raises `ModelError` with fewer than five cases.
    """
    expected, true = np.asarray(soft, np.float64), np.asarray(dsc, np.float64)
    if len(expected) < FEWEST_FITTED:
        raise ModelError(
            f"Expected at least {FEWEST_FITTED} cases to calibrate on, found {len(expected)}. "
            "Add cases with ground truth."
        )
    errors = {method: _left_out_error(expected, true, method) for method in FITS}
    chosen = min(FITS, key=lambda method: errors[method])
    knots, values = FITS[chosen](expected, true)
    return Calibration(
        soft=tuple(round(float(v), 6) for v in knots),
        expected=tuple(round(float(v), 6) for v in values),
        method=chosen,
        error=round(errors[chosen], 6),
        fitted_on=tuple(cases),
    )


def judge_fit(
    expected: Sequence[float], dsc: Sequence[float], *, bad_below: float = BAD_DSC
) -> Judgement:
    """Compare expectation and truth over cases; equal expectations are read in random order."""
    said, true = np.asarray(expected, np.float64), np.asarray(dsc, np.float64)
    bad = true < bad_below
    empty = np.zeros(0)
    read, found = reading_curve(said, bad) if bad.any() else (empty, empty)
    area = _area(found) if len(found) else None
    best = _area(reading_curve(true, bad)[1]) if len(found) else None
    return Judgement(
        cases=len(true),
        bad=int(bad.sum()),
        spearman=spearman(said, true),
        mean_absolute_error=float(np.mean(np.abs(said - true))),
        read=read,
        found=found,
        area=area,
        best_area=best,
    )


def reading_curve(expected: DscArray, bad: NDArray[np.bool_]) -> tuple[DscArray, DscArray]:
    """Return the share of cases read and the share of bad ones found, lowest expectation first.

    Both start at 0 and end at 1. Among equal expectations the bad ones are spread evenly.
    """
    _, place = np.unique(expected, return_inverse=True)
    counts, bads = np.bincount(place), np.bincount(place, weights=bad)
    steps = np.repeat(bads / counts, counts)
    found = np.concatenate([[0.0], np.cumsum(steps)]) / bad.sum()
    return np.linspace(0, 1, len(expected) + 1), found


def spearman(one: DscArray, other: DscArray) -> float | None:
    """Return Spearman's rank correlation, None where one of them is constant."""
    from scipy.stats import rankdata

    ranks = rankdata(one), rankdata(other)
    if min(np.ptp(r) for r in ranks) == 0:
        return None
    return float(np.corrcoef(*ranks)[0, 1])


def read_calibration(folder: Path) -> Calibration | None:
    """Return the calibration of the model in a folder, None when there is none.

    The reader's own comes before that which came with Overread. Raises `ModelError` for a file
    that is none.
    """
    own = calibration_place(folder)
    path = (own if (own / CALIBRATION_FILE).exists() else folder) / CALIBRATION_FILE
    try:
        return decode_json(path.read_bytes(), Calibration)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelError(
            f"{path}: expected a file that can be read, found: {reason(error)}. Check the folder."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{folder.name}/{CALIBRATION_FILE}: expected a calibration, found: {error}. "
            "Calibrate the model again, or take the file away."
        ) from error


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Store the calibration of the model in a folder; atomic."""
    write_json(calibration_place(folder) / CALIBRATION_FILE, calibration)


def calibration_place(folder: Path) -> Path:
    """Return where the reader's calibration of the model in a folder lies: beside the model.

    What came with Overread is never written to: its calibrations lie among the reader's models.
    """
    if folder.parent.resolve() != resource("models").resolve():
        return folder
    return home() / "models" / _FOLDER / folder.name


def _area(found: DscArray) -> float:
    return float(np.mean((found[1:] + found[:-1]) / 2))


def _left_out_error(soft: DscArray, dsc: DscArray, method: Method) -> float:
    errors = []
    for index in range(len(soft)):
        kept = np.arange(len(soft)) != index
        knots, values = FITS[method](soft[kept], dsc[kept])
        errors.append(abs(float(np.interp(soft[index], knots, values)) - dsc[index]))
    return float(np.mean(errors))


def _line(soft: DscArray, dsc: DscArray) -> tuple[DscArray, DscArray]:
    """Return the knots of a line of least squares that never falls, kept within 0 to 1."""
    spread = float(np.var(soft))
    together = float(np.mean((soft - soft.mean()) * (dsc - dsc.mean())))
    slope = max(together / spread, 0.0) if spread > 0 else 0.0
    return _knots(slope, float(dsc.mean() - slope * soft.mean()))


def _median_line(soft: DscArray, dsc: DscArray) -> tuple[DscArray, DscArray]:
    """Return the knots of the line of least absolute deviations that never falls.

    Half of the cases lie above it, so that a few failed ones do not draw it down for all others:
    the median regression of Koenker and Bassett, "Regression quantiles", Econometrica 1978.
    """
    from scipy.optimize import linprog

    count = len(soft)
    # Slope, start, and how far each case lies above and below.
    cost = np.r_[0.0, 0.0, np.ones(2 * count)]
    sides = np.hstack([np.eye(count), -np.eye(count)])
    line = np.column_stack([soft, np.ones(count)])
    limits = [(0, None), (None, None), *[(0, None)] * (2 * count)]
    found = linprog(cost, A_eq=np.hstack([line, sides]), b_eq=dsc, bounds=limits, method="highs")
    slope, start = np.asarray(found.x, np.float64)[:2]
    return _knots(float(slope), float(start))


def _knots(slope: float, start: float) -> tuple[DscArray, DscArray]:
    """Return the knots of a line over 0 to 1, kept within 0 to 1."""
    inner = [(level - start) / slope for level in (0.0, 1.0)] if slope > 0 else []
    knots = np.unique([0.0, 1.0, *(k for k in inner if 0 < k < 1)])
    return knots, np.clip(start + slope * knots, 0.0, 1.0)


def _isotonic(soft: DscArray, dsc: DscArray) -> tuple[DscArray, DscArray]:
    """Return the knots of the rising fit of least squares (pool adjacent violators)."""
    from scipy.optimize import isotonic_regression

    knots, place, counts = np.unique(soft, return_inverse=True, return_counts=True)
    means = np.bincount(place, weights=dsc) / counts
    fitted = isotonic_regression(means, weights=counts)
    return knots, np.asarray(fitted.x, np.float64)


FITS: Mapping[Method, Callable[[DscArray, DscArray], tuple[DscArray, DscArray]]] = {
    "linear": _line,
    "median": _median_line,
    "isotonic": _isotonic,
}
"""How the knots are found of soft DSC and DSC (N,), by method."""
