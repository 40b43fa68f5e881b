"""Options that several commands share: which folder, and how it is organised."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path,
    typer.Argument(
        help="A folder of cases in any layout, a file, a series or a zip.", metavar="DIR"
    ),
]
CaseIds = Annotated[list[str] | None, typer.Option("--case", help="Only this case; repeatable.")]
SplitPart = Annotated[
    str,
    typer.Option(
        "--split", metavar="FILE:PART", help="Only the cases of a part, as split.json:val."
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
LayoutName = Annotated[
    str | None,
    typer.Option(
        "--layout", help="lgg, brats, nnunet, decathlon, bids, dicom or loose; else what fits."
    ),
]
ImagePatterns = Annotated[
    list[str] | None,
    typer.Option("--image", help="A channel by a pattern; repeatable.", metavar="ROLE=PATTERN"),
]
MaskPattern = Annotated[
    str | None, typer.Option("--mask", help="The masks by a pattern.", metavar="PATTERN")
]
ChannelNumbers = Annotated[
    str,
    typer.Option(
        "--channels", help="Which of four or more channels are used, as 1,2,3; kept for the folder."
    ),
]
SpacingGiven = Annotated[
    str,
    typer.Option(
        "--spacing",
        metavar="Z,Y,X",
        help="Voxels in mm of cases whose files tell none; kept for the folder, marked given.",
    ),
]
MaskFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="nifti, nrrd, mha, tiff, tiff-folders (one a label) or dicom-seg; that of the "
        "images by default.",
    ),
]
ExportFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="nifti, nrrd, mha, tiff, tiff-folders (one a label) or dicom-seg, or surfaces as stl "
        "or ply; the format of the images by default.",
    ),
]
Verify = Annotated[
    bool,
    typer.Option(help="Have every overlap and HD95 computed again by medpy; fails above 1e-6."),
]
RegionName = Annotated[
    str,
    typer.Option(
        "--region",
        metavar="NAME or NAME=1+3",
        help="The label or region that is lesion, or one made of values, which is kept for the "
        "folder; all by default.",
    ),
]
Fills = Annotated[
    str,
    typer.Option(
        "--fills",
        metavar="REGION",
        help="The label or region that the mask of a binary model is of, in a dataset of several "
        "labels; kept for the folder.",
    ),
]
Resample = Annotated[
    bool | None,
    typer.Option(
        "--resample/--no-resample",
        help="Bring masks on another grid onto their image, by nearest neighbour.",
    ),
]
Point = Annotated[
    int | None,
    typer.Option(min=0, help="Which volume of files that hold several, from 0."),
]
ChannelRoles = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        metavar="CHANNEL=ROLE",
        help="What a channel is: T1, T1c, T2, FLAIR or other; repeatable, kept for the folder.",
    ),
]
EngineId = Annotated[
    str,
    typer.Option(
        help="What computes: auto (the fastest certified), torch, openvino, onnx, or one that "
        "another package adds."
    ),
]
PrecisionName = Annotated[
    str, typer.Option("--precision", help="auto, float32, mixed or bfloat16, as the engine has it.")
]
LesionIou = Annotated[
    float,
    typer.Option(
        "--lesion-iou", min=0.0, max=0.99, help="IoU above which two lesions count as one."
    ),
]
