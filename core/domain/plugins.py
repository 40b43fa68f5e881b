"""What other packages add, by the entry points that Python packages have for it.

A package adds a network with this in its `pyproject.toml`:

    [project.entry-points."overread.networks"]
    my-net = "my_package.networks:ARCHITECTURE"
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Generic, Literal, TypeAlias, TypeVar, cast

Group: TypeAlias = Literal["layouts", "readers", "networks", "engines"]
"""What can be added: each is a group of entry points, `overread.<group>`."""

Kind = TypeVar("Kind")

_log = logging.getLogger("overread")


@dataclass(frozen=True)
class Plugins(Generic[Kind]):
    """What was added by the names of the entry points, and a sentence for each left out."""

    found: Mapping[str, Kind]
    broken: tuple[str, ...] = ()


def plugins(group: Group, kind: type[Kind]) -> Plugins[Kind]:
    """Return what other packages add to `group`, objects of `kind`; looked up once a process.

    One that cannot be loaded, or is something else, is named in `broken` and in the log
    `overread`, and left out.
    """
    return cast("Plugins[Kind]", _plugins(group, kind))  # type: ignore[arg-type] # it has a hash


@cache
def _plugins(group: Group, kind: type[object]) -> Plugins[object]:
    from importlib.metadata import entry_points  # reads many files

    found: dict[str, object] = {}
    broken: list[str] = []
    for entry in sorted(entry_points(group=f"overread.{group}"), key=lambda entry: entry.name):
        package = entry.dist.name if entry.dist is not None else entry.value
        try:
            value = entry.load()
        except Exception as error:  # noqa: BLE001 - whatever another package may raise
            why = f"{type(error).__name__}: {error}"
        else:
            why = "" if isinstance(value, kind) else f"it is of type {type(value).__name__}"
            if entry.name in found:
                why = "another package has one of the same name"
        if why:
            broken.append(_left_out(group, entry.name, package, why))
        else:
            found[entry.name] = value
    return Plugins(MappingProxyType(found), tuple(broken))


def _left_out(group: Group, name: str, package: str, why: str) -> str:
    sentence = (
        f"{name} of the package {package}: expected an object for overread.{group}, found that it "
        f"cannot be used ({why}). It was left out; update or remove the package."
    )
    _log.warning(sentence)
    return sentence
