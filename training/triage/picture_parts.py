"""Which pictures teach, choose and judge: by lot, a class like the other, a patient in one part."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from core.domain.errors import DataError

_LAST_NUMBER = re.compile(r"^(.*?)[\W_]*(?:slice|frame|img|image|z|s)?[\W_]*\d+$", re.IGNORECASE)
_FEWEST = 3


def patients_of(classes: Mapping[str, Sequence[Path]], pattern: str) -> dict[Path, str]:
    """Return the patient of each picture: the first group of `pattern` in its name.

    Without a pattern it is the name before its last number, as `P12` of `P12_slice_3.png`, where
    that leaves three patients of each class or more; else every picture is a patient of its own.
    Raises `DataError` for a pattern that is none, or that a name does not match.
    """
    if pattern:
        return _by_pattern(classes, pattern)
    found = {p: _before_number(p) for paths in classes.values() for p in paths}
    few = any(len({found[p] for p in paths}) < _FEWEST for paths in classes.values())
    if few or "" in found.values():
        return {path: str(path) for path in found}
    return found


def draw_part(
    classes: Mapping[str, Sequence[Path]], patients: Mapping[Path, str], share: float, seed: int
) -> set[Path]:
    """Return the pictures held out: `share` of each class, at least one, all of a patient's."""
    held: set[str] = set()
    for paths in classes.values():
        own = list(dict.fromkeys(patients[path] for path in paths))
        generator = torch.Generator().manual_seed(seed)
        order = [own[i] for i in torch.randperm(len(own), generator=generator).tolist()]
        wanted = max(1, round(share * len(paths)))
        for patient in order:
            if sum(patients[path] in held for path in paths) >= wanted:
                break
            held.add(patient)
    return {path for paths in classes.values() for path in paths if patients[path] in held}


def _by_pattern(classes: Mapping[str, Sequence[Path]], pattern: str) -> dict[Path, str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise DataError(f"patient: expected a regular expression, found {pattern!r}.") from error
    found = {}
    for path in (p for paths in classes.values() for p in paths):
        match = compiled.search(path.name)
        if match is None:
            raise DataError(
                f"{path.name}: expected a name in which {pattern} finds the patient, found none. "
                "Correct the pattern, or rename the picture."
            )
        found[path] = match[(match.lastindex and 1) or 0]
    return found


def _before_number(path: Path) -> str:
    match = _LAST_NUMBER.match(path.stem)
    return match[1] if match else path.stem
