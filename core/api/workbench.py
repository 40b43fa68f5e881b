"""A dataset together with what is known of it: models, predictions, comparisons, trainings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from core.api.training import Folds, Training
from core.domain.prediction import Prediction
from core.domain.progress import Progress, silent
from core.inference.engine import Engine
from core.inference.prediction_service import PredictionService, engine_run
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase
from core.io.datasets.dataset import Dataset
from core.io.datasets.organisation import given
from core.jobs.job_start import start_job
from core.jobs.training_job import SPLIT_FILE, make_training, taken_over
from core.jobs.unit_job import UnitJob, make_unit_job
from core.models.registry import Model, Registry
from core.models.train_spec import Changes, PresetName, TrainSpec, make_spec
from core.workspace.chosen_labels import choice_of, chosen_dataset, for_figures
from core.workspace.settings import home
from core.workspace.splits import SplitFile, frozen_split
from core.workspace.workspace_folder import open_workspace as open_store
from core.workspace.workspace_folder import registry, workspace_folder

if TYPE_CHECKING:
    from core.studies.comparison.study import Study


@dataclass(frozen=True)
class FoldChoice:
    """Into how many `folds` cases are dealt, how often, and which stay together.

    `group` names a table and its column, FILE:COLUMN: cases of one value are in one fold.
    """

    folds: int = 5
    repeats: int = 1
    group: str = ""


class Workbench:
    """Works on one dataset, in the workspace the window uses too: either finds what the other did.

    Models run in a process of their own, which starts at the first need and ends with `close`, or
    at the end of a `with` block. Nothing is ever written into the dataset.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._workspace = open_store(workspace_folder(home(), dataset.root))
        self._engine = Engine()

    @property
    def folder(self) -> Path:
        """The workspace of the dataset on the disk."""
        return self._workspace.folder

    @property
    def models(self) -> Registry:
        """The models of this workspace, of the reader, and those that come with Overread."""
        return registry(home(), self.folder)

    def predict(
        self,
        case: LoadedCase,
        model: Model | None = None,
        *,
        device: str = "auto",
        progress: Progress = silent,
    ) -> Prediction:
        """Return the prediction of `model`, by default the champion: the kept one, else run now.

        Its `probability` is (Z, Y, X) uint8, 255 for certain. Raises `ModelError` when the model
        does not fit the case or its process fails, `DataError` where a slice is unreadable.
        """
        case.require_whole()
        service = PredictionService(self._workspace, engine_run(self._engine, device=device))
        return service.predict(case, model or self.models.champion(), progress).prediction

    def compare(
        self,
        models: Sequence[Model],
        cases: Sequence[Case] | None = None,
        *,
        ensemble: bool = False,
        device: str = "auto",
        progress: Progress = silent,
    ) -> Study:
        """Return the figures of every model on every case, by default all of the dataset.

        They are of the region that a case names, else of the one that masks without labels fill.
        What fails is told in the study's `failed`. `ensemble` adds the mean of the models.
        """
        from core.studies.comparison.study import keep_study, run_study

        service = PredictionService(self._workspace, engine_run(self._engine, device=device))
        chosen = list(map(for_figures, self.dataset.cases if cases is None else cases))
        study = run_study(chosen, models, service.predictor, ensemble=ensemble, progress=progress)
        keep_study(self._workspace.store, study)
        return study

    def train(
        self,
        model_id: str,
        split: SplitFile,
        *,
        architecture: str = "",
        start_from: Model | None = None,
        preset: PresetName = "cpu",
        settings: Changes | None = None,
    ) -> Training:
        """Start a training of `architecture`, or a fine-tuning of `start_from`, and return it.

        `split` says which cases train and which judge. Those that judge in the first split of a
        dataset do so for good: raises `DataError` for a split that learns from one of them.
        `settings` are further ones of `overread train --set`. The window lists the training among
        its jobs. Raises `AppError` for what does not fit.
        """
        changes: Changes = {}
        title, path = model_id, self.folder / "jobs" / model_id
        if start_from is not None:
            architecture, title = start_from.spec.architecture, f"{start_from.spec.title}, tuned"
            changes = taken_over(start_from)
        required = {**self._required(model_id, architecture, path), "title": title}
        spec = self._made(preset, required, {**changes, **(settings or {})})
        job = make_training(path, spec, split, self._workspace.store)
        start_job(job, "train")
        return Training(job, self.models)

    def cross_validate(
        self,
        model_id: str,
        cases: Sequence[str] | None = None,
        *,
        architecture: str,
        folds: FoldChoice | int = 5,
        preset: PresetName = "cpu",
        settings: Changes | None = None,
    ) -> Folds:
        """Start a cross-validation and return it: every case is scored by a model it never taught.

        `cases` are those that are dealt out, by default all with ground truth that judge no
        models. `folds` says into how many parts, or how often and which stay together. `settings`
        are those of `train`. The window lists it among its jobs. Raises `AppError` for what does
        not fit.
        """
        dealt = folds if isinstance(folds, FoldChoice) else FoldChoice(folds)
        path = self.folder / "jobs" / model_id
        spec = self._made(preset, self._required(model_id, architecture, path), settings or {})
        frozen = frozen_split(self._workspace.store)
        held = set(frozen.val) if frozen else set()
        known = [c.id for c in self.dataset.cases if c.has_ground_truth and c.id not in held]
        made = UnitJob(
            title=model_id,
            model_id=model_id,
            train=spec,
            folds=dealt.folds,
            repeats=dealt.repeats,
            group=dealt.group,
        )
        job = make_unit_job(path, made, SplitFile(tuple(known if cases is None else cases)))
        start_job(job, "units")
        return Folds(job)

    def _required(self, model_id: str, architecture: str, path: Path) -> Changes:
        return {
            "architecture": architecture,
            "data": str(self.dataset.root),
            "split": str(path / SPLIT_FILE),
            "model_id": model_id,
            "title": model_id,
            "models": str(self._workspace.models.absolute()),
        }

    def _made(self, preset: PresetName, required: Changes, changes: Changes) -> TrainSpec:
        spec = make_spec(preset, required, changes)
        return msgspec.structs.replace(spec, chosen=choice_of(self.dataset))

    def close(self) -> None:
        """End the process that runs models and close the workspace; trainings go on."""
        self._engine.retire()
        self._workspace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_dataset(folder: Path | str, region: str = "") -> Dataset:
    """Return the cases below a folder, without reading a pixel; raises `DataError` for none.

    Their labels are those chosen for the folder in the window; `region` names the one that is
    lesion, NAME or NAME=1+3, as `--region` does.
    """
    return chosen_dataset(Path(folder), given(None, None, None, region), scores=False)


def open_workspace(dataset: Dataset | Path | str) -> Workbench:
    """Return what predicts, compares and trains on a dataset; best in a `with` statement."""
    return Workbench(dataset if isinstance(dataset, Dataset) else open_dataset(dataset))


def models() -> Registry:
    """Return the models of this reader and those that come with Overread."""
    return registry(home())
