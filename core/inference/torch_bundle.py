"""A model as a bundle of MONAI: TorchScript, what it expects, and how it is run. Imports torch."""

import warnings
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import torch

from core.domain.errors import ModelError
from core.domain.version import version
from core.inference.torch_network import trained_network
from core.io.atomic import atomic_path, write_bytes
from core.io.json_file import json_text, write_json
from core.models.classifiers import ClassifierModel
from core.models.foreign.monai_bundle import OWN_FILE, WEIGHTS
from core.models.registry import Model

_SCHEMA = (
    "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/"
    "meta_schema_20240725.json"
)
_DEFAULT_SIDE = 256


def write_bundle(model: Model | ClassifierModel, folder: Path) -> None:
    """Write a bundle into a new folder: `models/model.ts`, `model.pt`, `configs/`, `docs/`.

    The network maps slices (B, C, h, w), prepared as `docs/README.md` says, to logits. The
    specification is written last, so that a folder with it is whole. Raises `ModelError` for a
    network that cannot be traced.
    """
    network = trained_network(model).cpu().float().eval()
    side = _side(model.spec.preprocessing.size, network.stride)
    shape = (1, model.spec.network.in_channels, side, side)
    with atomic_path(folder / "models" / "model.ts") as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of shapes that are fixed in the trace, which they are
        try:
            traced = torch.jit.trace(network, torch.zeros(shape), check_trace=False)  # type: ignore[no-untyped-call]
            traced.save(str(temporary))
        except RuntimeError as error:
            raise ModelError(
                f"{model.spec.title}: expected a network that can be traced, found one that cannot "
                f"({str(error).splitlines()[0]}). Export it as safetensors."
            ) from error
    with atomic_path(folder / WEIGHTS) as temporary:
        torch.save(network.state_dict(), temporary)
    _write(folder / "configs" / "inference.json", _inference(model))
    write_bytes(folder / "docs" / "README.md", _readme(model).encode())
    _write(folder / OWN_FILE, model.spec)
    _write(folder / "configs" / "metadata.json", _metadata(model, shape))


def _side(size: int | None, stride: int) -> int:
    wanted = size or _DEFAULT_SIDE
    return -(-wanted // stride) * stride


def _write(path: Path, content: object) -> None:
    write_json(path, content)


def _inference(model: Model | ClassifierModel) -> Mapping[str, object]:
    """Return how MONAI runs it: `network` gives logits, `probabilities` what the model says."""
    if isinstance(model, Model):
        last = _probabilities(model)
    else:
        last = f"$lambda logits: torch.softmax(logits / {model.spec.temperature!r}, dim=1)"
    return {
        "imports": ["$import torch"],
        "bundle_root": ".",
        "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "network_def": "$torch.jit.load(@bundle_root + '/models/model.ts', map_location=@device)",
        "network": "$@network_def.eval()",
        "inferer": {"_target_": "SimpleInferer"},
        "probabilities": last,
    }


def _probabilities(model: Model) -> str:
    """Return the expression that makes probabilities of logits; the offset is no background's."""
    offset, several = model.spec.logit_offset, model.spec.several
    if several is None or several.kind == "regions":
        return f"$lambda logits: torch.sigmoid(logits + {offset!r})"
    shift = [0.0, *(offset for _ in several.channels)]
    added = f" + torch.tensor({shift}, device=logits.device)[:, None, None]" if offset else ""
    return f"$lambda logits: torch.softmax(logits{added}, dim=1)"


def _channels(model: Model) -> Mapping[str, str]:
    """Return what each channel of the output is, by its number."""
    several = model.spec.several
    if several is None:
        return {"0": "lesion"}
    background = ["background"] if several.kind == "classes" else []
    return _named([*background, *(region.name for region in several.channels)])


def _metadata(
    model: Model | ClassifierModel, shape: tuple[int, int, int, int]
) -> Mapping[str, object]:
    spec = model.spec
    segments = isinstance(model, Model)
    output: dict[str, object] = {
        "type": "image" if segments else "probabilities",
        "format": "logits",
        "num_channels": model.spec.logits
        if isinstance(model, Model)
        else len(getattr(spec, "classes", ())),
        "spatial_shape": list(shape[2:]) if segments else [],
        "dtype": "float32",
        "value_range": [],
        "is_patch_data": False,
        "channel_def": _channels(model)
        if isinstance(model, Model)
        else _named(getattr(spec, "classes", ())),
    }
    planes = 2 * spec.preprocessing.neighbours + 1
    offsets = [n - planes // 2 for n in range(planes)]
    names = [f"{channel}, slice {offset:+d}" for offset in offsets for channel in spec.channels]
    return {
        "schema": _SCHEMA,
        "version": "1.0.0",
        "changelog": {"1.0.0": f"exported by Overread {version()}"},
        "monai_version": "1.3.0",
        "pytorch_version": metadata.version("torch"),
        "numpy_version": metadata.version("numpy"),
        "required_packages_version": {},
        "name": spec.id,
        "task": "segmentation of slices" if segments else "classification of slices",
        "description": f"{spec.title}. Not for clinical use.",
        "authors": "not stated",
        "copyright": spec.licence or "not stated",
        "data_source": spec.data or "not stated",
        "network_data_format": {
            "inputs": {
                "image": {
                    "type": "image",
                    "format": "magnitude",
                    "modality": "MR",
                    "num_channels": shape[1],
                    "spatial_shape": list(shape[2:]),
                    "dtype": "float32",
                    "value_range": [],
                    "is_patch_data": False,
                    "channel_def": _named(names),
                }
            },
            "outputs": {"pred": output},
        },
    }


def _named(names: object) -> Mapping[str, str]:
    assert isinstance(names, list | tuple)
    return {str(place): str(name) for place, name in enumerate(names)}


def _readme(model: Model | ClassifierModel) -> str:
    prepared = json_text(model.spec.preprocessing)
    return f"""# {model.spec.title}

Not for clinical use. Licence: {model.spec.licence or "not stated"}.

`configs/inference.json` loads the network, which maps slices to logits; `probabilities` makes
probabilities of them. Slices are prepared as Overread does:

```json
{prepared}
```

`overread.json` is the whole specification.
"""
