"""All JSON that Overread reads, checked against its type, and what it writes for people to read.

A bad file is one kind of error.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from core.io.atomic import write_bytes

T = TypeVar("T")


def decode_json(
    content: bytes | str,
    kind: type[T],
    *,
    dec_hook: Callable[[type, Any], Any] | None = None,
) -> T:
    """Return `content` as `kind`; raises `msgspec.DecodeError` for anything that is not that.

    Bytes that are no UTF-8 and nesting without end are errors of the file as any other.
    """
    try:
        return msgspec.json.decode(content, type=kind, dec_hook=dec_hook)  # noqa: TID251
    except UnicodeError as error:
        raise msgspec.DecodeError(f"bytes that are no UTF-8 ({error.reason})") from error  # type: ignore[attr-defined]
    except RecursionError as error:
        raise msgspec.DecodeError("lists or objects nested too deeply") from error


def json_text(value: object) -> str:
    """Return a value as JSON that a person can read, without a last line's end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def write_json(path: Path, value: object, *, private: bool = False) -> None:
    """Write a value as JSON that a person can read; atomic, as `core.io.atomic.write_bytes` is."""
    write_bytes(path, json_text(value).encode() + b"\n", private=private)
