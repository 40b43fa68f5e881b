"""Label maps as a network is to find them, and the labels of the cases of a training."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.domain.errors import DataError
from core.domain.label_set import HIGHEST
from core.domain.model_output import ModelOutput
from core.io.cases.case import Case
from core.models.wanted_labels import WantedLabels, output_of
from training.learning.sampler import Sampler
from training.learning.train_case import TrainCase


def targets(maps: Tensor, output: ModelOutput) -> Tensor:
    """Return what logits (B, K, H, W) are to be of label maps (B, 1, H, W): 0 or 1, float32.

    Of classes the first is the background, and one of them is 1 everywhere.
    """
    table = torch.from_numpy(_table(output)).to(maps.device)
    return table[:, maps[:, 0].long()].movedim(0, 1).float()


def _table(output: ModelOutput) -> NDArray[np.uint8]:
    """Return for each logit (K) which of the 256 values it is on."""
    rows = np.zeros((output.logits, HIGHEST + 1), np.uint8)
    channels = output.channels
    for row, region in zip(rows[-len(channels) :], channels, strict=True):
        row[list(region.values)] = 1
    if output.kind == "classes":
        rows[0] = 1 - rows[1:].max(axis=0)
    return rows


def check_labels(wanted: WantedLabels, first: Case) -> None:
    """Raise `DataError` where the layout of the `first` case names labels, and none is so called.

    Where only pixels tell which labels there are, the training finds out.
    """
    if first.labels is not None and not first.labels.is_binary:
        output_of(wanted, first.labels)


def learnt_output(
    wanted: WantedLabels | None, parent: ModelOutput | None, cases: Sequence[TrainCase]
) -> ModelOutput | None:
    """Return what a training learns: what is wanted of its cases, else what its parent gives.

    None for a binary one. Raises `DataError` for names that the cases have not.
    """
    sets = [case.labels for case in cases if case.labels is not None]
    if wanted is None:
        if parent is not None and all(labels.is_binary for labels in sets):
            names = ", ".join(label.name for label in parent.labels.labels)
            raise DataError(
                f"Expected masks of the labels that the parent knows ({names}), found one alone. "
                "Start from a binary model, or take cases whose masks hold several."
            )
        return parent
    named = next((labels for labels in sets if not labels.is_binary), sets[0])
    every = named.with_found(value for labels in sets for value in labels.values)
    return output_of(wanted, every)


def in_values_of(output: ModelOutput, case: TrainCase) -> TrainCase:
    """Return a case whose maps have the values of the output; what it lacks is background."""
    if case.labels is None:
        return case
    there, _ = output.adapted(case.labels)
    table = np.zeros(HIGHEST + 1, np.uint8)
    own = {label.name: label.value for label in output.labels.labels}
    for label in there.labels.labels:
        if label.value in case.labels.values:
            table[label.value] = own[label.name]
    mask, truth = table[case.mask], table[case.truth]
    return replace(case, mask=mask, truth=truth, labels=output.labels)


def balance_words(sampler: Sampler, output: ModelOutput | None) -> str:
    """Return sentences on how common each label is and how often it is drawn; empty for a lesion.

    A share is that of labelled voxels; a chance that of a slice with the label.
    """
    if output is None:
        return ""
    counts = seen_labels(output, sampler.cases)
    total = max(sum(counts.values()), 1)
    even = [
        np.full(len(case.mask), 1 / len(case.mask) / len(sampler.cases)) for case in sampler.cases
    ]
    drawn = [chance.numpy() for chance in sampler.chances]
    said = []
    for label in output.labels.labels:
        if not counts[label.name]:
            said.append(f"{label.name}: no voxel in the cases to learn from, so it is not learnt")
            continue
        there = [(case.mask == label.value).any(axis=(1, 2)) for case in sampler.cases]
        by_lot, balanced = (
            sum(float(each[has].sum()) for each, has in zip(chances, there, strict=True))
            for chances in (even, drawn)
        )
        said.append(
            f"{label.name}: {counts[label.name] / total:.1%} of labelled voxels, on {balanced:.0%} "
            f"of the slices drawn ({by_lot:.0%} of them drawn evenly)"
        )
    return f"{'; '.join(said)}."


def seen_labels(output: ModelOutput, cases: Sequence[TrainCase]) -> dict[str, int]:
    """Return how many voxels of the cases each label has, by its name."""
    counts = np.zeros(HIGHEST + 1, np.int64)
    for case in cases:
        counts += np.bincount(case.mask.ravel(), minlength=HIGHEST + 1)
    return {label.name: int(counts[label.value]) for label in output.labels.labels}
