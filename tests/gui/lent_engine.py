"""An engine whose process is that of all windows of these tests: torch is loaded once."""

from core.domain.errors import ModelError
from core.domain.prediction import OnSlices, Prediction
from core.domain.progress import Progress, silent
from core.domain.triage import Triage
from core.domain.volume import Volume
from core.inference.engine import Engine
from core.inference.engine_messages import NetworkCost
from core.models.classifiers import ClassifierModel
from core.models.registry import Model
from core.workspace.triage_cache import triage_key

Triages = dict[str, Triage]


class LentEngine(Engine):
    """Asks an engine that outlives the window; what was triaged once is told again.

    To the window it ends as its own would: after `retire` every request is refused. Where the life
    of the process is what is tested, a window is given an engine of its own.
    """

    def __init__(self, whole: Engine, triages: Triages) -> None:
        super().__init__()
        self._whole, self._triages = whole, triages
        self._open = True

    def predict(
        self,
        volume: Volume,
        model: Model,
        *,
        device: str = "auto",
        first: int = 0,
        on_slices: OnSlices | None = None,
        progress: Progress = silent,
    ) -> Prediction:
        return self._lender().predict(
            volume, model, device=device, first=first, on_slices=on_slices, progress=progress
        )

    def triage(
        self,
        volume: Volume,
        model: ClassifierModel,
        *,
        device: str = "auto",
        progress: Progress = silent,
    ) -> Triage:
        lender, key = self._lender(), triage_key(model, volume)
        if key not in self._triages:
            found = lender.triage(volume, model, device=device, progress=progress)
            self._triages[key] = found
        return self._triages[key]

    def devices(self) -> list[str]:
        return self._lender().devices()

    def complexity(self, model: Model) -> NetworkCost:
        return self._lender().complexity(model)

    def close(self) -> None:
        """Leave the process to the other windows."""

    def retire(self) -> None:
        self._open = False

    def _lender(self) -> Engine:
        if not self._open:
            raise ModelError("Expected a window to run models for, found that it is closed.")
        return self._whole
