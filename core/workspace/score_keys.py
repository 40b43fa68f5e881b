"""What a kept figure is of: one model, one image, and how the probability was cut to a mask."""

from collections.abc import Callable

from core.models.registry import Model


def score_key(model: Model, prediction_key: str) -> str:
    """Return what figures of a prediction are filed under."""
    return f"{prediction_key} {model.spec.postprocessing.cut}"


def figures_now(model: Model) -> Callable[[str], bool]:
    """Return whether figures of a key are what `model`, mirrored or not, would have today.

    They are not when its weights were replaced under the same id, or when it cuts otherwise now.
    Raises `ModelError` when the weights cannot be read.
    """
    predicted, suffix = predicted_now(model), score_key(model, "")
    return lambda key: predicted(key) and key.endswith(suffix)


def predicted_now(model: Model) -> Callable[[str], bool]:
    """Return whether a key is of a prediction of `model` as it is today, however it was cut.

    Raises `ModelError` when the weights cannot be read.
    """
    as_is, mirrored = predicted_as(model), predicted_as(model.with_flips(True))
    return lambda key: as_is(key) or mirrored(key)


def predicted_as(model: Model) -> Callable[[str], bool]:
    """Return whether a key is of a prediction of `model` as it is run, mirrored only if it is.

    Raises `ModelError` when the weights cannot be read.
    """
    prefixes = tuple(f"{name}-" for name in model.shown)
    return lambda key: key.startswith(prefixes)
