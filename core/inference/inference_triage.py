"""Run a classifier on the slices of a volume, by whatever engine computes its network."""

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.domain.classification import softmax
from core.domain.progress import Progress, silent
from core.domain.triage import Triage
from core.domain.volume import Volume
from core.inference.engines import open_network
from core.inference.loaded_network import LoadedNetwork, require_numbers
from core.inference.preprocess import Prepared, prepare
from core.models.certificates import EngineChoice
from core.models.classifiers import ClassifierModel

BATCH = 16


@dataclass
class TriageRunner:
    """A classifier in memory, ready for one volume after another on one device.

    `threads` are those a processor's engine may use, 0 for all this process may; `wanted` is the
    engine, by default the model's own. Raises `ModelError` when it cannot be run by its engine, or
    the device is not there.
    """

    model: ClassifierModel
    device: str = "auto"
    threads: int = 0
    wanted: EngineChoice | None = None
    network: LoadedNetwork = field(init=False)

    def __post_init__(self) -> None:
        """Load the network."""
        self.network = open_network(self.model, threads=self.threads, wanted=self.wanted)
        self._device = self.network.place(self.device)

    def classify(self, volume: Volume, *, progress: Progress = silent) -> NDArray[np.float64]:
        """Return the calibrated probability (Z, K) of each class for each slice of `volume`.

        `progress` is called after each batch and may raise `Cancelled`. Raises `ModelError` when
        the model does not fit the volume.
        """
        volume = self.model.fitted(volume)
        progress(0.0, "preparing")
        spec = self.model.spec
        prepared = prepare(volume, spec.preprocessing, stride=self.network.stride)
        logits = slice_logits(self.network, prepared, progress=progress)
        require_numbers(spec.title, logits)
        return softmax(logits, spec.temperature)

    def triage(self, volume: Volume, *, progress: Progress = silent) -> Triage:
        """Return the probability that a slice is of the second class: that it holds a lesion."""
        started = time.perf_counter()
        probability = self.classify(volume, progress=progress)[:, 1]
        return Triage(
            probability,
            volume.slice_numbers,
            self.model.spec.id,
            self._device,
            time.perf_counter() - started,
        )


def slice_logits(
    network: LoadedNetwork, prepared: Prepared, *, progress: Progress = silent
) -> NDArray[np.float64]:
    """Return the class logits (Z, K) of every slice of the case, in batches."""
    depth = prepared.values.shape[1]
    found: list[NDArray[np.float32]] = []
    for start in range(0, depth, BATCH):
        stop = min(start + BATCH, depth)
        found.append(network.logits(prepared.batch(range(start, stop))))
        progress(stop / depth, f"triage of {stop} of {depth} slices")
    logits = np.concatenate(found).astype(np.float64)
    return logits if prepared.change is None else prepared.change.of_slices(logits)
