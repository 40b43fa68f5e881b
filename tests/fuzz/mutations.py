"""Seeded damage: to bytes, to the numbers of a text, and to JSON as a structure."""

import json
import random
import re
from typing import Any

_LOUD = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)
_HEAD = 300
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_TOKENS = (
    *(b"0", b"-1", b"1", b"2", b"3", b"65536", b"4294967296", b"99999999999999999999", b"1e308"),
    *(b"-1e999", b"nan", b"inf", b"0.5", b"", b"x", b"\xff", b"1 2", b"(1,0,0)", b"none", b"LIST"),
)
_DEEP = 50_000
HOSTILE: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 2**31, 2**63, -(2**63), 10**30, 0.5, -0.0, 1e308, 1e-308),
    *("", "x", "../..", "/", "\\0", "a\nb", "=1+1", "\x1b[31m", "é\u0301", "<b>x</b>", "🧠" * 3),
    *([], [[]], {}, {"a": {}}, [1, "a", None], [0] * 1000),
)
"""Values of JSON that stand where others are meant."""


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return `content` with one to four bytes changed, and now and then with a piece of it gone."""
    found = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        if not found:
            break
        # Headers decide most: half of the damage is done there.
        reach = min(_HEAD, len(found)) if chance.random() < 0.5 else len(found)
        found[chance.randrange(reach)] = (
            chance.choice(_LOUD) if chance.random() < 0.3 else chance.randrange(256)
        )
    if chance.random() < 0.15 and found:
        _moved(found, chance)
    return bytes(found)


def renumbered(content: bytes, chance: random.Random) -> bytes:
    """Return `content` with a number of its first kilobytes exchanged for something odd."""
    found = list(_NUMBER.finditer(content[:4000]))
    if not found:
        return damaged(content, chance)
    number = chance.choice(found)
    return content[: number.start()] + chance.choice(_TOKENS) + content[number.end() :]


def damaged_json(content: bytes, chance: random.Random) -> bytes:
    """Return JSON damaged as bytes, or with a value of it exchanged, left out or nested deep."""
    kind = chance.random()
    if kind < 0.35:
        return damaged(content, chance)
    if kind < 0.4:
        return chance.choice((b"", b"null", b"[]", b"{}", b"7", b'"a"', b"\xff\xfe{}"))
    if kind < 0.43:
        return b'{"a":' * _DEEP
    try:
        whole = json.loads(content)
    except ValueError:
        return damaged(content, chance)
    changed = _exchanged(whole, chance)
    text = json.dumps(changed)
    if chance.random() < 0.05:
        text = text.replace("null", "NaN", 1)
    return text.encode()


def _exchanged(value: Any, chance: random.Random) -> Any:
    """Return `value` with something inside of it replaced; dictionaries may lose or win a key."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        rest = {name: each for name, each in value.items() if name != key}
        way = chance.random()
        if way < 0.1:
            return rest
        if way < 0.2:
            return {**value, str(chance.choice(HOSTILE)): chance.choice(HOSTILE)}
        return {**value, key: _exchanged(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        at = chance.randrange(len(value))
        return [*value[:at], _exchanged(value[at], chance), *value[at + 1 :]]
    return chance.choice(HOSTILE)


def _moved(found: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(found))
    end = min(len(found), start + chance.randint(1, 64))
    match chance.randrange(3):
        case 0:
            del found[start:]
        case 1:
            del found[start:end]
        case _:
            found[start:start] = found[start:end]
