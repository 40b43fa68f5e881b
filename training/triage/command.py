"""The training of a classifier from the options of the command line."""

from pathlib import Path

import msgspec

from core.domain.errors import AppError
from core.domain.volume import LGG_CHANNELS
from core.io.write_guard import refuse_inside
from core.jobs.classify_spec import ClassifySpec, TaskName, task_defaults
from core.jobs.job_folder import Echo, JobFolder, create_job
from core.jobs.training_job import begin_training
from core.models.classifiers import ClassifierModel
from core.models.model_listing import read_argument, read_preprocessing
from core.models.networks.catalog import CLASSIFIERS
from core.models.networks.spec import NetworkSpec, resolve_arguments
from core.models.train_spec import Changes, preset
from training.run.events import tell
from training.run.train_options import TrainOptions, as_chosen, model_id_of, read_setting
from training.triage.sources import split_cases
from training.triage.train import read_classify_job, run

_SAME = ("epochs", "max_steps", "minutes", "batch_size", "learning_rate", "seed", "device")
_BUDGETS = ("epochs", "max_steps", "minutes")


def train_classifier(
    task: TaskName,
    options: TrainOptions,
    models: Path,
    *,
    echo: Echo | None = tell,
) -> ClassifierModel | None:
    """Train the classifier that the options say, into the folder `models`; None when paused.

    With `resume` the job in `out` goes on as it was started, whatever else the options say.
    """
    if options.resume:
        job = JobFolder(options.out)
        spec = read_classify_job(job.path)
        job.take_up()
        return run(spec, job, resume=True, echo=echo)
    spec = classify_spec_of(task, options, models)
    if spec.split:
        split_cases(spec)  # what is wrong with it is told before its judges are frozen
        job = begin_training(options.out, spec)
    else:  # pictures, which the training itself deals out
        refuse_inside(options.data, options.out)
        job = create_job(options.out, spec)
    return run(read_classify_job(job.path), job, echo=echo)


def classify_spec_of(task: TaskName, options: TrainOptions, models: Path) -> ClassifySpec:
    """Return the training that options describe; raises `AppError` for what does not fit."""
    for given, name in ((options.start_from, "--from"), (options.loss, "--loss")):
        if given:
            raise AppError(f"{name}: not expected with --task {task}, found {given!r}. Omit it.")
    if options.preset == "reference":
        raise AppError(f"--preset: expected cpu or gpu with --task {task}, found reference.")
    arguments = dict(read_argument(text) for text in options.arguments)
    # Three channels stand for any: how many there are is seen when the data are read.
    network = NetworkSpec(options.architecture, len(LGG_CHANNELS), arguments)
    resolve_arguments(network, CLASSIFIERS)
    settings = {
        **_base(options),
        **task_defaults(task),
        "architecture": options.architecture,
        "arguments": arguments,
        "data": str(options.data.absolute()),
        "split": str(options.split.absolute()) if task == "triage" else "",
        "model_id": model_id_of(options),
        "title": options.title,
        "models": str(models.absolute()),
        **_given(options),
        **dict(read_setting(text, ClassifySpec.__struct_fields__) for text in options.settings),
    }
    try:
        spec = msgspec.convert(settings, ClassifySpec)
    except msgspec.ValidationError as error:
        raise AppError(
            f"Expected settings of a classifier's training, found: {error}. Correct them."
        ) from error
    if task == "triage":
        spec = as_chosen(spec, options)
    if options.size is None:
        return spec
    prepared = msgspec.structs.replace(spec.preprocessing, size=options.size)
    return msgspec.structs.replace(spec, preprocessing=prepared)


def _base(options: TrainOptions) -> Changes:
    """Return the preset, its budget only where the options name none."""
    base = preset(options.preset)
    if any(getattr(options, name) is not None for name in _BUDGETS):
        return {name: value for name, value in base.items() if name not in _BUDGETS}
    return base


def _given(options: TrainOptions) -> Changes:
    given: Changes = {name: getattr(options, name) for name in (*_SAME, "best_by")}
    if options.encoder_weights is not None:
        given["encoder_weights"] = str(options.encoder_weights.absolute())
    if options.preprocessing:
        given["preprocessing"] = read_preprocessing(options.preprocessing)
    return {name: value for name, value in given.items() if value is not None}
