"""A tiny study made by code: three cases, three models that differ by how far they are off."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.domain.errors import ModelError
from core.domain.prediction import Prediction
from core.domain.progress import Progress
from core.inference.prediction_service import Predictor
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase
from core.io.datasets.dataset import scan
from core.models.registry import Model, ModelSpec
from tests.synthetic import write_case

IDS = ("still", "near", "far")


def write_cases(folder: Path, *, without_truth: int = 0, count: int = 3) -> list[Case]:
    """Write `count` cases, the last ones without ground truth."""
    for number in range(count):
        truth = number < count - without_truth
        write_case(folder, f"C_{number}", slices=4 + number, masks=truth, seed=number)
    return list(scan(folder).cases)


def models(folder: Path) -> list[Model]:
    """Return models whose weights are a few bytes: their predictions come from `moved`."""
    made = []
    for model_id in IDS:
        place = folder / model_id
        place.mkdir(parents=True, exist_ok=True)
        (place / "weights.safetensors").write_bytes(model_id.encode())
        made.append(
            Model(ModelSpec(id=model_id, title=f"Model {model_id}", architecture="unet"), place)
        )
    return made


def moved(*, failing: str = "") -> Callable[[Model], Predictor]:
    """Predict the disc of `tests.synthetic.lesion`, moved by as many voxels as the model is bad.

    The case `failing` cannot be predicted by the last model.
    """

    def predictor_of(model: Model) -> Predictor:
        step = IDS.index(model.spec.id)

        def predict(loaded: LoadedCase, progress: Progress) -> Prediction:
            if loaded.case.id == failing and step == len(IDS) - 1:
                raise ModelError("out of luck")
            from tests.synthetic import lesion

            mask = np.roll(lesion(loaded.volume.slices), 3 * step, axis=2)
            mask[:, :, :1] = 0
            probability = np.where(mask > 0, 230, 20).astype(np.uint8)
            return Prediction(probability, model.spec.id, f"key-{model.spec.id}", "cpu", 0.5)

        return predict

    return predictor_of
