"""Where the mask of a case belongs that has none yet, so that its layout finds it again."""

import re
from pathlib import Path, PurePosixPath

from core.domain.label_set import LabelSet
from core.io.layouts.found import FoundCase, FoundChannel
from core.io.readers import stem_of

_PARTS = {"imagesTr": "labelsTr", "imagesTs": "labelsTs"}
_PIPELINE = "overread"


def mask_place(layout: str, case: FoundCase, root: Path, labels: LabelSet | None) -> PurePosixPath:
    """Return the path below `root`, without an ending, of the mask of a case that has none."""
    first = case.channels[0]
    folder = PurePosixPath(first.files[0].parent.relative_to(root).as_posix())
    if layout in ("nnunet", "decathlon"):
        return folder.parent / _PARTS.get(folder.name, "labelsTr") / case.id
    if layout == "bids":
        several = labels is not None and not labels.is_binary
        name = f"{case.id}_{'dseg' if several else 'label-lesion_mask'}"
        return PurePosixPath("derivatives") / _PIPELINE / folder / name
    if layout == "dicom":
        return folder / f"{case.id}_seg"
    if layout == "pattern":
        return PurePosixPath("masks") / case.id
    return folder / _beside(first, "seg" if layout == "brats" else "mask")


def _beside(channel: FoundChannel, word: str) -> str:
    """Return the name of an image with `word` in place of what says which channel it is."""
    stem = stem_of(channel.files[0].name)
    if stem.casefold().endswith(channel.name.casefold()):
        return f"{stem[: len(stem) - len(channel.name)]}{word}"
    plain = re.sub(r"[-_. ]+$", "", stem)
    return f"{plain}_{word}"
