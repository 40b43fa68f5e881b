"""The part of a graph that is computed exactly ends where a network's ways part for good."""

from typing import Any

import pytest
import torch
from torch import nn

onnx_ir = pytest.importorskip("onnx_ir")

from core.models.networks.builder import build_network  # noqa: E402
from core.models.networks.exact_part import exact_end  # noqa: E402
from core.models.networks.spec import NetworkSpec  # noqa: E402


def graph_of(network: nn.Module) -> Any:
    program = torch.onnx.export(
        network.eval(), (torch.zeros(1, 3, 64, 64),), dynamo=True, optimize=False, verbose=False
    )
    assert program is not None
    return program.model.graph


def convolutions_before(graph: Any, value: Any) -> int:
    """Count the convolutions a value depends on."""
    seen, open_values, count = set(), [value], 0
    while open_values:
        node = open_values.pop().producer()
        if node is not None and node not in seen:
            seen.add(node)
            count += node.op_type == "Conv"
            open_values += [each for each in node.inputs if each is not None]
    return count


def test_a_unet_is_exact_up_to_its_outermost_skip() -> None:
    arguments = {"encoder": "resnet18", "encoder_depth": 3, "decoder_channels": [8, 8, 8]}
    spec = NetworkSpec("smp", 3, arguments)
    graph = graph_of(build_network(spec))
    end = exact_end(graph)
    assert convolutions_before(graph, end) == 1  # the stem, whose features the last skip carries
    assert list(end.shape)[-2:] == [32, 32]


def test_a_network_without_skips_has_no_such_part() -> None:
    chain = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(6)))
    assert exact_end(graph_of(chain)) is None
