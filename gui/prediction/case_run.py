"""One run of a model on one case, on a worker: triage, prediction, figures and doubt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import ModelError
from core.domain.progress import Progress
from core.domain.triage import Triage
from core.inference.engine import Engine
from core.inference.prediction_service import PredictionService, engine_run
from core.io.case import Case
from core.io.case_cache import CaseCache
from core.io.case_reader import LoadedCase, of_region
from core.models.registry import Model
from core.review.outlook import Outlook, keep_doubt
from core.studies.case_figures import (
    CaseFigures,
    case_figures,
    figures_key,
    figures_of,
    label_figures,
    labels_of,
    put_figures,
)
from core.workspace.prediction_cache import Scored
from core.workspace.score_keys import score_key
from core.workspace.store import Store
from gui.shell.session_parts import Place
from gui.shell.triager import Triager

OnPart = Callable[[LoadedCase, Sequence[int], NDArray[np.uint8]], None]
"""Called with the case that runs, indices of slices and their probabilities (B, Y, X)."""


@dataclass(frozen=True, eq=False)
class KeptFigures:
    """The figures of a case, and by name those of each label and region where there are several."""

    own: CaseFigures
    labels: Mapping[str, CaseFigures]


@dataclass(frozen=True, eq=False)
class FinishedRun:
    """What a run gave."""

    scored: Scored
    figures: KeptFigures
    outlook: Outlook


@dataclass(frozen=True, eq=False)
class WantedRun:
    """A run as it was asked for; slices nearest to index `first`, else the middle, come first."""

    case: Case
    model: Model
    place: Place
    device: str
    first: int | None


@dataclass(frozen=True, eq=False)
class CaseRun:
    """Runs cases with what the window keeps between them."""

    engine: Engine
    cache: CaseCache
    triager: Triager

    def run(self, wanted: WantedRun, on_part: OnPart, progress: Progress) -> FinishedRun:
        """Predict one case: from the workspace when it is there."""
        loaded = self.cache.read(wanted.case)
        triage = self._triage(loaded, wanted, progress)
        workspace = wanted.place.workspace
        run = engine_run(
            self.engine,
            device=wanted.device,
            first=wanted.first,
            on_slices=lambda indices, values: on_part(loaded, list(indices), values),
        )
        known = PredictionService(workspace, run).predict(loaded, wanted.model, progress)
        store = workspace.store
        outlook = keep_doubt(store, wanted.case, wanted.model, known.prediction, triage)
        figures = figures_of_prediction(store, loaded, wanted.model, known)
        return FinishedRun(known, figures, outlook)

    def _triage(self, loaded: LoadedCase, wanted: WantedRun, progress: Progress) -> Triage | None:
        """Return the triage, which runs ahead; None when it cannot be told.

        Such a case is predicted all the same, and why is said when it is opened.
        """
        if not wanted.model.runs:
            return self.triager.known(loaded, wanted.place)  # nothing is run there
        try:
            return self.triager.triage(
                loaded,
                wanted.place,
                device=wanted.device,
                progress=lambda _, said: progress(0.0, said),
            )
        except ModelError:
            return None


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
        return KeptFigures(figures_of(store, model_id, key.__eq__, region=region)[case_id], kept)
    whole = of_region(loaded, replace(loaded.case, region=""))
    made = label_figures(whole, scored.prediction, model)
    labels = {figures.label: figures for figures in made}
    own = labels.get(region) or case_figures(loaded, scored.prediction.probability, model)
    put_figures(store, [(figures, key) for figures in made])
    put_figures(store, [(own, key)], region=region)
    return KeptFigures(own, labels)
