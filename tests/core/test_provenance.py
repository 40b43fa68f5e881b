"""Beside every figure stands what it was made from: inputs, notices, models, versions."""

import csv
import json
from collections.abc import Sequence
from hashlib import sha256
from importlib import metadata
from pathlib import Path

import numpy as np

from core.domain.triage import Triage
from core.inference.triage_table import triage_cases, write_triage
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase
from core.models.provenance import files_hash
from core.studies.comparison.html_report import StudyReport, html
from core.studies.comparison.study import run_study
from core.studies.comparison.study_report import write_study
from core.studies.scores.evaluation import evaluate_cases
from core.studies.scores.evaluation_report import write_evaluation
from tests.classifiers import publish_classifier
from tests.core.studies import models, moved, write_cases


def all_bytes(case: Case) -> str:
    return sha256(b"".join(path.read_bytes() for path in case.files)).hexdigest()


def check(made: dict[str, object], cases: Sequence[Case], ids: Sequence[str]) -> None:
    assert made["libraries"]["numpy"] == np.__version__  # type: ignore[index]
    assert made["libraries"]["torch"] == metadata.version("torch")  # type: ignore[index]
    assert str(made["overread"]).count("+") == 1
    assert sorted(made["models"]) == sorted(ids)  # type: ignore[arg-type, call-overload]
    found = made["cases"]
    assert {case.id: all_bytes(case) for case in cases} == {
        name: one["files"]
        for name, one in found.items()  # type: ignore[attr-defined]
    }


def test_an_evaluation_says_what_it_was_made_from(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "data")
    (cases[0].folder / "C_0_2_mask.tif").unlink()
    cases = write_again(tmp_path / "data")
    (model, *_) = models(tmp_path / "models")
    write_evaluation(tmp_path, evaluate_cases(cases, model, moved()(model)), model, "native")
    said = json.loads((tmp_path / "summary.json").read_text())
    check(said["made"], cases, ["still"])
    (notice,) = said["made"]["cases"]["C_0"]["notices"]
    assert notice in said["notices"]
    assert "none for slice 2" in notice


def write_again(folder: Path) -> list[Case]:
    from core.io.datasets.dataset import scan

    return list(scan(folder).cases)


def test_a_comparison_and_its_report_say_what_they_were_made_from(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "data", without_truth=1)
    chosen = models(tmp_path / "models")
    study = run_study(cases, chosen, moved())
    summary = write_study(tmp_path, study)
    said = json.loads((tmp_path / "summary.json").read_text())
    check(said["made"], cases, [model.spec.id for model in chosen])
    truths = [one["ground_truth"] for one in said["made"]["cases"].values()]
    assert [truth is None for truth in truths] == [False, False, True]
    text = html(StudyReport("Title", study, summary, drawn=tmp_path))
    assert all(all_bytes(case) in text for case in cases)
    assert f"torch {metadata.version('torch')}" in text


def test_triage_says_what_it_was_made_from(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "data", count=1)
    model = publish_classifier(tmp_path / "models")

    def triager(loaded: LoadedCase, _: object) -> Triage:
        numbers = loaded.volume.slice_numbers
        return Triage(np.full(len(numbers), 0.5), numbers, model.spec.id, "cpu", 0.1)

    write_triage(tmp_path / "triage.csv", triage_cases(cases, triager), model)
    check(json.loads((tmp_path / "triage.json").read_text()), cases, [model.spec.id])
    with (tmp_path / "triage.csv").open() as file:
        assert len(list(csv.reader(file))) == 5


def test_one_byte_makes_another_hash_and_a_file_that_is_gone_none(tmp_path: Path) -> None:
    (case,) = write_cases(tmp_path, count=1)
    before = files_hash(case)
    path = case.files[1]
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert files_hash(case) != before
    path.unlink()
    assert files_hash(case) == "unreadable"
