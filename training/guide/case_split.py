"""Which cases teach a guide and which choose its weights, and what readers corrected of them."""

from pathlib import Path

from core.jobs.guide_job_spec import GuideTrainSpec
from core.models.registry import Model
from core.workspace.chosen_labels import dataset_of_job
from core.workspace.splits import read_split
from training.cases.corrections import Corrections, corrections_of
from training.cases.split import Split, make_split
from training.guide.cases import guide_split


def guide_cases(spec: GuideTrainSpec, starts: Model) -> tuple[Corrections | None, Split]:
    """Return readers' corrections, where there are some, and which cases teach and choose."""
    corrections, split = split_cases(spec)
    return corrections, guide_split(split, starts)


def split_cases(spec: GuideTrainSpec) -> tuple[Corrections | None, Split]:
    """Return the same, whatever the guide starts from; raises `DataError` for a split unfit."""
    file = read_split(Path(spec.split))
    dataset = dataset_of_job(Path(spec.data), spec.chosen)
    corrections = corrections_of(spec, file)
    corrected = corrections.ids() if corrections else frozenset()
    return corrections, make_split(file, dataset, spec, corrected=corrected)
