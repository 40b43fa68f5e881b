"""The same two small cases in every layout: image, labels 1 and 2, on an oblique-free RAS grid."""

import json
from pathlib import Path

import nibabel
import numpy as np

from tests.core.io.dicom_making import save, series
from tests.synthetic import head, lesion, write_case

RAS = np.array([[1.5, 0, 0, -10], [0, 2.0, 0, -20], [0, 0, 3.0, 5], [0, 0, 0, 1]])
IDS = ("P1", "P2")
LAYOUTS = ("lgg", "brats", "nnunet", "decathlon", "bids", "dicom", "loose", "pattern")
_BRATS = ("t1n", "t1c", "t2w", "t2f")


def labels() -> np.ndarray:
    """Return the lesion of the synthetic head, its right half label 2."""
    found = lesion()
    found[:, :, 20:] *= 2
    return found


def pixels(case: int) -> np.ndarray:
    """Return four channels (C, Z, Y, X) of a case, FLAIR the last."""
    return head(channels=4, dtype=np.uint16, seed=case)[[0, 2, 3, 1]] // 8


def save_nifti(path: Path, stored: np.ndarray) -> None:
    """Write (Z, Y, X), or (C, Z, Y, X) as a fourth axis, on the grid of all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    turned = stored.T if stored.ndim == 3 else np.moveaxis(stored, 0, -1).transpose(2, 1, 0, 3)
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(turned), RAS), path)


def make_tree(layout: str, root: Path, *, truth: tuple[str, ...] = IDS) -> Path:
    """Write both cases; those of `truth` have labels."""
    for index, name in enumerate(IDS):
        mask = labels() if name in truth else None
        globals()[f"_{layout}"](root, name, pixels(index), mask)
    return root


def _lgg(root, name, images, mask):
    write_case(root, name, masks=mask is not None, seed=IDS.index(name))


def _brats(root, name, images, mask):
    for kind, channel in zip(_BRATS, images, strict=True):
        save_nifti(root / name / f"{name}-{kind}.nii.gz", channel)
    if mask is not None:
        save_nifti(root / name / f"{name}-seg.nii.gz", mask)


def _nnunet(root, name, images, mask):
    for number, channel in enumerate(images):
        save_nifti(root / "imagesTr" / f"{name}_{number:04}.nii.gz", channel)
    if mask is not None:
        save_nifti(root / "labelsTr" / f"{name}.nii.gz", mask)
    told = {
        "channel_names": dict(enumerate(_BRATS)),
        "labels": {"background": 0, "oedema": 1, "core": 2},
        "file_ending": ".nii.gz",
        "numTraining": 2,
    }
    (root / "dataset.json").write_text(json.dumps(told))


def _decathlon(root, name, images, mask):
    save_nifti(root / "imagesTr" / f"{name}.nii.gz", images)
    if mask is not None:
        save_nifti(root / "labelsTr" / f"{name}.nii.gz", mask)
    told = {
        "modality": dict(enumerate(_BRATS)),
        "labels": {"0": "background", "1": "oedema", "2": "core"},
        "tensorImageSize": "4D",
        "training": [{"image": f"./imagesTr/{n}.nii.gz"} for n in IDS],
    }
    (root / "dataset.json").write_text(json.dumps(told))


def _bids(root, name, images, mask):
    subject = f"sub-{name}"
    for kind, channel in zip(("T1w", "ce-gd_T1w", "T2w", "FLAIR"), images, strict=True):
        save_nifti(root / subject / "anat" / f"{subject}_{kind}.nii.gz", channel)
    if mask is not None:
        place = root / "derivatives" / "manual" / subject / "anat"
        save_nifti(place / f"{subject}_dseg.nii.gz", mask)
        table = "index\tname\n1\toedema\n2\tcore\n"
        (root / "derivatives" / "manual" / f"{subject}_dseg.tsv").write_text(table)
    (root / "dataset_description.json").write_text("{}")


def _dicom(root, name, images, mask):
    """A study of two series; its truth, if any, is added by the test through an export."""
    del mask
    for number, kind in ((0, "t1_mpr"), (3, "t2_flair")):
        uid = f"1.2.{IDS.index(name) + 1}"
        planes = series(
            images[number],
            StudyInstanceUID=uid,
            SeriesInstanceUID=f"{uid}.{number + 1}",
            FrameOfReferenceUID=f"{uid}.9",
            SeriesDescription=kind,
            SeriesNumber=number + 1,
        )
        save(root / name / kind, planes)


def _loose(root, name, images, mask):
    save_nifti(root / f"{name}_flair.nii.gz", images[3])
    save_nifti(root / f"{name}_t1.nii.gz", images[0])
    if mask is not None:
        save_nifti(root / f"{name}_mask.nii.gz", mask)


def _pattern(root, name, images, mask):
    save_nifti(root / "a" / f"v{name}x.nii.gz", images[3])
    save_nifti(root / "b" / f"v{name}x.nii.gz", images[0])
    if mask is not None:
        save_nifti(root / "c" / f"v{name}x.nii.gz", mask)
