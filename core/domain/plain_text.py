"""Text from names and files, made safe to print: it can neither steer nor break a terminal."""

import unicodedata

LONGEST = 64
"""Characters of a name that are told; what a file calls a label may be a whole page."""
_KEPT = "\n\t"


def printable(text: str) -> str:
    """Return `text` with control and direction characters written as escapes; lines stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def one_line(text: str) -> str:
    """Return `text` as `printable` does, its line breaks and tabs escaped too."""
    return printable(text).translate({ord("\n"): "\\n", ord("\t"): "\\t"})


def shortened(text: str, most: int = LONGEST) -> str:
    """Return `text` on one line, cut where it is longer than `most` characters."""
    plain = one_line(text if len(text) <= most else text[:most])
    return plain if len(text) <= most else f"{plain[: most - 1].rstrip()}…"


def is_steering(character: str) -> bool:
    """Tell control characters, and those that turn the direction of what follows."""
    return unicodedata.category(character) in ("Cc", "Zl", "Zp") or character in (
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


def _shown(character: str) -> str:
    if character in _KEPT or not is_steering(character):
        return character
    return character.encode("unicode_escape").decode()
