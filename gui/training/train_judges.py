"""Which cases judge: what is proposed, what the reader chooses, and what a split file says."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from random import Random

from core.domain.errors import DataError
from core.domain.figure_text import counted
from core.domain.statistics import FEWEST_CASES
from core.io.cases.case import Case
from core.models.registry import Model
from core.workspace.splits import SplitFile, split_hash
from gui.training.train_form import CaseChoice, SplitChoice, TrainOffer

_SHARE = 0.2
_FEWEST = 2
_SEED = 42
_MOST_SITES = 6
_TO_BE_FROZEN = "judges models, to be frozen"


def propose_split(
    cases: Sequence[Case], models: Sequence[Model], *, corrected: Collection[str] = ()
) -> SplitFile:
    """Draw a fifth of the cases with ground truth to judge models, where there is no split yet.

    As many as a verdict takes, while twice as many are left to learn from; never one of more than
    four. Cases that a model has learnt from would flatter it, and corrected ones are there to be
    learnt from: either are drawn only when there are too few others. One case is spared only where
    nothing else would be left to learn from.
    """
    known = [case.id for case in cases if case.has_ground_truth]
    seen = {name for model in models for name in model.spec.trained_on}
    unseen = [name for name in known if name not in seen]
    untouched = [name for name in unseen if name not in corrected]
    pools = (untouched, unseen, known)
    drawn_from = next((pool for pool in pools if len(pool) >= _FEWEST), known)
    spared = 0 if len(drawn_from) < len(known) else 1
    count = min(_judges(len(known)), max(len(drawn_from) - spared, 0))
    val = set(Random(_SEED).sample(drawn_from, count))
    return SplitFile(tuple(n for n in known if n not in val), tuple(n for n in known if n in val))


def _judges(known: int) -> int:
    """Return how many of so many cases are to judge."""
    least = _FEWEST if known > 2 * _FEWEST else 1
    return max(round(known * _SHARE), min(FEWEST_CASES, known // 3), least)


def split_choice(
    judges: Sequence[str], offer: TrainOffer, *, frozen: bool, mark: str = ""
) -> SplitChoice:
    """Return what is said of the cases that judge; `mark` is the hash of a frozen split."""
    count = counted(len(judges), "case")
    text = f"Frozen split, {count}" if frozen else f"{count}, frozen with this job"
    if judges and len(judges) < FEWEST_CASES:
        text += f" · a verdict takes {FEWEST_CASES}"
    names = {case.case_id: case.name for case in offer.cases}
    shown = mark or split_hash(split_of(judges, offer))
    return SplitChoice(
        val=tuple(judges),
        text=text if judges else "No case judges: no model can be compared",
        mark=f"sha {shown[:8]}…",
        parts=sites([names.get(name, name) for name in judges]),
        frozen=frozen,
    )


def split_of(judges: Collection[str], offer: TrainOffer) -> SplitFile:
    """Return the split of all cases with ground truth, of which `judges` judge."""
    known = [case.case_id for case in offer.cases if case.truth]
    return SplitFile(
        tuple(name for name in known if name not in judges),
        tuple(name for name in known if name in judges),
    )


def unlocked(cases: Iterable[CaseChoice], judges: Collection[str]) -> tuple[CaseChoice, ...]:
    """Return the cases as they can be learnt from while `judges` judge."""
    return tuple(
        replace(case, locked=_TO_BE_FROZEN) if not case.locked and case.case_id in judges else case
        for case in cases
    )


def check_split(name: str, split: SplitFile, offer: TrainOffer) -> None:
    """Raise `DataError` where the split in the file `name` is not one of what is offered."""
    there = {case.case_id: case for case in offer.cases}
    for part in (split.train, split.val):
        if missing := [each for each in part if each not in there]:
            raise _refused(name, "cases of this dataset", missing, "Choose the split made for it.")
    if bare := [each for each in split.val if not there[each].truth]:
        raise _refused(name, "judges with ground truth", bare, "Take them out of val.")
    if not offer.split.frozen:
        return
    if leaked := [each for each in split.train if each in offer.split.val]:
        raise _refused(
            name, "no frozen judge among the cases to learn from", leaked, "Take them out of train."
        )
    if other := [each for each in split.val if each not in offer.split.val]:
        raise _refused(
            name, "the judges that are frozen here", other, "Take val out of it, or name only them."
        )


def _refused(name: str, expected: str, found: Sequence[str], action: str) -> DataError:
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return DataError(f"{name}: expected {expected}, found {found[0]}{more}. {action}")


def sites(names: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Return how many cases begin with which part of a name; nothing where that says nothing."""
    counts: dict[str, int] = {}
    for name in names:
        site = name.partition("_")[0]
        counts[site] = counts.get(site, 0) + 1
    if not 1 < len(counts) <= max(len(names) // 2, 1):
        return ()
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(count for _, count in ordered[_MOST_SITES:])
    return (*ordered[:_MOST_SITES], *((("others", rest),) if rest else ()))
