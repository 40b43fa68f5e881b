"""A checkpoint of nnU-Net v2 of a 2-D configuration: its network, plans and labels. Imports torch.

Isensee et al. 2021. Everything is in the checkpoint: plans and labels lie in its `init_args`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

import msgspec
from torch import Tensor

from core.domain.errors import ModelError
from core.domain.model_output import ModelOutput
from core.io.layouts.dataset_json import DatasetJson, parse_dataset_json
from core.models.foreign.foreign_model import ForeignModel, less_background
from core.models.networks.arguments import ArgumentValue
from core.models.networks.weights import named_tensors
from core.models.preprocessing import Preprocessing
from core.models.registry import ModelSpec

_LAST = "decoder.seg_layers."
_TWICE = ("decoder.encoder.", ".all_modules.")
_WITHOUT_SPACING = "NaturalImage2DIO"
_SLICES = (
    "The network is given whole slices, turned as the window shows them; nnU-Net takes tiles of "
    "slices as they are stored, and mirrors them. Look the first masks over."
)


class _Configuration(msgspec.Struct, frozen=True):
    """One configuration of plans; those before 2.3 have no `architecture`, but its parts."""

    patch_size: tuple[int, ...]
    spacing: tuple[float, ...]
    normalization_schemes: tuple[str, ...]
    use_mask_for_norm: tuple[bool, ...] = ()
    architecture: dict[str, Any] = {}
    UNet_class_name: str = ""
    UNet_base_num_features: int = 32
    unet_max_num_features: int = 512
    n_conv_per_stage_encoder: tuple[int, ...] = ()
    n_conv_per_stage_decoder: tuple[int, ...] = ()
    pool_op_kernel_sizes: tuple[tuple[int, ...], ...] = ()
    conv_kernel_sizes: tuple[tuple[int, ...], ...] = ()


def is_nnunet(content: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether what a file holds is a checkpoint of nnU-Net v2."""
    return isinstance(content, Mapping) and {"network_weights", "init_args"} <= content.keys()


def read_nnunet(file: Path, content: Mapping[str, Any], spec: ModelSpec) -> ForeignModel:
    """Return the model of a checkpoint, its id and title those of `spec`.

    Raises `ModelError` that says what of it has no place here: another dimension, another network,
    another normalisation.
    """
    given = content["init_args"]
    try:
        name, plans = str(given["configuration"]), given["plans"]
        told = _configuration(name, plans["configurations"])
        said = parse_dataset_json(file, given["dataset_json"])
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise ModelError(
            f"{file}: expected plans, a configuration and a dataset.json in the checkpoint, as "
            f"nnU-Net v2 writes them, found: {error}. Train with nnU-Net 2, or write ONNX."
        ) from error
    if len(told.patch_size) != 2:
        raise ModelError(
            f"{file}: expected a 2-D configuration, found {name} with patches of "
            f"{'×'.join(map(str, told.patch_size))}. Give the checkpoint of 2d."
        )
    if list(plans.get("transpose_forward", (0, 1, 2))) != [0, 1, 2]:
        raise ModelError(
            f"{file}: expected slices along the first axis of the files, found transpose_forward "
            f"{plans['transpose_forward']}: its slices lie in another plane than those here."
        )
    output = _output(file, said, given["dataset_json"])
    state = _renamed(named_tensors(file, content["network_weights"]))
    heads = len(state["head.weight"]) if "head.weight" in state else 0
    if output is None and heads == 2:
        state = less_background(state, "head")
    made = msgspec.structs.replace(
        spec,
        architecture="nnunet",
        arguments=_arguments(file, told),
        channels=tuple(said.channels[n] for n in sorted(said.channels)) or spec.channels,
        preprocessing=_preprocessing(file, told, plans),
        output=output or msgspec.UNSET,
        data=str(given["dataset_json"].get("name") or plans.get("dataset_name") or ""),
    )
    return ForeignModel(made, state, (_SLICES,))


def _configuration(name: str, there: Mapping[str, Any]) -> _Configuration:
    """Return a configuration with all that it inherits."""
    told: dict[str, Any] = dict(there[name])
    while parent := told.pop("inherits_from", None):
        told = {**there[parent], **told}
    return msgspec.convert(told, _Configuration, strict=False)


def _output(file: Path, said: DatasetJson, told: Mapping[str, Any]) -> ModelOutput | None:
    """Return the labels it gives, None for one lesion."""
    if said.labels is None:
        raise ModelError(f"{file}: expected labels in its dataset.json, found none.")
    if said.labels.is_binary:
        return None
    if not said.labels.regions:
        return ModelOutput(kind="classes", labels=said.labels)
    try:
        output = ModelOutput(kind="regions", labels=said.labels)
    except ValueError as error:
        raise ModelError(f"{file}: {error}.") from error
    order = tuple(told.get("regions_class_order") or output.paints)
    if order != output.paints:
        raise ModelError(
            f"{file}: expected regions that paint {', '.join(map(str, output.paints))}, found "
            f"{', '.join(map(str, order))} as its regions_class_order. Write ONNX and import that "
            "with --regions."
        )
    return output


def _renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights without those that stand twice, the last layer as `head`."""
    once = {n: t for n, t in state.items() if not any(part in n for part in _TWICE)}
    numbers = {int(n.split(".")[2]) for n in once if n.startswith(_LAST)}
    kept = f"{_LAST}{max(numbers, default=0)}."
    return {
        n.replace(kept, "head."): t
        for n, t in once.items()
        if n.startswith(kept) or not n.startswith(_LAST)
    }


def _arguments(file: Path, told: _Configuration) -> dict[str, ArgumentValue]:
    kind = str(told.architecture.get("network_class_name") or told.UNet_class_name)
    if kind.rpartition(".")[2] not in ("PlainConvUNet", "ResidualEncoderUNet"):
        raise ModelError(
            f"{file}: expected PlainConvUNet or ResidualEncoderUNet, found {kind or 'none'}. Write "
            "its network as ONNX with torch.onnx.export, and import that."
        )
    residual = kind.endswith("ResidualEncoderUNet")
    given = told.architecture.get("arch_kwargs") or _older(told)
    _refuse_other(file, given)
    stages = int(given["n_stages"])
    blocks = given["n_blocks_per_stage" if residual else "n_conv_per_stage"]
    return {
        "features": _each(given["features_per_stage"], stages),
        "strides": _sides(given["strides"], stages),
        "kernels": _sides(given["kernel_sizes"], stages),
        "blocks": _each(blocks, stages),
        "decoder_blocks": _each(given["n_conv_per_stage_decoder"], stages - 1),
        "residual": residual,
        "bias": bool(given.get("conv_bias", False)),
        "norm": "batch" if "BatchNorm" in str(given.get("norm_op")) else "instance",
        "activation": "leaky-relu" if "LeakyReLU" in str(given.get("nonlin")) else "relu",
    }


def _older(told: _Configuration) -> dict[str, Any]:
    """Return the arguments as later versions write them."""
    stages = len(told.pool_op_kernel_sizes)
    widths = (told.UNet_base_num_features << n for n in range(stages))
    return {
        "n_stages": stages,
        "features_per_stage": [min(width, told.unet_max_num_features) for width in widths],
        "strides": told.pool_op_kernel_sizes,
        "kernel_sizes": told.conv_kernel_sizes,
        "n_conv_per_stage": told.n_conv_per_stage_encoder,
        "n_blocks_per_stage": told.n_conv_per_stage_encoder,
        "n_conv_per_stage_decoder": told.n_conv_per_stage_decoder,
        "conv_bias": True,
        "norm_op": "InstanceNorm2d",
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "nonlin": "LeakyReLU",
    }


def _refuse_other(file: Path, given: Mapping[str, Any]) -> None:
    """Raise `ModelError` for what the network here has not."""
    norms = given.get("norm_op_kwargs") or {}
    odd = [
        f"{name} {value}"
        for name, value, known in (
            ("norm_op", given.get("norm_op"), ("InstanceNorm", "BatchNorm")),
            ("nonlin", given.get("nonlin"), ("LeakyReLU", "ReLU")),
            ("block", given.get("block") or "BasicBlockD", ("BasicBlockD",)),
            ("eps", f"{norms.get('eps', 1e-5):g}", ("1e-05",)),
            ("affine", str(norms.get("affine", True)), ("True",)),
            ("nonlin_first", str(given.get("nonlin_first", False)), ("False",)),
        )
        if not any(word in str(value) for word in known)
    ]
    if odd:
        raise ModelError(
            f"{file}: expected a network of nnU-Net's own making, found {', '.join(odd)}. Write it "
            "as ONNX with torch.onnx.export, and import that."
        )


def _each(value: int | Sequence[int], stages: int) -> list[int]:
    return [int(v) for v in ([value] * stages if isinstance(value, int) else value)]


def _sides(value: int | Sequence[int | Sequence[int]], stages: int) -> list[int]:
    """Return y and x of each stage, one after the other."""
    each = [value] * stages if isinstance(value, int) else value
    return [int(n) for side in each for n in ((side, side) if isinstance(side, int) else side)]


def _preprocessing(file: Path, told: _Configuration, plans: Mapping[str, Any]) -> Preprocessing:
    masked = set(told.use_mask_for_norm or (False,))
    if set(told.normalization_schemes) != {"ZScoreNormalization"} or len(masked) > 1:
        raise ModelError(
            f"{file}: expected ZScoreNormalization of every channel alike, found "
            f"{', '.join(told.normalization_schemes)} (within a mask: "
            f"{', '.join(map(str, told.use_mask_for_norm))}). Its masks would be wrong here."
        )
    reader = str(plans.get("image_reader_writer", ""))
    y, x = told.spacing[-2:]
    return Preprocessing(
        intensity="nonzero" if masked == {True} else "box",
        spacing_mm=None if reader == _WITHOUT_SPACING else (0.0, y, x),
    )
