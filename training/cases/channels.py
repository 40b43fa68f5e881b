"""Which channels of its cases a training learns from."""

from contextlib import suppress
from pathlib import Path

from core.domain.errors import ModelError
from core.io.cases.case import Case
from core.io.cases.case_reader import read_volume
from core.models.contract import fitted
from core.models.registry import read_model
from core.models.train_spec import TrainSpec


def learnt_channels(spec: TrainSpec, first: Case) -> tuple[str, ...]:
    """Return what is learnt from: what the spec names, else what its parent sees, else all.

    A parent that cannot be given its own channels of the `first` case is fitted to those there are.
    """
    if spec.channels:
        return spec.channels
    volume = read_volume(first)
    if spec.parent:
        wanted = read_model(Path(spec.parent)).spec.channels
        with suppress(ModelError):
            return fitted(volume, wanted, title=first.id).channels
    return volume.channels
