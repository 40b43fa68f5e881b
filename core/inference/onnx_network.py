"""Networks computed by ONNX Runtime, without torch: from the graph of a model."""

from typing import Any

import numpy as np

from core.domain.errors import ModelError
from core.domain.volume import FloatArray
from core.inference.loaded_network import not_computed
from core.models.any_model import AnyModel
from core.models.network_graph import require_graph

_BATCH = 4
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_DIRECT = "DmlExecutionProvider"
_ERRORS = 3
"""The least that ONNX Runtime writes of: errors; warnings would stand between our sentences."""


class OnnxNetwork:
    """A model's graph in ONNX Runtime: on the processor, and on CUDA or DirectML where installed.

    Raises `ModelError` when there is no graph, or the library is not installed.
    """

    def __init__(self, model: AnyModel, precision: str = "auto", threads: int = 0) -> None:
        del precision  # float32 is all it has
        self._path = require_graph(model.folder, model.weights, title=model.spec.title)
        try:
            import onnxruntime
        except ImportError as error:
            raise ModelError(
                f"{model.spec.title}: expected the library ONNX Runtime, found that it is not "
                "installed. Install overread[onnx] with pip, or choose another engine."
            ) from error
        self._library: Any = onnxruntime
        self._threads = threads
        self._title = model.spec.title
        self._stride = model.spec.stride or 1
        self._session: Any = None

    @property
    def stride(self) -> int:
        """What height and width of its slices are divisible by."""
        return self._stride

    def place(self, device: str) -> str:
        """Go to a device, `auto` the fastest; raises `ModelError` when there is no such."""
        there = self._library.get_available_providers()
        found = {name: p for name, p in _PROVIDERS.items() if p in there}
        if _DIRECT in there:
            found["directml"] = _DIRECT
        fastest = next((each for each in ("cuda", "directml") if each in found), "cpu")
        name = fastest if device == "auto" else device.removesuffix(":0")
        if name not in found:
            raise ModelError(
                f"Expected the device auto, {', '.join(found)} for the engine onnx, found "
                f"{device!r}. Choose one of these."
            )
        options = self._library.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = _ERRORS  # it warns of what it cannot fold, by the dozen
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = self._library.InferenceSession(
                str(self._path), options, providers=[found[name]]
            )
        # Its errors have no common class of their own.
        except Exception as error:
            raise ModelError(
                f"{self._path}: expected the graph of {self._title}, found that ONNX Runtime "
                "cannot read it. Make it anew with `models certify`, or choose the engine torch."
            ) from error
        return name

    def batch_size(self, device: str) -> int:  # noqa: ARG002 - as many as torch's on a processor
        """Return how many slices at once suit a device."""
        return _BATCH

    def logits(self, values: FloatArray) -> FloatArray:
        """Return logits (B, K, h, w) or, of a classifier, (B, K) of slices (B, C, h, w)."""
        fixed = self._session.get_inputs()[0].shape[0]
        # A graph from elsewhere may be for one slice at a time, or for some.
        step = fixed if isinstance(fixed, int) else len(values)
        count = len(values)
        if lacking := -count % step:
            values = np.concatenate([values, np.repeat(values[-1:], lacking, axis=0)])
        found = [self._run(values[start : start + step]) for start in range(0, count, step)]
        whole = found[0] if len(found) == 1 else np.concatenate(found)
        return whole[:count]

    def _run(self, values: FloatArray) -> FloatArray:
        try:
            found: FloatArray = self._session.run(None, {"slices": values})[0]
        # Its errors have no common class of their own.
        except Exception as error:
            raise ModelError(not_computed(self._title, values.shape[1:], error)) from error
        return found
