"""Score a model on cases in both protocols, one prediction a case."""

import re
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from core.domain.errors import AppError
from core.domain.metrics import overlap
from core.domain.prediction import Focus, Prediction
from core.domain.progress import Progress, silent
from core.domain.protocol import Protocol
from core.inference.prediction_service import Predictor
from core.io.cases.case import Case, each_case
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.json_file import decode_json, write_json
from core.models.provenance import CaseInput, Made, input_of, made_from
from core.models.registry import Model
from core.studies.scores.case_score import score_case
from core.studies.scores.reference_protocol import reference_masks

SCORES_FILE = "scores.json"
ScoredBy = Literal["channels", "regions", "focus"]
"""What a model of several labels is scored by: the mean of its channels or of its named regions,
or the region in focus alone, as a binary one."""

PROTOCOLS: tuple[Protocol, ...] = ("native", "reference")


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """DSC by case id in both protocols, seconds of prediction, a sentence for each that failed.

    Of several labels it is the mean over the model's labels or regions, and `labels` has each of
    them by name and case, native.
    """

    native: dict[str, float]
    reference: dict[str, float]
    seconds: dict[str, float]
    failed: dict[str, str]
    made: Made | None = None
    labels: dict[str, dict[str, float]] = {}

    def of(self, protocol: Protocol) -> dict[str, float]:
        """Return the DSC by case id in one protocol."""
        return self.native if protocol == "native" else self.reference


def score_model(
    model: Model,
    cases: Sequence[Case],
    *,
    predict: Predictor,
    by: ScoredBy = "channels",
    progress: Progress = silent,
) -> Scores:
    """Return the scores of `model` on cases with ground truth; one that fails is told in them."""
    found = Scores(native={}, reference={}, seconds={}, failed={})
    inputs: dict[str, CaseInput] = {}
    for case, inner in each_case(cases, progress):
        within = _naming(inner, case.id)
        try:
            loaded = read_case(case)
            prediction = predict(loaded, within)
            several = prediction.several is not None and loaded.labels is not None
            if several and by != "focus":
                by_label = {p: label_dsc(loaded, prediction, model, p, by=by) for p in PROTOCOLS}
                both = {p: statistics.fmean(each.values()) for p, each in by_label.items()}
                for name, dsc in by_label["native"].items():
                    found.labels.setdefault(name, {})[case.id] = dsc
            else:
                both = {p: score_case(loaded, prediction, model, p).dsc for p in PROTOCOLS}
        except AppError as error:
            found.failed[case.id] = str(error)
            continue
        for protocol, dsc in both.items():
            found.of(protocol)[case.id] = dsc
        found.seconds[case.id] = round(prediction.seconds, 3)
        inputs[case.id] = input_of(loaded)
    return msgspec.structs.replace(found, made=made_from((model,), inputs))


def label_dsc(
    loaded: LoadedCase,
    prediction: Prediction,
    model: Model,
    protocol: Protocol,
    *,
    by: ScoredBy = "channels",
) -> dict[str, float]:
    """Return the DSC of each channel that a model gives, or of its named regions, by name."""
    loaded.require_ground_truth()
    labels, several = loaded.labels, prediction.several
    assert labels is not None
    assert several is not None
    output, post = several.output, model.spec.postprocessing
    found = {}
    for region in output.regions if by == "regions" else output.channels:
        truth = output.labels.mask(labels, region)
        if protocol == "reference":
            focus = Focus(output.labels, region)
            drawn, mask, *_ = reference_masks(loaded.volume, truth, prediction.focused(focus))
        else:
            drawn, mask = truth, prediction.mask_of(region, post)
        found[region.name] = overlap(drawn, mask).dsc
    return found


def made_of(models: Sequence[Model], scores: Sequence[Scores]) -> Made:
    """Return what scores of several models were made from."""
    known = [found.made.cases for found in scores if found.made is not None]
    return made_from(models, {case: one for cases in known for case, one in cases.items()})


def _naming(progress: Progress, case_id: str) -> Progress:
    """Return a hook that says which case is at work instead of how many of its slices are done."""
    return lambda fraction, _: progress(fraction, case_id)


def summary(scores: Scores) -> dict[str, float]:
    """Return mean and median over the cases in both protocols, named as a model's metrics."""
    figures: dict[str, float] = {}
    for protocol in PROTOCOLS:
        values = list(scores.of(protocol).values())
        if values:
            figures[f"dsc_{protocol}_val"] = round(statistics.fmean(values), 4)
            figures[f"dsc_{protocol}_val_median"] = round(statistics.median(values), 4)
    for name, by_case in scores.labels.items():
        figures[figure_of("dsc_native_val", name)] = round(statistics.fmean(by_case.values()), 4)
    return figures


def figure_of(figure: str, label: str) -> str:
    """Return the name of a label's figure, such as `dsc_native_val_tumour-core`."""
    return f"{figure}_{re.sub(r'[^0-9a-zA-Z]+', '-', label).strip('-').lower()}"


def write_scores(folder: Path, scores: Scores) -> None:
    """Write scores into a folder; atomic."""
    write_json(folder / SCORES_FILE, scores)


def read_scores(folder: Path) -> Scores | None:
    """Return the scores in a folder, None where there are none that can be read."""
    try:
        return decode_json((folder / SCORES_FILE).read_bytes(), Scores)
    except (OSError, msgspec.DecodeError):
        return None
