"""Answers clicks in the process that runs networks, the last guide kept in memory."""

from pathlib import Path

import numpy as np

from core.inference.engine_messages import Answered, GuideRequest
from core.inference.engines import open_network
from core.inference.loaded_network import LoadedNetwork
from core.models.guides import read_guide


class ClickServer:
    """Computes what a guide answers; `threads` are those a processor's engine may use."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._folder: Path | None = None
        self._network: LoadedNetwork | None = None

    def answer(self, request: GuideRequest) -> Answered:
        """Return the logits of a guide; raises `ModelError` when it cannot be run."""
        network = self._ready(Path(request.folder))
        values = np.frombuffer(request.values, np.float32).reshape(request.shape)
        logits = network.logits(np.ascontiguousarray(values))
        return Answered(np.asarray(logits, np.float32).tobytes())

    def _ready(self, folder: Path) -> LoadedNetwork:
        if self._network is None or self._folder != folder:
            network = open_network(read_guide(folder), threads=self._threads)
            network.place("auto")
            self._folder, self._network = folder, network
        return self._network
