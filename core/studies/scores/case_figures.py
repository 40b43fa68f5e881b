"""The figures of one model on one case, as the worklist, the comparison and the report show them.

They are computed in one place, so that the window and the command line say the same, and are kept
in the workspace, so that a worklist of a thousand cases can be sorted at once.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.domain.agreement import mean_uncertainty
from core.domain.components import LESION_JOINED_BY
from core.domain.grid import LengthUnit, Spacing
from core.domain.lesions import LESION_IOU, lesion_scores
from core.domain.mask import Mask
from core.domain.metrics import volume_metrics
from core.domain.prediction import Postprocessing, Prediction, to_mask
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase, each_region, of_the_region
from core.models.registry import Model
from core.workspace.store import Store


class CaseFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One model on one case; every figure against the truth is None without ground truth.

    `hd95` pools both directions, `hd95_max` is the greater of them; they and
    `average_surface_distance` are in `unit`, `surface_dice` is at 2 of it. Lesion-wise figures pair
    lesions, those ending in `_any` count any overlap (`core.domain.lesions`): a lesion is joined by
    `lesion_neighbours`, a pair has an intersection over union above `lesion_iou`. Volumes are in
    voxels and, where the spacing is known, in mL too. `given_spacing` (z, y, x in mm) is that a
    reader gave, None where files tell it or nobody does. `label` names the label or region that
    they are of; it is empty for a binary case, and for the region that was asked for.
    """

    case: str
    model: str
    slices: int
    dsc: float | None = None
    iou: float | None = None
    sensitivity: float | None = None
    specificity: float | None = None
    precision: float | None = None
    hd95: float | None = None
    hd95_max: float | None = None
    average_surface_distance: float | None = None
    surface_dice: float | None = None
    volume_difference: float | None = None
    lesion_sensitivity: float | None = None
    lesion_precision: float | None = None
    lesion_f1: float | None = None
    lesion_sensitivity_any: float | None = None
    lesion_precision_any: float | None = None
    lesion_f1_any: float | None = None
    lesion_neighbours: int | None = None
    lesion_iou: float | None = None
    truth_voxels: int | None = None
    predicted_voxels: int = 0
    truth_ml: float | None = None
    predicted_ml: float | None = None
    uncertainty: float = 0.0
    unit: LengthUnit = "voxels"
    label: str = ""
    given_spacing: str | None = None


METRICS = {
    "dsc": "DSC",
    "iou": "IoU",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Precision",
    "hd95": "HD95 pooled",
    "hd95_max": "HD95 maximum",
    "average_surface_distance": "Average surface distance",
    "surface_dice": "Surface Dice",
    "volume_difference": "Relative volume difference",
    "lesion_sensitivity": "Lesion sensitivity",
    "lesion_precision": "Lesion precision",
    "lesion_f1": "Lesion F1",
    "lesion_sensitivity_any": "Lesion sensitivity, any overlap",
    "lesion_precision_any": "Lesion precision, any overlap",
    "lesion_f1_any": "Lesion F1, any overlap",
}
"""Fields of `CaseFigures` that are scores against the truth, and their names."""


def case_figures(
    loaded: LoadedCase,
    probability: NDArray[np.uint8],
    model: Model,
    *,
    post: Postprocessing | None = None,
    lesion_iou: float = LESION_IOU,
) -> CaseFigures:
    """Score a quantised probability (Z, Y, X) of `model` on a case.

    The mask is that of the model's own postprocessing unless `post` is given.
    """
    return mask_figures(
        loaded,
        to_mask(probability, post or model.spec.postprocessing),
        model_id=model.spec.id,
        uncertainty=mean_uncertainty(probability),
        lesion_iou=lesion_iou,
    )


def mask_figures(
    loaded: LoadedCase,
    mask: Mask,
    *,
    model_id: str,
    uncertainty: float = 0.0,
    lesion_iou: float = LESION_IOU,
) -> CaseFigures:
    """Score a mask (Z, Y, X) on a case: of a model, an ensemble or a correction."""
    geometry = loaded.volume.geometry
    ml = geometry.voxel_ml
    truth = loaded.ground_truth
    predicted = int(np.count_nonzero(mask))
    figures = CaseFigures(
        case=loaded.case.id,
        model=model_id,
        slices=len(mask),
        predicted_voxels=predicted,
        predicted_ml=None if ml is None else predicted * ml,
        uncertainty=uncertainty,
        unit=geometry.length_unit,
        given_spacing=spacing_key(geometry.given_spacing_mm) if geometry.is_given else None,
    )
    if truth is None:
        return figures
    found = volume_metrics(truth, mask, spacing_mm=geometry.spacing_mm)
    lesions = lesion_scores(truth, mask, lesion_iou=lesion_iou)
    pairs, touched = lesions.matched, lesions.touched
    return msgspec.structs.replace(
        figures,
        dsc=found.dsc,
        iou=found.iou,
        sensitivity=found.sensitivity,
        specificity=found.specificity,
        precision=found.precision,
        hd95=found.hd95,
        hd95_max=found.hd95_max,
        average_surface_distance=found.average_surface_distance,
        surface_dice=found.surface_dice,
        volume_difference=found.volume_difference,
        lesion_sensitivity=pairs.sensitivity,
        lesion_precision=pairs.precision,
        lesion_f1=pairs.f1,
        lesion_sensitivity_any=touched.sensitivity,
        lesion_precision_any=touched.precision,
        lesion_f1_any=touched.f1,
        lesion_neighbours=LESION_JOINED_BY,
        lesion_iou=lesion_iou,
        truth_voxels=found.truth_voxels,
        truth_ml=None if ml is None else found.truth_voxels * ml,
    )


def spacing_key(spacing_mm: Spacing | None) -> str | None:
    """Return a given spacing as figures name it: `3×1×1`."""
    return None if spacing_mm is None else "×".join(f"{length:g}" for length in spacing_mm)


def measured_alike(figures: CaseFigures, case: Case) -> bool:
    """Return whether figures were measured by the spacing that is given for their case now."""
    return figures.unit == "mm" or figures.given_spacing == spacing_key(case.given_spacing_mm)


def label_figures(
    loaded: LoadedCase,
    prediction: Prediction,
    model: Model,
    *,
    lesion_iou: float = LESION_IOU,
) -> tuple[CaseFigures, ...]:
    """Return the figures of each region and label of a case, the whole first.

    None where truth or prediction tells no labels, or one region alone was asked for.
    """
    if prediction.several is None:
        return ()
    return tuple(
        msgspec.structs.replace(
            case_figures(
                each, of_the_region(each, prediction).probability, model, lesion_iou=lesion_iou
            ),
            label=each.case.region,
        )
        for each in each_region(loaded)
    )


def put_figures(
    store: Store, figures: Iterable[tuple[CaseFigures, str]], *, region: str = ""
) -> None:
    """Keep figures, each with the key of what it is of, in one transaction.

    They are of the `region` that cases name, or of the label that they name themselves.
    """
    rows = [
        (f.case, f.model, key, msgspec.json.encode(f).decode(), f.label or region)
        for f, key in figures
    ]
    query = (
        "INSERT OR REPLACE INTO case_figures (case_id, model_id, key, figures, region) "
        "VALUES (?, ?, ?, ?, ?)"
    )
    with store.transaction() as connection:
        connection.executemany(query, rows)


def labels_of(
    store: Store, model_id: str, wanted: Callable[[str], bool]
) -> dict[str, dict[str, CaseFigures]]:
    """Return the figures kept of a model by case id and label, of those whose key is `wanted`."""
    query = "SELECT key, figures FROM case_figures WHERE model_id = ? AND region != ''"
    found: dict[str, dict[str, CaseFigures]] = {}
    for key, content in store.read(query, model_id):
        each = store.known(content, CaseFigures) if wanted(str(key)) else None
        if each is not None and each.label and _whole(each):
            found.setdefault(each.case, {})[each.label] = each
    return found


def figures_of(
    store: Store, model_id: str, wanted: Callable[[str], bool], *, region: str = ""
) -> dict[str, CaseFigures]:
    """Return the figures kept of a model by case id, of those whose key is `wanted`.

    They are of the `region` that cases name. Those of a version that knew fewer figures count as
    none: they are computed anew.
    """
    query = "SELECT key, figures FROM case_figures WHERE model_id = ? AND region = ?"
    rows = store.read(query, model_id, region)
    found = (store.known(row[1], CaseFigures) for row in rows if wanted(str(row[0])))
    return {each.case: each for each in found if each is not None and _whole(each)}


def figures_key(store: Store, model_id: str, case_id: str, region: str = "") -> str | None:
    """Return the key of what the kept figures of a region are of, None when there are none."""
    rows = store.read(
        "SELECT key, figures FROM case_figures WHERE model_id = ? AND case_id = ? AND region = ?",
        model_id,
        case_id,
        region,
    )
    known = store.known(rows[0][1], CaseFigures) if rows else None
    return str(rows[0][0]) if known is not None and _whole(known) else None


def _whole(figures: CaseFigures) -> bool:
    """Tell figures of today from those of a version that knew other lesions."""
    rule = (figures.lesion_neighbours, figures.lesion_iou)
    return figures.lesion_f1 is None or rule == (LESION_JOINED_BY, LESION_IOU)


def put_disagreement(store: Store, case_id: str, models: Sequence[str], value: float) -> None:
    """Keep how far several models disagree on a case."""
    with store.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO model_disagreements VALUES (?, ?, ?)",
            (case_id, _together(models), value),
        )


def widest_disagreements(store: Store) -> dict[str, float]:
    """Return by case id how far the models disagree, of the most models that were compared."""
    query = "SELECT case_id, models, value FROM model_disagreements"
    found = store.read_as(tuple[str, str, float], query)
    found.sort(key=lambda row: (row[1].count(" "), row[1]))
    return {case: value for case, _, value in found}


def _together(models: Sequence[str]) -> str:
    return " ".join(sorted(models))
