"""What a session holds: frozen pieces of what is open, known and asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.domain.counted_mask import CountedMask
from core.domain.label_set import LabelMap
from core.domain.metrics import Hd95
from core.domain.plane import Plane, Voxel, acquired
from core.domain.prediction import Postprocessing, Prediction
from core.domain.window_level import WindowLevel
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase
from core.io.datasets.dataset import Dataset
from core.models.registry import Model
from core.review.outlook import NOTHING_KNOWN, Outlook
from core.studies.scores.case_figures import CaseFigures
from core.workspace.workspace_folder import Workspace
from core.workspace.workspace_lock import WorkspaceLock

RunState = Literal["", "queued", "running", "failed"]


@dataclass(frozen=True)
class CaseState:
    """What the worklist knows of a case; `scored` is False until a prediction was compared.

    `version` is the newest saved version of its correction, 0 for none; `begun` is True while
    there are edits that no version holds.

    `problem` says why a run failed or, where the case is `unread`, why it could not be opened.
    `disagreement` is that between models, and `models` are the ids of those that predicted it.
    `figures` and `dsc` are of the region in focus, `labels` are the figures of each label and
    region by name, of a case that has several.
    """

    case: Case
    dsc: float | None = None
    scored: bool = False
    run: RunState = ""
    progress: float = 0.0
    problem: str = ""
    unread: bool = False
    figures: CaseFigures | None = None
    disagreement: float | None = None
    models: tuple[str, ...] = ()
    outlook: Outlook = NOTHING_KNOWN
    version: int = 0
    begun: bool = False
    labels: Mapping[str, CaseFigures] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class OpenCase:
    """The case on screen: what was read, and how its channels are shown by default."""

    loaded: LoadedCase
    automatic: tuple[tuple[str, WindowLevel], ...]
    head: tuple[int, int, int, int]

    @property
    def acquired(self) -> Plane:
        """The plane it was acquired in."""
        return acquired(self.loaded.volume.geometry, self.loaded.turn)

    def first_voxel(self, z: int) -> Voxel:
        """Return where all planes cut first: the lesion of axial slice `z`, else mid head."""
        truth, (y0, y1, x0, x1) = self.loaded.ground_truth, self.head
        if truth is not None and 0 <= z < len(truth) and truth[z].any():
            rows, columns = np.nonzero(truth[z])
            middle = len(rows) // 2  # a voxel of the lesion itself, which a mean need not be
            return z, int(rows[middle]), int(columns[middle])
        return z, (y0 + y1 - 1) // 2, (x0 + x1 - 1) // 2


@dataclass(frozen=True, eq=False)
class Result:
    """The prediction on screen; `ready` names the slices that have arrived, None when all have.

    `cut` is how `counted` was made of it, and `label_map` (Z, Y, X) where it tells labels.
    """

    probability: NDArray[np.uint8]
    ready: frozenset[int] | None = None
    prediction: Prediction | None = None
    counted: CountedMask | None = None
    cut: Postprocessing | None = None
    label_map: LabelMap | None = None
    hd95: Hd95 | None = None
    hd95_pending: bool = False


@dataclass(frozen=True)
class RunQueue:
    """Cases waiting for a model: how many were asked for, done and failed."""

    total: int = 0
    done: int = 0
    failed: int = 0
    current: str = ""
    fraction: float = 0.0
    message: str = ""
    seconds_left: float | None = None

    @property
    def active(self) -> bool:
        """True while cases wait or run."""
        return self.total > 0


@dataclass(frozen=True, eq=False)
class Place:
    """The dataset that is open and the workspace that belongs to it.

    `held` says who else corrects in this workspace; then nothing can be painted here.
    """

    dataset: Dataset
    workspace: Workspace
    synthetic: bool = False
    lock: WorkspaceLock | None = None
    held: str = ""

    def close(self) -> None:
        """Close the workspace and let others correct in it."""
        self.workspace.close()
        if self.lock is not None:
            self.lock.release()


@dataclass(frozen=True, eq=False)
class Models:
    """The models there are, the one in use, and sentences about those that cannot be used."""

    available: tuple[Model, ...] = ()
    current: Model | None = None
    champion_id: str = ""
    problems: tuple[str, ...] = ()
