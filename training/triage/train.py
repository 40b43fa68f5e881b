"""The training of a classifier: from a spec and a job folder to a published model."""

from pathlib import Path

import torch

from core.inference.torch_device import resolve_device
from core.jobs.classify_spec import ClassifySpec
from core.jobs.job_folder import Echo, JobFolder, JobWriter, read_spec
from core.models.classifiers import ClassifierModel, Classifiers
from core.models.registry import Registry
from training.learning.errors import TrainingError
from training.learning.parallel import ProcessGroup
from training.run.frame import (
    DATA_FOLDER,
    check_job,
    in_job,
    job_progress,
    limit_job_threads,
    models_folder,
    run_loop,
    turn,
)
from training.triage.dataset import BalancedSampler, require_classes
from training.triage.learner import ClassifierLearner, new_classifier
from training.triage.loop import ClassifierLoop
from training.triage.publish import FinishedClassifier, publish_classifier
from training.triage.sources import PictureSource, TrainingSource, make_source


def run(
    spec: ClassifySpec,
    job: JobFolder,
    *,
    resume: bool = False,
    echo: Echo | None = None,
) -> ClassifierModel | None:
    """Train the classifier that `spec` says and publish the best weights; None when paused.

    As `training.train.run` does for segmentation, with the same job folder.
    """
    return in_job(
        job,
        lambda writer, group: _train(spec, writer, group, resume=resume),
        resume=resume,
        echo=echo,
        spec=spec,
    )


def read_classify_job(folder: Path) -> ClassifySpec:
    """Return the spec in a job folder; raises `TrainingError` when there is none."""
    return read_spec(
        folder,
        ClassifySpec,
        TrainingError,
        of="a training",
        content="the settings of a classifier's training",
    )


def _train(
    spec: ClassifySpec, writer: JobWriter, group: ProcessGroup, *, resume: bool
) -> ClassifierModel | None:
    models = Classifiers((models_folder(spec, writer.folder),))
    check_job(spec, Registry(models.roots))
    limit_job_threads(spec)
    device = resolve_device(spec.device)
    with turn(str(device), writer, group):
        source, loop = _prepare(spec, writer, (group, device), resume=resume)
        run_loop(loop, writer)
        if not group.leads:
            return None
        model = publish_classifier(
            FinishedClassifier(spec, source, loop, writer.folder.path),
            models,
            progress=job_progress(writer, 1.0, "scoring"),
        )
    writer.done(model.spec.id, model.spec.metrics)
    return model


def _prepare(
    spec: ClassifySpec, writer: JobWriter, where: tuple[ProcessGroup, torch.device], *, resume: bool
) -> tuple[TrainingSource, ClassifierLoop]:
    group, device = where
    torch.manual_seed(spec.seed)
    source = make_source(spec, writer.folder.path / DATA_FOLDER / str(group.rank))
    planes = len(source.channels) * (2 * spec.preprocessing.neighbours + 1)
    network = new_classifier(spec, planes=planes, classes=len(source.classes))
    reading = job_progress(writer, 0.0, "reading")
    fit = source.load("fit", stride=network.stride, progress=reading)
    selection = source.load("selection", stride=network.stride, progress=reading)
    require_classes(fit, source.classes)
    learner = ClassifierLearner(spec, network, source.channels, device, group)
    generator = torch.Generator().manual_seed(spec.seed)
    sampler = BalancedSampler(
        fit.cases, spec, generator, rank=group.rank, world=group.world, labels=fit.labels
    )
    loop = ClassifierLoop(learner, sampler, selection.cases, writer, labels=selection.labels)
    if resume and writer.folder.checkpoint.exists():
        loop.resume()
        writer.log(f"Going on from step {loop.position.step}.")
    writer.log(
        f"{sampler.slices} slices to learn from, {len(selection.every_label)} to choose by, "
        f"of the classes {', '.join(source.classes)}."
    )
    if isinstance(source, PictureSource):
        writer.log(f"{source.patients} patients by the names of the pictures, each in one part.")
    return source, loop
