"""What a figure was made from: hashes of the inputs, notices, models, versions of libraries."""

import platform
from collections.abc import Iterable, Mapping
from hashlib import blake2b, sha256
from typing import Protocol

import msgspec
import numpy as np

from core.domain.clock import utc_now
from core.domain.errors import ModelError
from core.domain.libraries import versions_of
from core.domain.mask import Mask
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase
from core.io.readers import with_data
from core.models.classifiers import ClassifierSpec
from core.models.lineage import code_version
from core.models.registry import ModelSpec

_LIBRARIES = (
    *("numpy", "scipy", "torch", "torchvision", "segmentation-models-pytorch", "timm"),
    *("tifffile", "imagecodecs", "pillow", "nibabel", "pydicom", "highdicom", "pynrrd"),
    *("openvino", "onnxruntime", "safetensors", "PySide6-Essentials"),
)
_CHUNK = 1 << 20
_UNREADABLE = "unreadable"


class CaseInput(msgspec.Struct, frozen=True, kw_only=True):
    """What the figures of a case were made from.

    `files` is the SHA-256 of all its files, one after the other in the order of their slices and
    each image before its mask. `image` and `ground_truth` are hashes of what was read from them,
    the same for the same voxels in any file. `notices` is what was said of them.
    """

    files: str
    image: str = ""
    ground_truth: str | None = None
    notices: tuple[str, ...] = ()


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """With what, when (ISO 8601, UTC), by which models and from which cases figures were made.

    `models` maps an id to the fingerprint of its weights, network and preprocessing.
    """

    overread: str
    libraries: dict[str, str]
    python: str
    system: str
    made_at: str
    models: dict[str, str]
    cases: dict[str, CaseInput]


class Named(Protocol):
    """A model or a classifier: its specification has an `id`."""

    @property
    def spec(self) -> ModelSpec | ClassifierSpec:
        """What it is."""

    @property
    def fingerprint(self) -> str:
        """Hash of what its answers depend on; raises `ModelError` when its weights are gone."""


def made_from(models: Iterable[Named], cases: Mapping[str, CaseInput]) -> Made:
    """Return what is to stand beside figures that are made now."""
    return Made(
        overread=code_version(),
        libraries=versions_of(_LIBRARIES),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        made_at=utc_now(),
        models={model.spec.id: fingerprint_of(model) for model in models},
        cases=dict(cases),
    )


def fingerprint_of(model: Named) -> str:
    """Return the fingerprint of a model, or a word where its weights are gone."""
    try:
        return model.fingerprint
    except ModelError:
        return _UNREADABLE


def input_of(loaded: LoadedCase) -> CaseInput:
    """Return what a case in memory was read from."""
    truth = loaded.ground_truth
    return CaseInput(
        files=files_hash(loaded.case),
        image=loaded.volume.content_hash(),
        ground_truth=None if truth is None else _mask_hash(truth),
        notices=loaded.notices,
    )


def files_hash(case: Case) -> str:
    """Return the SHA-256 of the files of a case; a word instead where one cannot be read."""
    digest = sha256()
    try:
        for path in with_data(case.files):
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
    except OSError:
        return _UNREADABLE
    return digest.hexdigest()


def _mask_hash(mask: Mask) -> str:
    digest = blake2b(f"{mask.shape}".encode(), digest_size=16)
    digest.update(np.packbits(mask > 0).tobytes())
    return digest.hexdigest()
