"""A model of any kind by its id: one that segments, that classifies, or that answers clicks."""

from pathlib import Path

from core.domain.errors import ModelError
from core.models.classifiers import ClassifierModel, Classifiers
from core.models.guides import GuideModel, Guides
from core.models.model_folder import named
from core.models.registry import AMONG_MODELS, Model, Registry

AnyModel = Model | ClassifierModel | GuideModel


def all_of_any(registry: Registry) -> tuple[list[AnyModel], list[str]]:
    """Return the usable models, classifiers and guides, and a sentence for each that is not.

    Of two kinds with one id the earlier in that order is meant by it.
    """
    models, unusable = registry.models()
    classifiers, wrong = Classifiers(registry.everywhere).all()
    guides, unread = Guides(registry.everywhere).all()
    return [*models, *classifiers, *guides], [*unusable, *wrong, *unread]


def find_any(registry: Registry, model_id: str) -> AnyModel:
    """Return the model, classifier or guide of that id; raises `ModelError` that lists those."""
    return named(*all_of_any(registry), model_id, among=AMONG_MODELS)


def require_own(registry: Registry, model: AnyModel) -> Path:
    """Return the folder of a model of the reader's own; raises `ModelError` for any other."""
    if model.folder.parent not in registry.own:
        raise ModelError(
            f"{model.spec.id}: expected a model of the reader's own, found one that came with "
            "Overread. It stays; of one that segments `models copy` gives one that is yours."
        )
    return model.folder
