"""Triage of a case, from the workspace or from the engine; on a worker."""

from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import ModelError
from core.domain.progress import Progress
from core.domain.triage import Triage
from core.inference.engine import Engine
from core.io.cases.case_reader import LoadedCase
from core.models.classifiers import ClassifierModel, Classifiers
from core.models.model_fit import fit_of_classifier, fit_of_model
from core.models.registry import Model
from core.review.outlook import Outlook, triaged_outlooks
from core.workspace.triage_cache import find_triage, put_triage, triage_key
from core.workspace.workspace_folder import registry
from gui.shell.session_parts import Place


@dataclass(frozen=True, eq=False)
class Triager:
    """Triages cases, on a worker; those seen before are taken from the workspace."""

    home: Path
    engine: Engine

    def triage(
        self, loaded: LoadedCase, place: Place, *, device: str, progress: Progress
    ) -> Triage | None:
        """Return the triage of a case; None where no classifier fits it.

        Nothing is run over a folder of predictions: there is only what was kept.
        """
        model, known = self._look_up(loaded, place)
        if known is None and model is not None and place.workspace.predictions is None:
            known = self.engine.triage(loaded.volume, model, device=device, progress=progress)
            key = triage_key(model, loaded.volume)
            put_triage(place.workspace.store, loaded.case.id, known, key=key)
        return known

    def doubt(self, loaded: LoadedCase, place: Place, model: Model | None) -> str:
        """Return how a case differs from what the classifier learnt from, in a sentence.

        Empty where nothing does, and where `model`, which is said of by itself, differs likewise.
        """
        classifier, volume = self.classifier(place), loaded.volume
        if classifier is None:
            return ""
        try:
            fit = fit_of_classifier(classifier, volume)
            own = () if model is None or not model.runs else fit_of_model(model, volume).doubts
        except ModelError:
            return ""
        return "" if set(fit.doubts) <= set(own) else fit.doubt

    def known(self, loaded: LoadedCase, place: Place) -> Triage | None:
        """Return the triage of a case that was kept, None when there is none."""
        return self._look_up(loaded, place)[1]

    def outlooks(self, place: Place) -> dict[str, Outlook]:
        """Return what the kept triages of a workspace say, by case id."""
        model = self.classifier(place)
        return {} if model is None else triaged_outlooks(place.workspace.store, model.spec.id)

    def classifier(self, place: Place) -> ClassifierModel | None:
        """Return the classifier in use: the first of the workspace, the reader, the program."""
        models, _ = Classifiers(registry(self.home, place.workspace.folder).everywhere).models()
        return models[0] if models else None

    def _look_up(
        self, loaded: LoadedCase, place: Place
    ) -> tuple[ClassifierModel | None, Triage | None]:
        """Return the classifier that fits a case, and what it said of the case before."""
        model, volume = self.classifier(place), loaded.volume
        if model is None:
            return None, None
        try:
            model.fitted(volume)
        except ModelError:
            return None, None  # other channels than it knows: no triage is no failure
        key, store = triage_key(model, volume), place.workspace.store
        return model, find_triage(store, loaded.case.id, model.spec.id, key=key)
