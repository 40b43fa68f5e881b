"""The command `classify`: the probability of each class for pictures, or for slices of cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.command_run import finish, progress_bar, scanned
from core.cli.options import Device
from core.cli.say import say
from core.cli.told_runs import classifier_teller
from core.io.write_guard import refuse_inside

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.inference.inference_triage import TriageRunner

    Rows = list[tuple[tuple[str, ...], NDArray[np.float64]]]

CLASSES_FILE = "classes.csv"


def classify(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Pictures at any depth, one picture, or cases.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    model: Annotated[str, typer.Option(help="Id of a classifier; the promoted by default.")] = "",
    device: Device = "auto",
) -> None:
    """Write classes.csv: the class and the probability of each, for every picture or slice."""
    from core.inference.inference_triage import TriageRunner
    from core.inference.picture_classes import write_classes
    from core.models.any_model import find_any
    from core.models.classifiers import ClassifierModel, Classifiers
    from core.workspace.settings import home
    from core.workspace.workspace_folder import registry

    if folder.is_dir():
        refuse_inside(folder, out)
    models = registry(home())
    chosen = (
        find_any(models, model) if model else Classifiers(models.everywhere).find("", "classify")
    )
    if not isinstance(chosen, ClassifierModel):
        raise typer.BadParameter(f"--model: {model} does not classify; expected one that does.")
    runner = TriageRunner(chosen, device)
    of_cases = chosen.spec.task == "triage"
    rows, failed, notices = (
        _of_cases(folder, out, runner) if of_cases else _of_pictures(folder, runner)
    )
    write_classes(out / CLASSES_FILE, rows, chosen)
    say(f"{len(rows)} {'slices' if of_cases else 'pictures'}: {out / CLASSES_FILE}")
    finish(failed, notices)


def _of_pictures(
    folder: Path, runner: TriageRunner
) -> tuple[Rows, dict[str, str], tuple[str, ...]]:
    from core.inference.picture_classes import classify_pictures
    from core.io.volumes.picture_file import pictures_below

    with progress_bar() as progress:
        classed = classify_pictures(
            pictures_below(folder),
            runner.classify,
            channels=len(runner.model.spec.channels),
            progress=progress,
        )
    root = folder if folder.is_dir() else folder.parent
    rows: Rows = [
        ((path.relative_to(root).as_posix(),), chances) for path, chances in classed.found.items()
    ]
    return rows, classed.failed, ()


def _of_cases(
    folder: Path, out: Path, runner: TriageRunner
) -> tuple[Rows, dict[str, str], tuple[str, ...]]:
    from core.domain.errors import AppError
    from core.io.cases.case import each_case
    from core.io.cases.case_reader import read_case

    dataset, cases = scanned(folder, None, out)
    rows: Rows = []
    failed: dict[str, str] = {}
    tell = classifier_teller(runner.model)
    with progress_bar() as progress:
        for case, inner in each_case(cases, progress):
            try:
                loaded = read_case(case)
                loaded.require_whole()
                tell(loaded)
                found = runner.classify(loaded.volume, progress=inner)
            except AppError as error:
                failed[case.id] = str(error)
                continue
            numbers = loaded.volume.slice_numbers
            rows += [((case.id, str(n)), p) for n, p in zip(numbers, found, strict=True)]
    return rows, failed, dataset.notices
