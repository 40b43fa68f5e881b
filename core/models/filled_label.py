"""The prediction of a binary model as the label or region of a case that it fills."""

from dataclasses import replace

from core.domain.label_set import LabelSet, Region
from core.domain.model_output import ModelOutput
from core.domain.prediction import LabelProbabilities, Prediction
from core.io.cases.case_reader import LoadedCase, of_the_region

_AS = "-as-"
"""What stands in the key of a prediction before the values that it fills."""


def filled(loaded: LoadedCase, prediction: Prediction) -> Prediction:
    """Return what a model says of a case as that of the region which masks without labels fill.

    A region is painted as its first label. It is the same prediction where it tells labels itself,
    the case has one alone, or nobody said which region it fills.
    """
    labels = loaded.meaning
    region = None if labels is None else labels.filled
    if labels is None or region is None or prediction.several is not None:
        return prediction
    several = LabelProbabilities(prediction.probability[None], output_of(labels, region))
    key = f"{prediction.key}{_AS}{'.'.join(map(str, region.values))}"
    return replace(prediction, key=key, several=several, focus=region)


def in_focus(loaded: LoadedCase, prediction: Prediction) -> Prediction:
    """Return what a model says of a case, as the label that it fills, of the region in focus."""
    return of_the_region(loaded, filled(loaded, prediction))


def is_filled(prediction: Prediction) -> bool:
    """Tell a prediction whose labels are not the model's own."""
    return _AS in prediction.key


def output_of(labels: LabelSet, region: Region) -> ModelOutput:
    """Return what a binary model gives that fills a region of some labels."""
    return ModelOutput(kind="regions", labels=LabelSet(labels.labels, (region,)))
