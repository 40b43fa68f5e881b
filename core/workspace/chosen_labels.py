"""What a reader says of the labels of a dataset: names, regions, and what binary masks fill.

The window keeps it in the workspace, and so do the options `--region NAME=1+3` and `--fills`.
"""

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from core.domain.errors import DataError
from core.domain.label_set import LabelSet, Region, from_values
from core.io.cases.case_reader import read_case, region_of
from core.io.datasets.dataset import Dataset
from core.io.datasets.organisation import AS_IT_LIES, Organisation
from core.workspace.workspace_folder import STORE_NAME, open_workspace


def _looked_at(dataset: Dataset, labels: LabelSet, scores: bool) -> Dataset:
    """Return a dataset of these labels, its cases of the region that figures are wanted of."""
    dataset, filled = with_labels(dataset, labels), labels.filled
    if filled is None or not scores or any(case.region for case in dataset.cases):
        return dataset
    cases = tuple(replace(case, region=filled.name) for case in dataset.cases)
    return replace(dataset, cases=cases)


def with_labels(dataset: Dataset, labels: LabelSet) -> Dataset:
    """Return a dataset whose masks mean these labels."""
    cases = tuple(replace(case, labels=labels) for case in dataset.cases)
    return replace(dataset, labels=labels, cases=cases)


def with_chosen(
    dataset: Dataset, folder: Path, how: Organisation = AS_IT_LIES, *, scores: bool = False
) -> Dataset:
    """Return a dataset with the labels chosen in its workspace `folder`, and as `how` says now.

    What is said is kept there. Where figures are wanted, `scores`, cases are of the region that
    masks without labels fill unless another is said: of the rest a binary model says nothing.
    Raises `DataError` for a region that there can be none of.
    """
    told = bool(how.values or how.fills)
    if not told and not (folder / STORE_NAME).exists():
        return dataset
    with closing(open_workspace(folder)) as workspace:
        kept = workspace.labels()
        before = kept or dataset.labels
        if told:
            labels = _changed(before or _found_in(dataset), how)
            if labels != kept and not workspace.store.read_only:
                workspace.put_labels(labels, redrawn(before, labels))
            return _looked_at(dataset, labels, scores)
    return dataset if kept is None else _looked_at(dataset, kept, scores)


def redrawn(before: LabelSet | None, after: LabelSet) -> Sequence[str] | None:
    """Return the names that stand for other labels than before, as what is kept of them is stale.

    None for all: masks without labels are of another region.
    """
    if before is None:
        return ()
    if before.filled != after.filled:
        return None
    known = {region.name: frozenset(region.values) for region in before.scored}
    now = {region.name: frozenset(region.values) for region in after.scored}
    return tuple(name for name, values in known.items() if values != now.get(name))


def _changed(labels: LabelSet, how: Organisation) -> LabelSet:
    if how.values:
        labels = labels.with_found(how.values)
        there = how.region in {region.name for region in labels.regions}
        try:
            region = Region(how.region, how.values)
            labels = labels.with_region(region, how.region if there else "")
        except ValueError as error:
            raise DataError(
                f"--region {how.region}={'+'.join(map(str, how.values))}: expected a region that "
                f"can be made, found: {error}"
            ) from error
    if how.fills:
        if labels.is_binary:
            raise DataError(
                f"--fills {how.fills}: expected a dataset of several labels, found one "
                f"({labels.labels[0].name}). Leave it out."
            )
        labels = replace(labels, fills=region_of(labels, how.fills).name)
    return labels


def _found_in(dataset: Dataset) -> LabelSet:
    """Return the labels of the first case whose masks can be read, where the folder names none."""
    for case in dataset.cases:
        with suppress(DataError):
            found = read_case(case).label_set if case.has_ground_truth else None
            if found is not None:
                return found
    return from_values((1,))
