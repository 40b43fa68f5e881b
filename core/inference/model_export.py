"""A model as a file for other programs: weights, ONNX or OpenVINO. Torch loads where it must."""

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import msgspec

from core.domain.errors import ModelError, reason
from core.inference.graph_import import SPEC_ENTRY
from core.inference.model_graph import prepare_graph
from core.io.atomic import atomic_path
from core.io.json_file import json_text
from core.models.any_model import AnyModel
from core.models.certificates import GRAPH_FILE
from core.models.guides import GuideModel
from core.models.registry import Model

ExportFormat: TypeAlias = Literal["safetensors", "pt", "onnx", "openvino", "bundle"]


def export_model(model: AnyModel, target: Path, kind: ExportFormat) -> Path:
    """Write a model to `target`, its name ended as the format's is, and return that path.

    `bundle` is a folder, as MONAI's are. `onnx` and `openvino` hold the network, from slices
    (B, C, h, w) as the model's preprocessing makes them to logits (B, K, h, w), before
    `logit_offset`, of a classifier (B, K); the specification is in the file or beside it. Raises
    `ModelError` for a target that is there, an ensemble, whose members have networks of their own,
    and a network that has no graph.
    """
    if isinstance(model, Model) and model.members:
        names = ", ".join(model.spec.members)
        raise ModelError(
            f"{model.spec.title}: expected a model with weights of its own, found the mean of "
            f"{names}. Export these instead."
        )
    if isinstance(model, Model) and model.spec.is_graph and kind in ("safetensors", "pt", "bundle"):
        raise ModelError(
            f"{model.spec.title}: expected a network that PyTorch can build, found one imported "
            "as ONNX. Export it as onnx or openvino."
        )
    ending = _ENDINGS[kind]
    path = target if target.suffix == ending else target.with_name(target.name + ending)
    for each in (path, *((path.with_suffix(".bin"),) if kind == "openvino" else ())):
        if each.exists():
            raise ModelError(
                f"{each}: expected a name that is free, found a file. Choose another, or take the "
                "file away."
            )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _WRITERS[kind](model, path)
    except OSError as error:
        raise ModelError(
            f"{path}: expected a place to write to, found: {reason(error)}. Choose another."
        ) from error
    return path


def _spec(model: AnyModel) -> bytes:
    return json_text(model.spec).encode() + b"\n"


def _write_safetensors(model: AnyModel, path: Path) -> None:
    with atomic_path(path) as temporary:
        shutil.copyfile(model.weights, temporary)
    _write_spec(model, path)


def _write_pt(model: AnyModel, path: Path) -> None:
    import torch

    from core.models.networks.weights import read_state_dict

    with atomic_path(path) as temporary:
        torch.save(read_state_dict(model.weights), temporary)
    _write_spec(model, path)


def _write_onnx(model: AnyModel, path: Path) -> None:
    import onnx_ir

    whole: Any = onnx_ir.load(_graph(model))
    onnx_ir.external_data.load_to_model(whole)
    whole.metadata_props[SPEC_ENTRY] = msgspec.json.encode(model.spec).decode()
    with atomic_path(path) as temporary:
        onnx_ir.save(whole, temporary, format="protobuf")


def _write_openvino(model: AnyModel, path: Path) -> None:
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type] # bars it
    import openvino

    whole = openvino.Core().read_model(_graph(model))
    whole.set_rt_info(msgspec.json.encode(model.spec).decode(), SPEC_ENTRY)
    # The weights come first: who finds the graph finds both.
    with atomic_path(path.with_suffix(".bin")) as numbers, atomic_path(path) as temporary:
        made = temporary.with_suffix(".made.xml")
        openvino.save_model(whole, made, compress_to_fp16=True)
        made.with_suffix(".bin").replace(numbers)
        made.replace(temporary)


def _write_bundle(model: AnyModel, path: Path) -> None:
    from core.inference.torch_bundle import write_bundle

    if isinstance(model, GuideModel):
        raise ModelError(
            f"{model.spec.title}: expected a model that sees whole slices, found one that answers "
            "clicks. Export it as safetensors, pt, onnx or openvino."
        )
    write_bundle(model, path)


def _graph(model: AnyModel) -> Path:
    return prepare_graph(model).folder / GRAPH_FILE


def _write_spec(model: AnyModel, path: Path) -> None:
    with atomic_path(path.with_suffix(".json")) as temporary:
        temporary.write_bytes(_spec(model))


_ENDINGS: Mapping[str, str] = MappingProxyType(
    {"safetensors": ".safetensors", "pt": ".pt", "onnx": ".onnx", "openvino": ".xml", "bundle": ""}
)
_WRITERS: Mapping[str, Callable[[AnyModel, Path], None]] = MappingProxyType(
    {
        "safetensors": _write_safetensors,
        "pt": _write_pt,
        "onnx": _write_onnx,
        "openvino": _write_openvino,
        "bundle": _write_bundle,
    }
)
