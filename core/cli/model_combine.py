"""The command `models combine`: the mean of several models as one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli.model_changes import all_models
from core.cli.say import say


def combine_models(
    model_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the new model.")],
    members: Annotated[list[str] | None, typer.Argument(help="Ids of two models or more.")] = None,
    folds: Annotated[
        Path | None, typer.Option(help="Those of the folds in this --out of train --folds.")
    ] = None,
    title: Annotated[str, typer.Option(help="Name shown to readers.")] = "",
    flips: Annotated[bool, typer.Option(help="Average with the mirrored slice too.")] = False,
    in_turn: Annotated[
        bool,
        typer.Option(help="Let members see the slice and its mirror image in turn: half the time."),
    ] = False,
    largest: Annotated[bool, typer.Option(help="Keep the largest component only.")] = False,
    drop_small: Annotated[
        bool, typer.Option(help="Keep components from 30 % of the largest.")
    ] = False,
    alone: Annotated[
        bool, typer.Option(help="Copy the members into it, so that it stands alone.")
    ] = False,
) -> None:
    """Make a model whose probability is the mean of those of others."""
    from core.domain.errors import AppError
    from core.domain.prediction import SMALL_SHARE, Postprocessing
    from core.models.ensembles import combine, pack_members
    from core.models.fold_file import fold_models

    if flips and in_turn:
        raise AppError("Expected --flips or --in-turn, found both. Choose one.")
    share = SMALL_SHARE if drop_small else 0.0
    post = Postprocessing(largest_component=largest, smallest_share=share)
    wanted = [*(members or ()), *(fold_models(folds) if folds else ())]
    model = combine(
        all_models(),
        model_id,
        wanted,
        title=title,
        seen="both" if flips else "in-turn" if in_turn else "plain",
        postprocessing=post,
    )
    if alone:
        pack_members(model)
    say(f"{model.spec.title} is the mean of {', '.join(model.spec.members)}.")
