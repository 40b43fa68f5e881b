"""The figures of a prediction: those the workspace keeps, else made and kept there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.io.cases.case_reader import LoadedCase, of_region
from core.models.registry import Model
from core.studies.scores.case_figures import (
    CaseFigures,
    case_figures,
    figures_key,
    figures_of,
    label_figures,
    labels_of,
    measured_alike,
    put_figures,
)
from core.workspace.prediction_cache import Scored
from core.workspace.score_keys import score_key
from core.workspace.store import Store


@dataclass(frozen=True, eq=False)
class KeptFigures:
    """The figures of a case, and by name those of each label and region where there are several."""

    own: CaseFigures
    labels: Mapping[str, CaseFigures]


def figures_of_prediction(
    store: Store, loaded: LoadedCase, model: Model, scored: Scored
) -> KeptFigures:
    """Return the figures of a prediction: those kept when they are of this very mask.

    Where truth and prediction tell labels, those of each of them and of each region are made too.
    """
    model_id, case_id = model.spec.id, loaded.case.id
    key = score_key(model, scored.prediction.key)
    region, several = loaded.case.region, scored.prediction.several is not None
    several = several and loaded.labels is not None
    kept = labels_of(store, model_id, key.__eq__).get(case_id, {}) if several else {}
    if figures_key(store, model_id, case_id, region) == key and (kept or not several):
        own = figures_of(store, model_id, key.__eq__, region=region)[case_id]
        if measured_alike(own, loaded.case):
            return KeptFigures(own, kept)
    whole = of_region(loaded, replace(loaded.case, region=""))
    made = label_figures(whole, scored.prediction, model)
    labels = {figures.label: figures for figures in made}
    own = labels.get(region) or case_figures(loaded, scored.prediction.probability, model)
    put_figures(store, [(figures, key) for figures in made])
    put_figures(store, [(own, key)], region=region)
    return KeptFigures(own, labels)
