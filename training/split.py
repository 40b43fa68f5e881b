"""Which cases teach, which choose and which only judge; always by case, never by slice."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch

from core.case import Case
from core.dataset import Dataset
from core.errors import DataError, reason

FEWEST_CASES = 2


class SplitFile(msgspec.Struct, frozen=True):
    """The content of a split file: case ids. `val` judges and must not be learnt from."""

    train: tuple[str, ...]
    val: tuple[str, ...] = ()


@dataclass(frozen=True)
class Split:
    """Cases by what they are for: `fit` reaches gradients, `selection` chooses the weights."""

    fit: tuple[Case, ...]
    selection: tuple[Case, ...]
    val: tuple[Case, ...]


def read_split(path: Path) -> SplitFile:
    """Return the split in a file; raises `DataError` for what is no split or not by case."""
    try:
        split = msgspec.json.decode(path.read_bytes(), type=SplitFile)
    except OSError as error:
        raise DataError(
            f"{path}: expected a split file, found: {reason(error)}. Check the path."
        ) from error
    except msgspec.DecodeError as error:
        raise DataError(
            f'{path}: expected JSON as {{"train": [case ids], "val": [case ids]}}, '
            f"found: {error}. Correct the file."
        ) from error
    twice = sorted(set(split.train) & set(split.val))
    if twice:
        raise DataError(
            f"{path}: expected every case in one part, found {', '.join(twice[:3])} in train and "
            "in val. Take it out of one, or its score would be worth nothing."
        )
    return split


def make_split(split: SplitFile, dataset: Dataset, *, selection: int, seed: int) -> Split:
    """Return the cases of a split, `selection` of `train` held out by lot.

    At most a third is held out. Raises `DataError` when a case is not in the dataset or has no
    ground truth, and when `train` has fewer than two cases.
    """
    val = tuple(_case(dataset, name) for name in split.val)
    train = [_case(dataset, name) for name in sorted(set(split.train))]
    if len(train) < FEWEST_CASES:
        raise DataError(
            f"Expected at least {FEWEST_CASES} cases in train, one to learn from and one to choose "
            f"the weights by, found {len(train)}. Add cases to the split."
        )
    held = max(1, min(selection, len(train) // 3))
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed)).tolist()
    chosen = set(order[:held])
    fit = tuple(case for index, case in enumerate(train) if index not in chosen)
    return Split(fit, tuple(train[index] for index in sorted(chosen)), val)


def _case(dataset: Dataset, case_id: str) -> Case:
    case = next((case for case in dataset.cases if case.id == case_id), None)
    if case is None:
        raise DataError(
            f"{dataset.name}: expected the case {case_id}, which the split names, found "
            f"{len(dataset.cases)} others. Correct the split, or choose the folder it is for."
        )
    if not case.has_ground_truth:
        raise DataError(
            f"{case_id}: expected ground truth (…_mask.tif), found none. "
            "Add the masks, or take the case out of the split."
        )
    return case
