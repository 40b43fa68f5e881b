"""The file that says which cases each fold of a training judged, and which models they made."""

from pathlib import Path

import msgspec

from core.domain.errors import DataError
from core.io.json_file import decode_json, write_json

FOLD_FILE = "folds.json"


class FoldFile(msgspec.Struct, frozen=True, kw_only=True):
    """What `folds.json` says: the judged ids by fold, and the ids of the folds' models.

    `key` is a hash of the settings and the cases.
    """

    key: str
    folds: dict[str, tuple[str, ...]]
    models: tuple[str, ...]


def read_fold_file(out: Path) -> FoldFile | None:
    """Return what stands in the folder of a training with folds, None where nothing does."""
    try:
        return decode_json((out / FOLD_FILE).read_bytes(), FoldFile)
    except (OSError, msgspec.DecodeError):
        return None


def write_fold_file(out: Path, file: FoldFile) -> None:
    """Write it; atomic."""
    write_json(out / FOLD_FILE, file)


def fold_models(out: Path) -> tuple[str, ...]:
    """Return the ids of the models of the folds in a folder; raises `DataError` without any."""
    file = read_fold_file(out)
    if file is None:
        raise DataError(
            f"{out}: expected the folder of a training with --folds, found no {FOLD_FILE}. Give "
            "the --out of one."
        )
    return file.models
