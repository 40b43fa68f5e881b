"""A model of which only what it said is there: it has no weights here, and nothing is ever run."""

from dataclasses import dataclass

from core.models.certificates import EngineChoice
from core.models.registry import Model


@dataclass(frozen=True)
class SaidModel(Model):
    """A model whose predictions lie in a folder; they stay as they are, whatever is asked for."""

    @property
    def computed(self) -> str:
        """What the predictions are filed under."""
        return self.fingerprint

    @property
    def runs(self) -> bool:
        """Tell that there are no weights."""
        return False

    def with_engine(self, wanted: EngineChoice) -> Model:
        """Return this model: nothing computes it."""
        del wanted
        return self

    def with_flips(self, flips: bool) -> Model:
        """Return this model: what it said stays as it is."""
        del flips
        return self
