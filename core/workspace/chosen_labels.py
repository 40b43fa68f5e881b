"""What a reader says of the labels of a dataset: names, regions, and what binary masks fill.

The window keeps it in the workspace, and so do the options `--region NAME=1+3` and `--fills`.
"""

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import msgspec

from core.domain.errors import DataError
from core.domain.label_set import LabelSet, Region, from_values
from core.io.case_reader import read_case, region_of
from core.io.dataset import Dataset
from core.workspace.workspace_folder import STORE_NAME, open_workspace

_FORM = "a region as NAME or as NAME=1+3, of values of labels"


class LabelsTold(msgspec.Struct, frozen=True):
    """What options say: the region to look at, its values where it is made of some, what is filled.

    Empty for what is not said. Where figures are wanted, `scores`, what is filled is looked at
    unless another region is: of the rest a binary mask says nothing.
    """

    region: str = ""
    values: tuple[int, ...] = ()
    fills: str = ""
    scores: bool = False

    @property
    def changes(self) -> bool:
        """True where it says more of the labels than was known."""
        return bool(self.values or self.fills)


def labels_told(region: str = "", fills: str = "", *, scores: bool = False) -> LabelsTold:
    """Return what `--region` and `--fills` say; raises `DataError` for another form."""
    name, separator, text = region.partition("=")
    if not separator:
        return LabelsTold(region, (), fills, scores)
    parts = [part.strip() for part in text.split("+")]
    if not name.strip() or not all(part.isascii() and part.isdecimal() for part in parts):
        raise DataError(f"--region {region}: expected {_FORM}, found another form. Correct it.")
    return LabelsTold(name.strip(), tuple(map(int, parts)), fills, scores)


def _looked_at(dataset: Dataset, labels: LabelSet, told: LabelsTold) -> Dataset:
    """Return a dataset of these labels, its cases of the region that figures are wanted of."""
    dataset, filled = with_labels(dataset, labels), labels.filled
    if filled is None or not told.scores or any(case.region for case in dataset.cases):
        return dataset
    cases = tuple(replace(case, region=filled.name) for case in dataset.cases)
    return replace(dataset, cases=cases)


def with_labels(dataset: Dataset, labels: LabelSet) -> Dataset:
    """Return a dataset whose masks mean these labels."""
    cases = tuple(replace(case, labels=labels) for case in dataset.cases)
    return replace(dataset, labels=labels, cases=cases)


def with_chosen(dataset: Dataset, folder: Path, told: LabelsTold) -> Dataset:
    """Return a dataset with the labels that were chosen in its workspace `folder`, and as told now.

    What is told is kept there. Raises `DataError` for a region that there can be none of.
    """
    if not told.changes and not (folder / STORE_NAME).exists():
        return dataset
    with closing(open_workspace(folder)) as workspace:
        kept = workspace.labels()
        before = kept or dataset.labels
        if told.changes:
            labels = _changed(before or _found_in(dataset), told)
            if labels != kept and not workspace.store.read_only:
                workspace.put_labels(labels, redrawn(before, labels))
            return _looked_at(dataset, labels, told)
    return dataset if kept is None else _looked_at(dataset, kept, told)


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


def _changed(labels: LabelSet, told: LabelsTold) -> LabelSet:
    if told.values:
        labels = labels.with_found(told.values)
        there = told.region in {region.name for region in labels.regions}
        try:
            region = Region(told.region, told.values)
            labels = labels.with_region(region, told.region if there else "")
        except ValueError as error:
            raise DataError(
                f"--region {told.region}={'+'.join(map(str, told.values))}: expected {_FORM}, "
                f"found: {error}"
            ) from error
    if told.fills:
        if labels.is_binary:
            raise DataError(
                f"--fills {told.fills}: expected a dataset of several labels, found one "
                f"({labels.labels[0].name}). Leave it out."
            )
        labels = replace(labels, fills=region_of(labels, told.fills).name)
    return labels


def _found_in(dataset: Dataset) -> LabelSet:
    """Return the labels of the first case whose masks can be read, where the folder names none."""
    for case in dataset.cases:
        with suppress(DataError):
            found = read_case(case).label_set if case.has_ground_truth else None
            if found is not None:
                return found
    return from_values((1,))
