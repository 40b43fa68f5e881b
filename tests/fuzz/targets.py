"""Everything that is fuzzed, by name; a target is imported when it is wanted."""

from collections.abc import Iterator, Sequence
from importlib import import_module

from tests.fuzz.target import Target

_READERS = ("tiff_files", "volume_files", "archive_files")
_KEPT = ("state_files", "weight_files", "command_lines", "window_files")
GROUPS: tuple[tuple[str, ...], ...] = (_READERS, _KEPT)
"""Modules whose targets share what they import: each group does well in a process of its own."""


def targets(modules: Sequence[str]) -> list[Target]:
    """Return the targets of modules, in order."""
    return [found for module in modules for found in _targets_of(module)]


def target(name: str) -> Target:
    """Return the target of that name; raises `KeyError` when there is none."""
    for modules in GROUPS:
        for module in modules:
            for found in _targets_of(module):
                if found.name == name:
                    return found
    raise KeyError(name)


def _targets_of(module: str) -> Iterator[Target]:
    for value in vars(import_module(f"{__package__}.{module}")).values():
        yield from (each for each in _each(value) if isinstance(each, Target))


def _each(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)
