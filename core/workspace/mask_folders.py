"""The folders of masks of other programs that a workspace knows, for the next time it is opened."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.domain.errors import AppError
from core.io.atomic import write_bytes
from core.io.cases.case import Case
from core.io.json_file import decode_json
from core.models.mask_model import mask_model
from core.models.registry import Model

_FILE = "mask_folders.json"


class MaskPlace(msgspec.Struct, frozen=True):
    """A folder of masks, the name it is shown under, and whether a reader let it be resampled."""

    title: str
    folder: str
    resample: bool = False


def kept_places(workspace: Path) -> tuple[MaskPlace, ...]:
    """Return the folders that a workspace knows; a file that cannot be read counts as none."""
    try:
        return decode_json((workspace / _FILE).read_bytes(), tuple[MaskPlace, ...])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return ()


def keep_folders(workspace: Path, folders: Sequence[Path], *, resample: bool | None = None) -> None:
    """Keep folders of masks, and whether they are resampled where that is said.

    Those known already stay under their names.
    """
    known = {place.folder: place for place in kept_places(workspace)}
    for folder in folders:
        path = str(folder.expanduser().absolute())
        place = known.get(path, MaskPlace(folder.name, path))
        known[path] = (
            place if resample is None else msgspec.structs.replace(place, resample=resample)
        )
    write_bytes(workspace / _FILE, msgspec.json.encode(tuple(known.values())))


def kept_models(
    workspace: Path, cases: Sequence[Case], resample: bool | None = None
) -> tuple[list[Model], list[str]]:
    """Return the masks that a workspace knows as models, and a sentence for each that is gone.

    `resample` goes before what was said of each.
    """
    models: dict[str, Model] = {}
    problems: list[str] = []
    for place in kept_places(workspace):
        asked = place.resample if resample is None else resample
        try:
            model = mask_model(Path(place.folder), cases, title=place.title, resample=asked)
            if model.spec.id in models:
                title = f"{place.title} {len(models) + 1}"
                model = mask_model(Path(place.folder), cases, title=title, resample=asked)
        except AppError as error:
            problems.append(str(error))
        else:
            models[model.spec.id] = model
    return list(models.values()), problems
