"""Names of files and folders that are not one line of text: left out and told."""

from collections.abc import Sequence
from pathlib import Path

from core.domain.errors import DataError
from core.domain.plain_text import is_steering, one_line


def require_text(root: Path) -> None:
    """Raise `DataError` for a place whose name was no UTF-8 on the disk."""
    if not _is_text(str(root)):
        raise DataError(_unnamed([str(root)]))


def plain_names(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names that are one line of text, and sentences about the others."""
    texts = [name for name in names if _is_text(name)]
    plain = [name for name in texts if not any(map(is_steering, name))]
    said: list[str] = []
    if len(texts) < len(names):
        said.append(_unnamed([name for name in names if not _is_text(name)]))
    if len(plain) < len(texts):
        said.append(_broken([name for name in texts if any(map(is_steering, name))]))
    return plain, said


def and_others(names: Sequence[str]) -> str:
    """Say how many of `names` there are besides the first."""
    more = len(names) - 1
    return f" (and {more} {'other' if more == 1 else 'others'})" if more else ""


def _is_text(name: str) -> bool:
    return name.isascii() or not any("\udc80" <= character <= "\udcff" for character in name)


def _unnamed(odd: list[str]) -> str:
    first = min(odd).encode(errors="backslashreplace").decode()
    return (
        f"{one_line(first)}{and_others(odd)}: expected a name in UTF-8, found another encoding. "
        "Left out; rename it, or unpack the archive anew with the right encoding."
    )


def _broken(names: list[str]) -> str:
    return (
        f"{one_line(min(names))}{and_others(names)}: expected a name of one line, found line "
        "breaks or control characters in it. Left out; rename it."
    )
