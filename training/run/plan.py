"""From the spec of a training to its cases, and to a learner ready for its first step."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch

from core.domain.progress import Progress
from core.models.train_spec import TrainSpec
from core.models.wanted_labels import WantedLabels
from core.workspace.chosen_labels import dataset_of_job
from core.workspace.splits import read_split
from training.cases.channels import learnt_channels
from training.cases.dataset import load_cases, require_lesions
from training.cases.lessons import Lessons, find_lessons
from training.cases.split import Split, make_split
from training.learning.label_targets import balance_words, check_labels, in_values_of, learnt_output
from training.learning.learner import Learner
from training.learning.parallel import ProcessGroup
from training.learning.sampler import Sampler
from training.learning.train_case import TrainCase
from training.run.start import StartingWeights, parent_of, start_network, stride_of


@dataclass(frozen=True)
class Plan:
    """A training, the cases it has, and what these are learnt from beside their ground truth."""

    spec: TrainSpec
    split: Split
    lessons: Lessons


@dataclass(frozen=True)
class PreparedCases:
    """What the first step needs; `selection` are the cases that choose the weights.

    `start` says which tensors its weights were taken from, and which are new.
    """

    learner: Learner
    sampler: Sampler
    selection: list[TrainCase]
    start: StartingWeights

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the log: where the weights start, and how labels are drawn."""
        said = (self.start.said, balance_words(self.sampler, self.learner.output))
        return tuple(each for each in said if each)


def make_plan(spec: TrainSpec) -> Plan:
    """Find the cases of a training; raises `AppError` for what does not fit."""
    file = read_split(Path(spec.split))
    lessons = find_lessons(spec, file)
    corrected = lessons.corrected_ids()
    parent = parent_of(spec)
    dataset = dataset_of_job(Path(spec.data), spec.chosen)
    split = make_split(file, dataset, spec, parent=parent, corrected=corrected)
    if spec.wanted_labels is not None:
        check_labels(spec.wanted_labels, split.fit[0])
    return Plan(spec, split, lessons)


def prepare_cases(
    plan: Plan, store: Path, *, group: ProcessGroup, device: torch.device, progress: Progress
) -> PreparedCases:
    """Build the network and decode the cases; those beyond the memory limit go into `store`.

    Raises `AppError` where the cases have not the labels that are wanted.
    """
    spec, split = plan.spec, plan.split
    torch.manual_seed(spec.seed)
    channels = learnt_channels(spec, split.fit[0])
    parent = parent_of(spec)
    known = parent.several if parent else None
    if known is not None and spec.wanted_labels is None:
        spec = msgspec.structs.replace(spec, labels=WantedLabels(kind=known.kind))
    # A binary network is drawn before the cases are read, as it always was. How many labels there
    # are is known of the cases alone.
    made = None if spec.wanted_labels else start_network(spec, channels, None)
    taught = (*split.fit, *plan.lessons.unlabelled)
    cases = load_cases(
        (*taught, *split.selection),
        msgspec.structs.replace(spec, channels=channels),
        stride=made[0].stride if made else stride_of(spec, channels),
        store=store,
        lessons=plan.lessons.opened(plan.spec, split.fit, store),
        progress=progress,
    )
    output = learnt_output(plan.spec.wanted_labels, known, cases)
    if output is not None:
        cases = [in_values_of(output, case) for case in cases]
    fit, selection = cases[: len(taught)], cases[len(taught) :]
    require_lesions(fit)
    network, start = made or start_network(spec, channels, output)
    generator = torch.Generator().manual_seed(spec.seed)
    learner = Learner(plan.spec, network, channels, device, group, output)
    sampler = Sampler(
        fit, plan.spec, generator, group.rank, group.world, fresh=split.fresh, device=device
    )
    return PreparedCases(learner, sampler, selection, start)
