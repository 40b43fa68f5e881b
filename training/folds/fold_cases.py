"""The cases that folds are made of: those of the training part, with their volumes and groups."""

import csv
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import DataError, reason
from core.domain.figure_text import counted
from core.domain.progress import Progress
from core.io.cases.case import Case, each_case
from core.io.cases.case_reader import read_case
from core.models.provenance import files_hash
from core.models.train_spec import TrainSpec
from core.workspace.chosen_labels import dataset_of_job
from core.workspace.settings import home
from core.workspace.splits import SplitFile, freeze_split, frozen_split, require_apart
from core.workspace.workspace_folder import open_workspace, workspace_folder
from training.folds.folds import FoldCase
from training.run.start import parent_of

_CASE_COLUMNS = ("case", "id", "participant_id", "patient")


@dataclass(frozen=True)
class FoldPool:
    """The cases to be dealt out, in order, and the hash of the files of each by its id."""

    cases: tuple[FoldCase, ...]
    hashes: Mapping[str, str]


def training_pool(
    spec: TrainSpec,
    split: SplitFile | None,
    groups: Mapping[str, str],
    progress: Progress,
    *,
    judges: Sequence[str] = (),
) -> FoldPool:
    """Return the cases of a training that folds may be made of; frozen judges stay out.

    Those of `judges` are there too. It freezes none. Raises `DataError` for a split that learns
    from a frozen judge, or would from its own once they are, and as
    `pool_cases` and `read_pool`.
    """
    data = Path(spec.data)
    with closing(open_workspace(workspace_folder(home(), data))) as workspace:
        frozen = frozen_split(workspace.store)
    if split is not None:
        require_apart(split, frozen or split)
        split = SplitFile((*split.train, *judges))
    dataset = dataset_of_job(data, spec.chosen)
    cases = pool_cases(dataset.cases, split, frozen.val if frozen else ())
    return read_pool(cases, groups, progress)


def freeze_judges(data: Path, split: SplitFile) -> None:
    """Freeze the judges of a split for a dataset where none are; raises as `freeze_split`."""
    with closing(open_workspace(workspace_folder(home(), data))) as workspace:
        freeze_split(workspace.store, split)


def pool_cases(cases: Sequence[Case], split: SplitFile | None, judges: Sequence[str]) -> list[Case]:
    """Return the cases that may teach: those of `train`, or all with ground truth but the judges.

    Raises `DataError` for a case of `train` that is not there.
    """
    if split is None:
        held = set(judges)
        return [case for case in cases if case.has_ground_truth and case.id not in held]
    known = {case.id: case for case in cases}
    gone = [name for name in split.train if name not in known]
    if gone:
        raise DataError(
            f"Expected the case {gone[0]}, which the split names, found {len(cases)} others. "
            "Correct the split, or choose the folder it is for."
        )
    return [known[name] for name in sorted(set(split.train))]


def read_pool(cases: Sequence[Case], groups: Mapping[str, str], progress: Progress) -> FoldPool:
    """Return the cases with the volumes of their lesions, in mL where that is known, else voxels.

    A case that `groups` does not name is a group of its own. Raises `DataError` for one without
    whole ground truth.
    """
    found, hashes = [], {}
    for case, _ in each_case(cases, progress):
        loaded = read_case(case)
        ml = loaded.volume.geometry.voxel_ml
        volume = int(loaded.require_ground_truth().sum()) * (1.0 if ml is None else ml)
        found.append(FoldCase(case.id, volume, groups.get(case.id, f"\0{case.id}")))
        hashes[case.id] = files_hash(case)
    return FoldPool(tuple(found), hashes)


def refuse_known(spec: TrainSpec, judges: Sequence[str]) -> None:
    """Raise `DataError` for a parent that knows a case that judges: it is not new to it."""
    parent = parent_of(spec)
    known = [] if parent is None else [c for c in judges if c in set(parent.trained_on)]
    if known:
        raise DataError(
            f"{spec.parent}: expected a model to start from that has learnt from no case of the "
            f"folds, found {counted(len(known), 'case')} it knows, such as {known[0]}. Every fold "
            "would be judged by a model that has seen it: start from a fresh network."
        )


def read_groups(option: str) -> dict[str, str]:
    """Return the group of each case that a table FILE:COLUMN names; empty for no option.

    The table is CSV, or TSV by its ending, with a column for the case. Raises `DataError` for any
    other.
    """
    if not option:
        return {}
    file, colon, column = option.rpartition(":")
    if not colon or not file:
        raise DataError(f"--group: expected FILE:COLUMN, found {option!r}.")
    path = Path(file)
    try:
        with path.open(newline="", encoding="utf-8-sig") as table:
            tab = "\t" if path.suffix == ".tsv" else ","
            rows = list(csv.DictReader(table, delimiter=tab, strict=True))
    except OSError as error:
        raise DataError(
            f"{path}: expected a table, found: {reason(error)}. Check the path."
        ) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path}: expected a table in UTF-8, found: {error}. Save it anew.") from (
            error
        )
    names = list(rows[0]) if rows else []
    key = next((name for name in _CASE_COLUMNS if name in names), None)
    if key is None or column not in names:
        raise DataError(
            f"{path}: expected the columns case and {column}, found {', '.join(names) or 'none'}. "
            "Name one of these, or add the column."
        )
    return {str(row[key]): str(row[column]) for row in rows if row[key] and row[column]}
