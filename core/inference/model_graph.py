"""The graph of a model, made from its weights. Torch is loaded only where one is made."""

from typing import overload

import msgspec

from core.domain.errors import ModelError
from core.models.any_model import AnyModel
from core.models.certificates import (
    GRAPH_FILE,
    Certificates,
    file_hash,
    valid_certificates,
    write_certificates,
)
from core.models.classifiers import CLASSIFIER_SPEC, ClassifierModel, read_classifier
from core.models.guides import GUIDE_SPEC, GuideModel, read_guide
from core.models.registry import MODEL_SPEC, Model, read_model


@overload
def prepare_graph(model: Model) -> Model: ...
@overload
def prepare_graph(model: ClassifierModel) -> ClassifierModel: ...
@overload
def prepare_graph(model: GuideModel) -> GuideModel: ...
def prepare_graph(model: AnyModel) -> AnyModel:
    """Return a model or classifier with its graph beside it, made anew where it is of others.

    Certificates of other weights or another graph go. Raises `ModelError` for an ensemble, whose
    members have graphs of their own, and where no graph can be made.
    """
    if isinstance(model, Model) and model.members:
        names = ", ".join(model.spec.members)
        raise ModelError(
            f"{model.spec.title}: expected a model with weights of its own, found the mean of "
            f"{names}. Certify these instead."
        )
    if isinstance(model, Model) and model.spec.is_graph:
        return model
    shape = slice_shape(model)
    if shape is None:
        raise ModelError(
            f"{model.spec.title}: expected a model that sees slices of one size, found one for the "
            "size they come in. Use the engine torch for it."
        )
    if valid_certificates(model.folder, model.weights) is not None and model.spec.stride:
        return model
    from core.inference.torch_network import trained_network
    from core.models.networks.graph import write_graph

    network = trained_network(model)
    side = -(-shape[-1] // network.stride) * network.stride
    whole = (shape[0], side, side)
    write_graph(network, model.weights, model.folder / GRAPH_FILE, shape=whole)
    hashes = file_hash(model.weights), file_hash(model.folder / GRAPH_FILE)
    write_certificates(model.folder, Certificates(weights=hashes[0], graph=hashes[1]))
    if isinstance(model, Model):
        MODEL_SPEC.write(model.folder, msgspec.structs.replace(model.spec, stride=network.stride))
        return read_model(model.folder)
    if isinstance(model, GuideModel):
        GUIDE_SPEC.write(model.folder, msgspec.structs.replace(model.spec, stride=network.stride))
        return read_guide(model.folder)
    CLASSIFIER_SPEC.write(model.folder, msgspec.structs.replace(model.spec, stride=network.stride))
    return read_classifier(model.folder)


def slice_shape(model: AnyModel) -> tuple[int, int, int] | None:
    """Return what a network sees of a slice (C, h, w), None where slices are as they come."""
    if isinstance(model, GuideModel):
        size: int | None = model.spec.window
    else:
        size = model.spec.preprocessing.size
    if size is None:
        return None
    stride = model.spec.stride or 1
    side = -(-size // stride) * stride
    return model.spec.network.in_channels, side, side
