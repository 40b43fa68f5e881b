"""Where a trained model comes from: its parent, what it learnt from, how, and with which code."""

from functools import cache
from hashlib import blake2b
from pathlib import Path
from platform import python_version

import msgspec

from core.domain.libraries import versions_of
from core.domain.version import version
from core.models.train_spec import TrainSpec

GROUND_TRUTH = "ground truth"
_LIBRARIES = (
    *("torch", "torchvision", "segmentation-models-pytorch", "timm", "safetensors"),
    *("numpy", "scipy", "pillow", "tifffile", "imagecodecs", "nibabel", "pydicom", "pynrrd"),
)

_ROOT = Path(__file__).resolve().parents[2]


class Lineage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a candidate was made of; stored in its `model.json`.

    `parent_fingerprint` is the parent's own, so that it is known even after it was deleted.
    `learnt` says for each case that reached a gradient what it was learnt from: the ground truth or
    a version of a correction. `selection` are the cases that chose the weights, `validation`
    those that it was scored on. `data` is a hash of each case's voxels and of what was learnt from
    them; `libraries` are the versions of those that trained it. Paths in `settings` are names
    alone.
    """

    parent: str = ""
    parent_fingerprint: str = ""
    learnt: dict[str, str] = {}
    selection: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    data: dict[str, str] = {}
    libraries: dict[str, str] = {}
    steps: int = 0
    minutes: float = 0.0
    seed: int = 0
    code: str = ""
    settings: TrainSpec | None = None


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that a training depends on, of those installed."""
    return {"python": python_version(), **versions_of(_LIBRARIES)}


@cache
def code_version() -> str:
    """Return the version of Overread and a hash of the sources that train and run models."""
    digest = blake2b(digest_size=6)
    for room in ("core", "training"):
        for path in sorted((_ROOT / room).rglob("*.py")):
            digest.update(path.relative_to(_ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return f"{version()}+{digest.hexdigest()}"
