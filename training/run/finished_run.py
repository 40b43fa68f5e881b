"""A training that is over, as what is made of it needs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.domain.model_output import ModelOutput
from core.models.acquisition import Acquisition
from core.models.train_spec import TrainSpec
from training.cases.split import Split
from training.learning.label_targets import balance_words
from training.run.checkpoint import Position
from training.run.loop import Loop
from training.run.plan import Plan


@dataclass(frozen=True)
class FinishedTraining:
    """A training that is over: what it was, how it went and which cases it had.

    `learnt` says what each case that reached a gradient was learnt from, `data` holds hashes of
    what each case was, `acquisitions` what the images of each were that reached a gradient.
    `output` are the classes or regions it learnt, and `balance` says how often each was drawn; None
    and empty for one lesion.
    """

    spec: TrainSpec
    position: Position
    split: Split
    channels: tuple[str, ...]
    folder: Path
    learnt: Mapping[str, str]
    data: Mapping[str, str]
    acquisitions: tuple[Acquisition, ...]
    output: ModelOutput | None = None
    balance: str = ""


def finished_training(plan: Plan, loop: Loop) -> FinishedTraining:
    """Return what a training was, whose loop has ended."""
    cases, learner = loop.sampler.cases, loop.learner
    return FinishedTraining(
        spec=plan.spec,
        position=loop.position,
        split=plan.split,
        channels=learner.channels,
        folder=loop.writer.folder.path,
        learnt={case.id: case.origin for case in cases},
        data={case.id: case.fingerprint for case in (*cases, *loop.selection)},
        acquisitions=tuple(case.acquisition for case in cases),
        output=learner.output,
        balance=balance_words(loop.sampler, learner.output),
    )
