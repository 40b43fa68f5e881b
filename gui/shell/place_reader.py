"""What is read when a dataset is opened: scores, who else works in its workspace."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.annotation.journal import begun_corrections
from core.annotation.versions import newest_numbers
from core.domain.errors import ModelError, WorkspaceError
from core.io.datasets.dataset import Dataset
from core.models.registry import Model
from core.review.outlook import NOTHING_KNOWN, Outlook, outlooks
from core.studies.scores.case_figures import (
    figures_of,
    labels_of,
    measured_alike,
    widest_disagreements,
)
from core.workspace.score_keys import figures_now, predicted_now
from core.workspace.workspace_folder import LastState, Workspace
from core.workspace.workspace_lock import WorkspaceLock, take_lock
from gui.shell.session import Session
from gui.shell.session_parts import CaseState, Place


def take_workspace(
    folder: Path, dataset: str, before: Place | None, *, user: str
) -> tuple[WorkspaceLock | None, str]:
    """Return the lock of a dataset's workspace, or who holds it; `before` may hold it already."""
    if before is not None and before.lock is not None and before.workspace.folder == folder:
        return before.lock, ""
    try:
        return take_lock(folder, user=user, dataset=dataset), ""
    except WorkspaceError as held:  # another window has it, or nobody may write it
        return None, str(held)


def who_holds(folder: Path, dataset: str, *, user: str) -> str:
    """Return which other window holds a dataset's workspace; empty when none does any more."""
    lock, held = take_workspace(folder, dataset, None, user=user)
    if lock is not None:
        lock.release()
    return held


def last_state(session: Session) -> LastState | None:
    """Return where the reader is; None while no case is on screen."""
    opened, model = session.open_case, session.models.current
    if opened is None:
        return None
    model_id = "" if model is None else model.spec.id
    return LastState(
        opened.loaded.case.id,
        session.view.at[0],
        model_id,
        session.listing,
        session.cuts,
        opened.loaded.case.region,
        session.labels.held,
    )


def close_place(place: Place, state: LastState | None) -> None:
    """Close a workspace, after what was last seen is kept in it."""
    try:
        if state is not None:
            place.workspace.put_state(state)
    finally:
        place.close()


def plain_states(
    dataset: Dataset, triaged: Mapping[str, Outlook] | None = None
) -> dict[str, CaseState]:
    """Return the cases of a dataset, nothing known of them but what was `triaged`."""
    known = triaged or {}
    return {
        case.id: CaseState(case, outlook=known.get(case.id, NOTHING_KNOWN))
        for case in dataset.cases
    }


def with_scores(
    workspace: Workspace, model: Model | None, states: dict[str, CaseState]
) -> dict[str, CaseState]:
    """Return `states` with the figures of `model`, and what is known of all models together."""
    apart, by = widest_disagreements(workspace.store), workspace.predicted_by()
    saved, begun = newest_numbers(workspace.store), begun_corrections(workspace.store)
    states = {
        name: replace(
            state,
            disagreement=apart.get(name),
            models=by.get(name, ()),
            version=saved.get(name, 0),
            begun=name in begun,
        )
        for name, state in states.items()
    }
    if model is None:
        return states
    try:
        now, predicted = figures_now(model), predicted_now(model)
    except ModelError:  # said when it is run; of weights that are gone no figure is shown
        return states
    region = next((state.case.region for state in states.values()), "")
    scores = workspace.scores(model.spec.id, region)
    there = {n for n, keys in workspace.keys(model.spec.id).items() if any(map(predicted, keys))}
    figures = {
        name: each
        for name, each in figures_of(workspace.store, model.spec.id, now, region=region).items()
        if name in states and measured_alike(each, states[name].case)
    }
    labels = {
        name: rows
        for name, rows in labels_of(workspace.store, model.spec.id, now).items()
        if name in states and all(measured_alike(each, states[name].case) for each in rows.values())
    }
    before = {name: state.outlook for name, state in states.items()}
    known = outlooks(workspace.store, model, before, region=region)
    states = {name: replace(state, outlook=known[name]) for name, state in states.items()}
    return {
        name: replace(
            state,
            # At another threshold it is another figure, which is computed anew.
            dsc=scores[name].dsc if name in scores and now(scores[name].key) else None,
            scored=True,
            figures=figures.get(name),
            labels=labels.get(name, {}),
        )
        if name in there
        else state
        for name, state in states.items()
    }
