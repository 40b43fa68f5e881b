"""The demo dataset: synthetic heads in the layout of real data, made by code at first use."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.demo.gallery import GALLERY
from core.demo.spec import PhantomSpec
from core.domain.errors import WorkspaceError, reason
from core.domain.progress import Progress, silent

Specs = Mapping[str, PhantomSpec]

DEMO_NAME = "synthetic-demo"
"""The folder's usual name."""

DEMO_VERSION = 1
"""Raised whenever the voxels change, so that an older demo is made anew."""

_PREFIX = "SYNTHETIC_"
_README = "README.txt"
_LITTER = frozenset({_README, ".DS_Store", "Thumbs.db", "desktop.ini"})
_SIDE = 256


@dataclass(frozen=True)
class DemoKind:
    """What a demo is made of: its cases, what its README says, and its files.

    `write_case` writes a case into a folder, `complete` tells whether its files there are whole.
    `texts` are further files by name, `folders` those of a demo beside those of its cases.
    """

    specs: Specs
    readme: str
    write_case: Callable[[Path, str, PhantomSpec], None]
    complete: Callable[[Path, str, PhantomSpec], bool]
    texts: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()


def make_demo(folder: Path, *, progress: Progress = silent) -> Path:
    """Write the demo dataset as `folder` and return it; a complete one is left alone.

    The cases are made in a temporary folder beside it, which is renamed when all are there: an
    interrupted or cancelled run leaves nothing. An older or incomplete demo is replaced. Raises
    `WorkspaceError` when `folder` holds anything that is not part of a demo, or when the system
    refuses the write.
    """
    kind = DemoKind(GALLERY, _readme(GALLERY), _write_case, _is_whole)
    return make_demo_of(folder, kind, progress=progress)


def make_demo_of(folder: Path, kind: DemoKind, *, progress: Progress = silent) -> Path:
    """Write a demo of that kind as `folder`, as `make_demo` does."""
    if _is_complete(folder, kind):
        progress(1.0, "The demo is ready")
        return folder
    _require_replaceable(folder, kind)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as name:
            made = Path(name) / "new"
            _write_cases(made, kind, progress)
            _replace(folder, made, aside=Path(name) / "old")
    except OSError as error:
        raise WorkspaceError(
            f"{folder}: the demo could not be written ({reason(error)}). "
            "Free some space or choose a folder you may write to, then try again."
        ) from error
    progress(1.0, "The demo is ready")
    return folder


def _readme(specs: Specs) -> str:
    lines = [
        f"Overread demo dataset, version {DEMO_VERSION}",
        "",
        "Every case in this folder is SYNTHETIC: digital head phantoms drawn by code, with lesions",
        "drawn by code. No patient, scanner or hospital is behind them, and nothing can be",
        "concluded from them about how good a model is on patients.",
        "",
        "Layout: <case>/<case>_<n>.tif holds pre-contrast T1-like, FLAIR-like and post-contrast",
        "T1-like as red, green and blue; <case>_<n>_mask.tif is the ground truth (0 or 255).",
        "The files have no voxel size.",
        "",
        *(f"{case}: {spec.slices} slices, {_lesions(spec)}" for case, spec in specs.items()),
        "",
    ]
    return "\n".join(lines)


def _lesions(spec: PhantomSpec) -> str:
    return ("no lesion", "one lesion", "two lesions")[len(spec.lesions)]


def _slice_paths(folder: Path, case: str, number: int) -> tuple[Path, Path]:
    stem = folder / case / f"{case}_{number}"
    return stem.with_name(f"{stem.name}.tif"), stem.with_name(f"{stem.name}_mask.tif")


def _is_complete(folder: Path, kind: DemoKind) -> bool:
    """Return whether every file is there, the README as it is to be."""
    texts = {_README: kind.readme, **kind.texts}
    try:
        for name, content in texts.items():
            if (folder / name).read_text(encoding="utf-8") != content:
                return False
        return all(kind.complete(folder, case, spec) for case, spec in kind.specs.items())
    except OSError:
        return False


def _is_whole(folder: Path, case: str, spec: PhantomSpec) -> bool:
    """Return whether the files of a case have all of their (uncompressed) pixels."""
    pixels = _SIDE * _SIDE
    return all(
        image.stat().st_size > 3 * pixels and mask.stat().st_size > pixels
        for image, mask in (_slice_paths(folder, case, n + 1) for n in range(spec.slices))
    )


def _require_replaceable(folder: Path, kind: DemoKind) -> None:
    """Refuse a folder with files of somebody else's: replacing it would lose them."""
    try:
        names = [path.name for path in folder.iterdir()] if folder.exists() else []
    except OSError as error:
        raise WorkspaceError(f"{folder}: cannot be looked into ({reason(error)}).") from error
    own = {*_LITTER, *kind.texts, *kind.folders}
    foreign = sorted(n for n in names if n not in own and not n.startswith(_PREFIX))
    if foreign:
        raise WorkspaceError(
            f"{folder}: expected an empty folder or an earlier demo, found “{foreign[0]}”. "
            "Nothing was changed; choose another folder for the demo."
        )


def _write_cases(folder: Path, kind: DemoKind, progress: Progress) -> None:
    folder.mkdir()
    for done, (case, spec) in enumerate(kind.specs.items()):
        progress(done / len(kind.specs), f"Making demo case {done + 1} of {len(kind.specs)}")
        kind.write_case(folder, case, spec)
    for name, content in {**kind.texts, _README: kind.readme}.items():
        (folder / name).write_text(content, encoding="utf-8")


def _write_case(folder: Path, case: str, spec: PhantomSpec) -> None:
    # Phantoms need scipy, which nobody should wait for when the demo is there already.
    from core.demo.phantom_case import phantom_case

    volume, mask = phantom_case(spec)
    (folder / case).mkdir()
    for index in range(spec.slices):
        image_path, mask_path = _slice_paths(folder, case, index + 1)
        _write_tiff(image_path, np.moveaxis(volume[:, index], 0, -1), photometric="rgb")
        _write_tiff(mask_path, mask[index] * np.uint8(255), photometric="minisblack")


def _write_tiff(path: Path, pixels: NDArray[np.uint8], *, photometric: str) -> None:
    """Write plain pixels without a date or a program's name: the same bytes each time."""
    from tifffile import imwrite

    imwrite(
        path, np.ascontiguousarray(pixels), photometric=photometric, metadata=None, software=False
    )


def _replace(folder: Path, made: Path, *, aside: Path) -> None:
    """Put `made` in the place of `folder`, and what was there back if that fails."""
    existed = folder.exists()
    if existed:
        folder.replace(aside)
    try:
        made.replace(folder)
    except OSError:
        if existed:
            aside.replace(folder)
        raise
