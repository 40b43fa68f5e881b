"""The training of the command line: from its options to a job and its run."""

from pathlib import Path

from core.io.write_guard import refuse_inside
from core.jobs.job_folder import Echo, JobFolder
from core.jobs.training_job import begin_training
from core.models.registry import Model, Registry
from training.learning.errors import TrainingError
from training.learning.parallel import joined_group
from training.run.events import tell
from training.run.plan import make_plan
from training.run.processes import finished_model, train_together
from training.run.train_options import TrainOptions, spec_of
from training.train import read_job, run


def train(
    options: TrainOptions,
    registry: Registry,
    *,
    echo: Echo | None = tell,
) -> Model | None:
    """Train what the options say and add it to the registry; None when it was paused.

    With `resume` the job in `out` goes on as it was started, whatever else the options say.
    """
    # Of several processes that torchrun started the first makes the folder, for all of them.
    with joined_group() as group:
        job = begun(options, registry) if group.leads else JobFolder(options.out)
        group.agree((0.0,))
        spec = read_job(job.path)
        if options.nproc > 1 and group.world == 1:
            return train_together(job, spec, options.nproc, resume=options.resume)
        return run(spec, job, resume=options.resume, echo=echo)


def begun(options: TrainOptions, registry: Registry) -> JobFolder:
    """Return the job to be done: a new one, or that which is to go on; raises `AppError`."""
    if options.resume:
        job = JobFolder(options.out)
        done = finished_model(job.path, read_job(job.path))
        if done is not None:
            raise TrainingError(
                f"{job.path}: expected a training that is not done, found that it has ended with "
                f"the model {done.spec.id}. Train anew into another --out."
            )
        job.take_up()
        return job
    spec = spec_of(options, registry)
    refuse_inside(Path(spec.data), options.out)
    make_plan(spec)  # what is wrong with the cases is told before there is a folder
    return begin_training(options.out, spec)
