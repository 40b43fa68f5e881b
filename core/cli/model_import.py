"""The command `models import`: weights, or a network as ONNX, from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from core.cli.model_changes import all_models
from core.cli.say import say
from core.domain.errors import ModelError
from core.models.registry import Model, ModelSpec, output_words


def import_model(
    file: Annotated[
        Path,
        typer.Argument(
            help="A state dict (.pt, .pth, .safetensors), a network (.onnx), a checkpoint of a "
            "2-D nnU-Net, or the folder of a MONAI bundle."
        ),
    ],
    architecture: Annotated[
        str, typer.Option(help="unet, attention-unet, resunet34 …; not for ONNX.")
    ] = "",
    arg: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, as init_features=16.")] = None,
    model_id: Annotated[str, typer.Option("--id", help="Id; the file's name by default.")] = "",
    title: Annotated[str, typer.Option(help="Name shown to readers.")] = "",
    preprocessing: Annotated[
        str, typer.Option(help='JSON, as {"crop":"head","size":256,"neighbours":1}.')
    ] = "",
    half: Annotated[bool, typer.Option(help="Store as float16; not for ONNX.")] = False,
    channel: Annotated[
        list[str] | None, typer.Option(help="A channel of the network; repeatable, in its order.")
    ] = None,
    output: Annotated[
        Literal["auto", "logits", "probability"], typer.Option(help="What an ONNX network gives.")
    ] = "auto",
    labels: Annotated[
        str, typer.Option(help="Classes it gives by their channels after the background's, A,B.")
    ] = "",
    regions: Annotated[
        str, typer.Option(help="Regions it gives by their channels, NAME=1+3,NAME=3.")
    ] = "",
    threshold: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Probability from which it is lesion.")
    ] = None,
) -> None:
    """Take weights, or a network as ONNX, into the registry; no code in the file is run."""
    from core.models.model_listing import read_preprocessing, spec_from_options, with_options
    from core.models.wanted_labels import read_output

    name, gives = model_id or file.stem, read_output(labels, regions)
    if file.suffix.lower() == ".onnx":
        from core.inference.graph_import import GraphContract, import_graph

        if architecture or arg or half:
            raise ModelError(
                f"{file}: expected no --architecture, --arg or --half for a network as ONNX, which "
                "brings its own. Leave them out."
            )
        said = read_preprocessing(preprocessing) if preprocessing else None
        contract = GraphContract(
            name, title, tuple(channel or ()), said, output, threshold, labels=gives
        )
        model = import_graph(file, contract, all_models())
    else:
        from core.models.model_import import SaidOfModel, import_foreign, import_weights

        if not architecture:
            said = read_preprocessing(preprocessing) if preprocessing else None
            plain = ModelSpec(id=name, title=title or name, architecture="")
            plain = with_options(plain, channels=(), threshold=threshold)
            told = SaidOfModel(tuple(channel or ()), said, gives, half)
            taken = import_foreign(file, plain, told, all_models())
            if taken is not None:
                _say_taken(*taken)
                return
        spec = spec_from_options(
            name, title, architecture, arguments=arg or [], preprocessing=preprocessing or "{}"
        )
        spec = with_options(spec, channels=channel or (), threshold=threshold, output=gives)
        model = import_weights(file, spec, all_models(), half=half)
    _say_taken(model, ())


def _say_taken(model: Model, said: Sequence[str]) -> None:
    spec = model.spec
    say(f"{spec.id} imported into {model.folder} ({spec.parameters:,} parameters)")
    if said:
        prepared = msgspec.json.encode(spec.preprocessing).decode()
        say(f"It gives {output_words(spec)} of {', '.join(spec.channels)}, prepared by {prepared}.")
    for sentence in said:
        say(sentence)
