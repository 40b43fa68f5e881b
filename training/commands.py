"""The commands `train` and `report`. Import no torch until one of them runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from core.classifiers import ClassifierModel
    from core.models import Model

_FINE_TUNING = "Fine-tuning"
_SCHEDULE = "Schedule"


def train(
    architecture: Annotated[
        str, typer.Argument(metavar="ARCH", help="unet, attention-unet, resunet34, unetpp, smp …")
    ] = "",
    data: Annotated[Path | None, typer.Option(help="Folder of case folders.")] = None,
    task: Annotated[
        Literal["segment", "triage", "classify"],
        typer.Option(help="triage: slices with lesion; classify: pictures in DATA/<class>/*.png."),
    ] = "segment",
    split: Annotated[
        Path | None, typer.Option(help='JSON: {"train": [case ids], "val": [case ids]}.')
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Job folder to make, or with --resume the one to go on in.")
    ] = Path("job"),
    preset: Annotated[
        Literal["cpu", "gpu", "reference"], typer.Option(help="Settings to start from.")
    ] = "cpu",
    loss: Annotated[
        Literal["bce-dice", "dice", "soft-iou", "focal-tversky"] | None, typer.Option()
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Budget.", rich_help_panel=_SCHEDULE)] = None,
    max_steps: Annotated[
        int | None, typer.Option(help="Budget.", rich_help_panel=_SCHEDULE)
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Budget.", rich_help_panel=_SCHEDULE)
    ] = None,
    batch_size: Annotated[int | None, typer.Option(rich_help_panel=_SCHEDULE)] = None,
    size: Annotated[int | None, typer.Option(help="Rows and columns the network sees.")] = None,
    lr: Annotated[
        float | None, typer.Option(help="Learning rate.", rich_help_panel=_SCHEDULE)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Draws cases, slices and weights.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = None,
    arg: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE of the network, as init_features=16.")
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=JSON of any other setting, as clip=0.5.")
    ] = None,
    preprocessing: Annotated[
        str, typer.Option(help='JSON, as {"crop":"head","size":256,"neighbours":1}.')
    ] = "",
    encoder_weights: Annotated[
        Path | None, typer.Option(help="Weights for the encoder, by name.")
    ] = None,
    start_from: Annotated[
        str,
        typer.Option("--from", help="Id of the model to go on from.", rich_help_panel=_FINE_TUNING),
    ] = "",
    case: Annotated[
        list[str] | None,
        typer.Option(help="A new case to learn from; repeatable.", rich_help_panel=_FINE_TUNING),
    ] = None,
    replay: Annotated[
        float | None,
        typer.Option(
            help="Share of slices of old cases, 0.5 by default.", rich_help_panel=_FINE_TUNING
        ),
    ] = None,
    corrections: Annotated[
        Path | None,
        typer.Option(help="Folder of exported corrections.", rich_help_panel=_FINE_TUNING),
    ] = None,
    model_id: Annotated[str, typer.Option("--id", help="Id; the job's name by default.")] = "",
    title: Annotated[str, typer.Option(help="Name shown to readers.")] = "",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the training in --out.")
    ] = False,
) -> None:
    """Train a model, or fine-tune one (--from), and add it to the registry as a candidate."""
    from core.errors import AppError
    from core.settings import home
    from core.workspace import registry
    from training.command import TrainOptions
    from training.command import train as run
    from training.memory import keep_memory

    lacking = data is None or (split is None and task != "classify")
    if not resume and (lacking or not (architecture or start_from)):
        raise AppError(
            "train: expected an architecture or --from, --data and --split, found only some. "
            "Give them, or --resume with the folder of a training."
        )
    options = TrainOptions(
        architecture=architecture,
        data=data or Path(),
        split=split or Path(),
        out=out,
        preset=preset,
        loss=loss,
        epochs=epochs,
        max_steps=max_steps,
        minutes=minutes,
        batch_size=batch_size,
        size=size,
        learning_rate=lr,
        seed=seed,
        device=device,
        arguments=tuple(arg or ()),
        settings=tuple(setting or ()),
        preprocessing=preprocessing,
        encoder_weights=encoder_weights,
        start_from=start_from,
        cases=tuple(case or ()),
        replay=replay,
        corrections=corrections,
        model_id=model_id,
        title=title,
        resume=resume,
    )
    keep_memory()
    models = registry(home())
    model: Model | ClassifierModel | None
    if task == "segment":
        model = run(options, models)
    else:
        from training.triage.command import train as train_classifier

        model = train_classifier(task, options, models.roots[0])
    if model is not None:
        typer.echo(f"{model.spec.id} is a candidate now, in {model.folder}")


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUNS", help="Job folders of trainings.")],
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    notes: Annotated[Path | None, typer.Option(help="Markdown to put below the table.")] = None,
) -> None:
    """Compare finished trainings: RESULTS.md, results.csv and curves.png; or classifiers."""
    from core.classify_spec import task_of
    from training.report import write_report
    from training.triage.report import write_report as write_classifiers

    write = write_report if all(task_of(run) == "segment" for run in runs) else write_classifiers
    write(runs, out, notes=notes.read_text(encoding="utf-8") if notes else "")
    typer.echo(f"Report in {out}")
