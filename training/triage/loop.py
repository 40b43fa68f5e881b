"""The loop of a classifier: its weights are chosen by a figure of the selection part."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.domain.classification import LabelArray, class_report
from core.inference.inference_triage import slice_logits
from core.inference.torch_network import TorchNetwork
from core.jobs.classify_spec import ClassifySpec
from core.models.networks.network import Classifier
from training.learning.train_case import TrainCase
from training.run.loop import Loop
from training.triage.dataset import Labelled
from training.triage.learner import ClassifierLearner


@dataclass
class ClassifierLoop(Loop):
    """One training of a classifier; `labels` are those of the selection cases."""

    labels: Sequence[LabelArray] = ()

    @property
    def figure(self) -> str:
        """Name of the figure the weights are chosen by, higher better.

        `likelihood` is the geometric mean of the probability of the true class: exp(-loss).
        """
        assert isinstance(self.spec, ClassifySpec)
        return "likelihood" if self.spec.best_by == "loss" else self.spec.best_by

    def _score(self) -> tuple[float, float]:
        """Return the figure over the selection cases; tells the others for the curves."""
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
            known = {
                "auroc": figures.auroc or 0.0,
                "accuracy": figures.accuracy,
                "likelihood": math.exp(-figures.log_loss),
            }
            found = known.pop(self.figure)
            # exp(-loss) says what the loss says.
            values = {f"selection_{n}": v for n, v in known.items() if n != "likelihood"}
            values["selection_loss"] = figures.log_loss
            if (accuracy := self.learner.take_accuracy()) is not None:
                values["accuracy"] = accuracy
            self.writer.metric(self.position.step, values)
        (agreed,) = group.agree((found,))
        return agreed, 0.0

    def _show(self) -> None:
        """Tell no pictures: a class has no outline."""


def case_logits(
    network: Classifier, cases: Sequence[TrainCase], *, neighbours: int, device: torch.device
) -> NDArray[np.float64]:
    """Return the logits (N, K) of all slices of the cases in order; NaN counts as zero."""
    placed = TorchNetwork(network)
    placed.place(str(device))
    found = [slice_logits(placed, case.prepared(neighbours)) for case in cases]
    return np.nan_to_num(np.concatenate(found))
