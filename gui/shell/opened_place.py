"""Reads what is opened: a folder, its workspace, its models and what is known of its cases."""

from dataclasses import dataclass
from pathlib import Path

from core.demo.demo_cases import make_demo
from core.domain.label_set import LabelSet
from core.domain.progress import Progress
from core.io.datasets.dataset import Dataset
from core.io.datasets.organisation import AS_IT_LIES, Organisation
from core.io.layouts.found import FolderUnknown
from core.workspace.chosen_labels import with_labels
from core.workspace.known_dataset import forget_once, scan_known
from core.workspace.settings import Settings
from core.workspace.workspace_folder import LastState, open_workspace, workspace_folder
from gui.shell.cached_predictions import add_masks, cached_folder, with_cached
from gui.shell.model_reader import read_models
from gui.shell.place_reader import plain_states, take_workspace, with_scores
from gui.shell.session_parts import CaseState, Models, Place
from gui.shell.triager import Triager


@dataclass(frozen=True)
class PlaceWanted:
    """A folder to open, what was said of it, and where the reader was: `seen` in `before`.

    `resample` brings masks among the `predictions` from another grid onto their image. What is said
    of the folder is kept beyond this window when `remember`.
    """

    folder: Path
    demo: bool
    predictions: tuple[Path, ...]
    before: Place | None
    seen: LastState | None
    how: Organisation | None
    reader: str
    settings: Settings
    resample: bool | None = None
    remember: bool = True


@dataclass(frozen=True, eq=False)
class PlaceRead:
    """What was read of a folder: its place, cases, models, and what was last seen there."""

    place: Place
    states: dict[str, CaseState]
    models: Models
    last: LastState


def read_place(
    wanted: PlaceWanted, triager: Triager, progress: Progress
) -> PlaceRead | FolderUnknown:
    """Read a folder and its workspace; a folder that no layout fits is returned as such.

    Raises `AppError` when it cannot be opened.
    """
    home, before = triager.home, wanted.before
    if wanted.demo:
        make_demo(wanted.folder, progress=progress)
    if wanted.how is None and (before is None or before.dataset.root != wanted.folder):
        forget_once(wanted.folder)  # of a window that has closed it
    how = wanted.how or AS_IT_LIES
    try:
        dataset = scan_known(wanted.folder, how, remember=wanted.remember, progress=progress)
    except FolderUnknown as unknown:
        return unknown
    cached = cached_folder(wanted.predictions)
    folder = workspace_folder(home, cached or dataset.root)
    lock, held = take_workspace(folder, dataset.name, before, user=wanted.reader)
    try:
        workspace = open_workspace(folder)
        again = before is not None and before.workspace.folder == folder
        state = (wanted.seen if again else None) or workspace.state()
        wish, settings = state.model_id, wanted.settings
        dataset = _as_chosen(dataset, workspace.labels(), state.region)
        if wanted.predictions and cached is None:
            wish = add_masks(workspace, wanted.predictions, dataset, resample=wanted.resample)
        models = read_models(home, workspace.folder, wish, settings, dataset.cases)
        if cached is not None:
            workspace, models = with_cached(home, workspace, cached)
        place = Place(dataset, workspace, synthetic=wanted.demo, lock=lock, held=held)
        triaged = triager.outlooks(place)
        current = models.current
        if current is not None and current.spec.id in state.cuts:
            current = current.cut_by(state.cuts[current.spec.id])
        states = with_scores(workspace, current, plain_states(dataset, triaged))
        progress(1.0, "")  # raises when another folder was asked for meanwhile
    except BaseException:
        if lock is not None and (before is None or lock is not before.lock):
            lock.release()
        raise
    return PlaceRead(place, states, models, state)


def _as_chosen(dataset: Dataset, labels: LabelSet | None, region: str) -> Dataset:
    """Return a dataset with the names of labels and the focus that were chosen in it before."""
    dataset = with_labels(dataset, labels)
    known = () if dataset.labels is None else dataset.labels.scored
    given = any(case.region for case in dataset.cases)
    if given or region not in {each.name for each in known}:
        return dataset
    return with_labels(dataset, None, region)
