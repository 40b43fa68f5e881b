"""The commands `models …` that change what there is: promote, rollback, delete, rename, copy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.cli.say import say
from core.domain.errors import AppError

if TYPE_CHECKING:
    from core.models.registry import Registry

Id = Annotated[str, typer.Argument(metavar="ID")]
NewId = Annotated[str, typer.Argument(metavar="NEW", help="Id that no model has yet.")]
Dataset = Annotated[
    Path | None,
    typer.Option("--data", help="The dataset in whose window it is to predict by default."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]


def promote_model(model_id: Id, data: Dataset = None, yes: Yes = False) -> None:
    """Make a model the champion, the one that predicts by default, or a guide answer clicks."""
    from core.models.any_model import find_any
    from core.models.classifiers import ClassifierModel, Classifiers
    from core.models.guide_choice import use_guide
    from core.models.guides import GuideModel
    from core.models.promotion import promote
    from core.studies.promotion_doubt import doubt_of, guide_doubt

    found = all_models(data)
    wanted = find_any(found, model_id)
    if isinstance(wanted, GuideModel):
        said = guide_doubt(found, model_id, jobs_of(data))
        if said and not yes:
            require_yes(f"{said} Let {model_id} answer clicks all the same?")
        use_guide(found.roots, model_id)
        say(f"{model_id} answers guided clicks now.")
        return
    if isinstance(wanted, ClassifierModel):
        Classifiers(found.everywhere).promote(wanted)
        say(f"{model_id} is the classifier of the task {wanted.spec.task} now.")
        return
    said = doubt_of(found, model_id, jobs_of(data))
    if said and not yes:
        require_yes(f"{said} Promote {model_id} all the same?")
    promote(found, model_id)
    say(f"{model_id} is the champion now.")


def roll_back_model(
    model_id: Annotated[
        str, typer.Argument(metavar="[ID]", help="An earlier champion; the last by default.")
    ] = "",
    data: Dataset = None,
    task: Annotated[
        Literal["segment", "guide"],
        typer.Option(help="segment: who predicts; guide: who answers guided clicks."),
    ] = "segment",
) -> None:
    """Make an earlier champion the champion again, or an earlier guide answer clicks."""
    from core.models.guide_choice import take_guide_back
    from core.models.promotion import roll_back

    if task == "guide":
        say(f"{take_guide_back(all_models(data).roots, model_id)} answers guided clicks again.")
        return
    say(f"{roll_back(all_models(data), model_id)} is the champion again.")


def delete_models(model_id: Id, yes: Yes = False) -> None:
    """Delete a model of yours and its weights, which cannot be taken back."""
    from core.models.any_model import find_any
    from core.models.model_changes import delete_any

    found = all_models()
    folder = find_any(found, model_id).folder
    if not yes:
        require_yes(f"Delete {folder} and the weights in it?")
    delete_any(found, model_id)
    say(f"{model_id} and its weights are gone.")


def rename_models(
    model_id: Id,
    new_id: NewId,
    title: Annotated[str, typer.Option(help="Name shown to readers; the same by default.")] = "",
) -> None:
    """Give a model of yours another id; champions and ensembles follow it."""
    from core.models.model_changes import rename_model

    say(f"{model_id} is {rename_model(all_models(), model_id, new_id, title=title).spec.id} now.")


def copy_models(
    model_id: Id,
    new_id: NewId,
    title: Annotated[str, typer.Option(help="Name shown to readers; the same by default.")] = "",
) -> None:
    """Copy a model, whoever's it is, to your own under another id."""
    from core.models.model_changes import copy_model

    say(f"Copied to {copy_model(all_models(), model_id, new_id, title=title).folder}")


def all_models(data: Path | None = None) -> Registry:
    """Return all models; of a dataset, its own first and its own champion."""
    from core.workspace.settings import home
    from core.workspace.workspace_folder import registry, workspace_folder

    return registry(home(), workspace_folder(home(), data) if data else None)


def jobs_of(data: Path | None) -> list[Path]:
    """Return the folders of jobs in which models may have been compared."""
    from core.workspace.settings import home
    from core.workspace.workspace_folder import workspace_folder

    if data:
        return [workspace_folder(home(), data) / "jobs"]
    return sorted((home() / "workspaces").glob("*/jobs"))


def require_yes(question: str) -> None:
    """Ask at a terminal; elsewhere nobody answers, and the question is the error."""
    if not sys.stdin.isatty():
        raise AppError(f"{question} Add --yes if so.")
    typer.confirm(question, abort=True)
