"""How much memory reading a case takes at most, in a process that does nothing else."""

READ_ALONE = """
import json, sys
from pathlib import Path
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from tests.memory import peak_mib
import scipy.ndimage, nibabel, tifffile
case = scan(Path(sys.argv[1])).cases[0]
for warm in sys.argv[2:]:
    read_case(scan(Path(warm)).cases[0])
before = peak_mib()
read = read_case(case)
print(json.dumps([peak_mib() - before, read.volume.nbytes / 2**20]))
"""
"""Prints what reading the case of the first folder took at most and what its pixels take, in MiB.

Those of further folders are read before, so that what is loaded at the first case is there.
"""
