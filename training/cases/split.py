"""Which cases teach, which choose and which only judge; always by case, never by slice."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import torch

from core.domain.errors import DataError
from core.io.cases.case import Case
from core.io.datasets.dataset import Dataset
from core.models.registry import ModelSpec
from core.models.train_spec import TrainSpec
from core.workspace.splits import SplitFile

FEWEST_CASES = 2
_FRESH_HELD = 5  # one in so many new cases chooses the weights of a fine-tuning


@dataclass(frozen=True)
class Split:
    """Cases by what they are for: `fit` reaches gradients, `selection` chooses the weights.

    `fresh` are the ids that a fine-tuning is for, the other cases of `fit` are replayed.
    """

    fit: tuple[Case, ...]
    selection: tuple[Case, ...]
    val: tuple[Case, ...]
    fresh: frozenset[str] = frozenset()


def make_split(
    file: SplitFile,
    dataset: Dataset,
    spec: TrainSpec,
    *,
    parent: ModelSpec | None = None,
    corrected: Collection[str] = (),
) -> Split:
    """Return the cases of a split file for a training, those that choose drawn by its seed.

    A case in `corrected` needs no ground truth to be learnt from. Raises `DataError` when a case
    is not in the dataset or has no mask, when there are fewer than two to learn from, and when one
    of the spec's `cases` is not in `train`.
    """
    _require_in_train(spec.cases, file)
    val = tuple(_case(dataset, name, ()) for name in file.val)
    train = [_case(dataset, name, corrected) for name in sorted(set(file.train))]
    if len(train) < FEWEST_CASES:
        raise DataError(
            f"Expected at least {FEWEST_CASES} cases in train, one to learn from and one to choose "
            f"the weights by, found {len(train)}. Add cases to the split."
        )
    if parent is not None:
        return replace(_fine_tuning(train, spec, parent), val=val)
    held = _draw(train, max(1, min(spec.selection_cases, len(train) // 3)), spec.seed)
    return Split(_without(train, held), held, val)


def first_cases(split: Split, count: int) -> Split:
    """Return a split of at most `count` cases to learn from, new ones first, and one to choose."""
    fit = sorted(split.fit, key=lambda case: case.id not in split.fresh)[:count]
    return Split(tuple(fit), split.selection[:1], (), split.fresh)


def _fine_tuning(train: Sequence[Case], spec: TrainSpec, parent: ModelSpec) -> Split:
    """Return new cases and replayed ones; those that chose the parent go on choosing.

    A fifth of the new cases chooses too; where the parent knows all, they are learnt from as in a
    training of its own. Where nobody knows what the parent has seen, it counts as all that is not
    new.
    """
    names = {case.id for case in train}
    seen = names & set(parent.trained_on)
    fresh = set(spec.cases) or (names - seen if seen else set()) or names
    old = [case for case in train if case.id not in fresh and (not seen or case.id in seen)]
    new = [case for case in train if case.id in fresh]
    chose = set(parent.lineage.selection) if parent.lineage else set()
    if seen == names and not spec.cases:
        held = tuple(case for case in train if case.id in chose)
        held = held or _draw(train, max(1, min(spec.selection_cases, len(train) // 3)), spec.seed)
        return Split(_without(train, held), held, (), frozenset(names))
    held = tuple(case for case in old if case.id in chose)
    if not held:
        held = _draw(old, min(spec.selection_cases, len(old) // 3), spec.seed)
    held += _draw(new, len(new) // _FRESH_HELD, spec.seed)
    if not held and len(new) >= FEWEST_CASES:
        held = _draw(new, 1, spec.seed)
    if not held:
        raise DataError(
            f"Expected cases to choose the weights by beside the {len(new)} to learn from, found "
            "none. Add cases of the parent's training to the split."
        )
    taught = [*new, *old] if spec.replay else new
    return Split(_without(taught, held), held, (), frozenset(case.id for case in new))


def _draw(cases: Sequence[Case], count: int, seed: int) -> tuple[Case, ...]:
    """Return so many of the cases, by lot, in their order."""
    order = torch.randperm(len(cases), generator=torch.Generator().manual_seed(seed)).tolist()
    return tuple(cases[index] for index in sorted(order[:count]))


def _without(cases: Sequence[Case], held: Sequence[Case]) -> tuple[Case, ...]:
    return tuple(case for case in cases if case not in held)


def _require_in_train(wanted: Sequence[str], file: SplitFile) -> None:
    outside = sorted(set(wanted) - set(file.train))
    if not outside:
        return
    judges = "which is in val and only judges" if outside[0] in file.val else "which is not"
    raise DataError(
        f"Expected cases of train to learn from, found {outside[0]}, {judges}. "
        "Choose others, or correct the split."
    )


def _case(dataset: Dataset, case_id: str, corrected: Collection[str]) -> Case:
    case = next((case for case in dataset.cases if case.id == case_id), None)
    if case is None:
        raise DataError(
            f"{dataset.name}: expected the case {case_id}, which the split names, found "
            f"{len(dataset.cases)} others. Correct the split, or choose the folder it is for."
        )
    if not case.has_ground_truth and case_id not in corrected:
        raise DataError(
            f"{case_id}: expected ground truth (…_mask.tif), found none. "
            "Add the masks, or take the case out of the split."
        )
    return case
