"""A faster gradient of depthwise convolutions in bfloat16 on a processor."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

_BACKWARD = torch.ops.aten.convolution_backward.default
_GROUPS = 9


def wide_depthwise(network: nn.Module, device: torch.device) -> AbstractContextManager[object]:
    """Return the way to run `backward` of a network on a device, step after step.

    Only a processor needs another than usual, for networks with such layers: every operation of the
    others would pass through Python for nothing.
    """
    if device.type == "cpu" and any(_is_depthwise(module) for module in network.modules()):
        return WideDepthwise()  # type: ignore[no-untyped-call]
    return nullcontext()


def _is_depthwise(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1


class WideDepthwise(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While entered, gradients of bfloat16 depthwise convolutions are computed in float32.

    oneDNN has no fast path for them: with `channels_last`, float32 took a half to a fifth of the
    time for every shape of EfficientNet-Lite0 at 256×256 but 3×3 of stride 1, which is left alone.
    The gradients come back in bfloat16, rounded once.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Leave torch's compiler alone, which would be loaded only to be kept out of this."""
        return False

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Compute one operation, in float32 where that is the faster way."""
        kwargs = kwargs or {}
        if func is not _BACKWARD or not _is_slow(args):
            return func(*args, **kwargs)
        gradient, inputs, weight, *others = args
        wide = func(gradient.float(), inputs.float(), weight.float(), *others, **kwargs)
        return tuple(found if found is None else found.to(gradient.dtype) for found in wide)


def _is_slow(args: tuple[Any, ...]) -> bool:
    gradient, inputs, weight, _bias_sizes, stride = args[:5]
    depthwise = args[_GROUPS] == inputs.shape[1] > 1
    small = weight.shape[-1] <= 3 and max(stride) == 1
    return bool(depthwise and gradient.dtype == torch.bfloat16 and not small)
