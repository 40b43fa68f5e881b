"""All JSON that Overread reads, checked against its type: a bad one is one kind of error."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

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
