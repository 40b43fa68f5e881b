"""Writes masks of cases, alone or with their images; on a worker, never into the dataset."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.progress import Progress
from core.inference.engine import Engine
from core.inference.prediction_service import PredictionService, engine_run
from core.io.cases.case import Case
from core.models.registry import Model
from core.studies.export.case_export import ExportOrder, export_cases
from core.studies.export.exported_mask import ExportSource, MaskKind
from gui.shell.session_parts import CaseState, Place
from gui.studies.export_dialog import Ended, ExportWanted

MASKS, FORMAT = "Masks", "Format"
FORMATS = (
    ("", "As the images"),
    ("nifti", "NIfTI (.nii.gz)"),
    ("nrrd", "NRRD of 3D Slicer (.seg.nrrd)"),
    ("mha", "MetaImage (.mha)"),
    ("tiff", "TIFF, a file a slice"),
    ("tiff-folders", "TIFF, a folder a label"),
    ("dicom-seg", "DICOM segmentation"),
    ("stl", "Surfaces (STL), in mm of the patient"),
    ("ply", "Surfaces (PLY), in mm of the patient"),
)
_KINDS: dict[str, MaskKind] = {
    "truth": "truth",
    "correction": "correction",
    "prediction": "prediction",
}


@dataclass(frozen=True, eq=False)
class MaskExport:
    """What is exported: cases of a place, and the model whose predictions may be asked for."""

    place: Place
    cases: tuple[Case, ...]
    model: Model | None
    engine: Engine
    device: str


def mask_kinds(model: Model | None) -> tuple[tuple[str, str], ...]:
    """Return the masks that can be exported, as (key, title)."""
    predicted = () if model is None else (("prediction", f"Predictions of {model.spec.title}"),)
    return (
        ("truth", "Ground truth, corrected where a version is saved"),
        ("correction", "Saved corrections alone"),
        *predicted,
    )


def begun_words(states: Sequence[CaseState]) -> str:
    """Say which corrections no version holds, as these are not exported; empty for none."""
    begun = [state.case.id for state in states if state.begun]
    if not begun:
        return ""
    if len(begun) == 1:
        return f"Edits of {begun[0]} that no version holds are left out: save one with Ctrl+S."
    return f"Edits of {len(begun)} cases that no version holds are left out: save them with Ctrl+S."


def write_cases(export: MaskExport, wanted: ExportWanted, progress: Progress) -> Ended:
    """Write the cases; raises `DataError` for a folder inside the dataset."""
    place, model = export.place, export.model
    service = PredictionService(place.workspace, engine_run(export.engine, device=export.device))
    source = ExportSource(
        place.workspace, model, None if model is None else service.predictor(model)
    )
    order = ExportOrder(
        wanted.folder,
        _KINDS[wanted.options[MASKS]],
        images="images" in wanted.kinds,
        format_name=wanted.options[FORMAT] or None,
    )
    written = export_cases(export.cases, order, source, dataset=place.dataset, progress=progress)
    total, failed = len(export.cases), list(written.failed.values())
    said = f"{total - len(failed)} of {total} case{'' if total == 1 else 's'} written."
    more = f" {len(failed) - 1} more were not written." if len(failed) > 1 else ""
    return Ended(" ".join([said, *failed[:1]]) + more, wrong=bool(failed))
