"""Runs targets in a process of its own: SEED SECONDS FOLDER and NAME COUNT for each target.

It prints one line of JSON for each with its counts; a crash ends it without, and leaves the input
in the target's folder.
"""

import faulthandler
import json
import random
import re
import sys
import time
import traceback
import warnings
from pathlib import Path

from tests.fuzz.targets import target
from tests.memory import peak_mib

_HANG = 120.0
"""Seconds after which an input that only waits is a hang; those that compute have ten."""


def main(name: str, seed: int, count: int, seconds: float, folder: Path) -> dict[str, object]:
    """Try `count` inputs, or as many as `seconds` allow."""
    warnings.simplefilter("ignore")
    folder.mkdir(parents=True, exist_ok=True)
    attempt = target(name).prepare(folder)
    read = tried = 0
    slowest = 0.0
    faults: list[str] = []
    start = time.perf_counter()
    for number in range(count):
        if time.perf_counter() - start > seconds:
            break
        tried += 1
        # Of this process: what others do on the same cores is no fault of an input.
        began = time.process_time()
        faulthandler.dump_traceback_later(_HANG, exit=True)
        try:
            # Each input has a seed of its own, so that one is made again alone.
            read += attempt(random.Random(seed * 1_000_003 + number))
        except Exception:  # noqa: BLE001 - what is not told in a sentence is counted
            faults.append(f"input {number}: {traceback.format_exc()}")
        slowest = max(slowest, time.process_time() - began)
    faulthandler.cancel_dump_traceback_later()
    return {
        "name": name,
        "inputs": tried,
        "read": read,
        "refused": tried - read - len(faults),
        "faults": faults,
        "slowest_s": round(slowest, 3),
        "peak_mib": peak_mib(),
        "seconds": round(time.perf_counter() - start, 1),
    }


if __name__ == "__main__":
    faulthandler.enable()
    _, _seed, _seconds, _folder, *_wanted = sys.argv
    for _name, _count in zip(_wanted[::2], _wanted[1::2], strict=True):
        _own = Path(_folder) / re.sub(r"\W+", "-", _name)
        found = main(_name, int(_seed), int(_count), float(_seconds), _own)
        sys.__stdout__.write(json.dumps(found) + "\n")  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]
