"""What is corrected by processes that are killed: a mask, or a map of several labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from core.annotation.correction import Correction
from core.annotation.draft import Draft, Step
from core.annotation.history import History
from core.domain.label_set import LabelMap, LabelSet
from tests.core.corrections.acting import act, fingerprint, fresh_draft
from tests.core.corrections.label_acting import act_on_labels, fresh_labels


@dataclass(frozen=True)
class Corrector:
    """Who corrects: how a correction begins, and one thing that is done to it."""

    begin: Callable[[], Draft]
    act: Callable[[Correction, np.random.Generator], Step | None]

    def state(self, values: LabelMap, labels: LabelSet, history: History) -> str:
        """Return a hash of all values, what they mean, and what can be undone and redone."""
        bits = np.unpackbits(values[..., None], axis=-1)
        return f"{fingerprint(bits, history)}-{'-'.join(map(str, labels.values))}"


CORRECTORS: Mapping[str, Corrector] = {
    "mask": Corrector(fresh_draft, act),
    "labels": Corrector(fresh_labels, act_on_labels),
}
