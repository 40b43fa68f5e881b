"""Run a classifier on the slices of a volume. Imports torch."""

import time
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from core.domain.classification import softmax
from core.domain.progress import Progress, silent
from core.domain.triage import Triage
from core.domain.volume import Volume
from core.inference.preprocess import Prepared, prepare
from core.inference.volume_inference import autocast, resolve_device
from core.models.classifiers import ClassifierModel
from core.models.networks.builder import build_classifier
from core.models.networks.network import Classifier
from core.models.networks.weights import load_weights, read_state_dict

BATCH = 16


@dataclass
class TriageRunner:
    """A classifier in memory, ready for one volume after another on one device.

    Raises `ModelError` when the weights do not fit the specification.
    """

    model: ClassifierModel
    device: str = "auto"
    network: Classifier = field(init=False)

    def __post_init__(self) -> None:
        """Build the network and load its weights, in float32 whatever they are stored as."""
        self._device = resolve_device(self.device)
        spec = self.model.spec
        network = build_classifier(spec.network, len(spec.classes), load_encoder=False)
        state = read_state_dict(self.model.weights)
        floats = {n: t.float() if t.is_floating_point() else t for n, t in state.items()}
        load_weights(network, floats, source=str(self.model.weights))
        self.network = network.eval().to(self._device).to(memory_format=torch.channels_last)

    def classify(self, volume: Volume, *, progress: Progress = silent) -> NDArray[np.float64]:
        """Return the calibrated probability (Z, K) of each class for each slice of `volume`.

        `progress` is called after each batch and may raise `Cancelled`. Raises `ModelError` when
        the model does not fit the volume.
        """
        volume = self.model.fitted(volume)
        progress(0.0, "preparing")
        spec = self.model.spec
        prepared = prepare(volume, spec.preprocessing, stride=self.network.stride)
        logits = slice_logits(self.network, prepared, device=self._device, progress=progress)
        return softmax(logits, spec.temperature)

    def triage(self, volume: Volume, *, progress: Progress = silent) -> Triage:
        """Return the probability that a slice is of the second class: that it holds a lesion."""
        started = time.perf_counter()
        probability = self.classify(volume, progress=progress)[:, 1]
        return Triage(
            probability,
            volume.slice_numbers,
            self.model.spec.id,
            str(self._device),
            time.perf_counter() - started,
        )


def slice_logits(
    network: Classifier, prepared: Prepared, *, device: torch.device, progress: Progress = silent
) -> NDArray[np.float64]:
    """Return the class logits (Z, K) of every slice, in batches."""
    depth = prepared.values.shape[1]
    found = []
    with torch.inference_mode(), autocast(device):
        for start in range(0, depth, BATCH):
            stop = min(start + BATCH, depth)
            values = torch.from_numpy(prepared.batch(range(start, stop))).to(device)
            logits = network(values.contiguous(memory_format=torch.channels_last))
            found.append(logits.float().cpu().numpy())
            progress(stop / depth, f"triage of {stop} of {depth} slices")
    return np.concatenate(found).astype(np.float64)
