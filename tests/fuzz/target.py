"""One kind of input that is fuzzed: how one is made, and who reads it."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """`prepare` fills a folder once and returns the attempt of one damaged input in it.

    An attempt returns whether the input was read (True) or refused in a sentence (False); whatever
    it raises is a fault of ours. It keeps the input in the folder, so that a crash leaves it there.
    `share` is how many of ten thousand inputs it gets, `tried` how many in the tests.
    """

    name: str
    prepare: Callable[[Path], Callable[[random.Random], bool]]
    share: int
    tried: int = 60
