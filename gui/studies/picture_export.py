"""Writes pictures of a case; on a worker, never into the dataset."""

from dataclasses import dataclass
from pathlib import Path

from core.domain.mask import Mask
from core.domain.progress import Progress
from core.io.case_reader import LoadedCase
from core.io.write_guard import refuse_inside
from core.studies.pictures import (
    PictureStyle,
    frames,
    write_contact_sheet,
    write_gif,
    write_slices,
)
from gui.studies.export_dialog import ExportWanted


@dataclass(frozen=True, eq=False)
class PictureSource:
    """A case as it is on screen: what lies over it, and where its dataset is."""

    root: Path
    loaded: LoadedCase
    mask: Mask | None


def write_pictures(source: PictureSource, wanted: ExportWanted, progress: Progress) -> list[Path]:
    """Write the kinds `png`, `gif` and `sheet` of a case; returns the files.

    Raises `DataError` for a folder inside the dataset.
    """
    refuse_inside(source.root, wanted.folder)
    loaded, out = source.loaded, wanted.folder
    case, numbers, count = loaded.case, loaded.volume.slice_numbers, loaded.volume.slices
    style = PictureStyle("RGB" if wanted.option == "RGB" else "FLAIR", 2)
    drawn = []
    for number, frame in enumerate(
        frames(loaded.volume, loaded.ground_truth, source.mask, style), start=1
    ):
        progress(0.5 * number / count, f"slice {number} of {count}")
        drawn.append(frame)
    written = list[Path]()
    if "png" in wanted.kinds:
        progress(0.5, "writing pictures")
        written += write_slices(out, case.id, drawn, numbers=numbers)
    if "gif" in wanted.kinds:
        progress(0.7, "writing the animation")
        written.append(out / f"{case.id}.gif")
        write_gif(written[-1], drawn)
    if "sheet" in wanted.kinds:
        progress(0.9, "writing the contact sheet")
        written.append(out / f"{case.id}_sheet.png")
        write_contact_sheet(written[-1], drawn, [f"slice {n}" for n in numbers])
    return written
