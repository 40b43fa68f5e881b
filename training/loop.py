"""The loop: batches, steps, the moving average, selections, checkpoints and requests."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Generator, Tensor, nn

from core.files.atomic import atomic_path
from core.inference import autocast
from core.jobs import JobWriter, Request
from core.train_spec import TrainSpec
from training.augment import Planes, augment
from training.checkpoint import Position, load_checkpoint, save_checkpoint
from training.dataset import Batch, Sampler, TrainCase
from training.errors import TrainingError
from training.losses import LOSSES, deep_loss
from training.optimise import Average, freeze_norms, make_optimiser, rate_share, set_rate
from training.selection import score_cases

BEST_FILE = "best.safetensors"
_CURVE_STEPS = 10
_TELL_SECONDS = 2.0
_AUGMENTATION_SEED = 1


class PauseRequested(Exception):
    """The job was asked to pause; its checkpoint is written."""


@dataclass
class Loop:
    """One training in memory: `run` until its budget is spent, then the best weights are on disk.

    `selection` cases choose the best weights and never reach a gradient.
    """

    spec: TrainSpec
    network: nn.Module
    sampler: Sampler
    selection: Sequence[TrainCase]
    writer: JobWriter
    device: torch.device
    position: Position = field(default_factory=Position)

    def __post_init__(self) -> None:
        """Put the network on the device and make all that goes with it."""
        self.network.to(self.device, memory_format=torch.channels_last)
        self.average = Average(self.network, self.spec.ema)
        self.optimiser = make_optimiser(self.network, self.spec)
        half = self.device.type == "cuda" and not torch.cuda.is_bf16_supported()
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=half)
        self.generator = Generator(self.device).manual_seed(self.spec.seed + _AUGMENTATION_SEED)
        channels = self.sampler.cases[0].channels
        flair = channels.index("FLAIR") if "FLAIR" in channels else 0
        self.planes = Planes(len(channels), flair)
        self._losses: list[float] = []
        self._told = self._saved = time.monotonic()

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
        spent = 0.0
        if self.steps:
            spent = self.position.step / self.steps
        if self.spec.minutes:
            spent = max(spent, self.position.seconds / (60 * self.spec.minutes))
        return min(spent, 1.0)

    def resume(self) -> None:
        """Take everything up from the checkpoint; raises `TrainingError` when there is none."""
        self.position, states = load_checkpoint(self.writer.folder.checkpoint)
        self.network.load_state_dict(states["network"])
        self.average.network.load_state_dict(states["average"])
        self.optimiser.load_state_dict(states["optimiser"])
        self.scaler.load_state_dict(states["scaler"])
        self.sampler.generator.set_state(states["sampler"])
        self.generator.set_state(states["generator"])
        torch.set_rng_state(states["torch"])

    def save(self) -> None:
        """Write the checkpoint."""
        states: dict[str, Any] = {
            "network": self.network.state_dict(),
            "average": self.average.state(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "sampler": self.sampler.generator.get_state(),
            "generator": self.generator.get_state(),
            "torch": torch.get_rng_state(),
        }
        save_checkpoint(self.writer.folder.checkpoint, self.position, states)
        self._saved = time.monotonic()

    def run(self) -> Position:
        """Train until the budget is spent, nothing gets better, or the job is asked to stop.

        Raises `PauseRequested` after saving when asked to pause, `TrainingError` when the loss is
        not finite any more.
        """
        while not self._finished():
            self._train_step()
            if self._selection_due():
                self._select()
            self._tell()
            if self._heed() == "stop":
                break
        if self.position.best_step == 0:
            self._select()
        return self.position

    def _finished(self) -> bool:
        patience = self.spec.patience
        return self.fraction >= 1 or (patience > 0 and self.position.stale >= patience)

    def _train_step(self) -> None:
        started = time.perf_counter()
        batch = self.sampler.draw()
        set_rate(self.optimiser, rate_share(self.fraction, self.spec))
        self.network.train()
        if self.spec.freeze_norms:
            freeze_norms(self.network)
        loss = self._loss(batch)
        if not math.isfinite(value := loss.item()):
            raise self._broken(batch, value)
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        if self.spec.clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.spec.clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.position.step += 1
        self.average.update(self.position.step)
        self._losses.append(value)
        self.position.seconds += time.perf_counter() - started

    def _loss(self, batch: Batch) -> Tensor:
        images, masks = augment(
            batch.images.to(self.device),
            batch.masks.to(self.device),
            self.spec.augmentation,
            planes=self.planes,
            generator=self.generator,
        )
        images = images.to(memory_format=torch.channels_last)
        every = getattr(self.network, "forward_all", None)
        mixed = autocast(self.device) if self.spec.precision == "auto" else torch.enable_grad()
        with mixed:
            outputs = every(images) if every is not None else [self.network(images)]
        return deep_loss(outputs, masks, LOSSES[self.spec.loss])

    def _selection_due(self) -> bool:
        return self.fraction * self.spec.selections >= self.position.selections + 1

    def _select(self) -> None:
        """Score the averaged weights on the held-out cases, and keep them when they are better."""
        started = time.perf_counter()
        neighbours = self.spec.preprocessing.neighbours
        scores = score_cases(
            self.average.network, self.selection, neighbours=neighbours, device=self.device
        )
        largest = scores[True] > scores[False]
        at, value = self.position, scores[largest]
        at.selections = int(self.fraction * self.spec.selections)
        at.stale += 1
        if value > at.best:
            at.best, at.best_step, at.best_largest, at.stale = value, at.step, largest, 0
            self._keep_best()
        at.seconds += time.perf_counter() - started
        self.writer.metric(at.step, {"selection_dsc": value, "best_dsc": at.best})
        self.save()

    def _keep_best(self) -> None:
        state = {name: tensor.cpu().contiguous() for name, tensor in self.average.state().items()}
        with atomic_path(self.best_path) as temporary:
            safetensors.torch.save_file(state, temporary)

    def _tell(self) -> None:
        self.writer.beat()
        if len(self._losses) >= _CURVE_STEPS:
            share = rate_share(self.fraction, self.spec)
            mean = sum(self._losses) / len(self._losses)
            self.writer.metric(self.position.step, {"loss": mean, "rate_share": share})
            self._losses.clear()
        if time.monotonic() - self._told < _TELL_SECONDS:
            return
        self._told = time.monotonic()
        done, seconds = self.fraction, self.position.seconds
        speed = self.position.step * self.spec.batch_size / max(seconds, 1e-6)
        left = seconds / done * (1 - done) if done else None
        told = f"step {self.position.step}, {speed:.1f} images a second"
        self.writer.progress(done, told, left)

    def _heed(self) -> Request | None:
        """Save when it is time, and return what was asked of the job."""
        wanted = self.writer.folder.requested()
        if wanted or time.monotonic() - self._saved > 60 * self.spec.checkpoint_minutes:
            self.save()
        if wanted == "pause":
            raise PauseRequested
        return wanted

    def _broken(self, batch: Batch, value: float) -> TrainingError:
        kept = "No weights were scored before it."
        if self.position.best_step:
            kept = (
                f"The best weights so far (DSC {self.position.best:.3f} at step "
                f"{self.position.best_step}) are kept in {self.best_path}."
            )
        return TrainingError(
            f"Step {self.position.step + 1}: expected a finite loss, found {value} in a batch of "
            f"{batch}. {kept} Lower the learning rate, or look at these slices."
        )

