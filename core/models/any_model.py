"""A model of either kind by its id: one that segments, or one that classifies."""

from pathlib import Path

from core.domain.errors import ModelError
from core.models.classifiers import ClassifierModel, Classifiers
from core.models.registry import Model, Registry

AnyModel = Model | ClassifierModel


def find_any(registry: Registry, model_id: str) -> AnyModel:
    """Return the model or the classifier of that id; raises `ModelError` that lists those."""
    classifiers, _ = Classifiers(registry.everywhere).all()
    known: dict[str, AnyModel] = {model.spec.id: model for model in classifiers}
    models, problems = registry.models()
    known |= {model.spec.id: model for model in models}
    if model_id in known:
        return known[model_id]
    hint = " ".join(problem for problem in problems if model_id in problem)
    raise ModelError(
        f"Expected one of the models {', '.join(known) or 'no model'}, found the name "
        f"{model_id!r}. {hint}".rstrip()
    )


def require_own(registry: Registry, model: AnyModel) -> Path:
    """Return the folder of a model of the reader's own; raises `ModelError` for any other."""
    if model.folder.parent not in registry.own:
        raise ModelError(
            f"{model.spec.id}: expected a model of yours, found one that comes with Overread. "
            "Choose another."
        )
    return model.folder
