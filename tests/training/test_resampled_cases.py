"""Cases of a training that resamples: what the network sees, and back on the stored grid."""

from pathlib import Path

import numpy as np

from core.io.datasets.dataset import scan
from core.models.acquisition import Acquisition
from core.models.preprocessing import Preprocessing
from core.models.train_spec import TrainSpec
from tests.core.trees import make_tree
from training.cases.dataset import load_cases


def test_images_and_masks_are_learnt_on_the_spacing_that_is_asked_for(tmp_path: Path) -> None:
    dataset = scan(make_tree("brats", tmp_path / "data"))
    spec = TrainSpec(
        architecture="unet",
        data="",
        split="",
        channels=("T1", "T1c", "T2", "FLAIR"),
        preprocessing=Preprocessing(spacing_mm=(1.0, 2.0, 1.0)),
    )
    case = load_cases(dataset.cases, spec, stride=8, store=tmp_path)[0]
    # 4×40×32 voxels of 3×2×1.5 mm are 12×40×48 of 1×2×1 mm.
    assert case.values.shape == (4, 12, 40, 48)
    assert case.mask.shape == (12, 40, 48)
    assert case.truth.shape == (4, 40, 32)
    assert case.slice_numbers == (1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4)
    back = case.native(case.mask.astype(np.float32)) > 127
    assert 2 * (back & (case.truth > 0)).sum() / (back.sum() + case.truth.sum()) > 0.95
    assert np.array_equal(case.seen_truth, case.mask)
    assert case.acquisition == Acquisition(
        planes=("axial",), lowest_mm=(3, 2, 1.5), highest_mm=(3, 2, 1.5), intensities=("real",)
    )
