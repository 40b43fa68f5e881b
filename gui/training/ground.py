"""Where a training takes place: the dataset, its workspace, and the models there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec import UnsetType

from core.annotation.versions import Version, latest_versions
from core.io.datasets.dataset import Dataset
from core.models.any_model import all_of_any
from core.models.label_choice import LabelChoice
from core.models.registry import Model, Registry
from core.workspace.chosen_labels import choice_of
from core.workspace.splits import SplitFile, frozen_split
from core.workspace.workspace_folder import Workspace, registry
from gui.training.train_judges import propose_split


@dataclass(frozen=True, eq=False)
class Ground:
    """Where a training takes place: read on a worker when the dialog is about to open.

    `taken` are the ids that models have, of whichever kind.
    """

    home: Path
    dataset: Dataset
    workspace: Workspace
    models: tuple[Model, ...]
    taken: frozenset[str]
    champion: str
    versions: Mapping[str, Version]
    frozen: SplitFile | None
    split: SplitFile

    @property
    def chosen(self) -> LabelChoice | UnsetType:
        """What its masks mean, the region that is looked at among it, for the spec of a job."""
        return choice_of(self.dataset)

    @property
    def registry(self) -> Registry:
        """The models of the workspace, of the reader and of Overread."""
        return registry(self.home, self.workspace.folder)


def read_ground(home: Path, dataset: Dataset, workspace: Workspace) -> Ground:
    """Read what a training can start from; raises `AppError`."""
    found = registry(home, workspace.folder)
    everything, _ = all_of_any(found)
    models = tuple(model for model in everything if isinstance(model, Model))
    taken = frozenset(model.spec.id for model in everything)
    champion = found.champion().spec.id if models else ""
    versions = latest_versions(workspace)
    frozen = frozen_split(workspace.store)
    split = frozen or propose_split(dataset.cases, models, corrected=versions)
    return Ground(home, dataset, workspace, models, taken, champion, versions, frozen, split)
