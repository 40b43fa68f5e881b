"""Make a candidate model of a finished training: float16 weights, scores, model card."""

from pathlib import Path

import msgspec
import safetensors.torch
import torch

from core.domain.prediction import Postprocessing
from core.domain.progress import Progress, silent
from core.inference.prediction_service import local_predictor
from core.io.atomic import write_bytes
from core.models.acquisition import Acquisition, joined
from core.models.lineage import Lineage, code_version, library_versions
from core.models.networks.network import SliceNetwork
from core.models.networks.weights import read_state_dict
from core.models.registry import MODEL_SPEC, Model, ModelSpec, Registry, read_model
from training.run.finished_run import FinishedTraining, finished_training
from training.run.loop import BEST_FILE, Loop
from training.run.model_card import model_card
from training.run.plan import Plan
from training.run.scores import score_model, summary, write_scores
from training.run.start import logit_offset

CARD_FILE = "MODEL_CARD.md"
CANDIDATE_FOLDER = "candidate"


def publish(
    plan: Plan,
    loop: Loop,
    registry: Registry,
    *,
    progress: Progress = silent,
) -> Model:
    """Score the best weights on `val`, once, and add them to the registry with their card."""
    finished = finished_training(plan, loop)
    folder = finished.folder / CANDIDATE_FOLDER
    candidate = Model(_model_spec(finished, loop.learner.network), folder)
    write_weights(finished.folder / BEST_FILE, candidate.weights)
    MODEL_SPEC.write(folder, candidate.spec)
    scores = score_model(
        candidate,
        finished.split.val,
        predict=local_predictor(candidate, finished.spec.device, threads=torch.get_num_threads()),
        progress=progress,
    )
    write_scores(finished.folder, scores)
    metrics = {"dsc_native_selection": round(finished.position.best, 4), **summary(scores)}
    spec = msgspec.structs.replace(candidate.spec, metrics=metrics)
    MODEL_SPEC.write(folder, spec)
    write_card(folder, model_card(finished, spec, scores.failed))
    model = registry.publish(spec, candidate.weights)
    write_bytes(model.folder / CARD_FILE, (folder / CARD_FILE).read_bytes())
    return model


def _model_spec(finished: FinishedTraining, network: SliceNetwork) -> ModelSpec:
    job = finished.spec
    chose = {case.id for case in finished.split.selection}
    return ModelSpec(
        id=job.model_id,
        title=job.title or job.model_id,
        architecture=job.architecture,
        arguments={n: v for n, v in job.arguments.items() if n != "encoder_weights"},
        channels=finished.channels,
        preprocessing=job.preprocessing,
        postprocessing=Postprocessing(smallest_share=finished.position.best_share),
        logit_offset=logit_offset(job, finished.output),
        output=msgspec.UNSET if finished.output is None else finished.output,
        stride=network.stride,
        parameters=sum(p.numel() for p in network.parameters()),
        acquisition=_acquisition(finished),
        parent=Path(job.parent).name if job.parent else None,
        trained_on=tuple(sorted({*finished.learnt, *chose, *_inherited(finished)})),
        data=job.data_title,
        licence=job.licence,
        lineage=_lineage(finished),
    )


def _inherited(finished: FinishedTraining) -> tuple[str, ...]:
    """Return the cases that parent and teachers learnt from: what they know is in its weights."""
    spec = finished.spec
    before = (*([spec.parent] if spec.parent else []), *spec.refined.teachers)
    return tuple(case for each in before for case in read_model(Path(each)).spec.trained_on)


def _acquisition(finished: FinishedTraining) -> Acquisition:
    """Return what images it learnt from, and its parent, where that is known of both."""
    parent = finished.spec.parent
    before = read_model(Path(parent)).spec.acquisition if parent else None
    return joined([*finished.acquisitions, *([before] if before else [])])


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


def write_card(folder: Path, card: str) -> None:
    """Write the model card, Markdown, beside a model; atomic."""
    write_bytes(folder / CARD_FILE, card.encode())


def write_weights(source: Path, target: Path) -> None:
    """Write weights as float16: half the size, and no measurable change of the masks."""
    state = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in read_state_dict(source).items()
    }
    write_bytes(target, safetensors.torch.save(state))
