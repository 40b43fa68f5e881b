"""Volumes of every format that is read, damaged: NIfTI, NRRD, MetaImage, DICOM, TIFF stacks."""

import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import SimpleITK
from highdicom.seg import Segmentation, SegmentDescription
from pydicom.dataset import FileDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from tifffile import imwrite

from core.domain.errors import AppError
from core.io import readers
from core.io.cases.found_case import read_case
from core.io.layouts.registry import find
from core.io.writers import write
from tests.core.io.dicom_making import ENCODERS, compressed, multiframe, save, series
from tests.fuzz.mutations import damaged, renumbered
from tests.fuzz.target import Target

_SHAPE = (4, 12, 10)
Files = Mapping[str, bytes]
"""The files of one volume by their names."""


def _voxels(dtype: str = "i2") -> "np.ndarray[tuple[int, ...], np.dtype[np.generic]]":
    return np.random.default_rng(0).integers(0, 120, _SHAPE).astype(dtype)


def _taken(folder: Path) -> Files:
    found = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    shutil.rmtree(folder)
    folder.mkdir()
    return found


def _nifti(folder: Path) -> list[Files]:
    made = []
    for name, dtype, kind in (
        ("a.nii", "i2", nibabel.Nifti1Image),
        ("a.nii.gz", "f4", nibabel.Nifti1Image),
        ("a.nii", "u1", nibabel.Nifti2Image),
        ("a.img", "i2", nibabel.Nifti1Pair),
    ):
        affine = np.array([[-2.0, 0, 0, 1], [0, -2.0, 0, 2], [0, 0, 3.0, 3], [0, 0, 0, 1]])
        nibabel.save(kind(np.ascontiguousarray(_voxels(dtype).T), affine), folder / name)
        made.append(_taken(folder))
    return made


def _nrrd(folder: Path) -> list[Files]:
    place = {
        "space": "left-posterior-superior",
        "space directions": np.diag([1.0, 2, 3]),
        "space origin": [1, 2, 3],
        "kinds": ["domain"] * 3,
    }
    segments = {
        "Segment0_ID": "s0", "Segment0_Name": "Lesion", "Segment0_LabelValue": "1",
        "Segment0_Layer": "0", "Segment0_Color": "1 0.5 0",
        "Segment0_Tags": "TerminologyEntry:Segmentation category~SCT^49755003^Abnormal|",
    }  # fmt: skip
    made = []
    for name, encoding, more in (
        ("a.nrrd", "gzip", {}),
        ("a.nrrd", "raw", {}),
        ("a.nhdr", "raw", {}),
        ("a.seg.nrrd", "bzip2", segments),
    ):
        header = {**place, **more, "encoding": encoding}
        stored = (_voxels("u1") > 90).astype(np.uint8) if more else _voxels()
        nrrd.write(str(folder / name), stored, header, index_order="C")
        made.append(_taken(folder))
    return made


def _metaimage(folder: Path) -> list[Files]:
    made = []
    for name, packed in (("a.mha", False), ("a.mha", True), ("a.mhd", False), ("a.mhd", True)):
        image = SimpleITK.GetImageFromArray(_voxels())
        image.SetSpacing((2, 3, 4))
        SimpleITK.WriteImage(image, str(folder / name), packed)
        made.append(_taken(folder))
    return made


def _dicom(folder: Path) -> list[Files]:
    stored = _voxels("u2")
    made = [save(folder, series(stored)) and _taken(folder)]
    for syntax, encode in ENCODERS.items():
        pixels = stored.astype("u1") if "Baseline" in syntax.name else stored
        del encode
        save(folder, [compressed(item, syntax) for item in series(pixels)])
        made.append(_taken(folder))
    save(folder, [multiframe(stored)])
    made.append(_taken(folder))
    implicit = series(stored)
    for item in implicit:
        item.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    save(folder, implicit)
    made.append(_taken(folder))
    return made


def _described(number: int) -> SegmentDescription:
    kind, what = codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Lesion
    return SegmentDescription(number, f"Part {number}", kind, what, "MANUAL")


def _segmentation(items: Sequence[FileDataset], kind: str) -> Segmentation:
    labels = np.zeros(_SHAPE, np.uint8)
    labels[1, 3:6, 4:9] = 1
    pixels = labels.astype(float)[..., np.newaxis] if kind == "FRACTIONAL" else labels
    return Segmentation(
        items, pixels, kind, [_described(1)], generate_uid(), 9, generate_uid(), 1,
        "Maker", "Model", "1", "0", transfer_syntax_uid=ExplicitVRLittleEndian,
    )  # fmt: skip


def _dicom_seg(folder: Path) -> list[Files]:
    made = []
    items = series(_voxels("u2"))
    for kind in ("BINARY", "FRACTIONAL", "LABELMAP"):
        _segmentation(items, kind).save_as(folder / "seg.dcm")
        made.append(_taken(folder))
    return made


def _stacks(folder: Path) -> list[Files]:
    made = []
    stored = _voxels("u1")
    for options in (
        {"photometric": "minisblack"},
        {"photometric": "minisblack", "compression": "zlib", "bigtiff": True},
        {"photometric": "miniswhite", "byteorder": ">"},
        {"imagej": True, "truncate": True, "metadata": {"axes": "ZYX", "spacing": 2, "unit": "mm"}},
        {"imagej": True, "metadata": {"axes": "CYX"}},
    ):
        imwrite(folder / "a.tif", stored, **options)
        made.append(_taken(folder))
    return made


def _attempts(make: Callable[[Path], list[Files]], folder: Path) -> Callable[[random.Random], bool]:
    good = make(_fresh(folder / "made"))

    def attempt(chance: random.Random) -> bool:
        files = chance.choice(good)
        name = chance.choice(sorted(files))
        place = _fresh(folder / "input")
        for each, content in files.items():
            (place / each).write_bytes(content)
        way = renumbered if chance.random() < 0.3 else damaged
        (place / name).write_bytes(way(files[name], chance))
        return _is_read(place, folder / "out")

    return attempt


def _is_read(place: Path, out: Path) -> bool:
    """Tell whether the volume is read, alone and as a case, and what is read can be written."""
    try:
        paths = sorted(place.iterdir())
        stored = readers.read(*(paths if len(paths) == 1 else (place,)))
        read_case(find(place).cases[0])
        (out.with_suffix(".nii")).unlink(missing_ok=True)
        write(out.with_suffix(".nii"), stored)
    except AppError:
        return False
    return True


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


VOLUMES = tuple(
    Target(name, partial(_attempts, make), share=900, tried=50)
    for name, make in {
        "NIfTI": _nifti,
        "NRRD": _nrrd,
        "MetaImage": _metaimage,
        "DICOM series": _dicom,
        "DICOM segmentations": _dicom_seg,
        "TIFF stacks": _stacks,
    }.items()
)
