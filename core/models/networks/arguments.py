"""Arguments of a network: their base type, how they are described and how a value is checked."""

from typing import TypeAlias, get_type_hints

import msgspec
from msgspec import inspect

ArgumentValue: TypeAlias = bool | int | float | str | list[int]


class Arguments(msgspec.Struct, frozen=True, kw_only=True):
    """Checked and complete arguments of one architecture."""


class Argument(msgspec.Struct, frozen=True):
    """One argument of an architecture, for people to read."""

    name: str
    kind: str
    default: ArgumentValue
    meaning: str


def describe_arguments(accepts: type[Arguments]) -> dict[str, Argument]:
    """Describe the arguments that are given by name, in their order: all but `options`."""
    described = inspect.type_info(accepts)
    assert isinstance(described, inspect.StructType)
    return {field.name: _describe(field) for field in described.fields if field.name != "options"}


def check_value(accepts: type[Arguments], name: str, value: ArgumentValue) -> object:
    """Return the value in the argument's type; raises msgspec.ValidationError where it has none."""
    hints = get_type_hints(accepts, include_extras=True)
    checked: object = msgspec.convert(value, hints[name])
    return checked


def _describe(field: inspect.Field) -> Argument:
    schema = field.type.extra_json_schema if isinstance(field.type, inspect.Metadata) else None
    default = list(field.default) if isinstance(field.default, tuple) else field.default
    return Argument(field.name, _kind(field.type), default, (schema or {}).get("description", ""))


def _kind(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.Metadata):
        return _kind(kind.type)
    if isinstance(kind, inspect.VarTupleType):
        length = f"{kind.min_length} to {kind.max_length}"
        return f"a list of {length} items, each {_kind(kind.item_type)}"
    if isinstance(kind, inspect.LiteralType):
        return f"one of {', '.join(map(str, kind.values))}"
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        number = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
        return number + _range(kind)
    return "true or false" if isinstance(kind, inspect.BoolType) else "text"


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    bounds = ((">", kind.gt), (">=", kind.ge), ("<", kind.lt), ("<=", kind.le))
    told = [f"{sign} {bound:g}" for sign, bound in bounds if bound is not None]
    return f" {' and '.join(told)}" if told else ""
