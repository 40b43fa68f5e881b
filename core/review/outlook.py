"""What can be said of a case without its ground truth: how good its mask is, where lesions are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from core.domain.errors import ModelError
from core.domain.prediction import Prediction
from core.domain.triage import LIKELY, Triage, likely_slices
from core.domain.uncertainty import CaseDoubt, doubt
from core.io.cases.case import Case
from core.models.registry import Model
from core.review.expected_dsc import Calibration, read_calibration
from core.workspace.store import Store
from core.workspace.triage_cache import doubts_of, put_doubt, triages_of


@dataclass(frozen=True)
class Outlook:
    """`expected_dsc` and `contradictions` are of a model's mask at its own threshold.

    `contradictions` counts the slices on which triage and mask disagree, `likeliest` is the highest
    probability of a slice, `likely` how many slices are likely. None is not known.
    """

    expected_dsc: float | None = None
    contradictions: int | None = None
    likeliest: float | None = None
    likely: int | None = None

    def with_triage(self, triage: Triage | None) -> "Outlook":
        """Return it with what a triage says; what was known stays when there is none."""
        if triage is None:
            return self
        likely = len(likely_slices(triage.probability, threshold=LIKELY))
        return replace(self, likeliest=triage.highest, likely=likely)

    def with_doubt(self, found: CaseDoubt | None, calibration: Calibration | None) -> "Outlook":
        """Return it with what is said of a mask; None is said of a case without one."""
        if found is None:
            return replace(self, expected_dsc=None, contradictions=None)
        soft = found.soft_dsc
        expected = soft if calibration is None else calibration.apply(soft)
        return replace(self, expected_dsc=expected, contradictions=found.contradictions)


NOTHING_KNOWN = Outlook()


def calibration_of(model: Model) -> Calibration | None:
    """Return the calibration of a model; None when there is none that can be read."""
    try:
        return read_calibration(model.folder)
    except ModelError:
        return None


def calibration_problems(models: Iterable[Model]) -> tuple[str, ...]:
    """Return a sentence for each calibration that is there and cannot be read."""
    said: list[str] = []
    for model in models:
        try:
            read_calibration(model.folder)
        except ModelError as error:
            said.append(str(error))
    return tuple(said)


def keep_doubt(
    store: Store, case: Case, model: Model, prediction: Prediction, triage: Triage | None
) -> Outlook:
    """Say how far a prediction can be believed, keep that, and return it with the triage's word.

    Raises `WorkspaceError` when it cannot be written.
    """
    chances = None if triage is None else triage.probability
    found = doubt([prediction], model.spec.postprocessing, triage=chances)
    put_doubt(store, case.id, found, model_id=model.spec.id, key=prediction.key, region=case.region)
    return NOTHING_KNOWN.with_triage(triage).with_doubt(found, calibration_of(model))


def outlooks(
    store: Store, model: Model, before: Mapping[str, Outlook], *, region: str = ""
) -> dict[str, Outlook]:
    """Return the outlooks of `before`, by case id, with what is kept of the masks of `model`.

    They are of the `region` that cases name.
    """
    doubts, calibration = doubts_of(store, model.spec.id, region), calibration_of(model)
    return {
        name: outlook.with_doubt(doubts.get(name), calibration) for name, outlook in before.items()
    }


def triaged_outlooks(store: Store, classifier_id: str) -> dict[str, Outlook]:
    """Return what the kept triages of a classifier say, by case id."""
    kept = triages_of(store, classifier_id).items()
    return {name: NOTHING_KNOWN.with_triage(triage) for name, triage in kept}
