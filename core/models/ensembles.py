"""Make a model of several others: its probability is the mean of theirs. Imports no torch."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from core.domain.errors import ModelError
from core.domain.prediction import Postprocessing
from core.models.acquisition import Acquisition, joined
from core.models.certificates import CERTIFICATES_FILE, GRAPH_FILE
from core.models.model_folder import SPEC_FILE
from core.models.registry import (
    MODEL_SPEC,
    Model,
    ModelSpec,
    Registry,
    View,
    output_words,
    read_model,
)

ARCHITECTURE = "ensemble"
Seen: TypeAlias = Literal["plain", "in-turn", "both"]
"""What members see of a slice: it, it and its mirror image in turn, or both each, which takes twice
as long."""
_SHOWN: dict[Seen, tuple[bool, View]] = {
    "plain": (False, "plain"),
    "in-turn": (False, "in-turn"),
    "both": (True, "plain"),
}
_FEWEST = 2
_PLAIN = Postprocessing()


def combine(
    registry: Registry,
    model_id: str,
    members: Sequence[str],
    *,
    title: str = "",
    seen: Seen = "plain",
    postprocessing: Postprocessing = _PLAIN,
) -> Model:
    """Add the ensemble of `members` to a registry, as a model like any other.

    The members stay where they are and must stay there. Raises `ModelError` for fewer than two
    different members, one that is an ensemble, members for different channels, a taken id, or a
    member that lies neither beside the new model nor in the box.
    """
    models = [registry.find(name) for name in dict.fromkeys(members)]
    _check(models)
    registry.require_free(model_id)
    spec = _mean_of(models, model_id)
    shown = title or spec.title
    folder = registry.roots[0] / model_id
    flips, view = _SHOWN[seen]
    spec = msgspec.structs.replace(
        spec, title=shown, flips=flips, view=view, postprocessing=postprocessing
    )
    MODEL_SPEC.write(folder, spec)
    try:
        return read_model(folder)
    except ModelError:
        # What cannot be read again must not stand in the registry.
        (folder / SPEC_FILE).unlink()
        folder.rmdir()
        raise


def pack_members(model: Model) -> Model:
    """Copy the members of an ensemble into its folder, so that it stands alone.

    There they are listed no more than weights are. Raises `WorkspaceError` where they cannot be
    written; the ensemble goes on with the members outside.
    """
    own = Registry((model.folder,))
    for member in model.members:
        # As it is stored: a mirrored ensemble has mirrored members.
        graph = (member.folder / GRAPH_FILE, member.folder / CERTIFICATES_FILE)
        beside = graph if all(path.is_file() for path in graph) else ()
        own.publish(read_model(member.folder).spec, member.weights, beside=beside)
    return read_model(model.folder)


def require_weights_of_its_own(spec: ModelSpec) -> None:
    """Raise `ModelError` for an ensemble: there is nothing in it to train."""
    if spec.members:
        raise ModelError(
            f"{spec.id}: expected a model with weights of its own to start from, found an "
            f"ensemble. Start from one of its members: {', '.join(spec.members)}."
        )


def require_trainable(spec: ModelSpec) -> None:
    """Raise `ModelError` for a model that a training cannot start from."""
    require_weights_of_its_own(spec)
    if spec.is_graph:
        raise ModelError(
            f"{spec.id}: expected a network that PyTorch can build to start from, found one "
            "imported as ONNX. Import its state dict instead, with --architecture."
        )


def _mean_of(models: Sequence[Model], model_id: str) -> ModelSpec:
    """Return what follows of an ensemble from its members."""
    sizes = [model.spec.parameters for model in models]
    return ModelSpec(
        id=model_id,
        title=" + ".join(model.spec.title for model in models),
        architecture=ARCHITECTURE,
        channels=models[0].spec.channels,
        output=models[0].spec.output,
        acquisition=_images_of(models),
        parameters=None if None in sizes else sum(size or 0 for size in sizes),
        trained_on=tuple(sorted({case for model in models for case in model.spec.trained_on})),
        licence="; ".join(dict.fromkeys(m.spec.licence for m in models if m.spec.licence)),
        members=tuple(model.spec.id for model in models),
    )


def _images_of(models: Sequence[Model]) -> Acquisition | None:
    """Return what images all members learnt from; None where that is not known of any."""
    known = [model.spec.acquisition for model in models if model.spec.acquisition]
    return joined(known) if known else None


def _check(models: Sequence[Model]) -> None:
    if len(models) < _FEWEST:
        raise ModelError(
            f"Expected two models or more for an ensemble, found {len(models)}. Name others."
        )
    for model in models:
        if model.spec.members:
            raise ModelError(
                f"{model.spec.id}: expected members with weights of their own, found an ensemble. "
                f"Name its members in its place: {', '.join(model.spec.members)}."
            )
        if model.spec.channels != models[0].spec.channels:
            raise ModelError(
                f"{model.spec.id}: expected the channels {', '.join(models[0].spec.channels)} of "
                f"{models[0].spec.id}, found {', '.join(model.spec.channels)}. Choose others."
            )
        if model.spec.gives != models[0].spec.gives:
            raise ModelError(
                f"{model.spec.id}: expected {output_words(models[0].spec)} as {models[0].spec.id} "
                f"has, found {output_words(model.spec)}. Choose models of the same labels."
            )
