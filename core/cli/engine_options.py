"""Options of the commands that run models: which engine computes, and how precisely."""

from typing import Annotated

import typer

EngineId = Annotated[
    str,
    typer.Option(help="What computes: auto, torch, openvino, onnx; auto is the fastest certified."),
]
PrecisionName = Annotated[
    str, typer.Option("--precision", help="auto, float32 or bfloat16, as the engine has it.")
]
