"""What a reader says of the labels of a dataset: names, regions, and what binary masks fill.

The window keeps it in the workspace, and so do the options `--region NAME=1+3` and `--fills`.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

from msgspec import UNSET, UnsetType

from core.domain.errors import DataError
from core.domain.label_set import LabelSet, Region, from_values
from core.io.cases.case import Case
from core.io.cases.case_reader import read_case, region_of
from core.io.datasets.dataset import Dataset
from core.io.datasets.organisation import AS_IT_LIES, Organisation, given
from core.models.label_choice import LabelChoice
from core.workspace.known_dataset import recalled, scan_known
from core.workspace.settings import home
from core.workspace.workspace_folder import STORE_NAME, open_workspace, workspace_folder

_LOOKED_AT = 8
"""Cases whose labels are read before a region is said to be none of theirs."""


def chosen_dataset(root: Path, how: Organisation = AS_IT_LIES, *, scores: bool = True) -> Dataset:
    """Return the cases under `root` with the labels chosen for that folder, and as `how` says now.

    What is said is kept. Where figures are wanted, `scores`, or a mask is learnt, cases are of the
    region that masks without labels fill unless another is said. Raises `DataError` as `scan`, and
    for a region that there can be none of.
    """
    folder = workspace_folder(home(), root)
    dataset = scan_known(root, how, check=lambda found: _require_region(found, folder, how))
    return with_chosen(dataset, folder, how, scores=scores)


def label_choice(root: Path, region: str = "") -> LabelChoice | UnsetType:
    """Return what is chosen of the labels of a folder now, `region` as `--region` names it.

    For the spec of a job; unset where nothing is chosen, which is told without a look at the cases.
    Raises `DataError` for a region that the labels do not have.
    """
    store = workspace_folder(home(), root) / STORE_NAME
    if not region and not store.exists() and not recalled(root.absolute()).region:
        return UNSET
    choice = choice_of(chosen_dataset(root, given(None, None, None, region)))
    if choice is not UNSET and choice.labels is not None:
        region_of(choice.labels, choice.region)
    return choice


def choice_of(dataset: Dataset) -> LabelChoice | UnsetType:
    """Return what is chosen of the labels of a dataset that was read, for the spec of a job.

    Its region is the one its cases name, else the one that masks without labels fill. Unset where
    masks are binary and none is named.
    """
    known = dataset.labels
    labels = None if known is None or known.is_binary else known
    region = next((case.region for case in map(for_figures, dataset.cases) if case.region), "")
    return LabelChoice(labels=labels, region=region) if labels or region else UNSET


def dataset_of_job(root: Path, choice: LabelChoice | UnsetType) -> Dataset:
    """Return the cases under `root` as a job has them that was made with that choice.

    One that says nothing of labels has them as the files and the organisation of the folder say.
    """
    dataset = scan_known(root)
    if choice is UNSET:
        return dataset
    dataset = with_labels(dataset, choice.labels)
    cases = tuple(replace(case, region=choice.region) for case in dataset.cases)
    return replace(dataset, cases=cases)


def for_figures(case: Case) -> Case:
    """Return a case of the region that masks without labels fill, unless it names another."""
    filled = None if case.labels is None else case.labels.filled
    return case if filled is None or case.region else replace(case, region=filled.name)


def with_labels(dataset: Dataset, labels: LabelSet | None, region: str = "") -> Dataset:
    """Return a dataset whose masks mean these labels, its cases of a region; else as it was."""
    labels = labels or dataset.labels
    cases = tuple(
        replace(case, labels=labels or case.labels, region=region or case.region)
        for case in dataset.cases
    )
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
            kept = labels
    if kept is None:
        return dataset
    dataset = with_labels(dataset, kept)
    return replace(dataset, cases=tuple(map(for_figures, dataset.cases))) if scores else dataset


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


def _require_region(found: Dataset, folder: Path, how: Organisation) -> None:
    """Raise `DataError` for a region by a name that no case has, before that name is kept.

    Cases of one folder may tell other labels than the first: a few are looked at, not thousands. A
    label that they lack can be named by its value.
    """
    if not how.region or how.values:
        return
    refused: DataError | None = None
    for labels in _labels_of(with_chosen(found, folder)):
        try:
            region_of(labels, how.region)
        except DataError as error:
            refused = refused or error
        else:
            return
    if refused is not None:
        raise DataError(
            f"--region {refused} Or make one of values, as --region NAME=1+3."
        ) from refused


def _labels_of(dataset: Dataset) -> Iterator[LabelSet]:
    """Yield the labels that the folder tells and those of its first cases with a mask."""
    if dataset.labels is not None:
        yield dataset.labels
    for case in islice((each for each in dataset.cases if each.has_ground_truth), _LOOKED_AT):
        with suppress(DataError):
            yield read_case(case).label_set or from_values((1,))


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
