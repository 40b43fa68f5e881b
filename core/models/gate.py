"""The gate a candidate passes before it predicts by default: case by case against the champion.

Both are scored on the same frozen cases, from which neither learnt. Pure figures; the scoring is a
job of its own, described by a `GateSpec`.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from core.domain.errors import DataError
from core.domain.figure_text import counted, signed
from core.domain.protocol import Protocol
from core.domain.statistics import FEWEST_CASES, mean_test, paired
from core.io.json_file import decode_json
from core.models.label_choice import LabelChoice
from core.models.provenance import Made

GATE_FILE = "gate.json"
REGRESSION = 0.02
"""A case whose DSC falls by more than this is named."""

HARM, MORE_HARM = 0.02, 0.01
"""A click that loses more DSC than this harms; a guide may harm by so much more of its clicks."""

ClickedPath = Sequence[float]
"""The DSC of one slice at the start and after each of so many clicks."""

_ROUNDING = 1e-9

Verdict: TypeAlias = Literal["promote", "keep", "reject", "few"]
"""`promote`: surely better. `keep`: undecided. `reject`: surely worse. `few`: nobody can tell."""


class GateSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to score: two folders of models on `cases` of the dataset in `data`.

    `workspace` is the folder whose predictions are taken and kept; empty where none are. With
    `starts`, the folder of a model, the other two are guides of clicks that correct what it says;
    the bump alone where `champion` is empty. `chosen` is what masks mean, as in a `TrainSpec`.
    """

    champion: str
    candidate: str
    data: str
    cases: tuple[str, ...]
    protocol: Protocol = "native"
    device: str = "auto"
    threads: int = 0
    workspace: str = ""
    starts: str = ""
    chosen: LabelChoice | msgspec.UnsetType = msgspec.UNSET


class GateCase(msgspec.Struct, frozen=True, kw_only=True):
    """The DSC of both models on a case; `difference` is candidate less champion."""

    case: str
    champion: float
    candidate: float
    difference: float


class GateClicks(msgspec.Struct, frozen=True, kw_only=True):
    """What a robot reader's clicks bring by two guides, each pair champion and candidate.

    `dsc` is the mean over `slices` slices after so many clicks, `harmful` the share of clicks that
    lose more than `HARM`.
    """

    slices: int
    dsc: dict[int, tuple[float, float]]
    harmful: tuple[float, float]

    @property
    def harms_more(self) -> bool:
        """Whether the candidate harms more often, beyond `MORE_HARM`."""
        return self.harmful[1] > self.harmful[0] + MORE_HARM


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """Candidate against champion, the cases that lost most first.

    `low` and `high` are the 95 % interval of the mean difference, None where the cases are too few
    for one; `p` is that of the same test (`mean_test`). `worst_tenth` is the difference of the
    means over each model's own worst tenth of the cases. `regressions` are cases that lost more
    than `REGRESSION`. `failed` holds a sentence for each case that could not be scored. `made`
    tells what the figures were made from. Of models of the same labels the DSC of a case is the
    mean over them, and `labels` has the means of champion and candidate of each. Of two guides it
    is the mean over its slices after the last of the `clicks` that are told.
    """

    champion: str
    candidate: str
    protocol: Protocol
    cases: tuple[GateCase, ...]
    champion_mean: float
    candidate_mean: float
    mean_difference: float
    low: float | None
    high: float | None
    p: float | None
    worst_tenth: float
    regressions: tuple[str, ...]
    verdict: Verdict
    reason: str
    failed: dict[str, str] = {}
    made: Made | None = None
    labels: dict[str, tuple[float, float]] = {}
    clicks: GateClicks | None = None

    @property
    def doubt(self) -> str:
        """What speaks against promoting the candidate without a question, empty where nothing."""
        if self.verdict == "reject":
            return "It is worse than the champion on the frozen cases."
        if self.mean_difference < 0:
            lost = signed(self.mean_difference)
            return f"Its mean DSC is lower than the champion's on the frozen cases ({lost})."
        if self.clicks is not None and self.clicks.harms_more:
            return f"More of its clicks harm: {_harm(self.clicks)}."
        if self.verdict == "few":
            return f"It was judged on {counted(len(self.cases), 'case')}, too few to tell."
        return ""


def judge_candidate(
    champion: tuple[str, Mapping[str, float]],
    candidate: tuple[str, Mapping[str, float]],
    *,
    protocol: Protocol = "native",
    failed: Mapping[str, str] | None = None,
) -> GateReport:
    """Compare two models, each an id and its DSC by case id, on the cases both were scored on.

    Raises `DataError` when there is no such case.
    """
    names, values = paired(champion[1], candidate[1])
    if not names:
        raise DataError(
            f"Expected cases that {champion[0]} and {candidate[0]} were both scored on, found "
            "none. Check the frozen split and the ground truth of its cases."
        )
    differences = values[:, 1] - values[:, 0]
    tested = mean_test(differences)
    assert tested is not None  # there is a case
    order = np.argsort(differences, kind="stable")
    cases = tuple(_case(names[i], values[i, 0], values[i, 1]) for i in order)
    regressions = tuple(c.case for c in cases if c.difference < -REGRESSION - _ROUNDING)
    verdict, said = _verdict(tested.low, tested.high)
    return GateReport(
        champion=champion[0],
        candidate=candidate[0],
        protocol=protocol,
        cases=cases,
        champion_mean=float(values[:, 0].mean()),
        candidate_mean=float(values[:, 1].mean()),
        mean_difference=float(differences.mean()),
        low=tested.low,
        high=tested.high,
        p=tested.p,
        worst_tenth=_worst_tenth(values[:, 1]) - _worst_tenth(values[:, 0]),
        regressions=regressions,
        verdict=verdict,
        reason=_reason(float(differences.mean()), len(names), regressions, said),
        failed=dict(failed or {}),
    )


def judge_guides(
    champion: tuple[str, Mapping[str, Sequence[ClickedPath]]],
    candidate: tuple[str, Mapping[str, Sequence[ClickedPath]]],
    *,
    told: Sequence[int],
    failed: Mapping[str, str] | None = None,
) -> GateReport:
    """Compare two guides by what was clicked on the same slices, by case id.

    `told` are the numbers of clicks whose DSC is said; the last of them judges. A guide that harms
    more often is not to be promoted, however much better it is elsewhere. Raises `DataError` where
    nothing was clicked on by both.
    """
    last = told[-1]
    both = sorted(champion[1].keys() & candidate[1].keys())
    kept = [
        {name: paths[name] for name in both if paths[name]} for _, paths in (champion, candidate)
    ]
    if not kept[0] or kept[0].keys() != kept[1].keys():
        raise DataError(
            f"Expected slices to be corrected that {champion[0]} and {candidate[0]} were both "
            "tried on, found none: the model leaves nothing below 0.85. Judge them on more cases."
        )
    scores = [
        {name: fmean(path[last] for path in paths) for name, paths in each.items()} for each in kept
    ]
    every = [[path for paths in each.values() for path in paths] for each in kept]
    clicks = GateClicks(
        slices=len(every[0]),
        dsc={n: _pair(fmean(path[n] for path in paths) for paths in every) for n in told},
        harmful=_pair(map(harmful, every)),
    )
    report = judge_candidate((champion[0], scores[0]), (candidate[0], scores[1]), failed=failed)
    said = f"After {last} clicks on {counted(clicks.slices, 'slice')}: {report.reason}"
    verdict = report.verdict
    if verdict == "promote" and clicks.harms_more:
        verdict, said = "keep", f"{said} But more of its clicks harm: {_harm(clicks)}."
    return msgspec.structs.replace(report, verdict=verdict, reason=said, clicks=clicks)


def harmful(paths: Sequence[ClickedPath]) -> float:
    """Return the share of clicks that lose more than `HARM`; 0 where there are none."""
    lost = [before - after > HARM for path in paths for before, after in pairwise(path)]
    return sum(lost) / len(lost) if lost else 0.0


def newest_gate(jobs: Path, *, champion: str, candidate: str) -> GateReport | None:
    """Return the newest comparison of two models among the jobs in a folder, None without one."""
    for path in sorted(jobs.glob(f"*/{GATE_FILE}"), key=lambda p: p.stat().st_mtime, reverse=True):
        report = read_gate(path.parent)
        if report is not None and (report.champion, report.candidate) == (champion, candidate):
            return report
    return None


def read_gate(folder: Path) -> GateReport | None:
    """Return the report in a job folder, None while there is none."""
    try:
        return decode_json((folder / GATE_FILE).read_bytes(), GateReport)
    except (OSError, msgspec.DecodeError):
        return None


def _pair(values: Iterable[float]) -> tuple[float, float]:
    first, second = values
    return first, second


def _harm(clicks: GateClicks) -> str:
    return " against ".join(f"{share:.1%}" for share in reversed(clicks.harmful))


def _case(name: str, champion: float, candidate: float) -> GateCase:
    return GateCase(
        case=name,
        champion=float(champion),
        candidate=float(candidate),
        difference=float(candidate - champion),
    )


def _worst_tenth(scores: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    count = -(-len(scores) // 10)
    return float(np.sort(scores)[:count].mean())


def _verdict(low: float | None, high: float | None) -> tuple[Verdict, str]:
    if low is None or high is None:
        return "few", f"Too few to tell: {FEWEST_CASES} cases are the fewest that can."
    if low > 0:
        return "promote", "The interval lies above zero: it is better."
    if high < 0:
        return "reject", "The interval lies below zero: it is worse."
    return "keep", "The interval holds zero: these cases do not tell which is better."


def _reason(mean: float, count: int, regressions: tuple[str, ...], said: str) -> str:
    lost = counted(len(regressions), "case") if regressions else "no case"
    over = counted(count, "case")
    return f"Mean DSC {signed(mean)} over {over}, {lost} lost more than {REGRESSION:g}. {said}"
