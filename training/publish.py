"""Make a candidate model of a finished training: float16 weights, scores, model card."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import safetensors.torch

from core.case import Case
from core.errors import AppError
from core.evaluation import Protocol, score
from core.files.atomic import atomic_path, write_bytes
from core.inference import Runner, RunOptions
from core.models import WEIGHTS_FILE, Model, ModelSpec, Registry, write_spec
from core.networks.network import Network
from core.networks.weights import read_state_dict
from core.prediction import Postprocessing
from core.progress import Progress, silent
from core.reading import read_case
from core.train_spec import TrainSpec
from training.checkpoint import Position
from training.loop import BEST_FILE
from training.split import Split

CARD_FILE = "MODEL_CARD.md"
_CANDIDATE = "candidate"
_PROTOCOLS: tuple[Protocol, ...] = ("native", "reference")


@dataclass(frozen=True)
class Finished:
    """A training that is over: what it was, how it went and which cases it had."""

    spec: TrainSpec
    position: Position
    split: Split
    channels: tuple[str, ...]
    folder: Path


def publish(
    finished: Finished, network: Network, registry: Registry, *, progress: Progress = silent
) -> Model:
    """Score the best weights on `val`, once, and add them to the registry with their card."""
    folder = finished.folder / _CANDIDATE
    candidate = Model(_model_spec(finished, network), folder)
    _write_weights(finished.folder / BEST_FILE, folder / WEIGHTS_FILE)
    write_spec(folder, candidate.spec)
    scores, failed = score_val(candidate, finished.split.val, finished.spec, progress=progress)
    metrics = {"dsc_native_selection": round(finished.position.best, 4), **_summary(scores)}
    spec = msgspec.structs.replace(candidate.spec, metrics=metrics)
    write_spec(folder, spec)
    write_bytes(folder / CARD_FILE, model_card(finished, spec, failed).encode())
    model = registry.publish(spec, folder / WEIGHTS_FILE)
    write_bytes(model.folder / CARD_FILE, (folder / CARD_FILE).read_bytes())
    return model


def score_val(
    model: Model, cases: Sequence[Case], spec: TrainSpec, *, progress: Progress = silent
) -> tuple[dict[Protocol, list[float]], dict[str, str]]:
    """Return the DSC of `val` in both protocols, one prediction a case, and what failed."""
    runner, options = Runner(model), RunOptions(spec.device)
    scores: dict[Protocol, list[float]] = {protocol: [] for protocol in _PROTOCOLS}
    failed: dict[str, str] = {}
    for index, case in enumerate(cases):
        progress(index / len(cases), case.id)
        try:
            loaded = read_case(case)
            prediction = runner.predict(loaded.volume, options)
            for protocol in _PROTOCOLS:
                scores[protocol].append(score(loaded, prediction, model, protocol).dsc)
        except AppError as error:
            failed[case.id] = str(error)
    return scores, failed


def model_card(finished: Finished, spec: ModelSpec, failed: dict[str, str]) -> str:
    """Return the model card, Markdown."""
    job, split, at = finished.spec, finished.split, finished.position
    figures = "\n".join(f"| {name} | {value:.4f} |" for name, value in spec.metrics.items())
    settings = msgspec.json.format(msgspec.json.encode(job), indent=2).decode()
    trouble = "".join(f"\nNot scored: {name}: {why}" for name, why in failed.items())
    return f"""# {spec.title}

{spec.parameters:,} parameters, `{spec.architecture}` {dict(spec.arguments)}.
Licence: {spec.licence or "not stated"}. Not for clinical use.

## Data
{spec.data or "Not stated."}
{len(split.fit)} cases reached a gradient, {len(split.selection)} other cases of `train` chose the
weights and whether the largest component alone is kept, {len(split.val)} cases of `val` were scored
once, at the end. Parts are by case.

## Training
{at.step} steps of {job.batch_size} slices in {at.seconds / 60:.0f} minutes; the weights are those
of step {at.best_step}.

## Figures
Per volume, mean and median over cases; a case empty in truth and prediction scores 1. `native`:
the case's own grid. `reference`: the space of the public reference implementation, its largest
component alone. `selection` chose the weights and is therefore too good.

| figure | value |
|---|---|
{figures}
{trouble}
## Settings
```json
{settings}
```
"""


def _model_spec(finished: Finished, network: Network) -> ModelSpec:
    job = finished.spec
    cases = sorted(case.id for case in (*finished.split.fit, *finished.split.selection))
    return ModelSpec(
        id=job.model_id,
        title=job.title or job.model_id,
        architecture=job.architecture,
        arguments={n: v for n, v in job.arguments.items() if n != "encoder_weights"},
        channels=finished.channels,
        preprocessing=job.preprocessing,
        postprocessing=Postprocessing(largest_component=finished.position.best_largest),
        parameters=sum(p.numel() for p in network.parameters()),
        parent=Path(job.parent).name if job.parent else None,
        trained_on=tuple(cases),
        data=job.data_title,
        licence=job.licence,
    )


def _write_weights(source: Path, target: Path) -> None:
    """Write weights as float16: half the size, and no measurable change of the masks."""
    state = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in read_state_dict(source).items()
    }
    with atomic_path(target) as temporary:
        safetensors.torch.save_file(state, temporary)


def _summary(scores: dict[Protocol, list[float]]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for protocol, found in scores.items():
        if found:
            figures[f"dsc_{protocol}_val"] = round(statistics.fmean(found), 4)
            figures[f"dsc_{protocol}_val_median"] = round(statistics.median(found), 4)
    return figures
