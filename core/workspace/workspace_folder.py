"""The writable folder that belongs to a dataset: predictions, scores, models, where one was."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import msgspec

from core.domain.errors import WorkspaceError
from core.domain.figure_text import counted
from core.domain.label_set import LabelSet
from core.domain.prediction import Postprocessing
from core.domain.worklist_state import Listing
from core.io.atomic import sweep
from core.io.resource_paths import resource
from core.models.certificates import ANY, EngineChoice
from core.models.registry import Registry
from core.workspace import recovery
from core.workspace.recovery import CORRECTIONS
from core.workspace.store import Store

STORE_NAME = "workspace.sqlite"
JOBS_FOLDER = "jobs"
_REDRAWN = (
    "UPDATE scores SET key = key || ' redrawn', dsc = NULL",
    "DELETE FROM case_figures",
    "DELETE FROM doubts",
)
"""What makes figures those of no mask any more."""

_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
"""Names that are devices under Windows, whatever they end in."""


class HeldLabels(msgspec.Struct, frozen=True):
    """The label in hand, 0 for none, and the values that are locked or not filled."""

    in_hand: int = 0
    locked: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()


class LastState(msgspec.Struct, frozen=True):
    """Where the reader was: the case, its slice, the model chosen, and the worklist.

    `cuts` are the thresholds and clean-ups that were set otherwise than the models' own, by id.
    `region` is the one in focus, empty for all labels together; `held` are those held or locked.
    """

    case_id: str = ""
    slice_index: int = -1
    model_id: str = ""
    listing: Listing = Listing()
    cuts: dict[str, Postprocessing] = {}
    region: str = ""
    held: HeldLabels = HeldLabels()


@dataclass(frozen=True)
class Score:
    """The DSC a model had on a case; None without ground truth. `key` is that of `score_key`.

    `region` is the one the case names, empty for all labels together.
    """

    case_id: str
    model_id: str
    key: str
    dsc: float | None
    region: str = ""


@dataclass(frozen=True)
class Workspace:
    """Paths below `folder` and the store in it; the dataset itself is never written to.

    `predictions` is a folder of predictions to read in place of its own, which nothing is added to.
    """

    folder: Path
    store: Store
    predictions: Path | None = None
    notices: tuple[str, ...] = ()

    @property
    def models(self) -> Path:
        """Folder of the models trained or imported here."""
        return self.folder / "models"

    @property
    def jobs(self) -> Path:
        """Folder of the trainings, and of what judges them."""
        return self.folder / JOBS_FOLDER

    def prediction_path(self, model_id: str, case_id: str) -> Path:
        """Return where the prediction of a model for a case is cached."""
        root = self.predictions or self.folder / "predictions"
        return root / model_id / prediction_name(case_id)

    def correction_path(self, case_id: str, number: int) -> Path:
        """Return where a version of a case's correction is kept."""
        return self.folder / CORRECTIONS / _safe(case_id) / f"{number}.tif"

    def put_score(self, score: Score) -> None:
        """Remember the DSC of a prediction."""
        with self.store.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO scores (case_id, model_id, key, dsc, region) "
                "VALUES (?, ?, ?, ?, ?)",
                (score.case_id, score.model_id, score.key, score.dsc, score.region),
            )

    def scores(self, model_id: str, region: str = "") -> dict[str, Score]:
        """Return the scores of a model for a region by case id."""
        query = (
            "SELECT case_id, model_id, key, dsc, region FROM scores "
            "WHERE model_id = ? AND region = ?"
        )
        found = self.store.read_as(tuple[str, str, str, float | None, str], query, model_id, region)
        return {row[0]: Score(*row) for row in found}

    def keys(self, model_id: str) -> dict[str, tuple[str, ...]]:
        """Return by case id what the scores of a model are filed under, of whatever region."""
        found: dict[str, tuple[str, ...]] = {}
        query = "SELECT case_id, key FROM scores WHERE model_id = ?"
        for case_id, key in self.store.read_as(tuple[str, str], query, model_id):
            found[case_id] = (*found.get(case_id, ()), key)
        return found

    def predicted_by(self) -> dict[str, tuple[str, ...]]:
        """Return by case id the models whose predictions were scored."""
        found: dict[str, tuple[str, ...]] = {}
        query = "SELECT DISTINCT case_id, model_id FROM scores ORDER BY model_id"
        for case_id, model_id in self.store.read_as(tuple[str, str], query):
            found[case_id] = (*found.get(case_id, ()), model_id)
        return found

    def put_state(self, state: LastState) -> None:
        """Remember where the reader is."""
        with self.store.transaction() as connection:
            value = msgspec.json.encode(state).decode()
            connection.execute("INSERT OR REPLACE INTO states VALUES ('last', ?)", (value,))

    def state(self) -> LastState:
        """Return where the reader was, or the beginning."""
        rows = self.store.read("SELECT value FROM states WHERE name = 'last'")
        return (self.store.known(rows[0][0], LastState) if rows else None) or LastState()

    def put_labels(self, labels: LabelSet, redrawn: Sequence[str] | None = ()) -> None:
        """Remember what the reader calls the labels of the dataset, their colours and regions.

        What is kept of the regions named `redrawn`, None for all, was of other voxels: that a case
        was predicted stays known, its figures are forgotten.
        """
        names = [(name,) for name in redrawn or ()]
        with self.store.transaction() as connection:
            value = msgspec.json.encode(labels).decode()
            connection.execute("INSERT OR REPLACE INTO states VALUES ('labels', ?)", (value,))
            for statement in _REDRAWN:
                if redrawn is None:
                    connection.execute(statement)
                else:
                    connection.executemany(f"{statement} WHERE region = ?", names)

    def labels(self) -> LabelSet | None:
        """Return what the reader calls the labels, None where nothing was said."""
        rows = self.store.read("SELECT value FROM states WHERE name = 'labels'")
        return self.store.known(rows[0][0], LabelSet) if rows else None

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def open_workspace(folder: Path) -> Workspace:
    """Open or make the workspace in `folder`; raises `WorkspaceError` when it cannot be written.

    Where its SQLite file is gone or empty, the newest snapshot and the versions on disk are found
    again, which the notices tell. Where nothing can be written it is open for reading.
    """
    path = folder / STORE_NAME
    lost, day = recovery.is_empty(path) and bool(recovery.found_beside(folder)), ""
    if lost:
        with suppress(OSError):
            day = recovery.put_back(folder, path)
    store = Store(path)
    notices: tuple[str, ...] = ()
    if lost:
        found = store.mend(lambda connection: recovery.list_again(connection, folder))
        notices = (_found_again(path, day, *found),)
    if not store.read_only:
        with suppress(OSError):  # a shared disk may know no permissions
            folder.chmod(0o700)
        sweep(folder)
        with suppress(WorkspaceError):  # a disk too full for a copy may do for the work itself
            store.mend(lambda connection: recovery.keep_snapshot(connection, folder))
    return Workspace(folder, store, notices=notices)


def _found_again(path: Path, day: str, versions: int, unreadable: Sequence[Path]) -> str:
    back = f"The snapshot of {day} was put back" if day else "There is no snapshot"
    again = f"{counted(versions, 'saved version')} on disk found again"
    left = f"{unreadable[0]} cannot be read" if unreadable else ""
    left += f", nor {len(unreadable) - 1} more" if unreadable[1:] else ""
    return (
        f"{path}: expected what was corrected and reviewed here, found an empty file or none. "
        f"{back}, and {again}. {left}{'. ' if left else ''}What is missing can only come from a "
        "backup of that file."
    )


def workspace_folder(home: Path, dataset: Path) -> Path:
    """Return where the workspace of a dataset lies: outside it, named after it and its path."""
    place = str(dataset.expanduser().resolve())
    # As the system writes it: a name that is no UTF-8 is told when the folder is read.
    mark = blake2b(os.fsencode(place), digest_size=4).hexdigest()
    return home / "workspaces" / f"{_marked(dataset.name or 'dataset')}-{mark}"


def prediction_name(case_id: str) -> str:
    """Return the name of the file a prediction for a case is cached in."""
    return f"{_safe(case_id)}.npz"


def registry(home: Path, workspace: Path | None = None, engine: EngineChoice = ANY) -> Registry:
    """Return the models of a workspace, of this reader and those that come with Overread.

    Those of other workspaces come after them: a model is the same wherever it was trained. They are
    run by `engine`.
    """
    own = (workspace / "models",) if workspace else ()
    trained = sorted((home / "workspaces").glob("*/models"))
    others = tuple(folder for folder in trained if folder not in own)
    return Registry((*own, home / "models", resource("models")), engine, others)


def _safe(name: str) -> str:
    """Return `name` as that of a file, as every system takes it and no other name becomes.

    Names that differ in capitals alone stay apart where the system tells them apart. Whatever is
    kept under such a name says itself of which case it is.
    """
    safe = _marked(name)
    if safe.endswith(".") or _DEVICE.match(safe):  # `..` is the folder above
        return f"_{safe.rstrip('.')}-{_mark(name)}"
    return safe


def _marked(name: str) -> str:
    """Return `name` of letters, digits and `.-_`, a mark of its own behind it where it had more."""
    plain = re.sub(r"[^\w.-]", "_", name)
    return plain if plain == name else f"{plain}-{_mark(name)}"


def _mark(name: str) -> str:
    return blake2b(os.fsencode(name), digest_size=4).hexdigest()
