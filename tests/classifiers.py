"""Tiny classifiers made by code, for the tests of every room."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from core.models.classifiers import ClassifierModel, Classifiers, ClassifierSpec
from core.models.networks.builder import build_classifier
from core.models.preprocessing import Preprocessing


def publish_classifier(root: Path, model_id: str = "slices", **fields: Any) -> ClassifierModel:
    """Publish a DenseNet with a random but repeatable start in the folder of models `root`."""
    given: dict[str, Any] = {
        "title": f"Tiny {model_id}",
        "task": "triage",
        "classes": ("no lesion", "lesion"),
        "arguments": {"init_features": 4, "growth_rate": 4, "block_config": [2, 2]},
        "preprocessing": Preprocessing(crop="head", size=32, neighbours=1),
        **fields,
    }
    spec = ClassifierSpec(id=model_id, architecture="densenet", **given)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        state = build_classifier(spec.network, len(spec.classes)).state_dict()
    root.mkdir(parents=True, exist_ok=True)
    weights = root / f".{model_id}.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, weights)
    try:
        return Classifiers((root,)).publish(spec, weights)
    finally:
        weights.unlink()
