"""The commands `models …`: list, show, promote, export, import, combine, copy and delete models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from core.cli.model_changes import (
    all_models,
    copy_models,
    delete_models,
    promote_model,
    rename_models,
    roll_back_model,
)
from core.cli.model_combine import combine_models
from core.cli.model_import import import_model
from core.cli.options import CaseIds, SplitPart
from core.cli.say import say

models = typer.Typer(
    help="List, show, import and promote models.", no_args_is_help=True, rich_markup_mode=None
)
models.command(name="import")(import_model)
models.command(name="combine")(combine_models)
models.command(name="promote")(promote_model)
models.command(name="rollback")(roll_back_model)
models.command(name="delete")(delete_models)
models.command(name="rename")(rename_models)
models.command(name="copy")(copy_models)


@models.command(name="list")
def list_models(
    json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """List the models: id, architecture, champion, parameters, metrics."""
    from core.models.model_listing import listing, listing_json

    rows, problems = listing(all_models())
    if json:
        say(listing_json(rows))
    else:
        for row in rows:
            mark = "champion" if row.champion else ""
            if row.task != "segment":
                mark = f"{row.task}, in use" if row.champion else row.task
            figures = ", ".join(f"{name} {value:.3f}" for name, value in row.metrics.items())
            size = f"{row.parameters / 1e6:.2f} M" if row.parameters else "?"
            say(f"{row.id:24} {row.architecture:16} {mark:9} {size:>9}  {figures}")
    for problem in problems:
        say(problem, err=True)


@models.command(name="show")
def show_model(model_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Print a model's specification and what it costs, measured."""
    import msgspec

    from core.models.any_model import find_any
    from core.models.registry import Model

    model = find_any(all_models(), model_id)
    say(msgspec.json.format(msgspec.json.encode(model.spec), indent=2).decode())
    say(f"Folder: {model.folder}")
    if not isinstance(model, Model):
        return
    if any(each.spec.is_graph for each in model.members or (model,)):
        say(f"Parameters: {model.spec.parameters or 0:,}")
        return  # what it costs is measured on networks of PyTorch
    from core.inference.network_cost import complexity  # loads torch, which may not be there

    found = complexity(model)
    say(f"Parameters: {found.parameters:,}")
    say(f"Multiply-adds of a 256×256 slice: {found.gmac:.2f} GMAC")
    say(f"Memory of a batch of 8: {found.batch_megabytes:.0f} MB")


@models.command(name="certify")
def certify_model(
    model_id: Annotated[str, typer.Argument(metavar="ID")],
    data: Annotated[Path, typer.Option(help="Folder of cases with ground truth.")],
    engine: Annotated[str, typer.Option(help="openvino or onnx.")] = "openvino",
    precision: Annotated[
        list[str] | None, typer.Option(help="float32 (by default), mixed or bfloat16; repeatable.")
    ] = None,
    case: CaseIds = None,
    split: SplitPart = "",
) -> None:
    """Show on cases how far an engine moves a model's masks; then `auto` may choose it."""
    from core.cli.command_run import case_ids, progress_bar
    from core.io.datasets.dataset import scan
    from core.models.certificates import held_against_torch
    from core.models.classifiers import Classifiers
    from core.studies.certification import certify, certify_classifier

    wanted = held_against_torch(engine, precision or ("float32",))
    dataset = scan(data)
    named = case_ids(case, split)
    cases = [dataset.case(name) for name in named] if named else list(dataset.cases)
    models = all_models()
    classifiers = {each.spec.id: each for each in Classifiers(models.everywhere).models()[0]}
    if model_id in classifiers:
        found = [certify_classifier(classifiers[model_id], each, cases) for each in wanted]
    else:
        with progress_bar() as progress:
            found = [*certify(models.find(model_id), wanted, cases, progress=progress)]
    for each in found:
        say(f"{model_id} {each.measured}")
        say(each.verdict)


@models.command(name="export")
def export_model(
    model_id: Annotated[str, typer.Argument(metavar="ID")],
    out: Annotated[Path, typer.Option(help="File to write; its ending is added.")],
    format_name: Annotated[
        Literal["safetensors", "pt", "onnx", "openvino", "bundle"],
        typer.Option("--format", help="What other programs are to read."),
    ] = "safetensors",
) -> None:
    """Write a model for other programs; nothing that is there is overwritten."""
    from core.inference.model_export import export_model as export
    from core.models.any_model import find_any

    path = export(find_any(all_models(), model_id), out, format_name)
    say(f"{model_id} written to {path}")
