"""The verbs of prediction: choose, run and measure a model, make another mask of what it says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import msgspec
from PySide6.QtCore import QObject, Signal

from core.domain.prediction import SMALL_SHARE
from core.inference.engines import engine_titles
from core.models.certificates import EngineChoice
from core.models.mask_model import MaskModel
from core.models.model_fit import lacking, lacking_said
from gui.prediction.case_run import CaseRun
from gui.prediction.list_scores import ListScores
from gui.prediction.model_runs import ModelRuns
from gui.prediction.result_scores import ResultScores
from gui.shell.model_reader import engine_of
from gui.shell.operations import Operations
from gui.shell.place_reader import plain_states, predicted_cases, with_scores
from gui.shell.session import Session
from gui.shell.session_parts import CaseState, Models, Place
from gui.shell.tasks import Lanes, Task


@dataclass(frozen=True)
class _Ground:
    """What figures that are read of a model are figures of."""

    place: Place | None
    models: Models
    wanted: EngineChoice
    flips: bool


class PredictionDesk(QObject):
    """Runs models on what operations open; `failed` says what went wrong."""

    measured = Signal(object)
    engines_found = Signal(object)
    failed = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes, operations: Operations) -> None:
        super().__init__()
        self._session, self._lanes, self._operations = session, lanes, operations
        self.scores = ResultScores(session, lanes)
        case_run = CaseRun(operations.engine, operations.cache, operations.triager)
        self.runs = ModelRuns(session, lanes, case_run, self.scores)
        self.runs.failed.connect(self.failed)
        self.list_scores = ListScores(session, lanes, operations)
        self.runs.outdated.connect(self.list_scores.start)
        operations.leaving.connect(self.runs.cancel)
        operations.opened.connect(self._on_opened)
        operations.loaded.connect(self._on_loaded)
        operations.leaving.connect(self._drop_choice)
        session.figures_read.connect(self._score_missing)
        self._choice: Task[dict[str, CaseState]] | None = None
        self._then: Callable[[], None] | None = None

    def run_case(self) -> None:
        """Run the model on the case on screen, before all others that wait."""
        if self._choice is not None:
            self._then = self.run_case
            return
        state = self._session.case_states.get(self._session.current)
        if state is not None:
            self.runs.run([state.case], first=True)

    def run_all(self) -> None:
        """Run the model on every case that has no prediction of it yet, in the worklist's order.

        One of it without its mirrored view is none of it with that.
        """
        if self._choice is not None:
            self._then = self.run_all
            return
        place, model = self._session.place, self._session.running_model
        if place is None or model is None:
            return

        def run(there: set[str]) -> None:
            if self._session.place is place and self._session.running_model == model:
                self._run_others(there)

        self._lanes.run(
            "io",
            lambda _: predicted_cases(place.workspace, model),
            run,
            failed=lambda said: self.failed.emit("No model was run", said),
        )

    def _run_others(self, there: set[str]) -> None:
        """Run the model on the cases that can be run and are not `there` yet."""
        states = self._session.case_states
        names = dict.fromkeys([*self._operations.order(), *states])
        new = [states[n].case for n in names if n in states and n not in there]
        model = self._session.models.current
        if isinstance(model, MaskModel):
            new = [case for case in new if model.has(case)]
        elif model is not None and model.runs:
            missed = lacking(model.spec, new)
            for sentence in lacking_said((model,), new):
                self.failed.emit(f"{model.spec.title} cannot be run everywhere", sentence)
            new = [case for case in new if case.id not in missed]
        self.runs.run(new)

    def choose_model(self, model_id: str) -> None:
        """Predict with another model from now on."""
        current = self._session.models.current
        if current is not None and current.spec.id == model_id:
            self._drop_choice()  # of another model, which is not wanted any more
        else:
            self._choose(model_id)

    def set_device(self, device: str) -> None:
        """Run models on another device from the next run on."""
        self._run_by(device=device)

    def set_engine(self, engine: str) -> None:
        """Let another engine compute models; what the one before found is not shown."""
        self._run_by(engine=engine)

    def _run_by(self, **changes: str) -> None:
        self._operations.change_settings(**changes)
        wanted, current = engine_of(self._session.settings), self._session.models.current
        if self._choice is None and current is not None and current.wanted != wanted:
            self._choose(current.spec.id)

    def _choose(self, model_id: str) -> None:
        """Take a model once its figures, and its weights for their fingerprint, were read."""
        place, ground = self._session.place, self._ground()
        available = tuple(m.with_engine(ground.wanted) for m in ground.models.available)
        chosen = next((m for m in available if m.spec.id == model_id), None)
        if place is None or chosen is None:
            return
        self._drop_choice()
        self.runs.cancel()
        known = {name: state.outlook for name, state in self._session.case_states.items()}
        plain = plain_states(place.dataset, known)
        model = chosen.cut_by(self._session.cut_of(chosen)).with_flips(ground.flips)
        models = replace(ground.models, available=available, current=chosen)

        def take(states: Mapping[str, CaseState]) -> None:
            then, self._choice, self._then = self._then, None, None
            if ground != self._ground():
                self._choose(model_id)  # what was read is of another dataset, region or engine
                self._then = then
            else:
                self._take(models, states)
                if then is not None:
                    then()

        def take_unread(said: str) -> None:
            self.failed.emit("The figures were not read", said)
            take(plain)

        self._choice = self._lanes.run(
            "io",
            lambda _: with_scores(place.workspace, model, plain),
            take,
            failed=take_unread,
        )

    def _ground(self) -> "_Ground":
        session = self._session
        wanted = engine_of(session.settings)
        return _Ground(session.place, session.models, wanted, session.settings.flips)

    def _drop_choice(self) -> None:
        """Choose no other model, whatever is read of one."""
        if self._choice is not None:
            self._choice.cancel()
        self._choice = self._then = None

    def _take(self, models: Models, states: Mapping[str, CaseState]) -> None:
        """Predict with the current one of `models`, of which the cases have these figures."""
        chosen = models.current
        assert chosen is not None
        self.runs.cancel()
        self._session.set_models(models)
        self._session.set_post(self._session.cut_of(chosen))
        self._session.set_listed(self._session.post)
        for name, state in states.items():
            now = self._session.case_states[name]
            changed = now.told_as(state)
            if now.run == "failed" and not now.unread:  # a run of the model before
                changed = replace(changed, run="", problem="")
            if changed != now:
                self._session.set_case_state(changed)
        self._session.set_result(None)
        self.runs.show()
        self._score_missing()
        if not chosen.runs:
            self.run_all()

    def set_flips(self, flips: bool) -> None:
        """Average with the mirrored slice or not; what was predicted the other way is not shown."""
        self.runs.cancel()
        self._operations.change_settings(flips=flips)
        self._session.set_result(None)
        self.runs.show()

    def measure_model(self) -> None:
        """Measure what the model in use costs."""
        model = self._session.models.current
        if model is None or not model.runs:
            return
        self._lanes.run(
            "gpu",
            lambda _: self._operations.engine.complexity(model),
            lambda found: self.measured.emit((model.spec.id, found)),
            failed=lambda sentence: self.failed.emit(model.spec.title, sentence),
        )

    def set_threshold(self, threshold: float) -> None:
        """Take every voxel above `threshold` as lesion; runs nothing again."""
        self._set_post(threshold=threshold)

    def reset_threshold(self) -> None:
        """Go back to the threshold of the model itself."""
        model = self._session.models.current
        if model is not None:
            self._set_post(threshold=model.spec.postprocessing.threshold)

    def set_largest_component(self, on: bool) -> None:
        """Keep only the largest component of the prediction."""
        self._set_post(largest_component=on)

    def set_no_small(self, on: bool) -> None:
        """Leave out the components that are small beside the largest."""
        self._set_post(smallest_share=SMALL_SHARE if on else 0.0)

    def set_fill_holes(self, on: bool) -> None:
        """Fill the holes of the prediction, slice by slice."""
        self._set_post(fill_holes=on)

    def _set_post(self, **changes: object) -> None:
        self._session.set_post(msgspec.structs.replace(self._session.post, **changes))
        if not self.runs.recount():
            self.scores.update()

    def _on_opened(self) -> None:
        """Show predictions that were opened to be reviewed; run the demo, which has none yet."""
        self._score_missing()
        place = self._session.place
        scored = any(state.scored for state in self._session.case_states.values())
        model = self._session.models.current
        reviewed = model is not None and not model.runs
        if place is not None and (reviewed or (place.synthetic and not scored)):
            self.run_all()

    def _score_missing(self) -> None:
        """Score what was predicted and has no figures at the threshold in use."""
        states = self._session.case_states.values()
        if any(s.scored and s.dsc is None and s.case.has_ground_truth for s in states):
            self.list_scores.start()

    def _on_loaded(self) -> None:
        self.runs.show()
        model = self._session.models.current
        if not self._session.devices and (model is None or model.runs):
            self._warm_engine()

    def _show_engine(self, found: tuple[list[str], tuple[tuple[str, str], ...]]) -> None:
        devices, titles = found
        self._session.set_devices(tuple(devices), "")
        self.engines_found.emit(titles)

    def _warm_engine(self) -> None:
        """Start the engine behind the first picture, so that the first run begins at once."""
        self._session.set_devices(("cpu",), "")
        self._lanes.run(
            "gpu",
            lambda _: (self._operations.engine.devices(), engine_titles()),
            self._show_engine,
            failed=lambda sentence: self.failed.emit("No model can run", sentence),
        )
