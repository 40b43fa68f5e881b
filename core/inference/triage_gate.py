"""Predict only the slices that triage finds likely to hold a lesion."""

from core.domain.prediction import Prediction
from core.domain.progress import Progress
from core.domain.triage import likely_slices
from core.inference.inference_ensemble import open_runner
from core.inference.inference_triage import TriageRunner
from core.inference.prediction_service import Predictor
from core.inference.volume_inference import RunOptions
from core.io.cases.case_reader import LoadedCase
from core.models.classifiers import Classifiers
from core.models.filled_label import in_focus
from core.models.registry import Model, Registry


def gated_predictor(
    model: Model, registry: Registry, *, device: str, skip_below: float, threads: int = 0
) -> Predictor:
    """Return what predicts the slices with a chance of at least `skip_below`, 0 to 1.

    The other slices hold no lesion. `threads` are those a processor may use for the model, 0 for
    all that this process may. Raises `ModelError` without a classifier or without the device.
    """
    runner = open_runner(model, threads=threads)
    triager = TriageRunner(Classifiers(registry.everywhere).find(""), device)

    def predict(loaded: LoadedCase, progress: Progress) -> Prediction:
        found = triager.triage(loaded.volume)
        only = tuple(likely_slices(found.probability, threshold=skip_below))
        options = RunOptions(device, only=only)
        return in_focus(loaded, runner.predict(loaded.volume, options, progress=progress))

    return predict
