"""Seeded damage to bytes: flipped, overwritten, cut, doubled, moved."""

import random

_LOUD = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)
_HEAD = 300


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
