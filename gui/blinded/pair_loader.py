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
from core.io.cases.case import Case
from core.io.cases.case_cache import CaseCache
from core.io.cases.case_reader import LoadedCase
from core.models.registry import Model
from core.review.blinded import Presentation, next_presentation, presentations, presented
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


def prepare(source: BlindedSource, study_id: int, progress: Progress) -> None:
    """Predict all that is shown in a study and was not answered yet, so that nothing is waited for.

    Raises `DataError`, in words that name no model.
    """
    store = source.place.workspace.store
    waiting = [each for each in presentations(store, study_id) if each.answer is None]
    cases = {each.case_id: each.number for each in waiting}
    for done, (case_id, number) in enumerate(cases.items()):
        progress(done / len(cases), f"{done} of {len(cases)} cases")
        _masks(source, study_id, number, source.place.dataset.case(case_id), progress)
    progress(1.0, "")


def next_case(source: BlindedSource, study_id: int, progress: Progress) -> BlindedCase | None:
    """Return the next case without an answer, None when all have one.

    What has not been predicted is run. Raises `DataError`, in words that name no model.
    """
    store = source.place.workspace.store
    waiting = next_presentation(store, study_id)
    if waiting is None:
        return None
    case = source.place.dataset.case(waiting.case_id)
    loaded, masks = _masks(source, study_id, waiting.number, case, progress)
    ranges = tuple(
        (name, automatic(pixels))
        for name, pixels in zip(loaded.volume.channels, loaded.volume.pixels, strict=True)
    )
    return BlindedCase(waiting, OpenCase(loaded, ranges, head_box(loaded.volume.pixels)), masks)


def _masks(
    source: BlindedSource, study_id: int, number: int, case: Case, progress: Progress
) -> tuple[LoadedCase, dict[str, Mask]]:
    """Return a case and what lies under each letter."""
    try:
        loaded = source.cache.read(case)
        return loaded, presented(
            source.place.workspace.store,
            study_id,
            number,
            lambda name: _mask(source, loaded, name, progress),
        )
    except AppError as error:
        raise DataError(
            f"{case.id}: expected an outline under every letter, found a model that has none. "
            "Leave the reading and run all its models on this case."
        ) from error


def _mask(source: BlindedSource, loaded: LoadedCase, model_id: str, progress: Progress) -> Mask:
    model = next((m for m in source.models if m.spec.id == model_id), None)
    if model is None:
        raise DataError("A model of this reading is no longer there.")
    run = engine_run(source.engine, device=source.device)
    service = PredictionService(source.place.workspace, run)
    # How far the model is would say which one it is; that the reader goes away is heard.
    known = service.predict(loaded, model, lambda _fraction, _said: progress(-1.0, ""))
    return to_mask(known.prediction.probability, model.spec.postprocessing)
