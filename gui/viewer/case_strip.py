"""From the case on screen to the bars of its slices."""

from math import isnan

from core.domain.triage import Triage
from gui.shell.session_parts import OpenCase, Result
from gui.viewer.strip_data import StripData


def strip_data(opened: OpenCase, result: Result | None, triage: Triage | None = None) -> StripData:
    """Return the areas and DSC of every slice."""
    volume = opened.loaded.volume
    unreadable = frozenset(volume.unreadable)
    chances = () if triage is None else tuple(map(float, triage.probability))
    truth = opened.loaded.ground_truth
    counted = None if result is None else result.counted
    if counted is None:
        nothing = (0.0,) * volume.slices
        return StripData(
            volume.slice_numbers,
            nothing,
            nothing,
            tuple(map(float, opened.loaded.truth_areas)),
            (None,) * volume.slices,
            unreadable=unreadable,
            predicted=frozenset(),
            truth=truth is not None,
            triage=chances,
        )
    counts = counted.counts
    scores = counts.dsc().tolist() if counted.has_truth else [None] * volume.slices
    return StripData(
        volume.slice_numbers,
        tuple(map(float, counts.true_positive.tolist())),
        tuple(map(float, counts.false_positive.tolist())),
        tuple(map(float, counts.false_negative.tolist())),
        tuple(None if score is None or isnan(score) else score for score in scores),
        unreadable=unreadable,
        predicted=None if result is None else result.ready,
        truth=counted.has_truth,
        triage=chances,
    )
