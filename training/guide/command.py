"""The training of a guide from the options of the command line."""

import msgspec

from core.domain.errors import AppError
from core.jobs.guide_job_spec import GuideTrainSpec, guide_beginning, guide_going_on
from core.jobs.job_folder import Echo, JobFolder
from core.jobs.training_job import begin_training
from core.models.guides import GuideModel, Guides
from core.models.model_listing import read_argument
from core.models.networks.spec import NetworkSpec, resolve_arguments
from core.models.registry import Registry
from core.models.train_spec import Changes
from training.guide.case_split import split_cases
from training.guide.train import read_guide_job, run
from training.run.events import tell
from training.run.train_options import TrainOptions, as_chosen, model_id_of, read_setting

_SAME = ("epochs", "max_steps", "minutes", "batch_size", "learning_rate", "seed", "device")
_PLANES = 12


def train_guide(
    options: TrainOptions, registry: Registry, *, echo: Echo | None = tell
) -> GuideModel | None:
    """Train the guide that the options say into the registry's folder; None when it was paused.

    With `resume` the job in `out` goes on as it was started, whatever else the options say.
    """
    if options.resume:
        job = JobFolder(options.out)
        spec = read_guide_job(job.path)
        job.take_up()
        return run(spec, job, resume=True, echo=echo)
    spec = guide_spec_of(options, registry)
    split_cases(spec)  # what is wrong with it is told before its judges are frozen
    job = begin_training(options.out, spec)
    return run(read_guide_job(job.path), job, echo=echo)


def guide_spec_of(options: TrainOptions, registry: Registry) -> GuideTrainSpec:
    """Return the training that options describe; raises `AppError` for what does not fit."""
    unfit = {
        "--loss": options.loss,
        "--best-by": options.best_by,
        "--preprocessing": options.preprocessing,
        "--config": options.config,
    }
    for name, value in unfit.items():
        if value:
            raise AppError(f"{name}: not expected with --task guide, found {value!s}. Omit it.")
    kind = _kind(options, registry)
    if options.corrections is not None:
        kind["corrections"] = str(options.corrections.absolute())
    given: Changes = {n: v for n in _SAME if (v := getattr(options, n)) is not None}
    settings: Changes = {
        "minutes": None if given.keys() & {"epochs", "max_steps"} else 60.0,
        "learning_rate": 5e-4,
        **kind,
        "data": str(options.data.absolute()),
        "split": str(options.split.absolute()),
        "model_id": model_id_of(options),
        "title": options.title,
        "models": str(registry.roots[0].absolute()),
        **given,
        **dict(read_setting(text, GuideTrainSpec.__struct_fields__) for text in options.settings),
    }
    try:
        spec = msgspec.convert(settings, GuideTrainSpec)
    except msgspec.ValidationError as error:
        raise AppError(
            f"Expected settings of the training of a guide, found: {error}. Correct them."
        ) from error
    return as_chosen(spec, options)


def _kind(options: TrainOptions, registry: Registry) -> Changes:
    """Return what network is trained, and what it begins from: a guide, a model, or nothing."""
    guides = {guide.spec.id: guide for guide in Guides(registry.roots).all()[0]}
    if options.start_from in guides:
        return guide_going_on(guides[options.start_from], registry.champion())
    if options.start_from:
        return guide_beginning(registry.find(options.start_from))
    arguments = dict(read_argument(text) for text in options.arguments)
    resolve_arguments(NetworkSpec(options.architecture, _PLANES, arguments))
    return {"architecture": options.architecture, "arguments": arguments}
