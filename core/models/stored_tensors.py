"""Where the tensors of a file of safetensors lie in it, so that a graph can refer to them."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.io.json_file import decode_json

_HEADER = struct.Struct("<Q")


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor lies in a file of safetensors."""

    dtype: str
    shape: tuple[int, ...]
    offset: int
    length: int


class _Entry(msgspec.Struct):
    """A line of the header of a file of safetensors; that of its metadata has none of these."""

    dtype: str = ""
    shape: tuple[int, ...] = ()
    data_offsets: tuple[int, int] = (0, 0)


def stored_tensors(weights: Path) -> Mapping[str, StoredTensor]:
    """Return where the tensors of a file of safetensors lie, by name."""
    with weights.open("rb") as file:
        length = _HEADER.unpack(file.read(_HEADER.size))[0]
        header = decode_json(file.read(length), dict[str, _Entry])
    start = _HEADER.size + length
    return {
        name: StoredTensor(
            each.dtype,
            each.shape,
            start + each.data_offsets[0],
            each.data_offsets[1] - each.data_offsets[0],
        )
        for name, each in header.items()
        if name != "__metadata__"
    }
