"""Gradients of depthwise convolutions, computed wide."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from training.learning.depthwise import WideDepthwise, wide_depthwise

COSINE = 0.999


def gradients(layer: nn.Conv2d, images: Tensor, dtype: torch.dtype, *, wide: bool) -> list[Tensor]:
    """Return the gradients of a sum of squares by weight and by input, as float64."""
    weight = layer.weight.detach().to(dtype).requires_grad_()
    inputs = images.to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
    found = nn.functional.conv2d(
        inputs, weight, None, layer.stride, layer.padding, layer.dilation, layer.groups
    )
    loss = found.float().pow(2).sum() if dtype == torch.bfloat16 else found.pow(2).sum()
    if wide:
        with wide_depthwise(nn.Sequential(layer), torch.device("cpu")):
            loss.backward()
    else:
        loss.backward()
    assert weight.grad is not None
    assert inputs.grad is not None
    assert weight.grad.dtype == inputs.grad.dtype == dtype
    return [weight.grad.double(), inputs.grad.double()]


@settings(max_examples=25, deadline=None)
@given(
    channels=st.integers(2, 6),
    kernel=st.sampled_from([3, 5]),
    stride=st.integers(1, 2),
    depthwise=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_gradients_are_those_of_double_precision(
    channels: int, kernel: int, stride: int, depthwise: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    groups = channels if depthwise else 1
    layer = nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=groups, bias=False)
    images = torch.randn(2, channels, 12, 10)
    rounded = images.bfloat16()
    layer.weight.data = layer.weight.data.bfloat16().float()
    exact = gradients(layer, rounded.double(), torch.float64, wide=False)
    for found, expected in zip(
        gradients(layer, rounded, torch.bfloat16, wide=True), exact, strict=True
    ):
        cosine = torch.cosine_similarity(found.flatten(), expected.flatten(), dim=0)
        assert float(cosine) > COSINE


def test_what_is_not_bfloat16_is_left_alone() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 4, 5, padding=2, groups=4, bias=False)
    images = torch.randn(2, 4, 9, 9)
    plain = gradients(layer, images, torch.float32, wide=False)
    wide = gradients(layer, images, torch.float32, wide=True)
    assert all(torch.equal(a, b) for a, b in zip(plain, wide, strict=True))


def test_networks_without_such_layers_go_the_usual_way() -> None:
    cpu, plain = torch.device("cpu"), nn.Sequential(nn.Conv2d(4, 4, 3), nn.Conv2d(1, 4, 3))
    assert not isinstance(wide_depthwise(plain, cpu), WideDepthwise)
    plain.append(nn.Conv2d(4, 4, 3, groups=4))
    assert isinstance(wide_depthwise(plain, cpu), WideDepthwise)
