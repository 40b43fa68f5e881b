"""The Python interface, `import overread`: for notebooks, scripts and other packages.

Imports no Qt, and torch only when `Network` is asked for: models run in a process of their own.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.api.masks import mask_of, read_masks, score, write_masks
from core.api.training import Folds, Training
from core.api.workbench import FoldChoice, Workbench, models, open_dataset, open_workspace
from core.demo.demo_cases import make_demo
from core.domain.errors import AppError, DataError, FileError, ModelError, WorkspaceError
from core.domain.grid import Grid
from core.domain.mask import Mask
from core.domain.metrics import VolumeMetrics
from core.domain.prediction import Prediction
from core.domain.role import Role
from core.domain.volume import Volume
from core.inference.loaded_network import InferenceEngine, LoadedNetwork, MemoryShort
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import Dataset
from core.io.layouts.found import FoundCase, FoundChannel, FoundDataset, FoundMask
from core.io.layouts.registry import Layout
from core.io.layouts.tree import Folder
from core.io.readers import Reader
from core.io.stored import Passport, Stored
from core.models.networks.arguments import Arguments
from core.models.networks.catalog import ARCHITECTURES, Architecture
from core.models.registry import Model, Registry
from core.studies.fold_figures import FoldSummary
from core.workspace.splits import SplitFile as Split

if TYPE_CHECKING:
    from core.domain.statistics import PairedComparison
    from core.models.networks.network import Network as Network
    from core.studies.comparison.study import Study
    from core.studies.comparison.study_summary import StudySummary

__all__ = [
    "ARCHITECTURES",
    "AppError",
    "Architecture",
    "Arguments",
    "Case",
    "DataError",
    "Dataset",
    "FileError",
    "FoldChoice",
    "FoldSummary",
    "Folder",
    "Folds",
    "FoundCase",
    "FoundChannel",
    "FoundDataset",
    "FoundMask",
    "Grid",
    "InferenceEngine",
    "Layout",
    "LoadedCase",
    "LoadedNetwork",
    "Mask",
    "MemoryShort",
    "Model",
    "ModelError",
    "Passport",
    "Prediction",
    "Reader",
    "Registry",
    "Role",
    "Split",
    "Stored",
    "Training",
    "Volume",
    "VolumeMetrics",
    "Workbench",
    "WorkspaceError",
    "make_demo",
    "mask_of",
    "models",
    "open_dataset",
    "open_workspace",
    "pair_folds",
    "read_case",
    "read_masks",
    "score",
    "summarise",
    "write_masks",
]


def summarise(study: "Study", *, seed: int = 0) -> "StudySummary":
    """Return means with intervals and paired tests of a comparison; `seed` draws the resamples."""
    from core.studies.comparison.study_summary import summarise_study

    return summarise_study(study, seed=seed)


def pair_folds(folds: Mapping[str, Folds], *, seed: int = 0) -> "list[PairedComparison]":
    """Compare every two of folds, by name, on the cases both have: mean difference and interval.

    The interval takes the cases for independent, and leaves out what another seed would change.
    `seed` draws the resamples. Raises `DataError` for folds that are not done.
    """
    from core.domain.statistics import compare_pairs

    return compare_pairs({name: each.dsc() for name, each in folds.items()}, seed=seed)


def __getattr__(name: str) -> object:
    """Give what would be slow to load with everything else: `Network` and `__version__`."""
    if name == "Network":
        from core.models.networks.network import Network

        return Network
    if name == "__version__":
        from core.domain.version import version

        return version()
    raise AttributeError(f"module 'overread' has no attribute {name!r}")
