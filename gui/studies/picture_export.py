"""Writes pictures of a case; on a worker, never into the dataset."""

from dataclasses import dataclass
from pathlib import Path

from core.domain.mask import Mask
from core.domain.progress import Progress
from core.io.atomic import write_bytes
from core.io.cases.case_reader import LoadedCase
from core.io.write_guard import refuse_inside
from core.studies.export.captions import captioned, captioned_frames, mask_words
from core.studies.export.pictures import (
    PictureFrame,
    PictureStyle,
    contact_sheet,
    frames,
    png,
    write_gif,
    write_slices,
)
from gui.studies.export_dialog import ExportWanted

BACKGROUND = "Under the outlines"


@dataclass(frozen=True, eq=False)
class PicturedCase:
    """A case as it is on screen: what lies over it and who made that, and where its dataset is."""

    root: Path
    loaded: LoadedCase
    mask: Mask | None
    made_by: str = ""


def write_pictures(source: PicturedCase, wanted: ExportWanted, progress: Progress) -> list[Path]:
    """Write the kinds `png`, `gif` and `sheet` of a case; returns the files.

    Each says which case and mask it shows, and what it is not for. Raises `DataError` for a folder
    inside the dataset.
    """
    refuse_inside(source.root, wanted.folder)
    loaded, out = source.loaded, wanted.folder
    case, count = loaded.case, loaded.volume.slices
    style = PictureStyle("RGB" if wanted.options.get(BACKGROUND) == "RGB" else "FLAIR", 2)
    drawn = []
    made = captioned_frames(loaded, source.mask, source.made_by, style)
    for number, frame in enumerate(made if wanted.kinds - {"sheet"} else (), start=1):
        progress(0.5 * number / count, f"slice {number} of {count}")
        drawn.append(frame)
    written = list[Path]()
    if "png" in wanted.kinds:
        progress(0.5, "writing pictures")
        written += write_slices(out, loaded, drawn)
    if "gif" in wanted.kinds:
        progress(0.7, "writing the animation")
        written.append(out / f"{case.id}.gif")
        write_gif(written[-1], drawn)
    if "sheet" in wanted.kinds:
        progress(0.9, "writing the contact sheet")
        written.append(out / f"{case.id}_sheet.png")
        write_bytes(written[-1], png(_sheet(source, style)))
    return written


def _sheet(source: PicturedCase, style: PictureStyle) -> PictureFrame:
    loaded = source.loaded
    plain = list(frames(loaded.volume, loaded.ground_truth, source.mask, style))
    sheet = contact_sheet(plain, [f"slice {number}" for number in loaded.volume.slice_numbers])
    return captioned(sheet, (loaded.case.id, *mask_words(loaded, source.mask, source.made_by)))
