"""What other packages add, by the entry points that Python packages have for it.

A package adds a network with this in its `pyproject.toml`:

    [project.entry-points."overread.networks"]
    my-net = "my_package.networks:ARCHITECTURE"

Nothing that such a package does wrong is a fault of Overread's own: what cannot be loaded is named
and left out, and what fails when it is called fails with a sentence that names the package.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, wraps
from types import MappingProxyType
from typing import Any, Generic, Literal, ParamSpec, TypeAlias, TypeVar, cast

from core.domain.errors import AppError, DataError, ModelError
from core.domain.progress import Cancelled

PluginGroup: TypeAlias = Literal["layouts", "readers", "networks", "engines"]
"""What can be added: each is a group of entry points, `overread.<group>`."""

_CALLED: dict[PluginGroup, tuple[type[AppError], tuple[str, ...]]] = {
    "layouts": (DataError, ("fits", "find")),
    "readers": (DataError, ("matches",)),
    "networks": (ModelError, ()),
    "engines": (ModelError, ("open",)),
}
"""The functions of what a group holds, by the names of their fields, and what they raise."""

Added = TypeVar("Added")
Given = ParamSpec("Given")
Got = TypeVar("Got")

_log = logging.getLogger("overread")


@dataclass(frozen=True)
class Plugins(Generic[Added]):
    """What was added by the names of the entry points, and a sentence for each left out."""

    found: Mapping[str, Added]
    broken: tuple[str, ...] = ()


def plugins(group: PluginGroup, kind: type[Added]) -> Plugins[Added]:
    """Return what other packages add to `group`, objects of `kind`; looked up once a process.

    One that cannot be loaded, or is something else, is named in `broken` and in the log
    `overread`, and left out. The functions of the others raise nothing but an `AppError`.
    """
    return cast("Plugins[Added]", _plugins(group, kind))  # type: ignore[arg-type] # it has a hash


@cache
def _plugins(group: PluginGroup, kind: type[object]) -> Plugins[object]:
    from importlib.metadata import entry_points  # reads many files

    found: dict[str, object] = {}
    broken: list[str] = []
    for entry in sorted(entry_points(group=f"overread.{group}"), key=lambda entry: entry.name):
        package = entry.dist.name if entry.dist is not None else entry.value
        who = f"{entry.name} of the package {package}"
        try:
            value = entry.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a package may raise
            why = f"{type(error).__name__}: {error}"
        else:
            why = "" if isinstance(value, kind) else f"it is of type {type(value).__name__}"
            if entry.name in found:
                why = "another package has one of the same name"
        if why:
            broken.append(_left_out(group, who, why))
        else:
            found[entry.name] = _guarded(value, group, who)
    return Plugins(MappingProxyType(found), tuple(broken))


def _guarded(value: Any, group: PluginGroup, who: str) -> object:
    """Return what was added with its functions guarded."""
    error, called = _CALLED[group]
    functions = {name: guarded(getattr(value, name), who, error) for name in called}
    return replace(value, **functions) if functions else value


def guarded(function: Callable[Given, Got], who: str, kind: type[AppError]) -> Callable[Given, Got]:
    """Return a function of another package that raises `kind` for whatever it raises.

    `who` names it: "x of the package y". Errors of Overread are sentences already and go through.
    """

    @wraps(function)
    def call(*arguments: Given.args, **named: Given.kwargs) -> Got:
        try:
            return function(*arguments, **named)
        except (AppError, Cancelled, MemoryError):
            raise
        except Exception as error:
            raise kind(
                f"{who}: expected it to do its work, found that it failed "
                f"({type(error).__name__}: {error}). Update or remove the package."
            ) from error

    return call


def _left_out(group: PluginGroup, who: str, why: str) -> str:
    sentence = (
        f"{who}: expected an object for overread.{group}, found that it cannot be used ({why}). It "
        "was left out; update or remove the package."
    )
    _log.warning(sentence)
    return sentence
