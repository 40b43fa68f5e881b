"""A case of more pixels than memory holds is told from its headers; the others are read."""

import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from tests.synthetic import write_case

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits are other on this system")
_SIDE, _ROWS = 8192, 64
_READ = """
import json, resource, sys
from pathlib import Path
from core.domain.errors import DataError
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from tests.memory import peak_mib
cases = scan(Path(sys.argv[1])).cases
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + (1 << 30),) * 2)
before, told = peak_mib(), {}
for case in cases:
    try:
        told[case.id] = list(read_case(case).notices)
    except DataError as error:
        told[case.id] = [str(error)]

print(json.dumps([told, peak_mib() - before]))
"""


def write_vast(path: Path) -> None:
    """Write a valid picture of 8192 × 8192 × 3 in a few kilobytes: all of its strips are one."""
    strip = zlib.compress(bytes(_ROWS * _SIDE * 3), 9)
    strip += bytes(len(strip) % 2)
    count = _SIDE // _ROWS
    lists = [[8] * count, [len(strip)] * count]
    body = strip + b"".join(struct.pack(f"<{count}I", *numbers) for numbers in lists)
    offsets, lengths = 8 + len(strip), 8 + len(strip) + 4 * count
    bits = 8 + len(body)
    body += struct.pack("<4H", 8, 8, 8, 0)
    tags = [(256, 4, 1, _SIDE), (257, 4, 1, _SIDE), (258, 3, 3, bits), (259, 3, 1, 8)]
    tags += [(262, 3, 1, 2), (273, 4, count, offsets), (277, 3, 1, 3), (278, 4, 1, _ROWS)]
    tags += [(279, 4, count, lengths)]
    directory = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    header = struct.pack("<4sI", b"II*\0", 8 + len(body))
    path.write_bytes(header + body + struct.pack("<H", len(tags)) + directory + bytes(4))


def test_six_vast_slices_are_told_from_their_headers_and_the_others_go_on(tmp_path: Path) -> None:
    vast, masks = tmp_path / "Vast", write_case(tmp_path, "Masks", 6)
    write_case(tmp_path, "Good")
    vast.mkdir()
    for number in range(1, 7):
        write_vast(vast / f"Vast_{number}.tif")
        (masks / f"Masks_{number}_mask.tif").unlink()
        (masks / f"Masks_{number}_mask.tif").hardlink_to(vast / f"Vast_{number}.tif")
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(tmp_path)],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=True, env={**os.environ},
    )  # fmt: skip
    told, taken_mib = json.loads(done.stdout)
    assert told["Good"] == []
    (said,) = told["Vast"]
    assert said.startswith("Vast: expected pixels that fit into memory, found 1.2 GB of them")
    # One after the other, as long as there is room; each is of another size than its image.
    assert len(told["Masks"]) == 6
    assert taken_mib < 700
