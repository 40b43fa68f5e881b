"""The public LGG set: a folder a case, `<CASE>_<n>.tif` slices and `<CASE>_<n>_mask.tif` beside.

Every slice holds three channels: pre-contrast, FLAIR, post-contrast.
"""

import re
from collections import Counter
from itertools import pairwise

from core.domain.label_set import binary
from core.domain.role import Role
from core.io.layouts.found import FoundCase, FoundChannel, FoundDataset, FoundMask
from core.io.layouts.registry import Layout
from core.io.layouts.tree import Folder, nfc

_SLICE = re.compile(r"(?P<stem>.+)_(?P<number>\d+)(?P<mask>_mask)?\.tiff?", re.IGNORECASE)
_CHANNELS = (("Pre", Role.T1), ("FLAIR", Role.FLAIR), ("Post", Role.T1C))


def fits(tree: Folder) -> bool:
    """Tell whether there are folders of numbered slices."""
    return any(_is_case(folder) for folder in tree.walk())


def find(tree: Folder) -> FoundDataset:
    """Return the cases; each channel names all slices, and which of their channels it is."""
    cases = tuple(_case(folder) for folder in tree.walk() if _is_case(folder))
    notices = tuple(
        f"{case.id}: expected images {case.id}_<number>.tif, found masks alone. Left out; put the "
        "images beside them."
        for case in cases
        if not case.channels[0].files
    )
    shown = tuple(case for case in cases if case.channels[0].files)
    return FoundDataset("lgg", tree.path, shown, binary(), notices)


def _is_case(folder: Folder) -> bool:
    return any(_SLICE.fullmatch(name) for name in folder.files)


def _case(folder: Folder) -> FoundCase:
    matches = [(name, m) for name in folder.files if (m := _SLICE.fullmatch(nfc(name)))]
    case_id = Counter(match["stem"] for _, match in matches).most_common(1)[0][0]
    own = [(name, match) for name, match in matches if match["stem"] == case_id]
    images = {int(match["number"]): folder.path / name for name, match in own if not match["mask"]}
    masks = {int(match["number"]): folder.path / name for name, match in own if match["mask"]}
    numbers = sorted(images)
    files = tuple(images[number] for number in numbers)
    missing = [n for a, b in pairwise(numbers) for n in range(a + 1, min(b, a + 6))]
    notices = (
        f"{case_id}: expected a slice for each number, found none for "
        f"{', '.join(map(str, missing[:5]))}. The others are shown in order; restore the file if "
        "it exists.",
    )
    channels = tuple(
        FoundChannel(name, role, files, index) for index, (name, role) in enumerate(_CHANNELS)
    )
    truth = FoundMask("truth", tuple(masks[number] for number in sorted(masks)))
    return FoundCase(case_id, channels, (truth,) if masks else (), notices if missing else ())


LAYOUT = Layout("lgg", "LGG slices", fits, find)
