"""An engine of its own: bright is lesion, whatever the weights say."""

import numpy as np
from numpy.typing import NDArray

from overread import InferenceEngine, Model, ModelError


class _Bright:
    """Takes the middle channel of a slice as its logits."""

    stride = 1

    def place(self, device: str) -> str:
        """Return `cpu`, where it is."""
        if device not in ("auto", "cpu"):
            raise ModelError(f"Expected the device cpu, found {device!r}. Choose it.")
        return "cpu"

    def batch_size(self, device: str) -> int:
        """Return how many slices are computed at once."""
        return 8

    def logits(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return logits (B, 1, h, w) of slices (B, C, h, w)."""
        middle = values.shape[1] // 2
        return values[:, middle : middle + 1]


def _open(model: object, precision: str, threads: int) -> _Bright:
    if not isinstance(model, Model):
        raise ModelError("The engine example: expected a model, found a classifier. Choose torch.")
    return _Bright()


ENGINE = InferenceEngine("example", "Example", ("float32",), _open)
