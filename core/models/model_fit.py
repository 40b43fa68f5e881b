"""Whether a model was made for a case: which channels it is given, and what differs, in words.

What a model cannot do without, its channels, is an error. What it was not made for, another plane,
spacing or kind of values, is a doubt: it can be run, and its masks are to be looked over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.domain.errors import ModelError
from core.domain.grid import Spacing
from core.domain.role import Role
from core.domain.volume import Volume
from core.io.cases.case import Case
from core.models.acquisition import Acquisition, acquisition_of, resampled_words, spacing_words
from core.models.classifiers import ClassifierModel, ClassifierSpec
from core.models.contract import Mapping, mapping
from core.models.registry import Model, ModelSpec

_BEYOND = 1.25  # a spacing this much beyond what was learnt from is another
_NAMED = 3
_MASKS = "look its masks over, or choose a model made for such images"
_SLICES = "look at the slices it leaves out too, or choose a classifier made for such images"
_VALUES = {
    "8-bit": "8-bit values",
    "real": "values of more than 8 bits",
    "signed": "values below zero",
}


@dataclass(frozen=True)
class ModelFit:
    """How a model meets a case: the channels it is given, and half-sentences of what differs.

    `advice` is what to do about that.
    """

    title: str
    mapping: Mapping
    doubts: tuple[str, ...] = ()
    advice: str = _MASKS

    @property
    def said(self) -> str:
        """Which channels it is given, in a sentence."""
        how = ", by their order alone: no name tells a sequence" if self.mapping.guessed else ""
        return f"{self.title} is given {self.mapping.said}{how}."

    @property
    def doubt(self) -> str:
        """What differs from what it learnt from, in a sentence; empty when nothing is known to."""
        if not self.doubts:
            return ""
        return (
            f"{self.title} learnt from other images: {'; '.join(self.doubts)}. It runs, but "
            f"{self.advice}."
        )


def fit_of(spec: ModelSpec | ClassifierSpec, volume: Volume) -> ModelFit:
    """Return how the model of `spec` meets `volume`; looks at every voxel of some types.

    Raises `ModelError` with a sentence where a channel it needs is missing, or the spacing that it
    resamples from is unknown.
    """
    found = mapping(spec.channels, volume.channels, volume.roles, title=spec.title)
    require_spacing(spec, volume)
    doubts = _doubts(spec, acquisition_of(volume)) if spec.acquisition else ()
    return ModelFit(spec.title, found, doubts)


def fit_of_model(model: Model, volume: Volume) -> ModelFit:
    """Return how a model meets `volume`, or all members of an ensemble; raises `ModelError`."""
    for member in model.members:
        require_spacing(member.spec, volume)
    return fit_of(model.spec, volume)


def fit_of_classifier(model: ClassifierModel, volume: Volume) -> ModelFit:
    """Return how a classifier meets `volume`; raises `ModelError`."""
    return replace(fit_of(model.spec, volume), advice=_SLICES)


def lacking(spec: ModelSpec, cases: Sequence[Case]) -> dict[str, str]:
    """Return what a model misses in each case that lacks it, by names alone, before any is read.

    Cases whose names tell no sequence are left out: what they have is known once they are read.
    """
    found: dict[str, str] = {}
    for case in cases:
        if case.volumes is None:
            continue
        roles = tuple(channel.role for channel in case.volumes.channels)
        if all(role is Role.OTHER for role in roles):
            continue
        try:
            mapping(spec.channels, case.sequences, roles, title=spec.title)
        except ModelError as error:
            found[case.id] = str(error)
    return found


def lacking_said(models: Sequence[Model], cases: Sequence[Case]) -> tuple[str, ...]:
    """Return a sentence for each model that misses a channel in some of `cases`."""
    told = []
    for model in models:
        missed = lacking(model.spec, cases) if model.runs else {}
        if missed:
            names = ", ".join(list(missed)[:_NAMED]) + (" …" if len(missed) > _NAMED else "")
            why = next(iter(missed.values()))
            told.append(f"{len(missed)} of {len(cases)} cases cannot be run ({names}). {why}")
    return tuple(told)


def require_spacing(spec: ModelSpec | ClassifierSpec, volume: Volume) -> None:
    """Raise `ModelError` where a model resamples, and a case does not tell from what."""
    if spec.preprocessing.spacing_mm is not None and volume.geometry.spacing_mm is None:
        raise ModelError(
            f"{spec.title}: expected voxels of a known size, which it resamples to "
            f"{resampled_words(spec.preprocessing.spacing_mm)} mm, found a case whose files "
            "tell none. Give the spacing (File, Spacing…, or --spacing), or choose another model."
        )


def _doubts(spec: ModelSpec | ClassifierSpec, found: Acquisition) -> tuple[str, ...]:
    learnt = spec.acquisition
    assert learnt is not None
    doubts = []
    if learnt.planes and found.planes and not set(found.planes) <= set(learnt.planes):
        doubts.append(f"its slices were {' or '.join(learnt.planes)}, these are {found.planes[0]}")
    if spec.preprocessing.spacing_mm is None:
        doubts += _spacing_doubts(learnt, found)
    if learnt.intensities and not set(found.intensities) <= set(learnt.intensities):
        known = " or ".join(_VALUES[kind] for kind in learnt.intensities)
        doubts.append(f"it had {known}, this has {_VALUES[found.intensities[0]]}")
    return tuple(doubts)


def _spacing_doubts(learnt: Acquisition, found: Acquisition) -> list[str]:
    low, high, here = learnt.lowest_mm, learnt.highest_mm, found.lowest_mm
    if low is None or high is None or here is None or not _is_beyond(here, low, high):
        return []
    return [
        f"its voxels were {spacing_words(low, high)} mm (z, y, x), these are "
        f"{spacing_words(here, here)} mm"
    ]


def _is_beyond(here: Spacing, low: Spacing, high: Spacing) -> bool:
    return any(
        value < least / _BEYOND or value > most * _BEYOND
        for value, least, most in zip(here, low, high, strict=True)
    )
