"""The part of a graph whose rounding moves borders: what comes before a network's ways part."""

from itertools import pairwise
from typing import Any

_CONVOLUTIONS = ("Conv", "ConvTranspose")


def exact_end(graph: Any) -> Any:
    """Return the value (onnx_ir) that ends the first part of a graph, None where nothing does.

    All that comes after needs this one value, and more than half of the convolutions lie between
    it and the next such value: in a U-Net it is what the outermost skip connection carries. The few
    convolutions before it see every border and rounding them to bfloat16 moves masks most.
    """
    passes, convolutions = _narrow_places(graph)
    gaps = [after[0] - before[0] for before, after in pairwise(passes)]
    widest = max(gaps, default=0)
    if 2 * widest <= convolutions:
        return None
    before, value = passes[gaps.index(widest)]
    return value if before else None


def _narrow_places(graph: Any) -> tuple[list[tuple[int, Any]], int]:
    """Return the values that all the rest needs alone, each with the convolutions before it.

    Then the number of all convolutions. What is made of weights alone does not count.
    """
    nodes, outputs = list(graph), list(graph.outputs)
    last = {id(value): at for at, node in enumerate(nodes) for value in node.inputs}
    last |= {id(value): len(nodes) for value in outputs}
    made = {id(value) for value in graph.inputs}
    needed = {id(value): value for value in graph.inputs}
    passes, convolutions = [], 0
    for at, node in enumerate(nodes):
        if made.isdisjoint(map(id, node.inputs)):
            continue
        convolutions += node.op_type in _CONVOLUTIONS
        made.update(map(id, node.outputs))
        needed |= {id(value): value for value in node.outputs}
        needed = {key: value for key, value in needed.items() if last.get(key, -1) > at}
        if len(needed) == 1:
            passes.append((convolutions, *needed.values()))
    return passes, convolutions
