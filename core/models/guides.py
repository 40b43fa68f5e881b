"""Networks that heed clicks: what one is, where they lie, how one is published. No torch.

One is a folder with `guide.json` and `weights.safetensors`; the name of its specification keeps it
out of every list of segmentation models, beside which it may lie.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from core.domain.plane import PlaneName
from core.domain.role import Role, role_of
from core.domain.volume import LGG_CHANNELS
from core.models.certificates import EngineChoice, fastest
from core.models.model_folder import (
    FORMAT,
    GUIDE_FILE,
    WEIGHTS_FILE,
    SpecFile,
    named,
    read_each,
    require_weights,
)
from core.models.networks.spec import ArgumentValue, NetworkSpec

_SLICES = 3  # the slice, the one before and the one after
_HINTS = 3  # the probability before, what adds, what takes away


class GuideSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything needed to rebuild a network that heeds clicks and to run it.

    It sees `window` pixels of 256² to each side, the newest mark in the middle: the channels of
    three slices, then the probability before, and discs of radius `disc` around the marks that add
    and around those that take away. It answers on slices of `planes` alone, those it learnt from.
    `trained_on` are case ids.
    """

    id: str
    title: str
    architecture: str
    arguments: dict[str, ArgumentValue] = {}
    channels: tuple[str, ...] = LGG_CHANNELS
    window: int = 128
    disc: float = 3.0
    planes: tuple[PlaneName, ...] = ("axial",)
    stride: int | None = None
    parameters: int | None = None
    metrics: dict[str, float] = {}
    trained_on: tuple[str, ...] = ()
    data: str = ""
    licence: str = ""
    format: int = FORMAT

    @property
    def network(self) -> NetworkSpec:
        """The network to build."""
        planes = _SLICES * len(self.channels) + _HINTS
        return NetworkSpec(self.architecture, planes, self.arguments)

    @property
    def logits(self) -> int:
        """How many logits a pixel has."""
        return 1

    def order(self, channels: Sequence[str], roles: Sequence[Role]) -> tuple[int, ...]:
        """Return which of a volume's channels stand for its own; one that is missing by FLAIR.

        That is how the public data code a missing sequence. Where there is no FLAIR the first
        channel stands in.
        """
        there = list(roles)
        usual = there.index(Role.FLAIR) if Role.FLAIR in there else 0
        found = []
        for name in self.channels:
            role = role_of(name)
            if name in channels:
                found.append(list(channels).index(name))
            elif role is not Role.OTHER and role in there:
                found.append(there.index(role))
            else:
                found.append(usual)
        return tuple(found)


GUIDE_SPEC = SpecFile(
    GUIDE_FILE,
    GuideSpec,
    content="the specification of a guide of clicks",
    again="Train it again",
)


@dataclass(frozen=True)
class GuideModel:
    """A network that heeds clicks and can be run: specification and the folder of its weights."""

    spec: GuideSpec
    folder: Path

    @property
    def weights(self) -> Path:
        """The file of its weights."""
        return self.folder / WEIGHTS_FILE

    @cached_property
    def engine(self) -> EngineChoice:
        """The engine to run it by: the fastest that is certified, else torch."""
        return fastest(self.folder, self.weights)


@dataclass(frozen=True)
class Guides:
    """The guides of several folders; an id found twice is taken from the earlier folder.

    Of those in one folder the one that was written last comes first.
    """

    roots: tuple[Path, ...]

    def all(self) -> tuple[list[GuideModel], list[str]]:
        """Return the usable guides and a sentence for each folder that is not."""
        folders = (each for root in self.roots for each in _newest_first(root))
        return read_each(folders, read_guide)

    def find(self, guide_id: str) -> GuideModel:
        """Return the guide of that id; raises `ModelError` where there is none that can be used."""
        advice = "Choose one, or train one with --task guide."
        return named(*self.all(), guide_id, among="a guide of clicks among", advice=advice)

    def publish(self, spec: GuideSpec, weights: Path) -> GuideModel:
        """Add a guide from a file of safetensors; raises `ModelError` when the id is taken."""
        return GuideModel(spec, GUIDE_SPEC.publish(self.roots[0], spec, weights))


def _newest_first(root: Path) -> list[Path]:
    """Return the folders of guides in a folder, the one written last first."""
    return sorted(GUIDE_SPEC.folders(root), key=_written, reverse=True)


def _written(folder: Path) -> int:
    try:
        return (folder / GUIDE_FILE).stat().st_mtime_ns
    except OSError:  # said where it is read
        return 0


def read_guide(folder: Path) -> GuideModel:
    """Return the guide in `folder`; raises `ModelError` naming what is wrong with it."""
    spec = GUIDE_SPEC.read(folder)
    require_weights(folder, GUIDE_FILE)
    return GuideModel(spec, folder)
