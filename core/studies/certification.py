"""Certificates of engines: how far one moves a model's masks from torch's, and how fast it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from core.domain.counted_mask import count_mask
from core.domain.progress import Progress, part, silent
from core.inference.inference_ensemble import open_runner
from core.inference.inference_triage import TriageRunner
from core.inference.model_graph import prepare_graph
from core.inference.volume_inference import RunOptions
from core.io.case_reader import read_case
from core.models.any_model import AnyModel
from core.models.certificates import (
    TORCH,
    Certificate,
    EngineChoice,
    valid_certificates,
    write_certificates,
)
from core.models.classifiers import ClassifierModel
from core.models.processor import processor
from core.models.registry import Model

if TYPE_CHECKING:
    from core.domain.prediction import Prediction
    from core.io.case import Case
    from core.io.case_reader import LoadedCase

_EXACT = EngineChoice("torch", "float32")
_PACKAGES = {"openvino": "openvino", "onnx": "onnxruntime", "torch": "torch"}


@dataclass
class _Differences:
    """What was found so far of one engine against torch in float32."""

    largest_voxel: float = 0.0
    total_voxel: float = 0.0
    voxels: int = 0
    dsc: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, loaded: LoadedCase, model: Model, found: Prediction, exact: Prediction) -> None:
        change = np.abs(found.probability.astype(np.int16) - exact.probability)
        self.largest_voxel = max(self.largest_voxel, float(change.max()) / 255)
        self.total_voxel += float(change.sum()) / 255
        self.voxels += change.size
        self.seconds += found.seconds
        if loaded.ground_truth is not None:
            moved = [_dsc(loaded, model, each) for each in (found, exact)]
            self.dsc.append(abs(moved[0] - moved[1]))


def certify(
    model: Model, wanted: EngineChoice, cases: Sequence[Case], *, progress: Progress = silent
) -> Certificate:
    """Run `wanted` and torch over the cases and keep what that shows beside the weights.

    Torch runs in float32 for the differences, and as it is otherwise run for the ratio of speed.
    Raises `AppError` for a case that cannot be read and a model or engine that cannot be run.
    """
    model = prepare_graph(model)
    runners = [open_runner(model.with_engine(each)) for each in (_EXACT, TORCH, wanted)]
    found, plain_seconds = _Differences(), 0.0
    for index, case in enumerate(cases):
        inner = part(progress, index / len(cases), (index + 1) / len(cases))
        inner(0.0, f"{case.id}")
        loaded = read_case(case)
        loaded.require_whole()
        if index == 0:  # what is compiled at the first run is no part of the speed
            for runner in runners[1:]:
                runner.predict(loaded.volume, RunOptions("cpu"))
        exact, plain, made = (r.predict(loaded.volume, RunOptions("cpu")) for r in runners)
        plain_seconds += plain.seconds
        found.add(loaded, model, made, exact)
    certificate = Certificate(
        engine=wanted.engine,
        precision=wanted.precision,
        cases=len(cases),
        largest_voxel=round(found.largest_voxel, 4),
        mean_voxel=round(found.total_voxel / max(found.voxels, 1), 6),
        largest_dsc=round(max(found.dsc), 5) if found.dsc else None,
        mean_dsc=round(float(np.mean(found.dsc)), 6) if found.dsc else None,
        speed=round(plain_seconds / found.seconds, 2),
        versions=_versions(wanted.engine),
        processor=processor(),
    )
    _keep(model, certificate)
    return certificate


def certify_classifier(
    model: ClassifierModel, wanted: EngineChoice, cases: Sequence[Case]
) -> Certificate:
    """Do for a classifier what `certify` does: the changes are of the probabilities of slices."""
    model = prepare_graph(model)
    exact, plain, made = (
        TriageRunner(model, "cpu", wanted=each) for each in (_EXACT, TORCH, wanted)
    )
    changes, seconds, plain_seconds = list[float](), 0.0, 0.0
    for index, case in enumerate(cases):
        volume = read_case(case).volume
        if index == 0:
            plain.triage(volume)
            made.triage(volume)
        before, found = plain.triage(volume), made.triage(volume)
        plain_seconds, seconds = plain_seconds + before.seconds, seconds + found.seconds
        change = np.abs(exact.triage(volume).probability - found.probability)
        changes.extend(change.tolist())
    certificate = Certificate(
        engine=wanted.engine,
        precision=wanted.precision,
        cases=len(cases),
        largest_voxel=round(max(changes), 6),
        mean_voxel=round(float(np.mean(changes)), 6),
        speed=round(plain_seconds / seconds, 2),
        versions=_versions(wanted.engine),
        processor=processor(),
    )
    _keep(model, certificate)
    return certificate


def _keep(model: AnyModel, made: Certificate) -> None:
    """Put a certificate beside the others, in place of one of the same engine and precision."""
    kept = valid_certificates(model.folder, model.weights)
    assert kept is not None
    same = made.engine, made.precision
    others = (each for each in kept.certificates if (each.engine, each.precision) != same)
    together = msgspec.structs.replace(kept, certificates=(*others, made))
    write_certificates(model.folder, together)


def _dsc(loaded: LoadedCase, model: Model, prediction: Prediction) -> float:
    found = count_mask(prediction.probability, loaded.ground_truth, model.spec.postprocessing)
    return found.counts.pooled().dsc


def _versions(engine: str) -> dict[str, str]:
    names = ("torch", _PACKAGES.get(engine, engine))
    return {name: told for name in names if (told := _version(name))}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
