"""Figures computed again by medpy: what agrees, and a figure that does not."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.domain.errors import DataError
from core.domain.metrics import volume_metrics
from core.domain.prediction import Prediction
from core.io.cases.case_reader import LoadedCase
from core.io.datasets.dataset import scan
from core.models.registry import Model, ModelSpec
from core.studies.comparison.study import run_study
from core.studies.comparison.study_report import write_study
from core.studies.comparison.verified_study import verified_study
from core.studies.scores.evaluation import evaluate_cases
from core.studies.scores.evaluation_report import write_evaluation
from core.studies.scores.second_opinion import FIGURES, SecondOpinion
from tests.core.trees import make_tree
from tests.synthetic import lesion

MODELS = tuple(
    Model(ModelSpec(id=name, title=name, architecture="unet"), Path()) for name in ("a", "b")
)


def predict(loaded: LoadedCase, _: object) -> Prediction:
    mask = np.roll(loaded.require_ground_truth(), 2, axis=2)
    return Prediction(mask * np.uint8(255), "m", "key", "cpu", 0.0)


def test_medpy_agrees_on_known_and_unknown_spacing(tmp_path: Path) -> None:
    for layout in ("lgg", "brats"):
        cases = scan(make_tree(layout, tmp_path / layout)).cases
        for protocol in ("native", "reference"):
            opinion = SecondOpinion()
            outcome = evaluate_cases(cases, MODELS[0], predict, protocol=protocol, opinion=opinion)  # type: ignore[arg-type]
            opinion.found.require_agreement()
            summary = write_evaluation(tmp_path / "out", outcome, MODELS[0], protocol)  # type: ignore[arg-type]
            assert summary.verified is not None
            assert summary.verified.figures == 2 * len(FIGURES)
            assert summary.verified.greatest_difference < 1e-6
            assert summary.verified.by.startswith("medpy ")


def test_every_model_and_the_ensemble_are_verified(tmp_path: Path) -> None:
    cases = scan(make_tree("brats", tmp_path / "in")).cases
    study = run_study(cases, MODELS, lambda _: predict, ensemble=True)
    write_study(tmp_path / "out", verified_study(study, cases, lambda _: predict))
    told = msgspec.json.decode((tmp_path / "out" / "summary.json").read_bytes())["verified"]
    assert told["figures"] == 3 * 2 * len(FIGURES)
    assert told["greatest_difference"] < 1e-6


def test_a_figure_that_differs_fails() -> None:
    truth, mask = lesion(), np.roll(lesion(), 2, axis=2)
    metrics = volume_metrics(truth, mask, spacing_mm=None)
    figures = {name: getattr(metrics, name) for name in FIGURES}
    opinion = SecondOpinion()
    opinion.take((truth, mask), figures, spacing_mm=None, of=("A", "m"))
    opinion.found.require_agreement()
    wrong = {**figures, "hd95": figures["hd95"] + 2e-6}
    opinion.take((truth, mask), wrong, spacing_mm=None, of=("B", "m"))
    with pytest.raises(DataError, match=r"B: expected the hd95 of medpy .* differs by 2e-06"):
        opinion.found.require_agreement()


def test_cases_without_lesion_have_rules_of_their_own() -> None:
    opinion, empty = SecondOpinion(), np.zeros_like(lesion())
    opinion.take((empty, lesion()), {"dsc": 0.0}, spacing_mm=None, of=("A", "m"))
    assert opinion.found.figures == 0
    opinion.found.require_agreement()
