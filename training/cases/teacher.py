"""Models that teach another: what they say of its cases is part of what it learns."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.domain.agreement import ensemble_postprocessing, mean_levels
from core.domain.mask import Mask
from core.domain.prediction import to_mask
from core.domain.volume import Volume
from core.inference.inference_ensemble import AnyRunner, open_runner
from core.inference.volume_inference import RunOptions
from core.io.atomic import atomic_path
from core.io.cases.case import Case
from core.models.registry import Model, prediction_key, read_model
from core.models.train_spec import TrainSpec
from core.workspace.known_dataset import scan_known
from training.learning.errors import TrainingError


@dataclass(frozen=True, eq=False)
class Teachers:
    """Models and the ids of their pupils.

    What they say is kept in the folder `store`, so that a training that goes on need not ask again.
    """

    models: tuple[Model, ...]
    pupils: frozenset[str]
    store: Path

    def probability(self, volume: Volume) -> NDArray[np.uint8]:
        """Return the quantised mean probability (Z, Y, X) of a volume, on its own grid."""
        keys = " ".join(prediction_key(model, volume) for model in self.models)
        path = self.store / f"{blake2b(keys.encode(), digest_size=16).hexdigest()}.npy"
        if not path.exists():
            said = self._said(volume)
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                np.save(file, said)
        kept: NDArray[np.uint8] = np.load(path)
        return kept

    def mask(self, probability: NDArray[np.uint8]) -> Mask:
        """Return the mask that the teachers make of their mean."""
        return to_mask(
            probability, ensemble_postprocessing([m.spec.postprocessing for m in self.models])
        )

    def _said(self, volume: Volume) -> NDArray[np.uint8]:
        total = np.zeros(volume.geometry.shape, np.uint16)
        for runner in self._runners:
            total += runner.predict(volume, RunOptions()).probability
        return mean_levels(total, len(self.models))

    @cached_property
    def _runners(self) -> list[AnyRunner]:
        return [open_runner(model, threads=torch.get_num_threads()) for model in self.models]


def teachers_of(spec: TrainSpec, pupils: frozenset[str], store: Path) -> Teachers | None:
    """Return the teachers of a training, None where it has none."""
    models = teacher_models(spec)
    return Teachers(models, pupils, store) if models else None


def teacher_models(spec: TrainSpec) -> tuple[Model, ...]:
    """Return the models that teach; raises `AppError` for one that cannot."""
    models = tuple(read_model(Path(teacher)) for teacher in spec.refined.teachers)
    for model in models:
        if model.spec.several is not None or spec.wanted_labels is not None:
            raise TrainingError(
                f"{model.spec.id}: expected a teacher and a pupil of one lesion, found several "
                "labels. Choose another teacher, or train without one."
            )
    return models


def check_teachers(spec: TrainSpec, judges: Collection[str]) -> None:
    """Raise `TrainingError` where a teacher has learnt from a case that is to judge its pupil."""
    for model in teacher_models(spec):
        if known := sorted(set(judges) & set(model.spec.trained_on)):
            raise TrainingError(
                f"{model.spec.id}: expected a teacher that knows none of the cases that judge, "
                f"found {known[0]} and {len(known) - 1} more among those it learnt from. In folds "
                "take those of the same folds: {fold} in its name stands for f1, f2 and so on."
            )


def unlabelled_cases(spec: TrainSpec, known: Collection[str]) -> tuple[Case, ...]:
    """Return the cases that are learnt from teachers alone, but those `known` otherwise by id.

    In the folder of the training itself those without ground truth. Raises `TrainingError` where
    nobody teaches them, or there are none.
    """
    folder = spec.refined.unlabelled
    if not folder:
        return ()
    if not spec.refined.teachers:
        raise TrainingError(
            "unlabelled: expected teachers for these cases, found none. Give --teacher."
        )
    own = Path(folder).absolute() == Path(spec.data).absolute()
    found = [
        case
        for case in scan_known(Path(folder)).cases
        if case.id not in known and not (own and case.has_ground_truth)
    ]
    if not found:
        raise TrainingError(
            f"{folder}: expected cases to learn from teachers, found none beside those of the "
            "split. Choose another folder, or leave it out."
        )
    return tuple(found)
