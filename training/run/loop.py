"""The loop: budget, selections, checkpoints, events and requests around a learner's steps."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import safetensors.torch

from core.io.atomic import write_bytes
from core.jobs.job_events import Progressed
from core.jobs.job_folder import JobRequest, JobWriter
from core.models.train_spec import TrainSpec
from training.learning.errors import TrainingError
from training.learning.learner import Learner, NotFinite
from training.learning.optimise import rate_share
from training.learning.sampler import Batch, Sampler
from training.learning.train_case import TrainCase
from training.run.checkpoint import Position, load_checkpoint, save_checkpoint
from training.run.scores import figure_of
from training.run.selection import LogitMeaning, draw_case, score_cases
from training.run.start import logit_offset, usual_share

BEST_FILE = "best.safetensors"
_CURVE_STEPS = 10
"""The most steps behind a point of the loss; the first points stand for fewer."""
_TELL_SECONDS = 2.0
_PICTURES = 3
_REQUESTS: tuple[JobRequest | None, ...] = (None, "pause", "stop")


class PauseRequested(Exception):
    """The job was asked to pause; its checkpoint is written."""


@dataclass
class Loop:
    """One training: `run` until its budget is spent, then the best weights are on disk.

    `selection` cases choose the best weights and never reach a gradient. Of several processes the
    leader alone keeps the time, scores and writes. It pauses by itself when the share `until` of
    its budget is spent.
    """

    learner: Learner
    sampler: Sampler
    selection: Sequence[TrainCase]
    writer: JobWriter
    position: Position = field(default_factory=Position)
    until: float = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        """Start the clocks."""
        self._losses: list[float] = []
        self._told = self._saved = time.monotonic()

    @property
    def figure(self) -> str:
        """Name of the figure the weights are chosen by, higher better."""
        return "dsc"

    @property
    def spec(self) -> TrainSpec:
        """What is trained."""
        return self.learner.spec

    @property
    def best_path(self) -> Path:
        """The file of the best weights so far."""
        return self.writer.folder.path / BEST_FILE

    @property
    def steps(self) -> int | None:
        """Steps in the budget, None when only minutes limit it."""
        limits = [self.spec.max_steps] if self.spec.max_steps else []
        if self.spec.epochs:
            limits.append(self.spec.epochs * math.ceil(self.sampler.slices / self.spec.batch_size))
        return min(limits) if limits else None

    @property
    def fraction(self) -> float:
        """Share of the budget that is spent, 0 to 1."""
        spent = self.position.step / self.steps if self.steps else 0.0
        if self.spec.minutes:
            spent = max(spent, self.position.seconds / (60 * self.spec.minutes))
        return min(spent, 1.0)

    def resume(self) -> None:
        """Take everything up from the checkpoint; raises `TrainingError` when there is none."""
        path = self.writer.folder.checkpoint
        self.position, states = load_checkpoint(path)
        try:
            self.sampler.generator.set_state(states["sampler"])
            self.learner.load_states({**states, "step": self.position.step})
        except (KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
            raise TrainingError(
                f"{path}: expected a checkpoint of this training, found one that does not fit "
                f"({type(error).__name__}). Start the training anew in another folder."
            ) from error

    def save(self) -> None:
        """Write the checkpoint."""
        states = {**self.learner.states(), "sampler": self.sampler.generator.get_state()}
        save_checkpoint(self.writer.folder.checkpoint, self.position, states)
        self._saved = time.monotonic()

    def run(self) -> Position:
        """Train until the budget is spent, nothing gets better, or the job is asked to stop.

        A training that goes on only to be stopped takes no step more.
        Raises `PauseRequested` after saving when asked to pause, `TrainingError` when the loss is
        not finite any more.
        """
        stopped = self.position.step > 0 and self._agreed_request() == "stop"
        if self.until < 1 and self.fraction >= self.until:
            raise PauseRequested
        while not stopped and not self._finished():
            started = time.perf_counter()
            self._learn()
            self.position.seconds += time.perf_counter() - started
            stopped = self._heed() == "stop"
        if self.position.best_step == 0:
            self._select()
        return self.position

    def _finished(self) -> bool:
        patience = self.spec.patience
        return self.fraction >= 1 or (patience > 0 and self.position.stale >= patience)

    def _learn(self) -> None:
        batch, at = self.sampler.draw(), self.position
        try:
            self._losses.append(self.learner.step(batch, at.step + 1, self.fraction))
        except NotFinite as error:
            raise self._broken(error.batch, error.value) from error
        at.step += 1

    def _heed(self) -> JobRequest | None:
        """Between steps: score, tell and save when it is time, and answer a request."""
        wanted = self._agreed_request()
        if wanted is None and self.until < 1 and self.fraction >= self.until:
            wanted = "pause"
        if self.fraction * self.spec.selections >= self.position.selections + 1:
            self._select()
        if not self.learner.group.leads:
            self._losses.clear()
        else:
            self._tell()
            if wanted or time.monotonic() - self._saved > 60 * self.spec.checkpoint_minutes:
                self.save()
        if wanted == "pause":
            raise PauseRequested
        return wanted

    def _agreed_request(self) -> JobRequest | None:
        """Return the leader's request, and take over its clock, so that all end together."""
        own = self.writer.folder.requested() if self.learner.group.leads else None
        code, seconds = self.learner.group.agree((_REQUESTS.index(own), self.position.seconds))
        self.position.seconds = seconds
        return _REQUESTS[int(code)]

    def _select(self) -> None:
        """Score the averaged weights on the held-out cases, and keep them when they are better."""
        started, at = time.perf_counter(), self.position
        at.selections = int(self.fraction * self.spec.selections)
        value, share = self._score()
        at.stale += 1
        if value > at.best:
            at.best, at.best_step, at.best_share, at.stale = value, at.step, share, 0
            if self.learner.group.leads:
                self._keep_best()
        at.seconds += time.perf_counter() - started
        if self.learner.group.leads:
            self.writer.metric(
                at.step, {f"selection_{self.figure}": value, f"best_{self.figure}": at.best}
            )
            self._show()
            self.save()

    @property
    def _meaning(self) -> LogitMeaning:
        """What the network's logits are of."""
        output = self.learner.output
        return LogitMeaning(output, logit_offset(self.spec, output))

    def _show(self) -> None:
        """Tell pictures of a few cases that choose the weights, those with most lesion."""
        shown = sorted(self.selection, key=lambda case: int(np.count_nonzero(case.mask)))[
            -_PICTURES:
        ]
        drawn = {
            case.id: draw_case(
                self.learner.average.network,
                case,
                self.spec,
                device=self.learner.device,
                meaning=self._meaning,
            )
            for case in shown
        }
        self.writer.pictures(self.position.step, drawn)

    def _score(self) -> tuple[float, float]:
        """Return the DSC of the selection cases, and the smallest share that gave it.

        Where both ways give the same, the parent's holds; without one every component is kept.
        """
        group, found = self.learner.group, (0.0, 0.0)
        if group.leads:
            scored = score_cases(
                self.learner.average.network,
                self.selection,
                self.spec,
                device=self.learner.device,
                meaning=self._meaning,
                beat=self.writer.beat,
            )
            by_label = {
                figure_of(f"selection_{self.figure}", n): v for n, v in scored.labels.items()
            }
            self.writer.metric(self.position.step, {"selection_loss": scored.loss, **by_label})
            scores, usual = scored.dsc, usual_share(self.spec)
            share = max(scores, key=lambda each: (scores[each], each == usual))
            found = (scores[share], share)
        value, share = group.agree(found)
        return value, share

    def _keep_best(self) -> None:
        state = self.learner.average.state()
        kept = {name: tensor.cpu().contiguous() for name, tensor in state.items()}
        # Into memory first: on a full disk safetensors raises an error of its own kind.
        write_bytes(self.best_path, safetensors.torch.save(kept))

    def _tell(self) -> None:
        self.writer.beat()
        at, now = self.position, time.monotonic()
        if len(self._losses) >= min(_CURVE_STEPS, max(at.step // 4, 1)):
            share = rate_share(self.fraction, self.spec)
            mean = sum(self._losses) / len(self._losses)
            self.writer.metric(at.step, {"loss": mean, "rate_share": share})
            self._losses.clear()
        if now - self._told < _TELL_SECONDS:
            return
        self._told = now
        done = self.fraction
        speed = at.step * self.spec.batch_size / max(at.seconds, 1e-6)
        left = at.seconds / done * (1 - done) if done else None
        self.writer.write(
            Progressed(
                time=time.time(),
                fraction=done,
                stage="learning",
                seconds_left=left,
                step=at.step,
                images_a_second=speed,
            )
        )

    def _broken(self, batch: Batch, value: float) -> TrainingError:
        kept = "No weights were scored before it."
        if self.position.best_step:
            kept = (
                f"The best weights so far ({self.figure.upper()} {self.position.best:.3f} at step "
                f"{self.position.best_step}) are kept in {self.best_path}."
            )
        return TrainingError(
            f"Step {self.position.step + 1}: expected a finite loss, found {value} in a batch of "
            f"{batch}. {kept} Lower the learning rate, or look at these slices."
        )
