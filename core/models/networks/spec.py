"""The description of a network, and its check against the catalogue; imports no torch."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from core.domain.errors import ModelError
from core.models.networks.arguments import Arguments, ArgumentValue, check_value, describe_arguments
from core.models.networks.catalog import ARCHITECTURES, CLASSIFIERS, Architecture

__all__ = [
    "ARCHITECTURES",
    "CLASSIFIERS",
    "Architecture",
    "ArgumentValue",
    "NetworkSpec",
    "find_architecture",
    "resolve_arguments",
]


class NetworkSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An architecture of the catalogue, its input channels and the arguments that differ."""

    architecture: str
    in_channels: int
    arguments: dict[str, ArgumentValue] = msgspec.field(default_factory=dict)


Catalogue: TypeAlias = Mapping[str, Architecture]


def find_architecture(name: str, catalogue: Catalogue = ARCHITECTURES) -> Architecture:
    """Return the row of the catalogue with this id; raises ModelError when there is none."""
    if name not in catalogue:
        raise ModelError(
            f"Expected one of the architectures {', '.join(catalogue)}, "
            f"found {name!r}. Choose one of these."
        )
    return catalogue[name]


def resolve_arguments(spec: NetworkSpec, catalogue: Catalogue = ARCHITECTURES) -> Arguments:
    """Return the arguments of a spec, checked, with its preset and the defaults filled in.

    Given arguments win over the preset, the preset over the defaults. Raises ModelError for an
    unknown architecture or argument, a value of the wrong type or range, or no input channel.
    """
    architecture = find_architecture(spec.architecture, catalogue)
    if spec.in_channels < 1:
        raise ModelError(
            f"Expected at least one input channel for {architecture.id}, "
            f"found {spec.in_channels}. Set in_channels to the channels of a slice."
        )
    given = {**_preset(architecture, spec.arguments), **spec.arguments}
    named = [argument.name for argument in architecture.arguments]
    further = {name: value for name, value in given.items() if name not in named}
    values = {n: _checked(architecture, n, v) for n, v in given.items() if n in named}
    if further and not architecture.is_open:
        raise ModelError(
            f"Expected arguments of {architecture.id} among {', '.join(named)}, "
            f"found {', '.join(further)}. Correct or remove them."
        )
    if further:
        values["options"] = further
    return msgspec.convert(values, architecture.accepts)


def _preset(
    architecture: Architecture, given: Mapping[str, ArgumentValue]
) -> Mapping[str, ArgumentValue]:
    name = given.get("preset", "")
    return architecture.presets.get(name, {}) if isinstance(name, str) else {}


def _checked(architecture: Architecture, name: str, value: ArgumentValue) -> object:
    try:
        return check_value(architecture.accepts, name, value)
    except msgspec.ValidationError as error:
        argument = describe_arguments(architecture.accepts)[name]
        raise ModelError(
            f"Expected the argument {name} of {architecture.id} to be {argument.kind}, "
            f"found {value!r}. Correct it, or leave it out for {argument.default!r}."
        ) from error
