"""Networks computed by OpenVINO on the processor, without torch: from the graph of a model."""

import os
import sys
from contextlib import suppress
from threading import Lock, Thread
from typing import Any

import numpy as np

from core.domain.errors import ModelError
from core.inference.loaded_network import FloatArray, Pending
from core.io.atomic import make_private_folder
from core.models.any_model import AnyModel
from core.models.network_graph import require_graph
from core.workspace.settings import home

_AXES = 4
_TYPES = {"float32": "f32", "bfloat16": "bf16"}


class OpenVinoNetwork:
    """A model's graph, compiled for one slice at a time; slices of a batch run side by side.

    `precision` is always handed on: OpenVINO would take bfloat16 unasked where a processor has it.
    Raises `ModelError` when there is no graph, or the library is not installed.
    """

    def __init__(self, model: AnyModel, precision: str = "auto", threads: int = 0) -> None:
        path = require_graph(model.folder, model.weights, title=model.spec.title)
        self._threads = threads or _allowed()
        self._type = _TYPES["float32" if precision == "auto" else precision]
        try:
            openvino = _library()
        except ImportError as error:
            raise ModelError(
                f"{model.spec.title}: expected the library OpenVINO, found that it is not "
                "installed. Install it with pip, or choose another engine."
            ) from error
        self._core = openvino.Core()
        try:
            self._graph = self._core.read_model(path)
        except RuntimeError as error:
            raise ModelError(
                f"{path}: expected the graph of {model.spec.title}, found that OpenVINO cannot "
                "read it. Make it anew with `models certify`, or choose the engine torch."
            ) from error
        self._stride = model.spec.stride or 1
        self._compiled: dict[tuple[int, ...], tuple[Any, list[Any]]] = {}
        self._compiling = Lock()
        # The case is read and prepared meanwhile; the library lets go of Python for it.
        Thread(target=self._compile_early, name="compile").start()

    @property
    def stride(self) -> int:
        """What height and width of its slices are divisible by."""
        return self._stride

    def place(self, device: str) -> str:
        """Return `cpu`, where it is; raises `ModelError` for another device."""
        if device not in ("auto", "cpu"):
            raise ModelError(
                f"Expected the device auto or cpu for the engine openvino, found {device!r}. "
                "Choose one of these, or the engine torch."
            )
        return "cpu"

    def batch_size(self, device: str) -> int:  # noqa: ARG002 - the processor is all there is
        """Return how many slices at once keep every thread at work."""
        return 2 * self._threads

    def logits(self, values: FloatArray) -> FloatArray:
        """Return logits (B, K, h, w) or, of a classifier, (B, K) of slices (B, C, h, w)."""
        return self.begin(values)()

    def begin(self, values: FloatArray) -> Pending:
        """Begin with slices (B, C, h, w); others may be begun before their logits are fetched."""
        shape = values.shape[1:]
        compiled, idle = self._ready(shape)
        begun = []
        for index in range(len(values)):
            request = idle.pop() if idle else compiled.create_infer_request()
            request.start_async([values[index : index + 1]])
            begun.append(request)

        def fetch() -> FloatArray:
            found = []
            for request in begun:
                request.wait()
                found.append(request.get_output_tensor(0).data[0].astype(np.float32))
                idle.append(request)
            return np.stack(found)

        return fetch

    def _ready(self, shape: tuple[int, ...]) -> tuple[Any, list[Any]]:
        """Return the graph for slices of a shape (C, h, w), compiled once, and idle requests."""
        with self._compiling:
            return self._compiled_for(shape)

    def _compile_early(self) -> None:
        """Compile for the slices the graph was made for; what fails is told when it is asked."""
        sizes = self._graph.input(0).partial_shape
        if len(sizes) == _AXES and all(size.is_static for size in list(sizes)[1:]):
            with suppress(RuntimeError):
                self._ready(tuple(size.get_length() for size in list(sizes)[1:]))

    def _compiled_for(self, shape: tuple[int, ...]) -> tuple[Any, list[Any]]:
        if shape not in self._compiled:
            graph = self._graph.clone()
            graph.reshape([1, *shape])
            compiled = self._core.compile_model(
                graph,
                "CPU",
                {
                    "INFERENCE_PRECISION_HINT": self._type,
                    "INFERENCE_NUM_THREADS": self._threads,
                    "NUM_STREAMS": self._threads,
                    **_cache(),
                },
            )
            self._compiled = {shape: (compiled, [])}
        return self._compiled[shape]


def _library() -> Any:
    """Return OpenVINO, without what tells its maker of every import, and without its converter."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type] # bars it
    converter = "openvino.tools.ovc"
    barred = converter not in sys.modules
    if barred:
        sys.modules[converter] = None  # type: ignore[assignment] # a tenth of a second for nothing
    try:
        import openvino
    finally:
        if barred:
            del sys.modules[converter]
    return openvino


def _cache() -> dict[str, str]:
    """Return where compiled graphs are kept: found again, one is ready in half the time."""
    folder = home() / "compiled"
    try:
        make_private_folder(folder)
    except OSError:  # read-only: compiled anew each time
        return {}
    return {"CACHE_DIR": str(folder)}


def _allowed() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
