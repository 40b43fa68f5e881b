"""A network and everything that changes with each step."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Generator, Tensor, nn

from core.domain.model_output import ModelOutput
from core.inference.torch_device import autocast
from core.models.networks.network import SliceNetwork
from core.models.train_spec import TrainSpec
from training.learning.augment import Planes, augment
from training.learning.deep_heads import AllOutputs, level_weights
from training.learning.depthwise import wide_depthwise
from training.learning.label_targets import targets
from training.learning.late_losses import late_loss_of
from training.learning.losses import Loss, deep_loss, loss_of
from training.learning.optimise import Average, freeze_norms, make_optimiser, rate_share, set_rate
from training.learning.parallel import ProcessGroup
from training.learning.sampler import Batch
from training.learning.target_planes import joined_targets, smaller

_AUGMENTATION_SEED = 1


class NotFinite(Exception):
    """The loss of a batch is no finite number; the weights are still those before it."""

    def __init__(self, value: float, batch: Batch) -> None:
        self.value = value
        self.batch = batch
        super().__init__(f"{value} in a batch of {batch}")


@dataclass
class Learner:
    """Network, moving average, optimiser and the augmentation's randomness, on one device.

    `output` are the classes or regions it learns, None for one lesion. `spent` is the share of the
    budget before the step at hand.
    """

    spec: TrainSpec
    network: SliceNetwork
    channels: tuple[str, ...]
    device: torch.device
    group: ProcessGroup = field(default_factory=ProcessGroup)
    output: ModelOutput | None = None
    spent: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        """Put the network on the device and make all that goes with it."""
        self.network.to(self.device).to(memory_format=torch.channels_last)
        refined = self.spec.refined
        self.average = Average(self.network, self.spec.ema, refined.mean_from)
        logits = self.output.logits if self.output else 1
        every = AllOutputs(self.network, refined.deep, logits).to(self.device)
        self.heads = every.heads
        self.optimiser = make_optimiser(self.network, self.spec, further=every.heads)
        half = self.device.type == "cuda" and not torch.cuda.is_bf16_supported()
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=half)
        seed = self.spec.seed + _AUGMENTATION_SEED + self.group.rank
        self.generator = Generator(self.device).manual_seed(seed)
        flair = self.channels.index("FLAIR") if "FLAIR" in self.channels else 0
        self.planes = Planes(len(self.channels), flair, labels=self.output is not None)
        self._every = self.group.wrap(every)
        self._backward_way = wide_depthwise(self.network, self.device)
        self._trained = [*self.network.parameters(), *every.heads.parameters()]

    def step(self, batch: Batch, number: int, fraction: float) -> float:
        """Learn from a batch, the `number`-th, and return its loss; raises `NotFinite`."""
        set_rate(self.optimiser, rate_share(fraction, self.spec))
        self.network.train()
        if self.spec.freeze_norms:
            freeze_norms(self.network)
        self.spent = fraction
        loss = self.loss(batch)
        if not math.isfinite(value := loss.item()):
            raise NotFinite(value, batch)
        self.optimiser.zero_grad(set_to_none=True)
        with self._backward_way:
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.unscale_(self.optimiser)
        if self.spec.clip:
            nn.utils.clip_grad_norm_(self._trained, self.spec.clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.average.update(number, fraction)
        return value

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of a batch, augmented; over all processes where there are several."""
        refined = self.spec.refined
        images, masks = batch.images.to(self.device), batch.masks.to(self.device)
        if refined.first_size is not None and self.spent < refined.full_from:
            stride, labels = self.network.stride, self.planes.labels
            images, masks = smaller(images, masks, refined.first_size, stride, labels=labels)
        images, masks = augment(
            images, masks, self.spec.augmentation, planes=self.planes, generator=self.generator
        )
        images = images.contiguous(memory_format=torch.channels_last)
        mixed = autocast(self.device) if self.spec.precision == "auto" else torch.enable_grad()
        with mixed:
            outputs: list[Tensor] = self._every(images)
        gathered = [self.group.gather(logits.float()) for logits in outputs]
        wanted = self.group.gather(masks)
        if self.output is not None:
            wanted = targets(wanted, self.output)
        wanted = joined_targets(wanted, refined, several=self.output is not None)
        weights = level_weights(len(gathered)) if refined.deep else None
        return deep_loss(gathered, wanted, self._criterion(), weights)

    def _criterion(self) -> Loss:
        """Return the loss, with the share of the late one that it has by now."""
        refined, kind = self.spec.refined, self.output.kind if self.output else None
        plain, share = loss_of(self.spec.loss, kind), refined.late_share(self.spent)
        if not share or refined.late_loss is None:
            return plain
        late = late_loss_of(refined.late_loss, kind)
        return lambda logits, wanted: torch.lerp(plain(logits, wanted), late(logits, wanted), share)

    def states(self) -> dict[str, Any]:
        """Return all that `load_states` needs to go on alike; tensors are shared, not copied."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.state(),
            "averaged": self.average.counted,
            "heads": self.heads.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "augmentation": self.generator.get_state(),
            "torch": torch.get_rng_state(),
        }

    def load_states(self, states: dict[str, Any]) -> None:
        """Go on from what `states` returned."""
        self.network.load_state_dict(states["network"])
        self.average.network.load_state_dict(states["average"])
        # A checkpoint of before there were these has none to go on from.
        self.average.counted = states.get("averaged", 0)
        self.heads.load_state_dict(states.get("heads", {}))
        self.optimiser.load_state_dict(states["optimiser"])
        self.scaler.load_state_dict(states["scaler"])
        if self.group.leads:
            self.generator.set_state(states["augmentation"])
        else:
            # Only the leader's is saved; another's has to differ from it, and from its own past.
            self.generator.manual_seed(self.generator.initial_seed() + states["step"])
        torch.set_rng_state(states["torch"])
