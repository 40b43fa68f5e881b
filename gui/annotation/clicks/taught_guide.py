"""What answers guided clicks in the window: the bump, and a trained guide where there is one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from core.annotation.bump import Bump
from core.domain.errors import ModelError
from core.domain.guide import Guide, PairedGuide
from core.domain.plane import PlaneName
from core.domain.volume import Volume
from core.inference.engine import Engine
from core.inference.guide_network import NetworkGuide
from core.models.guide_choice import answering_guide
from core.models.guides import GuideModel
from core.workspace.workspace_folder import registry
from gui.shell.context import Context
from gui.shell.tasks import Lanes

GuideRoots = Callable[[], tuple[Path, ...]]


class TaughtGuide(QObject):
    """Makes the guide of a volume, for which a process of its own computes the network.

    A click need not wait for a run, so the process is not the one that runs models. It starts when
    the tool is taken in hand. Where it cannot answer, the bump does alone, and `broken` says why,
    once, on the GUI thread.
    """

    broken = Signal(str)
    _failed = Signal(str)

    def __init__(self, roots: GuideRoots, lanes: Lanes) -> None:
        super().__init__()
        self._roots, self._lanes = roots, lanes
        self._engine = Engine()
        self._model: GuideModel | None = None
        self._looked = self._is_broken = False
        # Emitted by a worker, heard on the thread this object lives in.
        self._failed.connect(self._break, Qt.ConnectionType.QueuedConnection)

    def forget(self) -> None:
        """Look for a guide anew: the models are others."""
        self._looked = self._is_broken = False

    def warm(self) -> None:
        """Start the process, off the GUI thread, so that the first click is answered at once."""
        model = self._found()
        if model is not None and not self._is_broken:
            self._lanes.run("idle", lambda _: self._answer_nothing(model))

    def over(self, volume: Volume) -> Guide:
        """Return what answers clicks on a volume, on any thread."""
        model = self._found()
        if model is None or self._is_broken:
            return Bump()
        spec, engine = model.spec, self._engine
        order = spec.order(volume.channels, volume.roles)
        taught = NetworkGuide(spec, order, lambda values: engine.answer_click(model, values))
        return PairedGuide(Bump(), taught, self._failed.emit, spec.planes)

    def note(self, plane: PlaneName) -> str:
        """Say that a network there is does not answer clicks in a plane; empty where it does."""
        model = self._found()
        if model is None or self._is_broken or plane in model.spec.planes:
            return ""
        learnt = " and ".join(model.spec.planes)
        return f"Answered by the rule alone: the network learnt {learnt} slices."

    def close(self) -> None:
        """End the process."""
        self._engine.retire()

    def _found(self) -> GuideModel | None:
        if not self._looked:
            self._looked, self._model = True, None
            try:
                self._model = answering_guide(self._roots())
            except ModelError as error:
                self._failed.emit(str(error))
        return self._model

    def _answer_nothing(self, model: GuideModel) -> None:
        side, planes = model.spec.window, model.spec.network.in_channels
        try:
            self._engine.answer_click(model, np.zeros((1, planes, side, side), np.float32))
        except ModelError as error:
            self._failed.emit(str(error))

    def _break(self, sentence: str) -> None:
        if not self._is_broken:
            self._is_broken = True
            self.broken.emit(sentence)


def taught_guide(context: Context) -> TaughtGuide:
    """Return the guide of a window: looked for among its models, ended when it closes."""
    session = context.session

    def roots() -> tuple[Path, ...]:
        place = session.place
        return registry(session.home, None if place is None else place.workspace.folder).roots

    found = TaughtGuide(roots, context.lanes)
    title = "Clicks are answered without the network"
    found.broken.connect(lambda said: context.say_failed(title, said))
    for changed in (session.place_changed, session.models_changed):
        changed.connect(found.forget)
    context.closing.connect(found.close)
    return found
