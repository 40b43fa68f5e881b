"""Tiny cases of three nested labels, as nnU-Net keeps them, made by code."""

import json
from pathlib import Path

import nibabel
import numpy as np

from core.domain.label_set import LabelMap
from tests.core.trees import RAS
from tests.training.making import TRAIN, VAL

SHAPE = (4, 40, 32)
NAMES = {"background": 0, "Necrosis": 1, "Oedema": 2, "Enhancing": 3}
REGIONS = {"Whole tumour": [1, 2, 3], "Tumour core": [1, 3], "Enhancing tumour": [3]}


def nested(seed: int) -> LabelMap:
    """Return a map (Z, Y, X): oedema, in it a ring that enhances, in it necrosis; none below."""
    rng = np.random.default_rng(seed)
    cy, cx = 20 + rng.integers(-5, 6), 16 + rng.integers(-4, 5)
    y, x = np.mgrid[: SHAPE[1], : SHAPE[2]]
    distance = np.hypot(y - cy, x - cx)
    plane = np.select([distance < 3, distance < 5.5, distance < 9], [1, 3, 2], 0)
    found = np.repeat(plane[np.newaxis], SHAPE[0], axis=0).astype(np.uint8)
    found[0] = 0
    found[1][found[1] != 2] *= 0  # a slice of oedema alone
    return found


def images(label_map: LabelMap, seed: int) -> np.ndarray:
    """Return three channels (C, Z, Y, X) uint8 in which the labels are easy to tell apart."""
    rng = np.random.default_rng(seed)
    base = np.full((3, *SHAPE), 90.0)
    base[:, :, :3], base[:, :, -3:] = 0, 0
    for value, levels in ((1, (40, 140, 50)), (2, (70, 190, 80)), (3, (80, 170, 220))):
        base[:, label_map == value] = np.array(levels)[:, None]
    return np.clip(base + rng.normal(0, 4, base.shape) * (base > 0), 0, 255).astype(np.uint8)


def write_labelled(root: Path, *, regions: bool = True) -> Path:
    """Write seven cases in the layout of nnU-Net raw, with names of labels and regions."""
    for folder in ("imagesTr", "labelsTr"):
        (root / folder).mkdir(parents=True)
    for seed, name in enumerate((*TRAIN, *VAL)):
        found = nested(seed)
        for channel, pixels in enumerate(images(found, seed)):
            _save(root / "imagesTr" / f"{name}_{channel:04}.nii.gz", pixels)
        _save(root / "labelsTr" / f"{name}.nii.gz", found)
    told = {
        "channel_names": {"0": "T1", "1": "FLAIR", "2": "T1c"},
        "labels": {**NAMES, **(REGIONS if regions else {})},
        "file_ending": ".nii.gz",
        "numTraining": len((*TRAIN, *VAL)),
    }
    (root / "dataset.json").write_text(json.dumps(told))
    return root


def _save(path: Path, stored: np.ndarray) -> None:
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(stored.T), RAS), path)
