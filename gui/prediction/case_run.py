"""One run of a model on one case, on a worker: triage, prediction, figures and doubt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import ModelError
from core.domain.progress import Progress
from core.domain.triage import Triage
from core.inference.engine import Engine
from core.inference.prediction_service import PredictionService, engine_run
from core.io.cases.case import Case
from core.io.cases.case_cache import CaseCache
from core.io.cases.case_reader import LoadedCase
from core.models.registry import Model
from core.review.outlook import Outlook, keep_doubt
from core.workspace.prediction_cache import Scored
from gui.prediction.kept_figures import KeptFigures, figures_of_prediction
from gui.shell.session_parts import Place
from gui.shell.triager import Triager

OnPart = Callable[[LoadedCase, Sequence[int], NDArray[np.uint8]], None]
"""Called with the case that runs, indices of slices and their probabilities (B, Y, X)."""


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
