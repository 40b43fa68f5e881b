"""Teaching what answers guided clicks by the clicks and corrections that readers saved."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.annotation.kept_clicks import count_kept_clicks
from core.domain.errors import AppError
from core.domain.figure_text import counted
from core.jobs.guide_job_spec import GuideTrainSpec, guide_beginning, guide_going_on
from core.jobs.job_folder import JobFolder
from core.jobs.job_start import JobProgram
from core.jobs.training_job import SPLIT_FILE, make_training
from core.models.guide_choice import answering_guide
from core.models.guides import GuideModel
from core.models.model_folder import holds_model
from core.models.registry import Model
from core.models.train_spec import Changes
from gui.shell.job_record import JobRecord
from gui.training.ground import Ground
from gui.widgets.labels import number

MINUTES = 30.0
FEWEST_CASES = 2

_DSC = "selection_dsc_5"


@dataclass(frozen=True, eq=False)
class GuideOffer:
    """What a guide can be taught by: clicks on cases of the split that may teach, and corrections.

    It goes on from `guide`, or begins from the champion where there is none.
    """

    ground: Ground
    champion: Model
    guide: GuideModel | None
    clicks: int
    corrected: int

    @property
    def said(self) -> str:
        """What would teach what, in a sentence or two."""
        title = "a new network" if self.guide is None else self.guide.spec.title
        others = len(self.ground.split.train) - self.corrected
        simulated = f", and simulated readers on {counted(others, 'other case')}" if others else ""
        return (
            f"{counted(self.clicks, 'click')} kept with {counted(self.corrected, 'correction')}"
            f"{simulated} teach {title}, in a job of {MINUTES:g} minutes at most. What is to be "
            f"corrected comes from {self.champion.spec.title}. A network that gets no better stays "
            "as it is."
        )


def read_guide_offer(ground: Ground) -> GuideOffer:
    """Return what can be learnt from; raises `AppError` where nothing can."""
    teaches = set(ground.split.train)
    kept = count_kept_clicks(ground.workspace.store)
    corrected = len(teaches & set(ground.versions))
    if not corrected:
        raise AppError(
            "Expected saved corrections of cases that may teach, found none. Correct a case, with "
            "guided clicks best of all, and save a version of it first."
        )
    if len(teaches) < FEWEST_CASES:
        raise AppError(
            f"Expected {FEWEST_CASES} cases at least, one to learn from and one to choose by, "
            f"found {counted(len(teaches), 'case')} beside those that judge."
        )
    registry = ground.registry
    clicks = sum(count for case_id, count in kept.items() if case_id in teaches)
    guide = answering_guide(registry.roots)
    return GuideOffer(ground, registry.champion(), guide, clicks, corrected)


def prepare_teaching(path: Path, offer: GuideOffer) -> tuple[JobFolder, JobProgram]:
    """Make the folder of the training, its split beside it; raises `AppError`."""
    ground, guide, champion = offer.ground, offer.guide, offer.champion
    models = ground.workspace.models
    order = 1
    while _is_taken(ground, model_id := f"taught-clicks-{order}"):
        order += 1
    begins = guide_beginning(champion) if guide is None else guide_going_on(guide, champion)
    settings: Changes = {
        **begins,
        "data": str(ground.dataset.root.absolute()),
        "split": str(path / SPLIT_FILE),
        "model_id": model_id,
        "title": f"Taught clicks {order}",
        "models": str(models.absolute()),
        "corrections": str(ground.workspace.folder.absolute()),
        "minutes": MINUTES,
    }
    spec = msgspec.convert(settings, GuideTrainSpec)
    spec = msgspec.structs.replace(spec, chosen=ground.chosen)
    store = ground.workspace.store
    return make_training(path, spec, ground.split, store), "train"


def _is_taken(ground: Ground, model_id: str) -> bool:
    """Tell whether a model has that id, be it one that cannot be used."""
    return model_id in ground.taken or holds_model(ground.workspace.models / model_id)


def taught_words(record: JobRecord) -> str:
    """Say what a training of a guide has brought."""
    made = record.head.title or record.result
    points = record.curves.get(_DSC, ())
    if not points:
        return f"{made} is a candidate now."
    before, best = points[0][1], max(value for _, value in points)
    return (
        f"{made} is a candidate now: after five clicks DSC {number(best, 3)} on the slices that "
        f"chose its weights, {number(before, 3)} at its beginning. It is held against what answers."
    )
