"""Make a candidate model of a finished training: float16 weights, scores, model card."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import safetensors.torch

from core.domain.prediction import Postprocessing
from core.domain.progress import Progress, silent
from core.inference.prediction_service import local_predictor
from core.io.atomic import write_bytes
from core.models.lineage import GROUND_TRUTH, Lineage, code_version, library_versions
from core.models.networks.network import SliceNetwork
from core.models.networks.weights import read_state_dict
from core.models.provenance import made_from
from core.models.registry import WEIGHTS_FILE, Model, ModelSpec, Registry, read_model, write_spec
from core.models.train_spec import TrainSpec
from training.checkpoint import Position
from training.loop import BEST_FILE
from training.scores import score_model, summary, write_scores
from training.split import Split
from training.start import logit_offset

CARD_FILE = "MODEL_CARD.md"
CANDIDATE_FOLDER = "candidate"


@dataclass(frozen=True)
class FinishedTraining:
    """A training that is over: what it was, how it went and which cases it had.

    `learnt` says what each case that reached a gradient was learnt from, `data` holds hashes of
    what each case was.
    """

    spec: TrainSpec
    position: Position
    split: Split
    channels: tuple[str, ...]
    folder: Path
    learnt: Mapping[str, str]
    data: Mapping[str, str]


def publish(
    finished: FinishedTraining,
    network: SliceNetwork,
    registry: Registry,
    *,
    progress: Progress = silent,
) -> Model:
    """Score the best weights on `val`, once, and add them to the registry with their card."""
    folder = finished.folder / CANDIDATE_FOLDER
    candidate = Model(_model_spec(finished, network), folder)
    write_weights(finished.folder / BEST_FILE, folder / WEIGHTS_FILE)
    write_spec(folder, candidate.spec)
    scores = score_model(
        candidate,
        finished.split.val,
        predict=local_predictor(candidate, finished.spec.device),
        progress=progress,
    )
    write_scores(finished.folder, scores)
    metrics = {"dsc_native_selection": round(finished.position.best, 4), **summary(scores)}
    spec = msgspec.structs.replace(candidate.spec, metrics=metrics)
    write_spec(folder, spec)
    write_bytes(folder / CARD_FILE, model_card(finished, spec, scores.failed).encode())
    model = registry.publish(spec, folder / WEIGHTS_FILE)
    write_bytes(model.folder / CARD_FILE, (folder / CARD_FILE).read_bytes())
    return model


def model_card(finished: FinishedTraining, spec: ModelSpec, failed: dict[str, str]) -> str:
    """Return the model card, Markdown."""
    job = finished.spec
    figures = "\n".join(f"| {name} | {value:.4f} |" for name, value in spec.metrics.items())
    settings = msgspec.json.format(msgspec.json.encode(job.portable()), indent=2).decode()
    trouble = "".join(f"\nNot scored: {name}: {why}" for name, why in failed.items())
    return f"""# {spec.title}

{spec.parameters:,} parameters, `{spec.architecture}` {dict(spec.arguments)}.
Licence: {spec.licence or "not stated"}. Not for clinical use.

{_history(finished, spec)}

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


def _history(finished: FinishedTraining, spec: ModelSpec) -> str:
    job, split, at = finished.spec, finished.split, finished.position
    return f"""## Data
{spec.data or "Not stated."}
{len(split.fit)} cases reached a gradient, {len(split.selection)} other cases of `train` chose the
weights and whether small components are left out, {len(split.val)} cases of `val` were scored once,
at the end. Parts are by case.

## Training
{at.step} steps of {job.batch_size} slices in {at.seconds / 60:.0f} minutes; the weights are those
of step {at.best_step}. {_origin(finished)}
Made by `python -m training.train FOLDER`, the folder's job.json holding the settings below; cross
validation over `train` is not part of it. {_versions()}"""


def _versions() -> str:
    """Return a sentence on what it was made with."""
    made = made_from((), {})
    libraries = ", ".join(f"{name} {version}" for name, version in made.libraries.items())
    return f"Overread {made.overread}, Python {made.python}, {libraries}."


def _origin(finished: FinishedTraining) -> str:
    """Return a sentence on the parent and the corrections, empty for a training from scratch."""
    job = finished.spec
    corrected = sum(origin != GROUND_TRUTH for origin in finished.learnt.values())
    if not job.parent:
        return ""
    fresh = len(finished.split.fresh & set(finished.learnt))
    return (
        f"Fine-tuned from `{Path(job.parent).name}` on {fresh} new cases and replayed old ones, "
        f"{corrected} of all with a reader's correction."
    )


def _model_spec(finished: FinishedTraining, network: SliceNetwork) -> ModelSpec:
    job = finished.spec
    cases = sorted(case.id for case in (*finished.split.fit, *finished.split.selection))
    return ModelSpec(
        id=job.model_id,
        title=job.title or job.model_id,
        architecture=job.architecture,
        arguments={n: v for n, v in job.arguments.items() if n != "encoder_weights"},
        channels=finished.channels,
        preprocessing=job.preprocessing,
        postprocessing=Postprocessing(smallest_share=finished.position.best_share),
        logit_offset=logit_offset(job),
        stride=network.stride,
        parameters=sum(p.numel() for p in network.parameters()),
        parent=Path(job.parent).name if job.parent else None,
        trained_on=tuple(sorted({*cases, *_inherited(finished)})),
        data=job.data_title,
        licence=job.licence,
        lineage=_lineage(finished),
    )


def _inherited(finished: FinishedTraining) -> tuple[str, ...]:
    """Return the cases that the parent was trained on: what it learnt is in its weights."""
    parent = finished.spec.parent
    return read_model(Path(parent)).spec.trained_on if parent else ()


def _lineage(finished: FinishedTraining) -> Lineage:
    job, at = finished.spec, finished.position
    parent = read_model(Path(job.parent)) if job.parent else None
    return Lineage(
        parent=parent.spec.id if parent else "",
        parent_fingerprint=parent.fingerprint if parent else "",
        learnt=dict(finished.learnt),
        selection=tuple(case.id for case in finished.split.selection),
        validation=tuple(case.id for case in finished.split.val),
        data=dict(finished.data),
        libraries=library_versions(),
        steps=at.step,
        minutes=round(at.seconds / 60, 1),
        seed=job.seed,
        code=code_version(),
        settings=job.portable(),
    )


def write_weights(source: Path, target: Path) -> None:
    """Write weights as float16: half the size, and no measurable change of the masks."""
    state = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in read_state_dict(source).items()
    }
    write_bytes(target, safetensors.torch.save(state))
