"""The loop of a classifier: its weights are chosen by AUROC on the selection part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from core.domain.classification import class_report
from core.inference.inference_triage import slice_logits
from core.inference.torch_network import TorchNetwork
from core.models.networks.network import Classifier
from training.dataset import TrainCase
from training.loop import Loop
from training.triage.dataset import LabelArray, Labelled
from training.triage.learner import ClassifierLearner


@dataclass
class ClassifierLoop(Loop):
    """One training of a classifier; `labels` are those of the selection cases."""

    figure: ClassVar[str] = "auroc"

    labels: Sequence[LabelArray] = ()

    def _score(self) -> tuple[float, float]:
        """Return the AUROC of the selection cases; tells loss and accuracy for the curves."""
        group, found = self.learner.group, 0.0
        if group.leads:
            average = self.learner.average.network
            assert isinstance(average, Classifier)
            assert isinstance(self.learner, ClassifierLearner)
            held = Labelled(tuple(self.selection), tuple(self.labels))
            logits = case_logits(
                average,
                held.cases,
                neighbours=self.spec.preprocessing.neighbours,
                device=self.learner.device,
            )
            figures = class_report(logits, held.every_label)
            found = figures.auroc or 0.0
            values = {"selection_loss": figures.log_loss, "selection_accuracy": figures.accuracy}
            if (accuracy := self.learner.take_accuracy()) is not None:
                values["accuracy"] = accuracy
            self.writer.metric(self.position.step, values)
        (agreed,) = group.agree((found,))
        return agreed, 0.0


def case_logits(
    network: Classifier, cases: Sequence[TrainCase], *, neighbours: int, device: torch.device
) -> NDArray[np.float64]:
    """Return the logits (N, K) of all slices of the cases in order; NaN counts as zero."""
    placed = TorchNetwork(network)
    placed.place(str(device))
    found = [slice_logits(placed, case.prepared(neighbours)) for case in cases]
    return np.nan_to_num(np.concatenate(found))
