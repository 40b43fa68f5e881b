"""The commands `train` and `report`. Import no torch until one of them runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from core.cli.options import RegionName
from core.cli.runner_options import Address, Gpus, RunnerOption, Workers, place_of
from core.cli.say import say
from core.domain.errors import AppError
from core.models.train_spec import PresetName
from core.workspace.settings import home

if TYPE_CHECKING:
    from training.run.train_options import TrainOptions

_BUDGET = "Budget; of several, the first to end counts."

# typer reads the names of these annotations at run time, so they cannot be under TYPE_CHECKING.
Text: TypeAlias = str | None
Texts: TypeAlias = list[str] | None

ArchitectureArgument = Annotated[
    str, typer.Argument(metavar="ARCH", help="unet, attention-unet, resunet34, unetpp, smp …")
]
FolderArgument = Annotated[
    Path | None, typer.Argument(metavar="DIR", help="Folder of cases, as --data names it too.")
]
AnyTask: TypeAlias = Literal["segment", "triage", "classify", "guide"]

TaskOption = Annotated[
    AnyTask,
    typer.Option(
        help="triage: slices with lesion; classify: pictures in DATA/<class>/*.png; guide: clicks."
    ),
]
DataOption = Annotated[Path | None, typer.Option(help="Folder of case folders.")]
SplitOption = Annotated[
    Path | None, typer.Option(help='JSON: {"train": [case ids], "val": [case ids]}.')
]
Out = Annotated[Path, typer.Option(help="Job folder to make, or with --resume to go on in.")]
PresetOption = Annotated[PresetName, typer.Option(help="Settings to start from.")]
LossOption = Annotated[
    str | None,
    typer.Option(help="bce-dice (calc), dice, soft-iou or focal-tversky; on logits, of the batch."),
]
Epochs = Annotated[int | None, typer.Option(help=_BUDGET)]
Steps = Annotated[int | None, typer.Option(help=_BUDGET)]
Minutes = Annotated[float | None, typer.Option(help=_BUDGET)]
Count = Annotated[int | None, typer.Option(help="Slices a step.")]
Size = Annotated[int | None, typer.Option(help="Rows and columns the network sees.")]
Rate = Annotated[float | None, typer.Option("--lr", help="Learning rate.")]
Seed = Annotated[int | None, typer.Option(help="Draws cases, slices and first weights.")]
DeviceOption = Annotated[Text, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
ArgumentsOption = Annotated[Texts, typer.Option("--arg", help="NAME=VALUE, as init_features=16.")]
SettingsOption = Annotated[
    Texts, typer.Option("--set", help="NAME=JSON of any setting, as clip=0.5.")
]
PreparedOption = Annotated[
    str, typer.Option(help='JSON, as {"crop":"head","size":256,"neighbours":1}.')
]
Encoder = Annotated[Path | None, typer.Option(help="Weights for the encoder, by name.")]
From = Annotated[str, typer.Option("--from", help="Model to fine-tune.")]
Cases = Annotated[Texts, typer.Option("--case", help="Fine-tuning: a new case; repeatable.")]
Replay = Annotated[
    float | None,
    typer.Option(help="Fine-tuning: share of slices of old cases, 0.5 by default."),
]
CorrectionsOption = Annotated[
    Path | None,
    typer.Option(help="Exported corrections, or a workspace, to learn from."),
]
ModelIdOption = Annotated[str, typer.Option("--id", help="Id; the job's name by default.")]
Loggers = Annotated[
    Texts, typer.Option("--logger", help="mlflow or wandb: write for it too, offline.")
]
Title = Annotated[str, typer.Option(help="Name shown to readers.")]
BestByOption = Annotated[
    Literal["auroc", "accuracy", "loss"] | None,
    typer.Option("--best-by", help="What chooses the weights of a classifier."),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Settings of another training: its job.json; options go before."),
]
RecipeOption = Annotated[
    str, typer.Option("--recipe", metavar="NAME", help="Settings of training/recipes/NAME.json.")
]
TeachersOption = Annotated[
    Texts, typer.Option("--teacher", metavar="ID", help="A model whose probabilities it learns.")
]
UnlabelledOption = Annotated[
    Path | None, typer.Option("--unlabelled", help="Cases that are learnt from teachers alone.")
]
StopAfter = Annotated[
    int,
    typer.Option(
        "--stop-after", min=0, help="With --folds: only so many now; without it the rest later."
    ),
]
Together = Annotated[
    int, typer.Option("--nproc", min=1, help="Processes that train one network together.")
]
Folds = Annotated[
    int, typer.Option("--folds", help="Cross-validate: as many folds of the training part.")
]
Repeats = Annotated[
    int, typer.Option("--repeats", min=1, help="With --folds: deal and train anew as often.")
]
Groups = Annotated[
    str,
    typer.Option(
        "--group", metavar="FILE:COLUMN", help="With --folds: cases that stay together, of a table."
    ),
]
LabelNames = Annotated[
    Text,
    typer.Option(
        "--labels", metavar="NAMES", help="Learn these labels as classes, A,B or all of the data."
    ),
]
RegionNames = Annotated[
    Text,
    typer.Option(
        "--regions", metavar="NAMES", help="Learn these regions, larger first: A,B or all."
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the training in --out.")]


def train(
    architecture: ArchitectureArgument = "",
    folder: FolderArgument = None,
    data: DataOption = None,
    task: TaskOption = "segment",
    split: SplitOption = None,
    out: Out = Path("job"),
    preset: PresetOption = "cpu",
    loss: LossOption = None,
    epochs: Epochs = None,
    max_steps: Steps = None,
    minutes: Minutes = None,
    batch_size: Count = None,
    size: Size = None,
    learning_rate: Rate = None,
    seed: Seed = None,
    device: DeviceOption = None,
    arguments: ArgumentsOption = None,
    settings: SettingsOption = None,
    preprocessing: PreparedOption = "",
    encoder_weights: Encoder = None,
    start_from: From = "",
    cases: Cases = None,
    replay: Replay = None,
    corrections: CorrectionsOption = None,
    model_id: ModelIdOption = "",
    title: Title = "",
    loggers: Loggers = None,
    best_by: BestByOption = None,
    labels: LabelNames = None,
    regions: RegionNames = None,
    region: RegionName = "",
    config: ConfigOption = None,
    recipe: RecipeOption = "",
    teachers: TeachersOption = None,
    unlabelled: UnlabelledOption = None,
    stop_after: StopAfter = 0,
    resume: Resume = False,
    nproc: Together = 1,
    folds: Folds = 0,
    repeats: Repeats = 1,
    group: Groups = "",
    runner: RunnerOption = "local",
    workers: Workers = 1,
    address: Address = "",
    gpus: Gpus = None,
) -> None:
    """Train a model, or fine-tune one (--from), and add it to the registry as a candidate.

    With --folds one a fold: figures of every case by a model that never saw it.
    """
    given = dict(locals())
    places = ("runner", "workers", "address", "gpus")
    for name in ("task", "folder", "folds", "repeats", "group", *places):
        del given[name]
    if recipe and folder is None and data is None and architecture:
        # A recipe has its architecture, so that the one word beside it is the folder.
        given["architecture"], folder = "", Path(architecture)
    given["data"] = folder or data
    where = place_of(runner, workers, address, gpus=gpus)
    if task != "segment" and (recipe or teachers or unlabelled):
        raise AppError(
            f"--recipe, --teacher and --unlabelled: not expected with --task {task}. Leave them "
            "out."
        )
    if stop_after and not folds:
        raise AppError("--stop-after: expected --folds with it, found none. Give it, or leave out.")
    if folds:
        from training.folds.fold_command import cross_validate

        dealt = (folds, repeats, group)
        cross_validate(_options(given), task, dealt, where)
    elif runner != "local":
        _require_complete(given, task)
        from training.cluster_job import train_there

        said = train_there(_options(given), task, where)
        say(f"{said} is a candidate now." if said else "Paused. Go on with --resume.")
    else:
        _run(given, task)


def _require_complete(given: dict[str, object], task: AnyTask) -> None:
    split = given["split"] or task == "classify"
    start = given["architecture"] or given["start_from"] or given["recipe"]
    complete = given["config"] or (given["data"] and split and start)
    if not complete and not given["resume"]:
        raise AppError(
            "train: expected an architecture, --recipe or --from, and --data and --split, found "
            "only some. Give them, or --resume with the folder of a training."
        )


def _options(given: dict[str, object]) -> TrainOptions:
    """Return options by the names of `TrainOptions`, those that were not given by their default."""
    from training.run.train_options import TrainOptions

    lists = {n: tuple(v) if isinstance(v, list) else v for n, v in given.items() if v is not None}
    return TrainOptions(**{"data": Path(), "split": Path(), **lists})  # type: ignore[arg-type]


def _run(given: dict[str, object], task: AnyTask) -> None:
    """Train what the options say, by the names of `TrainOptions`."""
    from core.workspace.workspace_folder import registry
    from training.run.frame import keep_memory
    from training.tasks import train_task

    _require_complete(given, task)
    options = _options(given)
    keep_memory()
    models = registry(home())
    model = train_task(task, options, models)
    if model is not None:
        say(f"{model.spec.id} is a candidate now, in {model.folder}")


def report(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUNS", help="Folders of trainings, folds or searches.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    notes: Annotated[Path | None, typer.Option(help="Markdown to put below the table.")] = None,
    triage_notes: Annotated[
        Path | None, typer.Option(help="Markdown to put below the table of classifiers.")
    ] = None,
) -> None:
    """Compare finished trainings, of classifiers too, folds and searches: RESULTS.md, figures.

    Folds of the same cases are compared in pairs; of folds and searches there is a report.html too.
    """
    from training.reports.results import write_results

    write_results(runs, out, notes=notes, triage_notes=triage_notes)
    say(f"Report in {out}")
