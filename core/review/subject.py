"""What a review is of: a model, its weights, how its probability is cut, and a correction."""

import msgspec

from core.domain.prediction import Postprocessing

_SAME_THRESHOLD = 0.0005


class Subject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was on screen when something was said.

    `model` is an id, empty where there was no prediction, and `title` its name; `weights` the
    fingerprint of what was run; `threshold` and `cleanup` how a mask was made of the probability;
    `version` the newest saved version of the correction, 0 for none. Of what was said before this
    was kept `weights` is empty and `threshold` None: not known.
    """

    model: str = ""
    title: str = ""
    weights: str = ""
    threshold: float | None = None
    cleanup: str = ""
    version: int = 0

    def said(self) -> str:
        """Return it in words, such as `Lite0 at 0.50, correction 2`; empty for nothing."""
        name = self.title or self.model
        cut = "" if self.threshold is None else f" at {self.threshold:.2f}"
        corrected = f"correction {self.version}" if self.version else ""
        return ", ".join(part for part in (f"{name}{cut}" if name else "", corrected) if part)

    def whole(self) -> str:
        """Return it in words with how the mask was cleaned and which weights were run."""
        parts = [self.said() or "no prediction", self.cleanup]
        parts += [f"weights {self.weights[:8]}"] if self.weights else []
        return ", ".join(part for part in parts if part)


def subject_of(model: tuple[str, str, str], post: Postprocessing, *, version: int = 0) -> Subject:
    """Return what a prediction of `model` (id, title, fingerprint) cut by `post` is."""
    model_id, title, weights = model
    return Subject(
        model=model_id,
        title=title,
        weights=weights,
        threshold=post.threshold,
        cleanup=post.cleanup,
        version=version,
    )


def is_of(said: Subject | None, now: Subject, *, any_version: bool = False) -> bool:
    """Return whether what was said of `said` holds of what is there `now`.

    `any_version` leaves the correction out of it. What is not known of `said` speaks neither way,
    but nothing holds of what was never recorded.
    """
    if said is None or said.model != now.model:
        return False
    if not any_version and said.version != now.version:
        return False
    if said.weights == "":
        return True
    return (
        said.weights == now.weights
        and said.cleanup == now.cleanup
        and _same_threshold(said.threshold, now.threshold)
    )


def _same_threshold(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < _SAME_THRESHOLD
