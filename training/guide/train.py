"""The training of a guide: from a spec and a job folder to a published network."""

from pathlib import Path

from core.inference.torch_device import resolve_device
from core.jobs.guide_job_spec import GuideTrainSpec
from core.jobs.job_folder import Echo, JobFolder, JobWriter, read_spec
from core.models.guides import GuideModel
from core.models.registry import Registry
from training.guide.prepare import prepare_loop
from training.guide.publish import publish_trained_guide
from training.learning.errors import TrainingError
from training.learning.parallel import ProcessGroup
from training.run.frame import (
    check_job,
    in_job,
    limit_job_threads,
    models_folder,
    run_loop,
    turn,
)


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
    limit_job_threads(spec)
    device = resolve_device(spec.device)
    with turn(str(device), writer, group):
        loop = prepare_loop(spec, writer, (group, device), resume=resume)
        run_loop(loop, writer)
        model = publish_trained_guide(spec, loop, root)
    writer.done(model.spec.id, model.spec.metrics)
    return model
