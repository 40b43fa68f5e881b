"""The graph of a model: what engines without torch read, beside the weights it refers to."""

from pathlib import Path

from core.domain.errors import ModelError
from core.models.certificates import GRAPH_FILE, valid_certificates

EXACT_END = "exact_end"
"""The name of the value up to which the precision `mixed` computes a graph in float32."""


def require_graph(folder: Path, weights: Path, *, title: str) -> Path:
    """Return the graph of the model `title`; raises `ModelError` when there is none of its weights.

    `folder` is the model's, `weights` the file of its weights.
    """
    if valid_certificates(folder, weights) is None:
        raise ModelError(
            f"{title}: expected {GRAPH_FILE} and its certificates beside the weights, found none "
            f"made for them. Run `models certify {folder.name}`, or choose the engine torch."
        )
    return folder / GRAPH_FILE
