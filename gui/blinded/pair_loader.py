"""Makes a case of a blinded reading ready to show; on a worker. What comes out names no model."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.errors import AppError, DataError
from core.domain.mask import Mask
from core.domain.prediction import to_mask
from core.domain.progress import Progress
from core.domain.window_level import automatic
from core.inference.engine import Engine
from core.inference.prediction_service import PredictionService, engine_run
from core.inference.preprocess import head_box
from core.io.case_cache import CaseCache
from core.io.case_reader import LoadedCase
from core.models.registry import Model
from core.review.blinded import Presentation, next_presentation, presented
from gui.shell.session_parts import OpenCase, Place


@dataclass(frozen=True, eq=False)
class BlindedCase:
    """A case as it is shown: masks by letter."""

    presentation: Presentation
    opened: OpenCase
    masks: Mapping[str, Mask]


@dataclass(frozen=True, eq=False)
class BlindedSource:
    """Where cases and predictions come from."""

    place: Place
    models: tuple[Model, ...]
    engine: Engine
    cache: CaseCache
    device: str


def next_case(source: BlindedSource, study_id: int, progress: Progress) -> BlindedCase | None:
    """Return the next case without an answer, None when all have one.

    What has not been predicted is run. Raises `DataError`, in words that name no model.
    """
    store = source.place.workspace.store
    waiting = next_presentation(store, study_id)
    if waiting is None:
        return None
    case = source.place.dataset.case(waiting.case_id)
    loaded = source.cache.read(case)
    try:
        masks = presented(
            store, study_id, waiting.number, lambda name: _mask(source, loaded, name, progress)
        )
    except AppError as error:
        raise DataError(
            f"{case.id}: expected an outline under every letter, found a model that has none. "
            "Leave the reading and run all its models on this case."
        ) from error
    ranges = tuple(
        (name, automatic(pixels))
        for name, pixels in zip(loaded.volume.channels, loaded.volume.pixels, strict=True)
    )
    return BlindedCase(waiting, OpenCase(loaded, ranges, head_box(loaded.volume.pixels)), masks)


def _mask(source: BlindedSource, loaded: LoadedCase, model_id: str, progress: Progress) -> Mask:
    model = next((m for m in source.models if m.spec.id == model_id), None)
    if model is None:
        raise DataError("A model of this reading is no longer there.")
    run = engine_run(source.engine, device=source.device)
    service = PredictionService(source.place.workspace, run)
    known = service.predict(loaded, model, progress)
    return to_mask(known.prediction.probability, model.spec.postprocessing)
