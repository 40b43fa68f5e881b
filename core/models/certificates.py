"""Which engine may compute a model: shown by certificates that lie beside its weights.

A certificate says how far an engine's probabilities lie from torch's in float32 on real cases. It
holds for one file of weights and one graph.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import msgspec

from core.domain.errors import ModelError
from core.domain.figure_text import counted
from core.io.json_file import decode_json, write_json
from core.models.kept_hash import kept_hash
from core.models.model_folder import unreadable
from core.models.processor import has_accelerator, has_bfloat16

GRAPH_FILE = "network.onnx"
CERTIFICATES_FILE = "certificates.json"
LARGEST_DSC_CHANGE = 0.005
"""How far the DSC of a case may move for an engine to be chosen by itself."""
LARGEST_CHANGE = 0.02
"""How far a probability may move where no DSC is known: a classifier's, or without ground truth."""
_ROUNDED = ("bfloat16", "mixed")
"""Precisions that only some processors compute in."""
_LIBRARIES = {"openvino": "openvino", "onnx": "onnxruntime"}
PRECISIONS = {"openvino": ("float32", "mixed", "bfloat16"), "onnx": ("float32",)}
"""What our engines that are certified compute in: they refuse any other word."""


class EngineChoice(msgspec.Struct, frozen=True):
    """An engine and a precision of it; `auto` leaves either to what is certified."""

    engine: str = "auto"
    precision: str = "auto"

    @property
    def name(self) -> str:
        """What tells keys of predictions apart; empty for torch as it was always run."""
        plain = self in (TORCH, ANY)
        return "" if plain else f"{self.engine}-{self.precision}"


ANY = EngineChoice()
TORCH = EngineChoice("torch")


def engine_for(device: str, engine: str, precision: str) -> EngineChoice:
    """Return the engine asked for; on a device that only torch has, `auto` is torch."""
    elsewhere = engine == "auto" and device not in ("auto", "cpu")
    return EngineChoice("torch" if elsewhere else engine, precision)


def held_against_torch(engine: str, precisions: Sequence[str]) -> tuple[EngineChoice, ...]:
    """Return what is to be certified; raises `ModelError` for torch itself, and for no engine."""
    if engine in ("torch", "auto"):
        raise ModelError(
            f"--engine: expected one that is held against torch, openvino or onnx, found {engine}."
        )
    return tuple(EngineChoice(engine, precision) for precision in precisions)


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine changes against torch in float32, over `cases` cases.

    `largest_voxel` and `mean_voxel` are changes of a probability, 0 to 1, of a voxel or, by a
    classifier, of a slice; `largest_dsc` and
    `mean_dsc` of a case's DSC of the volume against its ground truth; None without any. `speed` is
    torch's time, as it would be run otherwise, over the engine's.
    """

    engine: str
    precision: str
    cases: int
    largest_voxel: float
    mean_voxel: float
    largest_dsc: float | None = None
    mean_dsc: float | None = None
    speed: float
    versions: dict[str, str] = {}
    processor: str = ""

    @property
    def holds(self) -> bool:
        """Tell whether the engine moves no mask, so that it may be chosen by itself."""
        if self.largest_dsc is None:
            return self.largest_voxel <= LARGEST_CHANGE
        return self.largest_dsc <= LARGEST_DSC_CHANGE

    @property
    def measured(self) -> str:
        """What was measured, as the end of a sentence that begins with the model."""
        moved = "" if self.largest_dsc is None else f", a DSC by {self.largest_dsc:.4f}"
        return (
            f"by {self.engine} in {self.precision}, {counted(self.cases, 'case')}: a probability "
            f"moves by {self.largest_voxel:.3f} at most{moved}; {self.speed:.1f} times as fast as "
            "torch."
        )

    @property
    def verdict(self) -> str:
        """What follows for `auto`, as a sentence."""
        if not self.holds:
            limit = LARGEST_CHANGE if self.largest_dsc is None else LARGEST_DSC_CHANGE
            return f"`auto` does not choose it: {limit} is the most that may move."
        if self.speed <= 1:
            return "`auto` does not choose it where there is PyTorch, which is faster."
        return "`auto` may choose it: it takes the fastest of those that are certified."


class Certificates(msgspec.Struct, frozen=True, kw_only=True):
    """The certificates of a model, and the hashes of the weights and the graph they hold for."""

    weights: str
    graph: str
    certificates: tuple[Certificate, ...] = ()


def uncertifiable(title: str) -> ModelError:
    """Return what is said of a model without weights that torch can be compared by."""
    return ModelError(
        f"{title}: expected weights that PyTorch can run for a comparison, found a network "
        "imported as ONNX. OpenVINO or ONNX Runtime computes it without a certificate."
    )


def read_certificates(folder: Path) -> Certificates | None:
    """Return the certificates in a model's folder, None where there are none that can be read."""
    try:
        return decode_json((folder / CERTIFICATES_FILE).read_bytes(), Certificates)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def write_certificates(folder: Path, certificates: Certificates) -> None:
    """Write the certificates of a model; atomic."""
    write_json(folder / CERTIFICATES_FILE, certificates)


def file_hash(path: Path) -> str:
    """Return a hash of a file's bytes; raises `ModelError` when it cannot be read."""
    try:
        return kept_hash(path)
    except OSError as error:
        raise ModelError(unreadable(path, error)) from error


def valid_certificates(folder: Path, weights: Path) -> Certificates | None:
    """Return the certificates of a model if they are of these very weights and this graph."""
    kept = read_certificates(folder)
    if kept is None or not (folder / GRAPH_FILE).is_file():
        return None
    same = kept.weights == file_hash(weights) and kept.graph == file_hash(folder / GRAPH_FILE)
    return kept if same else None


def certified(folder: Path, weights: Path) -> tuple[EngineChoice, ...]:
    """Return the engines that move no mask of a model, wherever they run."""
    kept = valid_certificates(folder, weights)
    held = (each for each in (kept.certificates if kept else ()) if each.holds)
    return tuple(EngineChoice(each.engine, each.precision) for each in held)


def fastest(folder: Path, weights: Path) -> EngineChoice:
    """Return the fastest engine that is certified for a model and can run here, else torch.

    Where there is a graphics card, torch uses it. A certificate from another processor counts:
    how far masks move is a matter of the precision, which is checked to be there; only how much
    faster it is may differ.
    """
    kept = None if has_accelerator() else valid_certificates(folder, weights)
    usable = [each for each in (kept.certificates if kept else ()) if _usable(each)]
    best = max(usable, key=lambda each: each.speed, default=None)
    return TORCH if best is None else EngineChoice(best.engine, best.precision)


def graph_engine(precision: str) -> EngineChoice:
    """Return the engine for a model that has a graph alone: OpenVINO, else ONNX Runtime."""
    there = (name for name, library in _LIBRARIES.items() if find_spec(library) is not None)
    return EngineChoice(next(there, "openvino"), "float32" if precision == "auto" else precision)


def _usable(certificate: Certificate) -> bool:
    library = _LIBRARIES.get(certificate.engine)
    here = library is not None and find_spec(library) is not None
    known = certificate.precision in PRECISIONS.get(certificate.engine, ())
    computed = known and (certificate.precision not in _ROUNDED or has_bfloat16())
    # Where there is no torch, an engine need not be faster than it.
    pays = certificate.speed > 1 or find_spec("torch") is None
    return certificate.holds and pays and here and computed
