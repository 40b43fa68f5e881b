"""BraTS, 2018 to 2024: a folder a case, a file a sequence, `seg` beside them.

Names end in `_t1ce` (to 2020), `_t1gd`, `-t1c` (from 2023) and so on. The enhancing tumour is label
4 up to 2020 and 3 from 2023, the resection cavity 4 from 2024: both are kept as they are.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from core.domain.label_set import Label, LabelSet, Region, colour_of
from core.domain.role import Role
from core.io.layouts.found import FoundCase, FoundChannel, FoundDataset, FoundMask
from core.io.layouts.registry import Layout
from core.io.layouts.tree import Folder, nfc

_SEQUENCES = {
    "t1n": Role.T1, "t1": Role.T1, "t1c": Role.T1C, "t1ce": Role.T1C, "t1gd": Role.T1C,
    "t2w": Role.T2, "t2": Role.T2, "t2f": Role.FLAIR, "flair": Role.FLAIR,
}  # fmt: skip
_ORDER = (Role.T1, Role.T1C, Role.T2, Role.FLAIR)
_FILE = re.compile(
    rf"(?:(?P<case>.+?)[-_.])?(?P<kind>{'|'.join(_SEQUENCES)}|seg|gt)\.nii(?:\.gz)?", re.IGNORECASE
)
_FEWEST = 3  # sequences by which a folder is known
_CORE, _OEDEMA, _ENHANCING, _CAVITY = map(colour_of, (1, 2, 3, 4))

NECROSIS = Label(1, "Necrotic core", _CORE)
OEDEMA = Label(2, "Oedema", _OEDEMA)
BEFORE_2023 = LabelSet(
    (NECROSIS, OEDEMA, Label(4, "Enhancing tumour", _ENHANCING)),
    (
        Region("Whole tumour", (1, 2, 4)),
        Region("Tumour core", (1, 4)),
        Region("Enhancing tumour", (4,)),
    ),
)
FROM_2023 = LabelSet(
    (NECROSIS, OEDEMA, Label(3, "Enhancing tumour", _ENHANCING)),
    (
        Region("Whole tumour", (1, 2, 3)),
        Region("Tumour core", (1, 3)),
        Region("Enhancing tumour", (3,)),
    ),
)
AFTER_TREATMENT = LabelSet(
    (*FROM_2023.labels, Label(4, "Resection cavity", _CAVITY)), FROM_2023.regions
)


def fits(tree: Folder) -> bool:
    """Tell whether a folder holds the sequences of one case under the names of BraTS."""
    return any(True for _ in _case_folders(tree))


def find(tree: Folder) -> FoundDataset:
    """Return the cases: a folder each, named by the folder, or by the files in a flat one."""
    cases: list[FoundCase] = []
    kinds: set[str] = set()
    for folder in _case_folders(tree):
        for stem, files in _by_case(folder).items():
            kinds |= files.keys()
            cases.append(_case(stem or folder.path.name, files))
    return FoundDataset("brats", tree.path, tuple(cases), _labels(cases, kinds))


def _case_folders(tree: Folder) -> Iterator[Folder]:
    for folder in tree.walk():
        cases = _by_case(folder)
        if any(len(files.keys() & _SEQUENCES.keys()) >= _FEWEST for files in cases.values()):
            yield folder


def _by_case(folder: Folder) -> dict[str, dict[str, Path]]:
    """Return for each case of a folder its files by what their names end in."""
    cases: dict[str, dict[str, Path]] = {}
    for name in folder.files:
        match = _FILE.fullmatch(nfc(name))
        if match:
            files = cases.setdefault(match["case"] or "", {})
            files.setdefault(match["kind"].casefold(), folder.path / name)
    return cases


def _case(case_id: str, files: dict[str, Path]) -> FoundCase:
    channels = [
        FoundChannel(kind, _SEQUENCES[kind], (path,))
        for kind, path in files.items()
        if kind in _SEQUENCES
    ]
    channels.sort(key=lambda channel: _ORDER.index(channel.role))
    masks = [FoundMask("truth", (files[kind],)) for kind in ("seg", "gt") if kind in files]
    missing = [role for role in _ORDER if role not in {c.role for c in channels}]
    notices = (
        f"{case_id}: expected the four sequences of BraTS, found no {', '.join(missing)}. The "
        "others are used; add the file if there is one.",
    )
    return FoundCase(case_id, tuple(channels), tuple(masks), notices if missing else ())


def _labels(cases: list[FoundCase], kinds: set[str]) -> LabelSet:
    """Return what the values mean: the names of the files tell the year."""
    if not kinds & {"t1n", "t2f", "t1c", "t2w"}:
        return BEFORE_2023
    after = any(case.id.casefold().startswith("brats-gli") and _is_later(case.id) for case in cases)
    return AFTER_TREATMENT if after else FROM_2023


def _is_later(case_id: str) -> bool:
    """Tell whether a case is of 2024, whose time points after treatment begin at 100."""
    last = case_id.rsplit("-", maxsplit=1)[-1]
    return last.isdigit() and int(last) >= 100


LAYOUT = Layout("brats", "BraTS", fits, find)
