"""A bundle of MONAI as a model: its network, weights, channels and preparation. Imports torch.

Nothing in it is executed: settings are read, references between them followed, and expressions
(`$…`) refused. A bundle that `models export` wrote tells all of itself.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from torch import Tensor

from core.domain.errors import ModelError, reason
from core.domain.label_set import Label, LabelSet, colour_of
from core.domain.model_output import ModelOutput
from core.io.json_file import decode_json
from core.models.foreign.foreign_model import ForeignModel, less_background, with_identity
from core.models.networks.arguments import ArgumentValue
from core.models.networks.weights import read_state_dict
from core.models.preprocessing import Preprocessing
from core.models.registry import ModelSpec

OWN_FILE = "overread.json"
WEIGHTS = Path("models", "model.pt")
_CONFIGS = ("inference", "evaluate", "train")
_DEEPEST = 16
_HARMLESS = (
    *("LoadImage", "EnsureChannelFirst", "AddChannel", "EnsureType", "ToTensor", "CastToType"),
    *("Orientation", "SelectItems", "Lambda", "AsChannelFirst"),
)
_NORMS = {"instance": "instance", "batch": "batch"}
_ACTIVATIONS = {"prelu": "prelu", "relu": "relu", "leakyrelu": "leaky-relu"}

Config = Mapping[str, Any]


def read_bundle(
    folder: Path,
    spec: ModelSpec,
    *,
    preprocessing: Preprocessing | None = None,
    output: ModelOutput | None = None,
) -> ForeignModel:
    """Return the model of a bundle, its id and title those of `spec`.

    `preprocessing` and `output` are said instead of what the bundle tells. Raises `ModelError` for
    one without plain weights or settings in JSON, and another network than a 2-D UNet.
    """
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise ModelError(
            f"{folder}: expected weights in {WEIGHTS.as_posix()}, found none. Save the network's "
            "state_dict() there: a model.ts alone is a program, which is not run."
        )
    if (folder / OWN_FILE).is_file():
        return _own(folder, spec)
    config = _config(folder)
    given = _network(folder, config)
    arguments = _arguments(folder, given)
    state = _renamed(read_state_dict(weights), units=int(given.get("num_res_units", 0)) > 0)
    metadata = _read(folder / "configs" / "metadata.json")
    count = int(given.get("out_channels", 1))
    gives = _output(folder, metadata, count) if output is None else output
    if gives is None and count == 2:
        state = less_background(state, "head", axis=0 if arguments["units"] else 1)
    prepared, said = _prepared(folder, config) if preprocessing is None else (preprocessing, "")
    made = msgspec.structs.replace(
        spec,
        architecture="monai-unet",
        arguments=arguments,
        channels=_channels(metadata, int(given.get("in_channels", 1)), spec),
        preprocessing=prepared,
        output=gives or msgspec.UNSET,
        data=str(metadata.get("data_source", "")),
        licence=str(metadata.get("copyright", "")),
    )
    return ForeignModel(made, state, (said,) if said else ())


def _own(folder: Path, spec: ModelSpec) -> ForeignModel:
    try:
        told = decode_json((folder / OWN_FILE).read_bytes(), ModelSpec)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(
            f"{folder / OWN_FILE}: expected the specification of a model of segmentation, found: "
            f"{error}. Export it anew."
        ) from error
    title = told.title if spec.title == spec.id else spec.title
    made = msgspec.structs.replace(told, id=spec.id, title=title)
    return ForeignModel(made, read_state_dict(folder / WEIGHTS))


def _read(path: Path) -> Config:
    """Return a file of settings, nothing where there is none."""
    try:
        return decode_json(path.read_bytes(), dict[str, Any])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        found = reason(error) if isinstance(error, OSError) else str(error)
        raise ModelError(f"{path}: expected settings in JSON, found: {found}.") from error


def _config(folder: Path) -> Config:
    for name in _CONFIGS:
        if found := _read(folder / "configs" / f"{name}.json"):
            return found
    raise ModelError(
        f"{folder}: expected configs/inference.json, found none. Write the settings of the bundle "
        "as JSON, or export its network as ONNX."
    )


def _resolved(folder: Path, config: Config, value: Any, depth: int = 0) -> Any:
    """Follow references (`@name`, `@name::part`) to plain values; raises `ModelError`."""
    if isinstance(value, list | tuple):
        return [_resolved(folder, config, each, depth + 1) for each in value]
    if isinstance(value, dict):
        return {key: _resolved(folder, config, each, depth + 1) for key, each in value.items()}
    if not isinstance(value, str) or not value.startswith(("@", "$", "%")):
        return value
    name = value.lstrip("$").removeprefix("@")
    found: Any = config
    for part in name.split("::"):
        found = found.get(part, msgspec.UNSET) if isinstance(found, dict) else msgspec.UNSET
    if found is msgspec.UNSET or depth > _DEEPEST:
        raise ModelError(
            f"{folder}: expected settings that are plain values, found {value}, which would have "
            "to be executed. Write the value itself."
        )
    return _resolved(folder, config, found, depth + 1)


def _network(folder: Path, config: Config) -> Config:
    """Return the arguments of the network."""
    given = config.get("network_def") or config.get("network") or config.get("net") or {}
    if isinstance(given, str):
        given = _resolved(folder, config, given)
    target = str(given.get("_target_", given.get("_name_", ""))) if isinstance(given, dict) else ""
    if target.rpartition(".")[2] not in ("UNet", "Unet"):
        raise ModelError(
            f"{folder}: expected a network_def of MONAI's UNet, found {target or 'none'}. Export "
            "its network as ONNX with torch.onnx.export, and import that."
        )
    found = {k: _resolved(folder, config, v) for k, v in given.items() if not k.startswith("_")}
    dimensions = found.get("spatial_dims", found.get("dimensions"))
    if dimensions != 2:
        raise ModelError(
            f"{folder}: expected a network of 2 dimensions, found {dimensions}. Choose a model of "
            "slices."
        )
    return found


def _arguments(folder: Path, given: Config) -> dict[str, ArgumentValue]:
    norm, norm_options = _named(given.get("norm", "INSTANCE"))
    activation, options = _named(given.get("act", "PRELU"))
    order = str(given.get("adn_ordering", "NDA")).upper().replace("D", "")
    plain = {**options}
    slope = plain.pop("negative_slope", 0.01)
    plain.pop("inplace", None)
    affine = norm_options.pop("affine", norm == "batch")
    odd = [
        said
        for said, wrong in (
            (f"norm {norm}", norm not in _NORMS or bool(norm_options)),
            (f"act {activation}", activation not in _ACTIVATIONS or bool(plain)),
            (f"adn_ordering {order}", order != "NA"),
            ("kernel_size", not isinstance(given.get("kernel_size", 3), int)),
            ("up_kernel_size", not isinstance(given.get("up_kernel_size", 3), int)),
        )
        if wrong
    ]
    if odd:
        raise ModelError(
            f"{folder}: expected a UNet of instance or batch normalisation, PReLU, ReLU or "
            f"LeakyReLU, normalised before it is activated, found {', '.join(odd)}. Export its "
            "network as ONNX."
        )
    features = [int(v) for v in given["channels"]]
    return {
        "features": features,
        "strides": [int(v) for v in given["strides"]][: len(features) - 1],
        "units": int(given.get("num_res_units", 0)),
        "kernel": int(given.get("kernel_size", 3)),
        "up_kernel": int(given.get("up_kernel_size", 3)),
        "norm": "instance-affine" if norm == "instance" and affine else _NORMS[norm],
        "activation": _ACTIVATIONS[activation],
        "slope": float(slope),
        "bias": bool(given.get("bias", True)),
        "head_channels": int(given.get("out_channels", 1)),
    }


def _named(value: Any) -> tuple[str, dict[str, Any]]:
    """Return a layer's name in small letters, and its options."""
    if isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[1], dict):
        return str(value[0]).lower(), dict(value[1])
    return str(value).lower(), {}


def _renamed(state: Mapping[str, Tensor], *, units: bool) -> dict[str, Tensor]:
    if not units:
        return {_moved(name, "2.conv.", "head."): tensor for name, tensor in state.items()}
    made = {
        _moved(_moved(name, "2.0.", "up."), "2.1.conv.unit0.conv.", "head."): tensor
        for name, tensor in state.items()
    }
    if "head.weight" in made:
        made["head.weight"] = with_identity(made["head.weight"])
    return made


def _moved(name: str, before: str, after: str) -> str:
    return after + name.removeprefix(before) if name.startswith(before) else name


def _channels(metadata: Config, count: int, spec: ModelSpec) -> tuple[str, ...]:
    told = _format(metadata, "inputs", "image")
    names = told.get("channel_def", {})
    found = tuple(str(names[key]) for key in sorted(names, key=int)) if names else ()
    if len(found) == count:
        return found
    return spec.channels if len(spec.channels) == count else tuple(f"C{n}" for n in range(count))


def _format(metadata: Config, side: str, name: str) -> Config:
    told: Any = metadata.get("network_data_format", {})
    for part in (side, name):
        told = told.get(part, {}) if isinstance(told, dict) else {}
    return told if isinstance(told, dict) else {}


def _output(folder: Path, metadata: Config, count: int) -> ModelOutput | None:
    """Return the labels it gives by the bundle's metadata, None for one lesion."""
    if count == 1:
        return None
    names = _format(metadata, "outputs", "pred").get("channel_def", {})
    told = [str(names[key]) for key in sorted(names, key=int)] if names else []
    if len(told) != count or told[0].casefold() != "background":
        raise ModelError(
            f"{folder}: expected a channel_def of {count} channels, the background first, found "
            f"{', '.join(told) or 'none'}. Say with --labels or --regions what its channels are."
        )
    if count == 2:
        return None
    labels = (Label(v, name, colour_of(v)) for v, name in enumerate(told[1:], start=1))
    return ModelOutput(kind="classes", labels=LabelSet(tuple(labels)))


def _prepared(folder: Path, config: Config) -> tuple[Preprocessing, str]:
    """Return what is done to a volume, as far as it has a word here; raises `ModelError`."""
    given = config.get("preprocessing", config.get("pre_transforms", {}))
    steps = given.get("transforms", []) if isinstance(given, dict) else []
    made, odd, scaled = Preprocessing(intensity="image"), [], False
    for step in steps if isinstance(steps, Sequence) else []:
        name = str(step.get("_target_", "") if isinstance(step, dict) else step)
        name = name.rpartition(".")[2].removesuffix("d")
        options = {} if not isinstance(step, dict) else step
        if name == "NormalizeIntensity" and "subtrahend" not in options:
            scaled = True
            kind = "nonzero" if options.get("nonzero") else "image"
            made = msgspec.structs.replace(made, intensity=kind)
        elif name == "Resize" and _square(options.get("spatial_size")):
            side = int(options["spatial_size"][0])
            made = msgspec.structs.replace(made, size=side)
        elif name not in _HARMLESS:
            odd.append(name)
    if odd or not scaled:
        found = f"{', '.join(odd)}" if odd else "no NormalizeIntensity"
        raise ModelError(
            f"{folder}: expected images prepared by NormalizeIntensity and Resize alone, found "
            f"{found}. Say what comes nearest with --preprocessing, as "
            '{"intensity":"nonzero","size":256}.'
        )
    return made, "Mean and deviation are taken over the whole volume, not a slice at a time."


def _square(size: Any) -> bool:
    return isinstance(size, list) and len(size) >= 2 and size[0] == size[1] and size[0] >= 32
