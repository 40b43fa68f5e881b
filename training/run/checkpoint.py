"""What a training needs to go on as if it had never stopped, in one file."""

import io
from pathlib import Path
from typing import Any

import msgspec
import torch

from core.io.atomic import write_bytes
from core.models.networks.weights import require_sizes
from training.learning.errors import TrainingError

_FORMAT = 1


class Position(msgspec.Struct, kw_only=True):
    """How far a training is.

    `seconds` of training, over all its processes; `selections` made; `best` DSC on the selection
    cases, the step it was reached at and the smallest share of components that gave it; `stale`
    selections since.
    """

    step: int = 0
    seconds: float = 0.0
    selections: int = 0
    best: float = -1.0
    best_step: int = 0
    best_share: float = 0.0
    stale: int = 0


def save_checkpoint(path: Path, position: Position, states: dict[str, Any]) -> None:
    """Write a checkpoint, atomic; raises `WorkspaceError` and leaves the last one when refused."""
    content = {"format": _FORMAT, "position": msgspec.to_builtins(position), **states}
    # Into memory first: on a full disk torch raises an error that does not say so.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_bytes(path, buffer.getvalue())


def load_checkpoint(path: Path) -> tuple[Position, dict[str, Any]]:
    """Return position and states; raises `TrainingError` when there is nothing to go on from."""
    try:
        require_sizes(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
        position = msgspec.convert(content.pop("position"), Position)
    except FileNotFoundError as error:
        raise TrainingError(
            f"{path}: expected a checkpoint to go on from, found none. Start the training anew."
        ) from error
    except Exception as error:  # a damaged pickle surfaces as whatever its steps met
        raise TrainingError(
            f"{path}: expected a checkpoint, found a file that cannot be read. "
            "Start the training anew in another folder."
        ) from error
    return position, content
