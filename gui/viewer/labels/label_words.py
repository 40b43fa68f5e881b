"""What the labels of the case on screen say of one voxel, in words."""

from core.domain.label_set import LabelMap, LabelSet
from gui.shell.session import Session
from gui.viewer.labels.label_layer import corrected_labels, predicted_labels


def label_words(session: Session, voxel: tuple[int, int, int]) -> list[str]:
    """Name the label at a voxel (z, y, x): the predicted one, and the true one where it differs.

    Where there is a correction, its label stands for the predicted one. Nothing for a binary case,
    and outside all labels.
    """
    opened, labels = session.open_case, session.labels.labels
    if opened is None or labels.is_binary:
        return []
    corrected, said = corrected_labels(session), predicted_labels(session)
    predicted = _name(said if corrected is None else corrected, voxel, labels)
    truth = _name(opened.loaded.labels, voxel, labels)
    if predicted == truth or not predicted:
        return [truth] if truth and predicted is not None else _only("Truth", truth)
    return [predicted, *_only("Truth", truth)]


def _only(whose: str, name: str | None) -> list[str]:
    return [f"{whose} {name}"] if name else []


def _name(label_map: LabelMap | None, voxel: tuple[int, int, int], labels: LabelSet) -> str | None:
    """Return value and name of the label at a voxel; empty for background, None without a map."""
    if label_map is None:
        return None
    value = int(label_map[voxel])
    if not value:
        return ""
    return f"{value} {labels.label(value).name}" if value in labels.values else str(value)
