"""What commands that run models over cases share: the workspace, the progress, the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from core.cli.say import say
from core.domain.plain_text import one_line
from core.io.write_guard import refuse_inside

if TYPE_CHECKING:
    from core.domain.progress import Progress
    from core.io.cases.case import Case
    from core.io.datasets.dataset import Dataset
    from core.io.datasets.organisation import Organisation
    from core.studies.scores.second_opinion import Verified
    from core.workspace.workspace_folder import Workspace

FAILED_CASES = 3


def scanned(
    folder: Path,
    wanted: Sequence[str] | None,
    out: Path,
    how: Organisation | None = None,
    *,
    scores: bool = False,
) -> tuple[Dataset, list[Case]]:
    """Return a dataset, organised as `how` says, and its cases, or those `wanted`.

    Its labels and regions are those that were chosen for it, in the window or by what is said now.
    With `scores` figures are wanted. Raises `DataError` for a case that is not there, and when
    `out` lies in the dataset.
    """
    from core.io.datasets.organisation import AS_IT_LIES
    from core.workspace.chosen_labels import chosen_dataset

    refuse_inside(folder, out)
    dataset = chosen_dataset(folder, how or AS_IT_LIES, scores=scores)
    return dataset, [dataset.case(name) for name in wanted or ()] or list(dataset.cases)


def case_ids(wanted: Sequence[str] | None, split: str) -> list[str]:
    """Return the ids that are asked for, one by one or as FILE:PART of a split; empty for all.

    Raises `DataError` for a part that a split has not, or that is empty.
    """
    if not split:
        return list(wanted or ())
    from core.domain.errors import DataError
    from core.workspace.splits import read_split

    file, _, part = split.rpartition(":")
    if part not in ("train", "val") or not file:
        raise DataError(f"--split: expected FILE:train or FILE:val, found {split!r}.")
    named: tuple[str, ...] = getattr(read_split(Path(file)), part)
    found = [name for name in named if not wanted or name in wanted]
    if not found:
        raise DataError(f"--split {split}: expected cases in {part}, found none. Take another.")
    return found


@contextmanager
def dataset_workspace(folder: Path) -> Iterator[Workspace]:
    """Open the workspace of a dataset, the one the window uses, and close it at the end."""
    from core.workspace.settings import home
    from core.workspace.workspace_folder import open_workspace, workspace_folder

    workspace = open_workspace(workspace_folder(home(), folder))
    for notice in workspace.notices:
        say(f"Note: {notice}", err=True)
    try:
        yield workspace
    finally:
        workspace.close()


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a bar on the terminal and yield the progress hook that moves it."""
    with typer.progressbar(length=1000, file=sys.stderr) as bar:

        def report(fraction: float, message: str) -> None:
            bar.label = one_line(message)
            bar.update(round(fraction * 1000) - bar.pos)

        yield report


def tell_opinion(found: Verified | None) -> None:
    """Say how far medpy is from our figures at most; raises `DataError` when that is too far."""
    if found is None:
        return
    where = f" ({found.figure} of {found.case})" if found.case else ""
    say(
        f"{found.figures} figures computed again by {found.by}: they differ by "
        f"{found.greatest_difference:.2g} at most{where}"
    )
    found.require_agreement()


def finish(failed: Mapping[str, str], notices: Sequence[str]) -> None:
    """Say what was noticed, list what failed, and leave with status 3 when anything did."""
    for notice in notices:
        say(f"Note: {notice}", err=True)
    for name, sentence in failed.items():
        say(f"Failed: {name}: {sentence}", err=True)
    if failed:
        raise typer.Exit(FAILED_CASES)
