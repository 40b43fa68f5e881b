"""The learner of a classifier: cross-entropy in place of a loss on masks."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from core.inference.torch_device import autocast
from core.jobs.classify_spec import ClassifySpec
from core.models.networks.builder import build_classifier
from core.models.networks.network import Classifier
from core.models.networks.spec import NetworkSpec
from core.models.networks.weights import load_weights, read_state_dict
from training.learning.augment import augment
from training.learning.learner import Learner
from training.learning.sampler import Batch
from training.run.start import load_part
from training.triage.dataset import LabelledBatch


def new_classifier(spec: ClassifySpec, *, planes: int, classes: int) -> Classifier:
    """Return the network of a training, its encoder pretrained where the spec names a file."""
    network = build_classifier(NetworkSpec(spec.architecture, planes, spec.arguments), classes)
    if spec.encoder_weights:
        load_part(network, Path(spec.encoder_weights))
    return network


def load_classifier(network: Classifier, weights: Path) -> None:
    """Put stored weights into `network`, whatever floats they are stored as."""
    state = read_state_dict(weights)
    floats = {n: t.float() if t.is_floating_point() else t for n, t in state.items()}
    load_weights(network, floats, source=str(weights))


@dataclass
class ClassifierLearner(Learner):
    """A classifier and everything that changes with each step; counts what it gets right."""

    def __post_init__(self) -> None:
        """Put the classifier on the device and make all that goes with it."""
        super().__post_init__()
        self._right = self._seen = 0

    def loss(self, batch: Batch) -> Tensor:
        """Return the cross-entropy of a batch, augmented, with smoothed labels."""
        assert isinstance(batch, LabelledBatch)
        assert isinstance(self.spec, ClassifySpec)
        images, _ = augment(
            batch.images.to(self.device),
            batch.masks.to(self.device),
            self.spec.augmentation,
            planes=self.planes,
            generator=self.generator,
        )
        images = images.contiguous(memory_format=torch.channels_last)
        mixed = autocast(self.device) if self.spec.precision == "auto" else torch.enable_grad()
        with mixed:
            outputs: list[Tensor] = self._every(images)
        logits = self.group.gather(outputs[0].float())
        labels = self.group.gather(batch.labels.to(self.device))
        self._right += int((logits.argmax(dim=1) == labels).sum())
        self._seen += len(labels)
        return functional.cross_entropy(logits, labels, label_smoothing=self.spec.label_smoothing)

    def take_accuracy(self) -> float | None:
        """Return the accuracy over the batches since the last call, None when there was none."""
        found = self._right / self._seen if self._seen else None
        self._right = self._seen = 0
        return found
