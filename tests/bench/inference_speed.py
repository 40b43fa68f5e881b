"""The bundled models on the processor, by every engine, and what is done before the network."""

from functools import partial

import numpy as np

from core.domain.errors import ModelError
from core.domain.volume import Volume
from core.inference.inference_ensemble import AnyRunner, open_runner
from core.inference.preprocess import prepare
from core.inference.volume_inference import RunOptions
from core.io.resource_paths import resource
from core.models.certificates import ANY, EngineChoice
from core.models.registry import Model, Registry
from tests.bench.data import example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS, interleaved_seconds
from tests.synthetic import volume_of

_SLICES = 40
_BOUNDS = {"lite0": 0.2, "lite01": 0.9}
_REFERENCE_SECONDS = 8.3  # a patient, by the public reference implementation on such a machine
_BOUND_REFERENCE = 20.0
_BOUND_MS = 40.0
_OTHERS = {
    "torch float32": EngineChoice("torch", "float32"),
    "torch as it is run": EngineChoice("torch"),
    "ONNX Runtime float32": EngineChoice("onnx", "float32"),
}


def measure() -> list[Entry]:
    """Return seconds of 40 slices of 256 × 256 for a model and an ensemble, and of preparing them.

    All engines prepare the volume, compute it on all threads, and put a quantised probability on
    the native grid, in turns; their networks are in memory.
    """
    volume = volume_of(example(_SLICES, 256).pixels)
    registry = Registry((resource("models"),))
    return [
        *_engines(registry.find("lite0"), volume),
        *_engines(registry.find("lite01"), volume),
        *_preparing(registry.find("lite0"), volume),
    ]


def _engines(model: Model, volume: Volume) -> list[Entry]:
    runners = {"": open_runner(model.with_engine(ANY))}
    left_out = []
    for name, choice in _OTHERS.items():
        try:
            runners[name] = open_runner(model.with_engine(choice))
        except ModelError:
            left_out.append(f"{name} is not installed")
    times = interleaved_seconds([partial(_run, each, volume) for each in runners.values()], runs=5)
    ours = times[0]
    said = [
        f"{name} {seconds:.2f} s ({seconds / ours:.1f}×)"
        for name, seconds in zip(list(runners)[1:], times[1:], strict=True)
    ]
    against = ", ".join([_chosen(model), *said, *left_out])
    figure = Figure(f"{model.spec.id}_{_SLICES}_slices", ours, "s")
    entries = [figure.at_most(_BOUNDS[model.spec.id], against=against)]
    told = f"the public reference implementation, {_REFERENCE_SECONDS} s a patient when measured"
    reference = Figure(f"{model.spec.id}_and_the_reference", ours, "s")
    bound = None if model.members else _BOUND_REFERENCE
    return [*entries, reference.faster(_REFERENCE_SECONDS / ours, told, bound=bound)]


def _run(runner: AnyRunner, volume: Volume) -> None:
    runner.predict(volume, RunOptions("cpu"))


def _chosen(model: Model) -> str:
    named = {each.engine.name or "torch" for each in model.members or (model,)}
    return f"by {' and '.join(sorted(named))}"


def _preparing(model: Model, volume: Volume) -> list[Entry]:
    spec = model.spec.preprocessing
    pixels = volume.pixels
    kinds = {
        "8_bit": pixels,
        "16_bit": pixels.astype(np.uint16) * 100,
        "float": pixels.astype(np.float32),
    }
    volumes = [volume_of(each) for each in kinds.values()]
    calls = [partial(prepare, each, spec, stride=32) for each in volumes]
    times = interleaved_seconds(calls, runs=15)
    return [
        Figure(f"preparing_{name}", seconds * MILLISECONDS, "ms").at_most(
            _BOUND_MS, against=f"{_SLICES} slices of 256 × 256, three channels"
        )
        for name, seconds in zip(kinds, times, strict=True)
    ]
