"""What speaks against making a model the champion, from what is known of both without a run."""

from collections.abc import Iterable
from pathlib import Path

from core.domain.figure_text import counted, figure
from core.domain.statistics import FEWEST_CASES
from core.models.gate import newest_gate
from core.models.guide_choice import answering_id
from core.models.registry import ModelSpec, Registry

_VAL = "dsc_native_val"


def doubt_of(registry: Registry, model_id: str, jobs: Iterable[Path]) -> str:
    """Return a sentence where a model did worse than the champion, or on too few cases to tell.

    Also where both were scored, but never on the same cases. By the newest comparison of both in
    the folders `jobs`, else by their scores on the cases that judged either. Raises `ModelError`
    when there is no such model.
    """
    champion, candidate = registry.champion().spec, registry.find(model_id).spec
    if champion.id == candidate.id:
        return ""
    for folder in jobs:
        report = newest_gate(folder, champion=champion.id, candidate=candidate.id)
        if report is not None:
            return report.doubt
    return _by_scores(champion, candidate)


def guide_doubt(registry: Registry, guide_id: str, jobs: Iterable[Path]) -> str:
    """Return a sentence where a guide did worse than the one that answers, or was never judged."""
    now = answering_id(registry.roots)
    if now == guide_id:
        return ""
    for folder in jobs:
        report = newest_gate(folder, champion=now, candidate=guide_id)
        if report is not None:
            return report.doubt
    return f"It was never held against {now}; `models gate {guide_id} --data DIR` does that."


def _by_scores(champion: ModelSpec, candidate: ModelSpec) -> str:
    before, after = (spec.metrics.get(_VAL) for spec in (champion, candidate))
    judged = [spec.lineage.validation if spec.lineage else () for spec in (champion, candidate)]
    if before is None or after is None:
        return ""
    if not judged[0] or set(judged[0]) != set(judged[1]):
        return (
            f"It was never held against {champion.id} on the same cases: it had "
            f"{figure(after)} on its judges, {champion.id} {figure(before)} on others."
        )
    if after < before:
        return (
            f"Its mean DSC on the cases that judged both is lower than that of {champion.id} "
            f"({figure(after)} against {figure(before)})."
        )
    if len(judged[0]) < FEWEST_CASES:
        return f"Both were judged on {counted(len(judged[0]), 'case')}, too few to tell."
    return ""
