"""A folder of predictions to review: its models have no weights here, so nothing is ever run."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from core.domain.errors import DataError
from core.io.datasets.dataset import Dataset
from core.io.datasets.prediction_file import read_prediction
from core.models.certificates import EngineChoice
from core.models.mask_model import mask_model
from core.models.registry import Model, ModelSpec
from core.workspace.mask_folders import keep_folders
from core.workspace.prediction_folder import open_predictions
from core.workspace.workspace_folder import Workspace, registry
from gui.shell.session_parts import Models

_NO_WEIGHTS = "predictions only"


@dataclass(frozen=True)
class CachedModel(Model):
    """A model of which only predictions are there; `made_by` is the fingerprint they name."""

    made_by: str = ""

    @cached_property
    def fingerprint(self) -> str:
        """The hash of the weights the predictions were made with."""
        return self.made_by

    @property
    def computed(self) -> str:
        """What the predictions depend on, as they name it."""
        return self.made_by

    @property
    def shown(self) -> tuple[str, ...]:
        """The same: nothing else is there."""
        return (self.made_by,)

    @property
    def runs(self) -> bool:
        """Tell that there are no weights."""
        return False

    def with_engine(self, wanted: EngineChoice) -> Model:
        """Return this model: nothing computes it."""
        del wanted
        return self

    def with_flips(self, flips: bool) -> Model:
        """Return this model: what was predicted stays as it is."""
        del flips
        return self


def cached_folder(roots: Sequence[Path]) -> Path | None:
    """Return the folder among `roots` that holds cached predictions (.npz), None without one."""
    for root in roots:
        with suppress(DataError):
            return open_predictions(root).root
    return None


def add_masks(
    workspace: Workspace, roots: Sequence[Path], dataset: Dataset, *, resample: bool | None = None
) -> str:
    """Let a workspace know folders of masks of other programs; return the id of the first.

    `resample` says whether those on another grid are brought onto their image. Raises `DataError`
    for one that has no mask of any case, and then none is kept.
    """
    models = [mask_model(root, dataset.cases) for root in roots]
    keep_folders(workspace.folder, roots, resample=resample)
    return models[0].spec.id


def with_cached(home: Path, workspace: Workspace, root: Path) -> tuple[Workspace, Models]:
    """Return a workspace that reads predictions from `root`, and the models that made them.

    Raises `DataError` when there are none that can be read.
    """
    found = open_predictions(root)
    specs = {model.spec.id: model.spec for model in registry(home).models()[0]}
    models: list[Model] = []
    for model_id, files in found.files.items():
        readable = (read_prediction(path) for path in files.values())
        first = next((prediction for prediction in readable if prediction is not None), None)
        if first is not None:
            plain = ModelSpec(id=model_id, title=model_id, architecture=_NO_WEIGHTS)
            made_by = first.key.rpartition("-")[0]
            folder = next(iter(files.values())).parent
            models.append(CachedModel(specs.get(model_id, plain), folder, made_by=made_by))
    if not models:
        raise DataError(
            f"{root}: expected predictions that can be read, found none. "
            "Copy the folder again from where it was computed."
        )
    place = replace(workspace, predictions=models[0].folder.parent)
    return place, Models(tuple(models), models[0], models[0].spec.id)
