"""Where a mask comes from that lies over a view or that a prediction is held against."""

from dataclasses import dataclass
from typing import Literal

SourceKind = Literal["truth", "model", "mean", "agreement", "correction", "version"]


@dataclass(frozen=True)
class MaskSource:
    """One source; `name` is the id of a model or the title of a version, empty for the others."""

    kind: SourceKind
    name: str = ""


TRUTH = MaskSource("truth")
MEAN = MaskSource("mean")
AGREEMENT = MaskSource("agreement")
CORRECTION = MaskSource("correction")
