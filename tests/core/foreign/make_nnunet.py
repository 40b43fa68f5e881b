"""Make the checkpoints of nnU-Net beside this file, and what its own networks say of noise.

Not a test: it needs `dynamic_network_architectures` (0.4.4 made these), which asks for an older
timm than Overread's tests have, so what it made is kept. The layout of the checkpoint is that of
nnU-Net 2.6, with plans, labels and a log as it writes them.

    python -m tests.core.foreign.make_nnunet
"""

from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from dynamic_network_architectures.architectures.unet import (  # type: ignore[import-not-found]
    PlainConvUNet,
    ResidualEncoderUNet,
)
from torch import nn

PLACE = Path(__file__).parent
_PACKAGE = "dynamic_network_architectures.architectures.unet"
_NAMES = {
    "conv_op": ("torch.nn.modules.conv.Conv2d", nn.Conv2d),
    "norm_op": ("torch.nn.modules.instancenorm.InstanceNorm2d", nn.InstanceNorm2d),
    "nonlin": ("torch.nn.LeakyReLU", nn.LeakyReLU),
    "dropout_op": (None, None),
}
_COMMON = {
    "n_stages": 3,
    "features_per_stage": [4, 6, 8],
    "kernel_sizes": [[3, 3], [3, 3], [3, 1]],
    "strides": [[1, 1], [2, 2], [2, 1]],
    "n_conv_per_stage_decoder": [1, 2],
    "conv_bias": True,
    "norm_op_kwargs": {"eps": 1e-05, "affine": True},
    "dropout_op_kwargs": None,
    "nonlin_kwargs": {"inplace": True},
}


def make(
    name: str, kind: type[nn.Module], blocks: str, heads: int, dataset: dict[str, object]
) -> None:
    """Write the checkpoint `name`.pth, and slices and logits into `name`.safetensors."""
    torch.manual_seed(7)
    own = {**_COMMON, blocks: [1, 2, 2]}
    network = kind(
        input_channels=2,
        num_classes=heads,
        deep_supervision=True,
        **own,
        **{option: made for option, (_, made) in _NAMES.items()},
    )
    for parameter in network.parameters():  # so that no bias and no norm is what it was made as
        nn.init.normal_(parameter, std=0.3)
    configuration = {
        "data_identifier": "nnUNetPlans_2d",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 12,
        "patch_size": [32, 32],
        "median_image_size_in_voxels": [32.0, 32.0],
        "spacing": [1.0, 1.0],
        "normalization_schemes": ["ZScoreNormalization"] * 2,
        "use_mask_for_norm": [False, False],
        "resampling_fn_data": "resample_data_or_seg_to_shape",
        "architecture": {
            "network_class_name": f"{_PACKAGE}.{kind.__name__}",
            "arch_kwargs": {**own, **{option: told for option, (told, _) in _NAMES.items()}},
            "_kw_requires_import": list(_NAMES),
        },
        "batch_dice": True,
    }
    plans = {
        "dataset_name": "Dataset007_Noise",
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": [5.0, 1.0, 1.0],
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "configurations": {"2d": configuration},
    }
    told = {"channel_names": {"0": "T1", "1": "FLAIR"}, "numTraining": 4, "file_ending": ".nii.gz"}
    checkpoint = {
        "network_weights": network.state_dict(),
        "optimizer_state": torch.optim.SGD(network.parameters(), lr=0.01).state_dict(),
        "grad_scaler_state": None,
        "logging": {"mean_fg_dice": [np.float64(0.5)], "train_losses": [np.float32(0.1)]},
        "_best_ema": np.float64(0.5),
        "current_epoch": 1,
        "init_args": {
            "plans": plans,
            "configuration": "2d",
            "fold": 0,
            "dataset_json": {**told, **dataset},
            "device": torch.device("cuda"),
        },
        "trainer_name": "nnUNetTrainer",
        "inference_allowed_mirroring_axes": (0, 1),
    }
    torch.save(checkpoint, PLACE / f"{name}.pth")
    slices = torch.randn(2, 2, 16, 24)
    network.decoder.deep_supervision = False
    with torch.no_grad():
        logits = network.eval()(slices)
    made = {"slices": slices, "logits": logits}
    safetensors.torch.save_file(made, PLACE / f"{name}.safetensors")


def main() -> None:
    """Make all of them."""
    lesion = {"labels": {"background": 0, "lesion": 1}}
    tumour = {"labels": {"background": 0, "necrosis": 1, "oedema": 2, "enhancing": 3}}
    regions = {
        "labels": {"background": 0, "whole": [1, 2, 3], "core": [2, 3], "enhancing": [3]},
        "regions_class_order": [1, 2, 3],
    }
    make("plain", PlainConvUNet, "n_conv_per_stage", 2, lesion)
    make("residual", ResidualEncoderUNet, "n_blocks_per_stage", 4, tumour)
    make("regions", PlainConvUNet, "n_conv_per_stage", 3, regions)


if __name__ == "__main__":
    main()
