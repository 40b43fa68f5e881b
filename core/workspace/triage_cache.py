"""Triage and doubt kept in the workspace, so that a worklist can be sorted by them at once."""

import msgspec
import numpy as np

from core.domain.triage import Triage
from core.domain.uncertainty import CaseDoubt
from core.domain.volume import Volume
from core.models.classifiers import ClassifierModel
from core.workspace.store import Store


class _Kept(msgspec.Struct, frozen=True):
    """A triage as it is stored."""

    probability: list[float]
    slice_numbers: tuple[int, ...]
    device: str
    seconds: float


def triage_key(model: ClassifierModel, volume: Volume) -> str:
    """Return what a kept triage is filed under: the same only for same model and image."""
    return f"{model.fingerprint}-{volume.content_hash()}"


def find_triage(store: Store, case_id: str, model_id: str, *, key: str) -> Triage | None:
    """Return the triage kept of a case, or None when there is none made from `key`."""
    rows = store.read(
        "SELECT content FROM triages WHERE model_id = ? AND case_id = ? AND key = ?",
        model_id,
        case_id,
        key,
    )
    kept = store.known(rows[0][0], _Kept) if rows else None
    return None if kept is None else _triage(model_id, kept)


def put_triage(store: Store, case_id: str, triage: Triage, *, key: str) -> None:
    """Keep the triage of a case; raises `WorkspaceError` when it cannot be written."""
    kept = _Kept(triage.probability.tolist(), triage.slice_numbers, triage.device, triage.seconds)
    content = msgspec.json.encode(kept).decode()
    with store.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO triages VALUES (?, ?, ?, ?)",
            (case_id, triage.model_id, key, content),
        )


def triages_of(store: Store, model_id: str) -> dict[str, Triage]:
    """Return the triages kept of a classifier by case id."""
    rows = store.read("SELECT case_id, content FROM triages WHERE model_id = ?", model_id)
    found = {str(case): store.known(content, _Kept) for case, content in rows}
    return {case: _triage(model_id, kept) for case, kept in found.items() if kept is not None}


def put_doubt(
    store: Store, case_id: str, doubt: CaseDoubt, *, model_id: str, key: str, region: str = ""
) -> None:
    """Keep the doubt about the mask of a model; `key` is that of its prediction.

    The mask is of the `region` that the case names, empty for all labels together.
    """
    content = msgspec.json.encode(doubt).decode()
    query = (
        "INSERT OR REPLACE INTO doubts (case_id, model_id, key, content, region) "
        "VALUES (?, ?, ?, ?, ?)"
    )
    with store.transaction() as connection:
        connection.execute(query, (case_id, model_id, key, content, region))


def doubts_of(store: Store, model_id: str, region: str = "") -> dict[str, CaseDoubt]:
    """Return the doubts kept about the masks of a model by case id, of one region."""
    query = "SELECT case_id, content FROM doubts WHERE model_id = ? AND region = ?"
    rows = store.read(query, model_id, region)
    found = {str(case): store.known(content, CaseDoubt) for case, content in rows}
    return {case: doubt for case, doubt in found.items() if doubt is not None}


def _triage(model_id: str, kept: _Kept) -> Triage:
    probability = np.asarray(kept.probability, np.float64)
    return Triage(probability, kept.slice_numbers, model_id, kept.device, kept.seconds)
