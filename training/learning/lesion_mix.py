"""Lesions of one slice carved out and put into another: more pairs of lesion and brain."""

import torch
from torch import Generator, Tensor
from torch.nn import functional

_WIDEST_MARGIN = 8
_SOFT_EDGE = 5
_HALF = 0.5


def carve(
    images: Tensor, masks: Tensor, share: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Give `share` of the slices the lesion of another slice of the batch, where it lay there.

    Images are (B, P, H, W), masks (B, 1, H, W) of {0, 1} or of the values of labels, and what lies
    beside them comes along. A margin of up
    to eight pixels, drawn for the batch, comes along and fades out over four more. After CarveMix
    (Zhang and others, MICCAI 2021, doi:10.1007/978-3-030-87193-2_19), in two dimensions and without
    its shrunk regions. A slice whose partner has no lesion stays as it is.
    """
    batch, device = len(images), generator.device
    if batch < 2:
        return images, masks
    step, margin = (
        int(torch.randint(low, high, (1,), generator=generator, device=device))
        for low, high in ((1, batch), (0, _WIDEST_MARGIN + 1))
    )
    wanted = torch.rand(batch, generator=generator, device=device) < share
    partner = (torch.arange(batch, device=device) + step) % batch
    to = torch.nonzero(wanted & masks[partner, :1].flatten(1).any(dim=1)).flatten()
    given = partner[to]
    lesion = masks[given]
    half = _SOFT_EDGE // 2
    region = _grown((lesion[:, :1] > 0).float(), margin + half)
    weight = functional.avg_pool2d(region, _SOFT_EDGE, 1, half, count_include_pad=False)
    mixed, labels = images.clone(), masks.clone()
    mixed[to] = torch.lerp(images[to], images[given], weight.to(images.dtype))
    labels[to] = torch.where(weight > _HALF, lesion, masks[to])
    return mixed, labels


def _grown(masks: Tensor, pixels: int) -> Tensor:
    """Return masks with a square margin; along one axis after the other is several times faster."""
    side = 2 * pixels + 1
    wide = functional.max_pool2d(masks, (1, side), 1, (0, pixels))
    return functional.max_pool2d(wide, (side, 1), 1, (pixels, 0))
