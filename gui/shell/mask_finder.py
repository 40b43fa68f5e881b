"""What lies over the linked views: predictions of other models, the ground truth, an ensemble."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from core.domain.agreement import agreement_map, ensemble_postprocessing, mean_prediction
from core.domain.counted_mask import CountedMask, count_mask, furthest_apart
from core.domain.label_set import LabelMap
from core.domain.prediction import Postprocessing, Prediction, to_mask
from core.domain.progress import Progress
from core.inference.engine import Engine
from core.inference.prediction_service import PredictionService, engine_run
from core.io.cases.case_reader import LoadedCase
from core.models.certificates import EngineChoice
from core.models.registry import Model
from gui.shell.mask_source import AGREEMENT, MEAN, TRUTH, MaskSource
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase, Place
from gui.shell.tasks import Lanes


@dataclass(frozen=True, eq=False)
class SourceMask:
    """What a pane shows of its source: no mask where its model has not been run on this case.

    `agreement` (Z, Y, X) is in place of a mask: how many of `models` call a voxel lesion.
    `threshold` is what the mask was cut at; None for no probability. `labels` (Z, Y, X) is the map
    of a source that tells labels, which `prediction` is then and `cut` how it is shown.
    """

    source: MaskSource
    title: str
    counted: CountedMask | None = None
    agreement: NDArray[np.uint8] | None = None
    models: int = 0
    threshold: float | None = None
    labels: LabelMap | None = None
    prediction: Prediction | None = None
    cut: Postprocessing | None = None


class MaskFinder(QObject):
    """Finds or makes the mask of a source for the case on screen, off the GUI thread."""

    changed = Signal()
    failed = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes, engine: Engine) -> None:
        super().__init__()
        self._ticked: tuple[str, ...] = ()
        self._session = session
        self._lanes = lanes
        self._engine = engine
        self._as_run = self._way_of_running()
        for signal in (session.settings_changed, session.models_changed):
            signal.connect(self._on_way_changed)

    def _way_of_running(self) -> tuple[bool, frozenset[EngineChoice]]:
        available = self._session.models.available
        return self._session.settings.flips, frozenset(model.wanted for model in available)

    def _on_way_changed(self) -> None:
        """Another engine, or the mirrored slice: what was predicted so far is of another model."""
        now = self._way_of_running()
        if now != self._as_run:
            self._as_run = now
            self.changed.emit()

    def tick(self, models: tuple[str, ...]) -> None:
        """Take these models together in the mean and the agreement; fewer than two mean all."""
        if models != self._ticked:
            self._ticked = models
            self.changed.emit()

    def look_again(self) -> None:
        """The workspace has predictions that it did not have: who asked for masks asks again."""
        self.changed.emit()

    @property
    def together(self) -> list[Model]:
        """The models of the mean and of the agreement."""
        available = list(self._session.models.available)
        ticked = [model for model in available if model.spec.id in self._ticked]
        return ticked if len(ticked) > 1 else available

    def sources(self) -> list[tuple[MaskSource, str]]:
        """Return what can be compared with, each with its title."""
        models = self._session.models.available
        found = [(MaskSource("model", model.spec.id), model.spec.title) for model in models]
        if len(models) > 1:
            count = len(self.together)
            found.append((MEAN, f"Mean of {count} models"))
            found.append((AGREEMENT, f"Agreement of {count} models"))
        opened = self._session.open_case
        if opened is not None and opened.loaded.ground_truth is not None:
            found.append((TRUTH, "Ground truth alone"))
        return found

    def find(self, source: MaskSource, show: Callable[[SourceMask], None]) -> None:
        """Hand over what is known of `source` for the case on screen, from the workspace."""
        self._start(source, show, lane_run=False)

    def run(self, source: MaskSource, show: Callable[[SourceMask], None]) -> None:
        """Run what is missing of `source` on the case on screen."""
        self._start(source, show, lane_run=True)

    def _start(
        self, source: MaskSource, show: Callable[[SourceMask], None], *, lane_run: bool
    ) -> None:
        opened, place = self._session.open_case, self._session.place
        if opened is None or place is None:
            return
        models = [self._session.as_set(model) for model in self._wanted(source)]
        version, title = self._session.case_version, dict(self.sources()).get(source, source.name)
        device = self._session.settings.device

        def work(progress: Progress) -> SourceMask:
            way = _Way(self._engine if lane_run else None, device, progress)
            found = _predictions(opened, place, models, way)
            if not found:
                return SourceMask(source, title)
            if source == AGREEMENT:
                return _agreement(title, models, found)
            truth = opened.loaded.ground_truth
            one = found[0] if len(found) == 1 else mean_prediction(found)
            own = [model.spec.postprocessing for model in models]
            post = own[0] if len(found) == 1 else ensemble_postprocessing(own)
            mask = count_mask(one.probability, truth, post)
            made = SourceMask(source, title, mask, threshold=post.threshold)
            return _with_labels(made, one, opened.loaded, post)

        def keep(compared: SourceMask) -> None:
            if version == self._session.case_version:
                show(compared)

        def tell(sentence: str) -> None:
            self.failed.emit(title, sentence)
            keep(SourceMask(source, title))

        self._lanes.run("gpu" if lane_run else "io", work, keep, failed=tell)

    def find_slice(
        self, models: tuple[Model, Model], show: Callable[[int], None], *, run: bool = False
    ) -> None:
        """Hand over the slice of the case on screen where two models are furthest apart.

        A model without a prediction of the case is run first.
        """
        opened, place = self._session.open_case, self._session.place
        if opened is None or place is None:
            return
        version, device = self._session.case_version, self._session.settings.device
        as_run = [self._session.as_set(model) for model in models]

        def work(progress: Progress) -> int | None:
            way = _Way(self._engine if run else None, device, progress)
            found = _predictions(opened, place, as_run, way)
            if found is None:
                return None
            truth = opened.loaded.ground_truth
            one, other = (
                count_mask(each.probability, truth, model.spec.postprocessing)
                for each, model in zip(found, as_run, strict=True)
            )
            return furthest_apart(one, other)

        def take(index: int | None) -> None:
            if version != self._session.case_version:
                return
            if run:
                self.changed.emit()  # what the panes had not found is there now
            if index is not None:
                show(index)
            elif not run:
                self.find_slice(models, show, run=True)

        self._lanes.run(
            "gpu" if run else "io",
            work,
            take,
            failed=lambda sentence: self.failed.emit("Not side by side", sentence),
        )

    def _wanted(self, source: MaskSource) -> list[Model]:
        models = self._session.models.available
        if source.kind in ("mean", "agreement"):
            return self.together
        return [model for model in models if source == MaskSource("model", model.spec.id)]


@dataclass(frozen=True, eq=False)
class _Way:
    """How a prediction that is not there is made; without an engine it is not."""

    engine: Engine | None
    device: str
    progress: Progress


def _with_labels(
    made: SourceMask, prediction: Prediction, loaded: LoadedCase, post: Postprocessing
) -> SourceMask:
    """Add the map of a prediction that tells labels, where the case has several."""
    if prediction.several is None or loaded.meaning is None:
        return made
    return replace(made, labels=prediction.label_map(post), prediction=prediction, cut=post)


def _agreement(title: str, models: list[Model], found: list[Prediction]) -> SourceMask:
    """Return where how many models agree, each by its own threshold."""
    masks = [
        to_mask(one.probability, model.spec.postprocessing)
        for model, one in zip(models, found, strict=True)
    ]
    return SourceMask(AGREEMENT, title, agreement=agreement_map(masks), models=len(masks))


def _predictions(
    opened: OpenCase, place: Place, models: list[Model], way: _Way
) -> list[Prediction] | None:
    """Return the predictions of all of `models`, None when one has none and nothing is run."""
    found: list[Prediction] = []
    for model in models:
        prediction = _prediction(opened, place, model, way)
        if prediction is None:
            return None
        found.append(prediction)
    return found


def _prediction(opened: OpenCase, place: Place, model: Model, way: _Way) -> Prediction | None:
    """Return the prediction of a model, from the workspace or from the engine."""
    runs = way.engine is not None and place.workspace.predictions is None
    run = engine_run(way.engine, device=way.device) if runs and way.engine else None
    service = PredictionService(place.workspace, run)
    if run is None:
        known = service.known(opened.loaded, model)
        return None if known is None else known.prediction
    return service.predict(opened.loaded, model, way.progress).prediction
