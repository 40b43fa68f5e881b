"""The training of a guide: from a spec and a job folder to a published network."""

from pathlib import Path

import torch

from core.domain.errors import ModelError
from core.inference.torch_device import resolve_device
from core.io.case_reader import read_volume
from core.jobs.guide_job_spec import GuideTrainSpec
from core.jobs.job_folder import Echo, JobFolder, JobWriter, read_spec
from core.models.ensembles import require_trainable
from core.models.guides import GUIDE_FILE, GuideModel, GuideSpec
from core.models.registry import Model, Registry, read_model
from core.workspace.known_dataset import scan_known
from core.workspace.splits import read_split
from training.channels import learnt_channels
from training.dataset import require_lesions
from training.errors import TrainingError
from training.frame import (
    DATA_FOLDER,
    check_job,
    in_job,
    job_progress,
    limit_job_threads,
    models_folder,
    run_loop,
    turn,
)
from training.guide.cases import guide_split, load_guide_cases, load_held
from training.guide.episodes import EpisodeSampler
from training.guide.learner import GuideLearner, new_guide
from training.guide.loop import GuideLoop
from training.guide.publish import publish_trained_guide
from training.parallel import ProcessGroup
from training.split import Split, make_split


def run(
    spec: GuideTrainSpec, job: JobFolder, *, resume: bool = False, echo: Echo | None = None
) -> GuideModel | None:
    """Train the guide that `spec` says and publish the best weights; None when paused.

    As `training.train.run` does for segmentation, with the same job folder.
    """
    return in_job(
        job,
        lambda writer, group: _train(spec, writer, group, resume=resume),
        resume=resume,
        echo=echo,
        spec=spec,
    )


def read_guide_job(folder: Path) -> GuideTrainSpec:
    """Return the spec in a job folder; raises `TrainingError` when there is none."""
    return read_spec(
        folder,
        GuideTrainSpec,
        TrainingError,
        of="a training",
        content="the settings of the training of a guide",
    )


def _train(
    spec: GuideTrainSpec, writer: JobWriter, group: ProcessGroup, *, resume: bool
) -> GuideModel | None:
    if group.world > 1:
        raise TrainingError(
            "Expected one process for the training of a guide, found several. Leave --nproc out."
        )
    root = models_folder(spec, writer.folder)
    check_job(spec, Registry((root,)))
    if (root / spec.model_id / GUIDE_FILE).exists():
        raise ModelError(
            f"{spec.model_id}: expected an id no model has yet, found one. Give another with --id."
        )
    limit_job_threads(spec)
    device = resolve_device(spec.device)
    with turn(str(device), writer, group):
        loop = _prepare(spec, writer, (group, device), resume=resume)
        run_loop(loop, writer)
        model = publish_trained_guide(spec, loop, root)
    writer.done(model.spec.id, model.spec.metrics)
    return model


def _prepare(
    spec: GuideTrainSpec,
    writer: JobWriter,
    where: tuple[ProcessGroup, torch.device],
    *,
    resume: bool,
) -> GuideLoop:
    group, device = where
    torch.manual_seed(spec.seed)
    parent = read_model(Path(spec.parent)) if spec.parent else None
    starts = _starts(spec, parent)
    split = _split(spec, starts)
    channels = learnt_channels(spec, split.fit[0]) or read_volume(split.fit[0]).channels
    guide = GuideSpec(
        id=spec.model_id,
        title=spec.title or spec.model_id,
        architecture=spec.architecture,
        arguments={n: v for n, v in spec.arguments.items() if n != "encoder_weights"},
        channels=channels,
        window=spec.window,
    )
    reading = job_progress(writer, 0.0, "reading")
    store = writer.folder.path / DATA_FOLDER / str(group.rank)
    fit = load_guide_cases(split.fit, spec, starts, store, progress=reading)
    require_lesions([each.case for each in fit])
    held = load_held(split.selection, starts, progress=reading)
    learner = GuideLearner(spec, new_guide(guide, parent), channels, device, group)
    generator = torch.Generator().manual_seed(spec.seed)
    sampler = EpisodeSampler(fit, spec, guide, channels, generator)
    loop = GuideLoop(
        learner,
        sampler,  # type: ignore[arg-type] # draws clicks where others draw slices
        (),
        writer,
        held=held,
        guide=guide,
        post=starts.spec.postprocessing,
    )
    if resume and writer.folder.checkpoint.exists():
        loop.resume()
        writer.log(f"Going on from step {loop.position.step}.")
    known = sum(case.id in starts.spec.trained_on for case in split.selection)
    writer.log(
        f"{len(fit)} cases to click at, {len(held)} to choose by; {starts.spec.title} has learnt "
        f"from {known} of these."
    )
    return loop


def _split(spec: GuideTrainSpec, starts: Model) -> Split:
    file, dataset = read_split(Path(spec.split)), scan_known(Path(spec.data))
    return guide_split(make_split(file, dataset, spec), starts)


def _starts(spec: GuideTrainSpec, parent: Model | None) -> Model:
    """Return the model whose predictions are corrected; raises `TrainingError` for none."""
    if spec.starts:
        return read_model(Path(spec.starts))
    if parent is None:
        raise TrainingError(
            "Expected a model whose predictions are corrected, found none. Give --from, or "
            "--set starts=FOLDER of a model."
        )
    require_trainable(parent.spec)
    return parent
