"""Networks that heed clicks: what one is, where they lie, how one is published. No torch.

One is a folder with `guide.json` and `weights.safetensors`; the name of its specification keeps it
out of every list of segmentation models, beside which it may lie.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from core.domain.errors import ModelError, reason
from core.domain.plane import PlaneName
from core.domain.role import Role, role_of
from core.domain.volume import LGG_CHANNELS
from core.io.atomic import atomic_path, write_bytes
from core.io.json_file import decode_json
from core.models.certificates import EngineChoice, fastest
from core.models.networks.spec import ArgumentValue, NetworkSpec
from core.models.registry import SPEC_FILE, WEIGHTS_FILE, check_id

FORMAT = 1
GUIDE_FILE = "guide.json"

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


def find_guide(roots: Sequence[Path], guide_id: str) -> GuideModel:
    """Return the guide of that id.

    Raises `ModelError` for an id there is not, and for a guide that cannot be read.
    """
    folders = _folders(roots)
    for folder in folders:
        model = read_guide(folder)
        if guide_id == model.spec.id:
            return model
    names = ", ".join(folder.name for folder in folders) or "none there is"
    raise ModelError(
        f"Expected a guide of clicks among {names}, found the name {guide_id!r}. Choose one, "
        "or train one with --task guide."
    )


def guides_in(roots: Sequence[Path]) -> tuple[GuideModel, ...]:
    """Return every guide there is; raises `ModelError` for one that cannot be read."""
    return tuple(read_guide(folder) for folder in _folders(roots))


def _folders(roots: Sequence[Path]) -> list[Path]:
    """Return the folders of guides, root by root, the one written last first."""
    found = []
    for root in roots:
        files = sorted(root.glob(f"*/{GUIDE_FILE}"))
        files.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
        found += [path.parent for path in files]
    return found


def read_guide(folder: Path) -> GuideModel:
    """Return the guide in `folder`; raises `ModelError` naming what is wrong with it."""
    name = f"{folder.name}/{GUIDE_FILE}"
    try:
        spec = decode_json((folder / GUIDE_FILE).read_bytes(), GuideSpec)
    except OSError as error:
        raise ModelError(
            f"{folder / GUIDE_FILE}: expected a file that can be read, found: {reason(error)}. "
            "Check the folder."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{name}: expected the specification of a guide of clicks, found: {error}. "
            "Train it again, or take the folder away."
        ) from error
    if spec.format != FORMAT:
        raise ModelError(
            f"{name}: expected format {FORMAT}, found {spec.format}. "
            "Use the version of Overread that wrote it."
        )
    if not (folder / WEIGHTS_FILE).is_file():
        raise ModelError(
            f"{folder.name}: expected {WEIGHTS_FILE} beside {GUIDE_FILE}, found none. "
            "Copy it there, or take the folder away."
        )
    return GuideModel(spec, folder)


def write_guide(folder: Path, spec: GuideSpec) -> None:
    """Write `guide.json` into `folder`; atomic, and always after the weights."""
    content = msgspec.json.format(msgspec.json.encode(spec), indent=2) + b"\n"
    write_bytes(folder / GUIDE_FILE, content)


def publish_guide(root: Path, spec: GuideSpec, weights: Path) -> GuideModel:
    """Add a guide from a file of safetensors to `root`; `ModelError` when its id is taken."""
    check_id(spec.id)
    folder = root / spec.id
    if any((folder / name).exists() for name in (GUIDE_FILE, SPEC_FILE)):
        raise ModelError(
            f"{spec.id}: expected an id no model has yet, found one. Give another with --id."
        )
    with atomic_path(folder / WEIGHTS_FILE) as temporary:
        shutil.copyfile(weights, temporary)
    write_guide(folder, spec)
    return GuideModel(spec, folder)
