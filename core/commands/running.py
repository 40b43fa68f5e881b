"""What commands that run models over cases share: models by id, predictors, progress, the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from core.evaluation import Predictor
    from core.models import Model
    from core.prediction import Prediction
    from core.progress import Progress
    from core.reading import LoadedCase
    from core.study import PredictorOf
    from core.workspace import Workspace

FAILED_CASES = 3


def predictors(workspace: Workspace, device: str, *, run: bool) -> PredictorOf:
    """Return what predicts with a model: from the workspace, else on `device` when `run`.

    Raises `ModelError` for a device there is not. Without `run` torch is never loaded.
    """
    from core.study import cached

    if run:
        from core.inference import limit_threads, resolve_device

        resolve_device(device)
        limit_threads()
    return lambda model: cached(workspace, model, _fresh(model, device) if run else None)


@contextmanager
def dataset_workspace(folder: Path) -> Iterator[Workspace]:
    """Open the workspace of a dataset, the one the window uses, and close it at the end."""
    from core.settings import home
    from core.workspace import open_workspace, workspace_folder

    workspace = open_workspace(workspace_folder(home(), folder))
    try:
        yield workspace
    finally:
        workspace.close()


def find_models(workspace: Workspace, wanted: Sequence[str]) -> list[Model]:
    """Return the models of these ids, each once; raises `ModelError` for one there is not."""
    from core.settings import home
    from core.workspace import registry

    found = registry(home(), workspace.folder)
    return [found.find(name) if name else found.champion() for name in dict.fromkeys(wanted)]


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a bar on the terminal and yield the progress hook that moves it."""
    with typer.progressbar(length=1000, file=sys.stderr) as bar:

        def report(fraction: float, message: str) -> None:
            bar.label = message
            bar.update(round(fraction * 1000) - bar.pos)

        yield report


def finish(failed: Mapping[str, str], notices: Sequence[str]) -> None:
    """Say what was noticed, list what failed, and leave with status 3 when anything did."""
    for notice in notices:
        typer.echo(f"Note: {notice}", err=True)
    for name, sentence in failed.items():
        typer.echo(f"Failed: {name}: {sentence}", err=True)
    if failed:
        raise typer.Exit(FAILED_CASES)


def _fresh(model: Model, device: str) -> Predictor:
    """Return a predictor that loads the network at its first case: all may be in the cache."""
    from functools import cache

    @cache
    def load() -> Predictor:
        from core.inference import Runner, RunOptions

        runner, options = Runner(model), RunOptions(device)
        return lambda loaded, progress: runner.predict(loaded.volume, options, progress=progress)

    def predict(loaded: LoadedCase, progress: Progress) -> Prediction:
        return load()(loaded, progress)

    return predict
