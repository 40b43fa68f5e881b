"""Networks computed by OpenVINO on the processor, without torch: from the graph of a model."""

import os
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import numpy as np

from core.domain.errors import ModelError
from core.domain.volume import FloatArray
from core.inference.compiled_graphs import CompiledGraphs, keep, take_up
from core.inference.loaded_network import Pending, not_computed
from core.inference.model_graph import slice_shape
from core.models.any_model import AnyModel
from core.models.certificates import file_hash
from core.models.network_graph import EXACT_END, require_graph
from core.models.processor import processor

_TYPES = {"float32": ("f32",), "bfloat16": ("bf16",), "mixed": ("f32", "bf16")}
"""What the parts of a graph are computed in, one after the other."""


class OpenVinoNetwork:
    """A model's graph, compiled for one slice at a time; slices of a batch run side by side.

    `precision` is always handed on: OpenVINO would take bfloat16 unasked where a processor has it.
    `mixed` computes the first part of the graph in float32, the rest in bfloat16. Raises
    `ModelError` when there is no graph, it has no such part, or the library is not installed.
    """

    def __init__(self, model: AnyModel, precision: str = "auto", threads: int = 0) -> None:
        self._path = require_graph(model.folder, model.weights, title=model.spec.title)
        self._title = model.spec.title
        self._threads = threads or _allowed()
        self._types = _TYPES["float32" if precision == "auto" else precision]
        try:
            self._library = _library()
        except ImportError as error:
            raise ModelError(
                f"{self._title}: expected the library OpenVINO, found that it is not "
                "installed. Install it with pip, or choose another engine."
            ) from error
        self._core = self._library.Core()
        hashes = file_hash(model.weights), file_hash(self._path)
        self._kept = CompiledGraphs(
            f"{self._library.__version__} {processor()} {self._threads} {precision} {hashes}"
        )
        self._stride = model.spec.stride or 1
        self._read: list[Any] = []
        self._compiled: dict[tuple[int, ...], tuple[list[Any], list[_Way]]] = {}
        self._compiling = Lock()
        self._half_way: list[_Way] = []
        early = slice_shape(model)
        if early is None or not all(each.exists() for each in self._places(early)):
            self._parts()  # what is wrong with the graph is told now
        if early is not None:
            # The case is read and prepared meanwhile; the library lets go of Python for it.
            Thread(target=self._compile_early, args=(early,), name="compile").start()

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
        parts, idle = self._ready(values.shape[1:])
        begun = [idle.pop() if idle else _Way(parts) for _ in values]
        for way, one in zip(begun, values, strict=True):
            way.begin(one[np.newaxis])
        self._half_way += begun
        self._go_on()

        def fetch() -> FloatArray:
            found = []
            for way in begun:
                try:
                    self._go_on()
                    found.append(way.logits())
                except RuntimeError as error:
                    raise ModelError(not_computed(self._title, values.shape[1:], error)) from error
            idle.extend(begun)
            return np.stack(found)

        return fetch

    def _go_on(self) -> None:
        """Let slices of which a part is through begin with the next, so that no thread waits."""
        self._half_way = [way for way in self._half_way if not way.goes_on()]

    def _ready(self, shape: tuple[int, ...]) -> tuple[list[Any], list["_Way"]]:
        """Return the parts for slices of a shape (C, h, w), compiled once, and idle ways."""
        with self._compiling:
            if shape not in self._compiled:
                self._compiled = {shape: (self._compiled_for(shape), [])}
            return self._compiled[shape]

    def _compile_early(self, shape: tuple[int, ...]) -> None:
        """Compile for the slices the graph was made for; what fails is told when it is asked."""
        with suppress(RuntimeError, ModelError):
            self._ready(shape)

    def _compiled_for(self, shape: tuple[int, ...]) -> list[Any]:
        places = self._places(shape)
        found = [
            take_up(self._core, place, self._settings(kind))
            for place, kind in zip(places, self._types, strict=True)
        ]
        if all(each is not None for each in found):
            return found
        compiled, sizes = [], [1, *shape]
        for part, place, kind in zip(self._parts(), places, self._types, strict=True):
            graph = part.clone()
            try:
                graph.reshape(sizes)
                sizes = list(graph.output(0).shape)
                compiled.append(self._core.compile_model(graph, "CPU", self._settings(kind)))
            except RuntimeError as error:
                raise ModelError(not_computed(self._title, shape, error)) from error
            keep(place, compiled[-1])
        return compiled

    def _places(self, shape: tuple[int, ...]) -> list[Path]:
        return [self._kept.place(shape, part) for part in range(len(self._types))]

    def _parts(self) -> list[Any]:
        """Return the parts of the graph, read where they are needed; raises `ModelError`."""
        if self._read:
            return self._read
        try:
            graph = self._core.read_model(self._path)
        except RuntimeError as error:
            raise ModelError(
                f"{self._path}: expected the graph of {self._title}, found that OpenVINO cannot "
                "read it. Make it anew with `models certify`, or choose the engine torch."
            ) from error
        try:
            self._read = [graph] if len(self._types) == 1 else _parted(self._library, graph)
        except RuntimeError as error:
            raise ModelError(
                f"{self._path}: expected a graph that says which part of it is computed in "
                "float32, found none. Choose the precision float32 or bfloat16."
            ) from error
        return self._read

    def _settings(self, kind: str) -> dict[str, Any]:
        return {
            "INFERENCE_PRECISION_HINT": kind,
            "INFERENCE_NUM_THREADS": self._threads,
            "NUM_STREAMS": self._threads,
        }


class _Way:
    """One slice's way through the parts of a graph, at one of them at a time.

    Nothing of it runs in a thread of Python's: the library's binding stops for good where two
    threads use it for the first time at once.
    """

    def __init__(self, parts: list[Any]) -> None:
        self._requests = [part.create_infer_request() for part in parts]
        self._at = 0
        for before, after in pairwise(self._requests):
            after.set_input_tensor(before.get_output_tensor(0))

    def begin(self, values: FloatArray) -> None:
        """Begin with a slice (1, C, h, w)."""
        self._at = 0
        self._requests[0].start_async([values])

    def goes_on(self) -> bool:
        """Begin with the next part where one is through; return whether it is at the last."""
        while self._requests[self._at + 1 :] and self._requests[self._at].wait_for(0):
            self._next()
        return not self._requests[self._at + 1 :]

    def logits(self) -> FloatArray:
        """Wait for the logits (K, h, w) or, of a classifier, (K,)."""
        while self._requests[self._at + 1 :]:
            self._requests[self._at].wait()
            self._next()
        self._requests[-1].wait()
        found: FloatArray = self._requests[-1].get_output_tensor(0).data[0].astype(np.float32)
        return found

    def _next(self) -> None:
        self._at += 1
        self._requests[self._at].start_async()


def _parted(library: Any, graph: Any) -> list[Any]:
    """Return a graph as the part that is kept exact and the rest, which takes what that gives.

    Raises `RuntimeError` where it names no such part. The graph is not to be used any more.
    """
    (named,) = graph.add_outputs(EXACT_END)
    end = named.get_node().input_value(0)
    first = library.Model([end], graph.get_parameters())
    given = library.op.Parameter(end.get_element_type(), end.get_partial_shape())
    for reader in end.get_target_inputs():
        if reader.get_node().get_type_name() != "Result":
            reader.replace_source_output(given.output(0))
    return [first, library.Model([graph.get_results()[0].input_value(0)], [given])]


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


def _allowed() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
