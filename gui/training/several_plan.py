"""From the reader's choice to a job: one training, or several of them."""

from pathlib import Path

from core.jobs.job_folder import JobFolder
from core.jobs.job_start import JobProgram
from core.jobs.training_job import SPLIT_FILE
from core.jobs.unit_job import UnitJob, make_unit_job
from core.workspace.splits import SplitFile
from gui.training.ground import Ground
from gui.training.train_form import TrainForm, TrainOffer, folded_cases
from gui.training.train_plan import (
    prepare_training,
    train_spec,
    training_split,
)


def prepare_job(
    path: Path, form: TrainForm, offer: TrainOffer, ground: Ground
) -> tuple[JobFolder, JobProgram]:
    """Make the folder of what the dialog asks for; folds and a search freeze nothing."""
    if form.several.kind == "one":
        return prepare_training(path, form, offer, ground)
    return _prepare_several(path, form, offer, ground), "units"


def _prepare_several(path: Path, form: TrainForm, offer: TrainOffer, ground: Ground) -> JobFolder:
    """Make the folder of folds, made of the cases with ground truth, or of a search."""
    several, split = form.several, training_split(form, offer)
    if several.kind == "folds":
        split = SplitFile(folded_cases(form, offer))
    spec = train_spec(form, offer, ground, path / SPLIT_FILE)
    folds = several.folds if several.kind == "folds" else 0
    job = UnitJob(
        title=spec.title,
        model_id=spec.model_id,
        train=spec,
        folds=folds,
        repeats=several.repeats if folds else 1,
        group=several.group if folds else "",
        tried={} if folds else several.settings,
        stop_early=several.stop_early and not folds,
        runner=several.runner,
        workers=several.workers,
        address=several.address,
    )
    return make_unit_job(path, job, SplitFile(split.train))
