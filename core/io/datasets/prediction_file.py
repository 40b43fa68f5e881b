"""Predictions in files: one .npz archive each, read as a miss when it is damaged."""

import math
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.lib.format import read_array_header_1_0, read_array_header_2_0, read_magic
from numpy.lib.npyio import NpzFile

from core.domain.model_output import ModelOutput
from core.domain.prediction import Prediction, prediction_of
from core.io.atomic import atomic_path
from core.io.json_file import decode_json
from core.io.memory import require_memory

_OUTPUT = "output"


def load_prediction(path: Path, *, key: str, alike: Collection[str] = ()) -> Prediction | None:
    """Return the cached prediction at `path`, or None when there is none made from `key`.

    `alike` are keys of predictions that are as good.
    """
    found = read_prediction(path)
    return found if found is not None and found.key in (key, *alike) else None


def read_prediction(path: Path) -> Prediction | None:
    """Return the cached prediction at `path` whatever it was made from, or None without a whole."""
    try:
        # Opened here: np.load leaves a damaged archive's file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            _require_room(path, archive)
            return _read(archive)
    except Exception:  # noqa: BLE001 - a cache that cannot be read is a miss, whatever is wrong
        return None


def _read(archive: NpzFile) -> Prediction:
    stored, output = archive["probability"], None
    if stored.dtype != np.uint8:
        raise ValueError(f"{stored.dtype} values")
    if _OUTPUT in archive:
        output = decode_json(str(archive[_OUTPUT]), ModelOutput)
        if stored.ndim != 4 or len(stored) != len(output.channels):
            raise ValueError(f"{stored.shape} of {len(output.channels)} channels")
    return prediction_of(
        stored if output else stored[np.newaxis],
        output,
        model_id=str(archive["model_id"]),
        key=str(archive["key"]),
        device=str(archive["device"]),
        seconds=float(archive["seconds"]),
    )


def _require_room(path: Path, archive: NpzFile) -> None:
    """Raise `DataError` when the header claims more than memory holds, before it is taken."""
    assert archive.zip is not None
    with archive.zip.open("probability.npy") as file:
        version = read_magic(file)
        shape, _, dtype = (read_array_header_1_0 if version < (2, 0) else read_array_header_2_0)(
            file
        )
    require_memory(path.name, math.prod(shape) * dtype.itemsize)


def save_prediction(path: Path, prediction: Prediction) -> None:
    """Cache `prediction` at `path` (an .npz archive); atomic.

    Of several labels it is all channels (K, Z, Y, X), and beside them what they are of.
    """
    several = prediction.several
    stored = prediction.probability if several is None else several.channels
    more: dict[str, Any] = {}
    if several is not None:
        more[_OUTPUT] = np.array(msgspec.json.encode(several.output).decode())
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            probability=stored,
            model_id=np.array(prediction.model_id),
            key=np.array(prediction.key),
            device=np.array(prediction.device),
            seconds=np.array(prediction.seconds),
            **more,
        )
