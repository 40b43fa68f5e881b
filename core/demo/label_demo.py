"""The demo of three labels: synthetic heads with lesions of core, rim and oedema, as NIfTI.

In the layout of nnU-Net raw, whose `dataset.json` names labels and regions, on a grid in mm.
"""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.demo.demo_cases import DemoKind, make_demo_of
from core.demo.shapes import BOTTOM_MM, PIXEL_MM, TOP_MM
from core.demo.spec import HeadShape, Lesion, PhantomSpec
from core.domain.progress import Progress, silent

LABEL_DEMO_NAME = "synthetic-demo-labels"
"""The folder's usual name."""

_CHANNELS = ("T1", "FLAIR", "T1c")
_LABELS = {"background": 0, "Necrotic core": 1, "Oedema": 2, "Enhancing tumour": 3}
_REGIONS = {
    "Whole tumour": [1, 2, 3],
    "Tumour core": [1, 3],
    "Enhancing part": [3],
}
_VERSION = 1
_SIDE = 256
_LEAST_BYTES = 200
_DESCRIPTION = "dataset.json"


def _hollow(
    centre_mm: tuple[float, float, float], radius_mm: float, core: float, rim: float, flair: float
) -> tuple[Lesion]:
    return (
        Lesion(
            centre_mm, radius_mm, flair=flair, t1=18, soft_mm=5, core=core, rim=rim, margin_mm=-1.0
        ),
    )


LABEL_GALLERY: Mapping[str, PhantomSpec] = {
    "SYNTHETIC_L1_parietal": PhantomSpec(
        5, 20, _hollow((34, 32, 34), 24, 0.5, 95, 46), HeadShape(width=1.03, atrophy=0.5)
    ),
    "SYNTHETIC_L2_frontal": PhantomSpec(
        11, 20, _hollow((-31, -36, 26), 25, 0.55, 85, 50), HeadShape(turn_deg=2)
    ),
    "SYNTHETIC_L3_temporal": PhantomSpec(
        12, 18, _hollow((42, -4, -8), 20, 0.6, 90, 44), HeadShape(width=0.97, turn_deg=-3)
    ),
    "SYNTHETIC_L4_ring": PhantomSpec(
        13, 20, _hollow((-36, 30, 20), 21, 0.55, 100, 42), HeadShape(length=1.02)
    ),
    "SYNTHETIC_L5_large": PhantomSpec(
        14, 22, _hollow((30, -30, 30), 29, 0.6, 80, 48), HeadShape(atrophy=0.6), spots=8
    ),
    "SYNTHETIC_L6_two": PhantomSpec(
        15,
        20,
        (
            *_hollow((-33, 34, 22), 19, 0.5, 90, 46),
            *_hollow((32, -34, 32), 15, 0.5, 95, 40),
        ),
        HeadShape(width=0.98, atrophy=0.4),
    ),
    "SYNTHETIC_L7_occipital": PhantomSpec(
        16, 18, _hollow((-28, 44, 14), 20, 0.6, 95, 45), HeadShape(turn_deg=1.5)
    ),
    "SYNTHETIC_L8_deep": PhantomSpec(
        17, 20, _hollow((26, 4, 24), 22, 0.6, 88, 47), HeadShape(ventricles=1.3)
    ),
}
"""Specs by case id; the same spec gives the same voxels."""


def make_label_demo(
    folder: Path, *, specs: Mapping[str, PhantomSpec] = LABEL_GALLERY, progress: Progress = silent
) -> Path:
    """Write the demo of three labels as `folder` and return it; as `make_demo` in all else."""
    kind = DemoKind(
        specs, _readme(specs), _write_case, _is_whole, _description(), ("imagesTr", "labelsTr")
    )
    return make_demo_of(folder, kind, progress=progress)


def _readme(specs: Mapping[str, PhantomSpec]) -> str:
    lines = [
        f"Overread demo dataset of three labels, version {_VERSION}",
        "",
        "Every case in this folder is SYNTHETIC: digital head phantoms drawn by code, with lesions",
        "drawn by code. No patient, scanner or hospital is behind them, and nothing can be",
        "concluded from them about how good a model is on patients.",
        "",
        "Layout: nnU-Net raw. imagesTr/<case>_0000, _0001 and _0002 are pre-contrast T1-like,",
        "FLAIR-like and post-contrast T1-like; labelsTr/<case> is the ground truth, whose values",
        "dataset.json names.",
        "",
        *(f"{case}: {spec.slices} slices" for case, spec in specs.items()),
        "",
    ]
    return "\n".join(lines)


def _description() -> dict[str, str]:
    told = {
        "channel_names": {str(number): name for number, name in enumerate(_CHANNELS)},
        "labels": {**_LABELS, **_REGIONS},
        "file_ending": ".nii.gz",
    }
    return {_DESCRIPTION: json.dumps(told, indent=1) + "\n"}


def _paths(folder: Path, case: str, _spec: PhantomSpec) -> list[Path]:
    images = [folder / "imagesTr" / f"{case}_{n:04}.nii.gz" for n in range(len(_CHANNELS))]
    return [*images, folder / "labelsTr" / f"{case}.nii.gz"]


def _is_whole(folder: Path, case: str, spec: PhantomSpec) -> bool:
    """Return whether the files of a case are there."""
    return all(path.stat().st_size > _LEAST_BYTES for path in _paths(folder, case, spec))


def _write_case(folder: Path, case: str, spec: PhantomSpec) -> None:
    from core.demo.phantom_case import labelled_case

    volume, label_map = labelled_case(spec)
    for path, pixels in zip(_paths(folder, case, spec), (*volume, label_map), strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(_nifti(pixels))


def _nifti(pixels: NDArray[np.uint8]) -> bytes:
    """Return (Z, Y, X) as a packed file without a date: the same bytes each time."""
    from nibabel.nifti1 import Nifti1Image

    thickness = (TOP_MM - BOTTOM_MM) / len(pixels)
    # Columns go to the patient's left and rows to the back, as the slices are looked at.
    affine = np.diag([-PIXEL_MM, -PIXEL_MM, thickness, 1.0])
    affine[:3, 3] = (_SIDE / 2 * PIXEL_MM, _SIDE / 2 * PIXEL_MM, BOTTOM_MM)
    image = Nifti1Image(np.ascontiguousarray(pixels.T), affine)
    return gzip.compress(image.to_bytes(), compresslevel=1, mtime=0)
