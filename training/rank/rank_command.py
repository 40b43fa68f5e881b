"""The command `rank`: folds of one recipe after the other, and the row that each makes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli.runner_options import Address, RunnerOption, Workers, place_of
from core.cli.say import say

Names = Annotated[
    list[str],
    typer.Argument(
        metavar="RECIPES",
        help="Recipes, a series of them, or folders of train --folds; the first is compared with. "
        "A+B: the mean of the models of both, fold by fold.",
    ),
]
Data = Annotated[Path, typer.Option("--data", help="Folder of case folders.")]
Out = Annotated[Path, typer.Option(help="Folder to make; each recipe has one of its own in it.")]
Split = Annotated[Path, typer.Option(help='JSON: {"train": [case ids], "val": [case ids]}.')]
Folds = Annotated[int, typer.Option("--folds", min=2, help="As many folds of the training part.")]
StopAfter = Annotated[
    int,
    typer.Option(
        "--stop-after", min=0, help="Give a recipe up that is worse than the first after so many."
    ),
]
Append = Annotated[
    Path | None, typer.Option("--append", help="Page that each row is added to as it comes.")
]
From = Annotated[
    str,
    typer.Option(
        "--from",
        help="Start from this model's weights: one short training a recipe, of the split's train, "
        "judged by its val, which the model must not know.",
    ),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="NAME=JSON of any setting, for all recipes.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]


def rank(
    recipes: Names,
    data: Data,
    split: Split,
    out: Out = Path("rank"),
    folds: Folds = 5,
    stop_after: StopAfter = 2,
    append: Append = None,
    settings: Settings = None,
    start: From = "",
    device: Device = "auto",
    runner: RunnerOption = "local",
    workers: Workers = 1,
    address: Address = "",
) -> None:
    """Cross-validate recipes, or go on from a model, and compare them.

    The same command goes on with what was begun.
    """
    from training.rank.rank_rows import append_row, require_page, table
    from training.rank.rank_study import RankStudy, ranked

    where = place_of(runner, workers, address)
    given = tuple(settings or ())
    study = RankStudy(data, split, out, folds, stop_after, given, device, where, start)
    rows = []
    if append is not None:
        require_page(append)
    for row in ranked(study, recipes):
        rows.append(row)
        say(row)
        if append is not None:
            append_row(append, row)
    say(f"\n{table(rows)}")
