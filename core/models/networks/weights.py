"""Weights from files that may come from anywhere: read without running code, checked by name."""

import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from core.domain.errors import ModelError, reason

_WRAPPERS = (
    *("state_dict", "model_state_dict", "model", "net", "network_weights", "ema", "shadow"),
    *("weights", "params"),
)
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.")
_BESIDE = ("n_averaged",)
# Numbers of numpy beside weights: their types are named, so that nothing else is ever built.
_NUMBERS: list[Any] = [
    np.dtype,
    np.ndarray,
    *(type(np.dtype(n)) for n in ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "?")),
    (getattr(np, "_core").multiarray.scalar, "numpy._core.multiarray.scalar"),  # noqa: B009
    (getattr(np, "_core").multiarray.scalar, "numpy.core.multiarray.scalar"),  # noqa: B009
]
_NAMES_TOLD = 4
_FREE_BYTES = 64 << 20
_RGB = 3


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Return tensors by name of a .safetensors file, or of a .pt or .pth state dict, on the CPU.

    A state dict under the key `state_dict` or `model_state_dict` is found, and the prefix that
    parallel training puts before names is cut. Raises ModelError when the file cannot be read,
    needs code to be read, or holds something else.
    """
    return named_tensors(path, read_checkpoint(path))


def read_checkpoint(path: Path) -> object:
    """Return what a file of weights holds, numbers and names alone; raises ModelError as above."""
    try:
        return _read(path)
    except OSError as error:
        raise ModelError(
            f"{path}: expected a file of weights, found that it cannot be read "
            f"({reason(error)}). Check the path and the permissions."
        ) from error
    except MemoryError as error:
        raise ModelError(
            f"{path}: expected a file of weights, found one that claims more than memory holds. "
            "Save the model's state_dict() anew."
        ) from error
    except ModelError:
        raise
    # A damaged pickle surfaces as whatever its steps met: key, type, attribute, index, assertion.
    except Exception as error:
        raise ModelError(
            f"{path}: expected a PyTorch state dict of tensors only, found a file that is damaged, "
            f"of another kind or needs code to be read. Save the model's state_dict() anew."
        ) from error


def _read(path: Path) -> object:
    if path.suffix == ".safetensors":
        try:
            return safetensors.torch.load_file(path)
        except safetensors.SafetensorError as error:
            raise ValueError(str(error)) from error
    require_sizes(path)
    _refuse_programs(path)
    with torch.serialization.safe_globals(_NUMBERS), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of sparse tensors, which are refused
        return torch.load(path, map_location="cpu", weights_only=True)


def require_sizes(path: Path) -> None:
    """Raise `ValueError` for an archive that unpacks to much more than it is: torch packs none."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        whole = sum(entry.file_size for entry in archive.infolist())
    if whole > _FREE_BYTES and whole > 2 * path.stat().st_size:
        raise ValueError(f"an archive that unpacks to {whole} bytes")


def _refuse_programs(path: Path) -> None:
    """Raise `ModelError` for an archive of TorchScript or `torch.export`: both hold programs."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        parts = {part for name in archive.namelist() for part in name.split("/")[1:2]}
    if "constants.pkl" in parts or "code" in parts or path.suffix == ".pt2":
        raise ModelError(
            f"{path}: expected weights by name, found TorchScript, which is a program. Save its "
            "state_dict() with torch.save, or write it as ONNX with torch.onnx.export and import "
            "that: where it was made, torch.jit.load gives the model for both."
        )


def named_tensors(path: Path, content: object) -> dict[str, Tensor]:
    """Return the tensors by name inside what a file holds; raises ModelError where it has none."""
    content = _unwrapped(content)
    named = content if isinstance(content, Mapping) else {}
    named = {name: value for name, value in named.items() if name not in _BESIDE}
    tensors = {str(name): value for name, value in named.items() if isinstance(value, Tensor)}
    if not tensors or len(tensors) < len(named):
        raise ModelError(
            f"{path}: expected a state dict of named tensors, found {type(content).__name__} "
            f"with {len(tensors)} tensors in {len(named)} entries. Save the model's state_dict()."
        )
    odd = next((name for name, tensor in tensors.items() if not _is_plain(tensor)), None)
    if odd is not None:
        raise ModelError(
            f"{path}: expected plain tensors of numbers, found {odd} that is sparse, quantised, "
            "complex or without values. Save the model's state_dict() in float32."
        )
    return _without_prefixes(tensors)


def _unwrapped(content: object) -> object:
    """Return the mapping of weights inside those that trainers put around it."""
    for _ in range(4):
        inner = next(
            (
                content[wrapper]
                for wrapper in _WRAPPERS
                if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping)
            ),
            None,
        )
        if inner is None:
            break
        content = inner
    return content


def _is_plain(tensor: Tensor) -> bool:
    plain = tensor.layout == torch.strided and not tensor.is_quantized
    return plain and not tensor.is_complex() and tensor.device.type == "cpu"


def _without_prefixes(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Cut what trainers put before the names of most weights; what lacks it is theirs, and goes."""
    while True:
        for prefix in _PREFIXES:
            held = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
            if len(held) * 2 > len(tensors):
                tensors = held
                break
        else:
            return tensors


def load_weights(module: nn.Module, state: Mapping[str, Tensor], *, source: str) -> None:
    """Load a state dict into a module, name for name.

    Raises ModelError that starts with `source` and tells missing, unknown and ill-shaped weights
    by name; the module's weights are then undefined.
    """
    own = module.state_dict()
    misshaped = [
        f"{name} of shape {tuple(state[name].shape)} instead of {tuple(own[name].shape)}"
        for name in own
        if name in state and state[name].shape != own[name].shape
    ]
    fitting = {n: t for n, t in state.items() if n not in own or t.shape == own[n].shape}
    outcome = module.load_state_dict(fitting, strict=False)
    missing = [name for name in outcome.missing_keys if name not in state]
    found = [
        f"{problem} {_list(names)}"
        for problem, names in (
            ("no", missing),
            ("unknown", outcome.unexpected_keys),
            ("ill-fitting", misshaped),
        )
        if names
    ]
    if found:
        raise ModelError(
            f"{source}: expected weights of these names and shapes, found {'; '.join(found)}. "
            f"Name the architecture and the arguments they were trained with."
        )


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_TOLD} more" if len(names) > _NAMES_TOLD else ""
    return ", ".join(names[:_NAMES_TOLD]) + more


class EncoderFile(msgspec.Struct, frozen=True):
    """A local file of torchvision's weights for RGB: its path, which may be empty, and two names.

    `first` is the weight of the first convolution, `head` the classifier, which is left out.
    """

    path: str
    first: str
    head: str


def load_encoder(
    encoder: nn.Module, file: EncoderFile, *, rename: Callable[[str], str] = str
) -> None:
    """Start an encoder from a file, where one is given; raises ModelError as `load_weights`.

    The first convolution is fitted to the encoder's input channels by `fit_channels`.
    """
    if not file.path:
        return
    state = read_state_dict(Path(file.path))
    kept = {rename(n): tensor for n, tensor in state.items() if not n.startswith(f"{file.head}.")}
    own = encoder.get_parameter(file.first)
    if file.first in kept and kept[file.first].ndim == own.ndim:
        kept[file.first] = fit_channels(kept[file.first], own.shape[1])
    load_weights(encoder, kept, source=file.path)


def fit_channels(weight: Tensor, in_channels: int) -> Tensor:
    """Fit a kernel (O, 3, K, K) trained on RGB to another number of input channels.

    An odd number of slices of three channels each (previous, this, next): this slice takes the
    kernel, its neighbours a twentieth of it, so that training starts from the slice alone. Any
    other number: each channel takes the kernel's mean over RGB, scaled to keep the sum.
    """
    if weight.shape[1] != _RGB or in_channels == _RGB:
        return weight
    slices, rest = divmod(in_channels, _RGB)
    if rest == 0 and slices % 2 == 1:
        shares = [1.0 if index == slices // 2 else 0.05 for index in range(slices)]
        return torch.cat([weight * share for share in shares], dim=1)
    mean = weight.mean(dim=1, keepdim=True)
    return mean.repeat(1, in_channels, 1, 1) * (_RGB / in_channels)
