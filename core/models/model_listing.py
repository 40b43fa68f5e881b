"""What is said of models on the command line and in the window, and specs made from options."""

from collections.abc import Sequence

import msgspec

from core.domain.errors import ModelError
from core.domain.model_output import ModelOutput
from core.io.json_file import decode_json, json_text
from core.models.any_model import all_of_any
from core.models.classifiers import ClassifierModel, Classifiers
from core.models.guide_choice import answering_id
from core.models.known_names import known_network
from core.models.networks.spec import ARCHITECTURES, ArgumentValue, resolve_arguments
from core.models.preprocessing import Preprocessing
from core.models.registry import Model, ModelSpec, Registry


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One model of the registry, as it is listed."""

    id: str
    title: str
    architecture: str
    champion: bool
    parameters: int | None
    metrics: dict[str, float]
    licence: str
    folder: str
    task: str = "segment"


def listing(registry: Registry) -> tuple[list[ModelRow], list[str]]:
    """Return a row for each model, classifiers and guides last, and what is wrong with others."""
    models, problems = all_of_any(registry)
    classifiers = Classifiers(registry.everywhere)
    champion = registry.champion().spec.id if any(isinstance(m, Model) for m in models) else ""
    rows = []
    for model in models:
        if isinstance(model, Model):
            task, first = "segment", champion
        elif isinstance(model, ClassifierModel):
            task, first = model.spec.task, classifiers.promoted(model.spec.task)
        else:
            task, first = "guide", answering_id(registry.roots)
        spec = model.spec
        rows.append(
            ModelRow(
                id=spec.id,
                title=spec.title,
                architecture=spec.architecture,
                champion=spec.id == first,
                parameters=spec.parameters,
                metrics=spec.metrics,
                licence=spec.licence,
                folder=str(model.folder),
                task=task,
            )
        )
    return rows, problems


def listing_json(rows: list[ModelRow]) -> str:
    """Return rows as JSON text."""
    return json_text(rows)


def spec_from_options(
    model_id: str, title: str, architecture: str, *, arguments: list[str], preprocessing: str
) -> ModelSpec:
    """Return the specification that options of the command line describe.

    `arguments` are NAME=VALUE, `preprocessing` is JSON. Raises `ModelError` for what does not fit.
    """
    if not architecture:
        raise ModelError(
            f"Expected --architecture, one of {', '.join(ARCHITECTURES)}, for a state dict, found "
            "none: weights do not say what network they are of. Name it; a network as ONNX (.onnx) "
            "needs none."
        )
    spec = ModelSpec(
        id=model_id,
        title=title or model_id,
        architecture=known_network(architecture),
        arguments=dict(read_argument(text) for text in arguments),
        preprocessing=read_preprocessing(preprocessing),
    )
    resolve_arguments(spec.network)
    return spec


def with_options(
    spec: ModelSpec,
    *,
    channels: Sequence[str],
    threshold: float | None,
    output: ModelOutput | None = None,
) -> ModelSpec:
    """Return a specification with channels, a threshold and labels, where they are given."""
    post = spec.postprocessing
    if threshold is not None:
        post = msgspec.structs.replace(post, threshold=threshold)
    named = tuple(channels) or spec.channels
    gives = spec.output if output is None else output
    return msgspec.structs.replace(spec, channels=named, postprocessing=post, output=gives)


def read_preprocessing(text: str) -> Preprocessing:
    """Return the preprocessing that JSON describes; raises `ModelError` for anything else."""
    try:
        return decode_json(text, Preprocessing)
    except msgspec.DecodeError as error:
        fields = ", ".join(Preprocessing.__struct_fields__)
        raise ModelError(
            f"--preprocessing: expected JSON with the fields {fields}, found: {error}."
        ) from error


def read_argument(text: str) -> tuple[str, ArgumentValue]:
    """Return name and value of NAME=VALUE; raises `ModelError` for anything else."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ModelError(f"--arg: expected NAME=VALUE, as init_features=16, found {text!r}.")
    try:
        return name, decode_json(value, ArgumentValue)  # type: ignore[arg-type]
    except msgspec.DecodeError:
        return name, value
