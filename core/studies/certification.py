"""Certificates of engines: how far one moves a model's masks from torch's, and how fast it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from core.domain.counted_mask import count_mask
from core.domain.libraries import versions_of
from core.domain.progress import Progress, silent
from core.inference.inference_ensemble import AnyRunner, open_runner
from core.inference.inference_triage import TriageRunner
from core.inference.model_graph import prepare_graph
from core.inference.volume_inference import RunOptions
from core.io.cases.case import each_case
from core.io.cases.case_reader import read_case
from core.models.any_model import AnyModel
from core.models.certificates import (
    TORCH,
    Certificate,
    EngineChoice,
    uncertifiable,
    valid_certificates,
    write_certificates,
)
from core.models.classifiers import ClassifierModel
from core.models.processor import processor
from core.models.registry import Model

if TYPE_CHECKING:
    from core.domain.prediction import Prediction
    from core.io.cases.case import Case
    from core.io.cases.case_reader import LoadedCase

_EXACT = EngineChoice("torch", "float32")
_PACKAGES = {"openvino": "openvino", "onnx": "onnxruntime", "torch": "torch"}


_TIMED = 10
"""Cases by which speeds are compared; differences are looked for in all."""


@dataclass
class _Differences:
    """What was found so far of one engine against torch in float32."""

    runner: AnyRunner
    largest_voxel: float = 0.0
    total_voxel: float = 0.0
    voxels: int = 0
    dsc: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, loaded: LoadedCase, exact: Prediction, *, timed: bool) -> None:
        """Run the engine on a case that torch gives an exact prediction of."""
        found, model = self.runner.predict(loaded.volume, RunOptions("cpu")), self.runner.model
        self.seconds += found.seconds if timed else 0.0
        change = np.abs(found.probability.astype(np.int16) - exact.probability)
        self.largest_voxel = max(self.largest_voxel, float(change.max()) / 255)
        self.total_voxel += float(change.sum()) / 255
        self.voxels += change.size
        if loaded.ground_truth is not None:
            moved = [_dsc(loaded, model, each) for each in (found, exact)]
            self.dsc.append(abs(moved[0] - moved[1]))

    def certificate(self, wanted: EngineChoice, cases: int, plain_seconds: float) -> Certificate:
        """Return what was found as it is kept; torch took `plain_seconds` for what was timed."""
        return Certificate(
            engine=wanted.engine,
            precision=wanted.precision,
            cases=cases,
            largest_voxel=round(self.largest_voxel, 4),
            mean_voxel=round(self.total_voxel / max(self.voxels, 1), 6),
            largest_dsc=round(max(self.dsc), 5) if self.dsc else None,
            mean_dsc=round(float(np.mean(self.dsc)), 6) if self.dsc else None,
            speed=round(plain_seconds / self.seconds, 2),
            versions=_versions(wanted.engine),
            processor=processor(),
        )


def certify(
    model: Model,
    wanted: Sequence[EngineChoice],
    cases: Sequence[Case],
    *,
    progress: Progress = silent,
) -> tuple[Certificate, ...]:
    """Run what is `wanted` and torch over the cases and keep what that shows beside the weights.

    Torch runs in float32 for the differences, and on the first ten cases as it is otherwise run for
    the ratio of speed. Raises `AppError` for a case that cannot be read and a model or engine that
    cannot be run.
    """
    if model.spec.is_graph:
        raise uncertifiable(model.spec.title)
    model = prepare_graph(model)
    exact, plain = (open_runner(model.with_engine(each)) for each in (_EXACT, TORCH))
    found = [_Differences(open_runner(model.with_engine(each))) for each in wanted]
    plain_seconds = 0.0
    for index, (case, _) in enumerate(each_case(cases, progress)):
        loaded = read_case(case)
        loaded.require_whole()
        if index == 0:  # what is compiled at the first run is no part of the speed
            for runner in (plain, *(each.runner for each in found)):
                runner.predict(loaded.volume, RunOptions("cpu"))
        if timed := index < _TIMED:
            plain_seconds += plain.predict(loaded.volume, RunOptions("cpu")).seconds
        true = exact.predict(loaded.volume, RunOptions("cpu"))
        for each in found:
            each.add(loaded, true, timed=timed)
    made = tuple(
        each.certificate(choice, len(cases), plain_seconds)
        for choice, each in zip(wanted, found, strict=True)
    )
    for certificate in made:
        _keep(model, certificate)
    return made


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
    return versions_of(("torch", _PACKAGES.get(engine, engine)))
