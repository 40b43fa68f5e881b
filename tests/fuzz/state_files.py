"""The files in which Overread keeps what it knows, damaged one at a time."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from core.annotation.correction import Correction
from core.annotation.draft import new_draft
from core.annotation.export import Provenance, corrected_labels, export_correction
from core.annotation.journal import Journal, load_draft
from core.annotation.live_figures import References
from core.annotation.versions import latest_versions, load_version, save_version, versions
from core.domain.errors import AppError
from core.domain.prediction import Prediction
from core.domain.triage import Triage
from core.domain.uncertainty import CaseDoubt
from core.io.atomic import write_bytes
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.io.layouts.registry import find
from core.jobs.classify_spec import ClassifySpec, task_of
from core.jobs.job_folder import Done, JobFolder, JobWriter, create_job, list_jobs
from core.jobs.train_preview import (
    PLANES_FILE,
    PREVIEW_FILE,
    TrainPreview,
    preview_planes,
    read_preview,
)
from core.models import promotion
from core.models.classifiers import Classifiers
from core.models.gate import GATE_FILE, GateSpec, judge_candidate, read_gate
from core.models.model_listing import listing
from core.models.registry import MODEL_SPEC, ModelSpec, Registry
from core.models.train_spec import TrainSpec
from core.review import blinded, measurements, reviews, time_spent
from core.review.blinded_plan import Answer, StudyPlan
from core.review.expected_dsc import (
    expected_dsc,
    fit_calibration,
    read_calibration,
    write_calibration,
)
from core.studies.comparison.study import run_study
from core.studies.comparison.study_job import StudyJob
from core.studies.comparison.study_report import write_study
from core.studies.scores import case_figures
from core.workspace import prediction_cache, triage_cache
from core.workspace.settings import Settings, load_settings, save_settings
from core.workspace.splits import SplitFile, freeze_split, frozen_split, read_split
from core.workspace.workspace_folder import LastState, Score, Workspace, open_workspace
from core.workspace.workspace_lock import take_lock
from gui.shell.job_record import JobTail
from gui.studies.study_reader import newest_study
from tests.classifiers import publish_classifier
from tests.core.corrections.acting import FROM_PREDICTION, act
from tests.core.studies import models as study_models
from tests.core.studies import moved
from tests.fuzz.mutations import HOSTILE, damaged, damaged_json
from tests.fuzz.target import Target
from tests.synthetic import publish_unet, write_case
from training.gate import read_gate_spec
from training.run.scores import Scores, read_scores, write_scores
from training.train import read_job
from training.triage.train import read_classify_job

_JSON = (".json", ".jsonl")
_CASE = "C_0"
Readers = list[Callable[[], object]]


def make_home(home: Path) -> None:
    """Make a home that holds one of each: models, jobs, a comparison, a workspace, an export.

    The targets of one process share what is made of it, beside their folders.
    """
    template = home.parents[1] / "home of one of each"
    if not template.exists():
        _make_home(template)
    shutil.copytree(template, home)


def _make_home(home: Path) -> None:
    write_case(home / "data", _CASE)
    write_case(home / "data", "C_1", seed=1)
    _make_models(home / "models")
    _make_jobs(home / "jobs")
    _make_study(home)
    _make_workspace(home)
    save_settings(home / "settings.json", Settings(theme="light", keys={"run": ("R",)}))
    split = msgspec.json.encode(SplitFile(("C_0",), ("C_1",)))
    write_bytes(home / "split.json", split)
    (home / "nnunet" / "imagesTr").mkdir(parents=True)
    (home / "nnunet" / "imagesTr" / "A_0000.nii.gz").touch()
    write_bytes(home / "nnunet" / "dataset.json", _DATASET)


_DATASET = (
    b'{"channel_names": {"0": "FLAIR"}, "labels": {"background": 0, "lesion": 1, "both": [1, 2]},'
    b' "file_ending": ".nii.gz", "numTraining": 1, "training": [{"image": "./imagesTr/A.nii.gz",'
    b' "label": "./labelsTr/A.nii.gz"}], "test": ["./imagesTs/B.nii.gz"]}'
)


def _make_models(root: Path) -> None:
    for name in ("good", "other"):
        publish_unet(root, name, metrics={"dsc_native_val": 0.5})
    publish_classifier(root)
    both = ModelSpec(id="both", title="Both", architecture="ensemble", members=("good", "other"))
    MODEL_SPEC.write(root / "both", both)
    registry = Registry((root,))
    for name in ("good", "other"):
        promotion.promote(registry, name)
    fit = fit_calibration([0.1, 0.3, 0.5, 0.7, 0.9], [0.2, 0.3, 0.4, 0.8, 0.9])
    write_calibration(root / "good", fit)


def _make_jobs(root: Path) -> None:
    classify = ClassifySpec(architecture="densenet", data="data", split="s", task="triage")
    create_job(root / "2-slices", classify)
    gate = GateSpec(champion="good", candidate="other", data="data", cases=(_CASE,))
    create_job(root / "3-gate", gate)
    spec = TrainSpec(architecture="unet", data="data", split="split.json", model_id="new")
    job = create_job(root / "1-new", spec)
    writer = JobWriter(job)
    writer.start(resumed=False)
    writer.progress(0.1, "step 1", 3.0)
    writer.metric(1, {"loss": 0.5})
    writer.log("a sentence")
    writer.write(Done(2.0, "new", {"dsc": 0.5}))
    writer.close()
    job.request("pause")
    preview = TrainPreview(
        seconds_a_step=0.1, images_a_second=9.0, seconds_a_selection=5.0, cases=2, slices=8
    )
    write_bytes(job.path / PREVIEW_FILE, msgspec.json.encode(preview))
    np.save(job.path / PLANES_FILE, np.zeros((3, 2, 8, 8), np.uint8))
    report = judge_candidate(("good", {"A": 0.5, "B": 0.6}), ("other", {"A": 0.6, "B": 0.7}))
    write_bytes(job.path / GATE_FILE, msgspec.json.encode(report))
    seen = {"A": 0.5}
    write_scores(job.path, Scores(native=seen, reference=seen, seconds=seen, failed={"B": "no"}))


def _make_study(home: Path) -> None:
    study = run_study(scan(home / "data").cases, study_models(home / "study_models"), moved())
    spec = StudyJob(data=str(home / "data"), workspace=str(home / "w"), models=("still", "near"))
    job = create_job(home / "studies" / "1", spec)
    writer = JobWriter(job)
    writer.start(resumed=False)
    writer.write(Done(2.0, "x"))
    writer.close()
    write_study(job.path, study)


def _make_workspace(home: Path) -> None:
    (case, other) = scan(home / "data").cases
    loaded = read_case(case)
    with closing(open_workspace(home / "w")) as workspace:
        _make_correction(workspace, loaded, home)
        store, model = workspace.store, Registry((home / "models",)).find("good")
        values = np.where(loaded.ground_truth, 230, 20).astype(np.uint8)  # type: ignore[call-overload]
        key = prediction_cache.prediction_key(model, loaded.volume)
        made = Prediction(values, "good", key, "cpu", 0.1)
        prediction_cache.keep_prediction(loaded, model, workspace, made)
        workspace.put_state(LastState(_CASE, 1, "good"))
        workspace.put_score(Score(_CASE, "other", "k", 0.5))
        reviews.put_review(store, _CASE, change=reviews.ReviewChange(status="rejected", note="no"))
        time_spent.add_seconds(store, _CASE, "Reader", 3.0)
        reviews.put_decision(store, _CASE, "truth", "key", True)
        triage = Triage(np.array([0.1, 0.9, 0.5, 0.2]), (1, 2, 3, 4), "slices", "cpu", 0.1)
        triage_cache.put_triage(store, _CASE, triage, key="key")
        doubt = CaseDoubt(**dict.fromkeys(CaseDoubt.__struct_fields__, 0.5))
        triage_cache.put_doubt(store, _CASE, doubt, model_id="good", key="key")
        row = case_figures.case_figures(loaded, values, model)
        case_figures.put_figures(store, [(row, "key")])
        case_figures.put_disagreement(store, _CASE, ["good", "other"], 0.4)
        freeze_split(store, SplitFile((_CASE,), (other.id,)))
        plan = StudyPlan(models=("good", "other"), cases=(_CASE, other.id), repeats=1)
        number = blinded.create_blinded(store, plan)
        blinded.answer(store, number, 1, Answer(preferred="A"))


def _make_correction(workspace: Workspace, loaded: LoadedCase, home: Path) -> None:
    start = np.zeros(loaded.volume.geometry.shape, np.uint8)
    draft = new_draft(_CASE, start, FROM_PREDICTION, author="Reader")
    correction, journal = Correction(draft, References()), Journal(workspace.store, draft)
    chance = np.random.default_rng(0)
    for _ in range(8):
        step = act(correction, chance)
        if step is not None:
            journal.record(step)
    save_version(workspace, correction.snapshot(), author="Reader")
    export_correction(
        loaded.case,
        correction.mask,
        home / "export",
        dataset_root=home / "data",
        provenance=Provenance(author="Reader", made_at="2026-01-01", origin=FROM_PREDICTION),
    )


def _readers(home: Path) -> Readers:
    """Return all that reads a home, workspace aside."""
    registry = Registry((home / "models",))
    case = scan(home / "data").cases[0]
    probability = np.full((4, 40, 32), 100, np.uint8)
    job = home / "jobs" / "1-new"

    def expect() -> None:
        model = registry.find("good")
        found = read_calibration(model.folder)
        expected_dsc(probability, model.spec.postprocessing, found)

    return [
        lambda: listing(registry),
        registry.champion,
        lambda: promotion.earlier_champions(registry),
        lambda: Classifiers(registry.roots).find(),
        expect,
        lambda: registry.find("both").fingerprint,
        lambda: [(j.events(), j.state(), j.requested()) for j in list_jobs(home / "jobs")],
        lambda: JobTail(JobFolder(job)).read(),
        lambda: read_job(job),
        lambda: read_classify_job(job.with_name("2-slices")),
        lambda: read_gate_spec(job.with_name("3-gate")),
        lambda: task_of(job),
        lambda: read_preview(job),
        lambda: preview_planes(job),
        lambda: read_gate(job),
        lambda: read_scores(job),
        lambda: newest_study(home, home / "studies"),
        lambda: load_settings(home / "settings.json"),
        lambda: read_split(home / "split.json"),
        lambda: find(home / "nnunet"),
        lambda: corrected_labels(home / "export", case, (4, 40, 32)),
        lambda: take_lock(home / "w", user="x", dataset="y").release(),
    ]


def _workspace_readers(home: Path) -> Readers:
    """Return what opens a workspace and reads all there is in it."""
    (case, _), model = scan(home / "data").cases, Registry((home / "models",)).find("good")
    loaded = read_case(case)

    def opened(read: Callable[[Workspace], object]) -> Callable[[], object]:
        def attempt() -> None:
            with closing(open_workspace(home / "w")) as workspace:
                read(workspace)

        return attempt

    shape = loaded.volume.geometry.shape
    every: list[Callable[[Workspace], object]] = [
        lambda w: load_draft(w.store, _CASE, shape),
        lambda w: [load_version(v, shape) for v in versions(w, _CASE)],
        latest_versions,
        lambda w: (w.state(), w.scores("good"), w.predicted_by()),
        lambda w: (reviews.reviews(w.store), reviews.review_of(w.store, _CASE)),
        lambda w: reviews.decisions(w.store, _CASE, "truth"),
        lambda w: triage_cache.triages_of(w.store, "slices")[_CASE].highest,
        lambda w: triage_cache.find_triage(w.store, _CASE, "slices", key="key"),
        lambda w: triage_cache.doubts_of(w.store, "good"),
        lambda w: case_figures.figures_of(w.store, "good", lambda _: True),
        lambda w: measurements.measurements_of(w.store, "good"),
        lambda w: case_figures.widest_disagreements(w.store),
        lambda w: frozen_split(w.store),
        lambda w: [blinded.presentations(w.store, s.id) for s in blinded.blinded_studies(w.store)],
        lambda w: blinded.next_presentation(w.store, 1),
        lambda w: prediction_cache.find_prediction(loaded, model, w),
        lambda w: reviews.put_review(w.store, _CASE, change=reviews.ReviewChange(note="more")),
    ]
    return [opened(read) for read in every]


def _all_answer(readers: Readers) -> bool:
    """Call each reader; tell whether none refused. What no reader foresaw is raised."""
    answered = True
    for read in readers:
        try:
            read()
        except AppError:
            answered = False
        except KeyError as error:  # what is left out of a table that can be made again
            if error.args != (_CASE,):
                raise
            answered = False
    return answered


def _attempts(
    readers_of: Callable[[Path], Readers], names: str, folder: Path
) -> Callable[[random.Random], bool]:
    home, kept = folder / "home", folder / "kept"
    make_home(home)
    shutil.copytree(home, kept)
    readers = readers_of(home)
    assert _all_answer(readers)
    _put_back(home, kept, Path("w"))
    files = sorted(
        path.relative_to(kept)
        for pattern in names.split()
        for path in kept.glob(pattern)
        if path.is_file() and path.stat().st_size
    )

    def attempt(chance: random.Random) -> bool:
        name = chance.choice(files)
        damage(home / name, chance)
        try:
            return _all_answer(readers)
        finally:
            _put_back(home, kept, name)

    return attempt


def damage(path: Path, chance: random.Random) -> None:
    """Damage a file by what kind of file it is."""
    if path.suffix == ".sqlite" and chance.random() < 0.7:
        _damage_row(path, chance)
        return
    way = damaged_json if path.suffix in _JSON else damaged
    path.chmod(0o600)
    path.write_bytes(way(path.read_bytes(), chance))


def _damage_row(path: Path, chance: random.Random) -> None:
    """Exchange one value of a workspace: in its JSON, or all of it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        table = chance.choice(sorted(name for (name,) in tables))
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()
        if not rows:
            return
        row, at = chance.choice(rows), chance.randrange(len(columns))
        value = chance.choice(
            [value for value in HOSTILE if isinstance(value, str | float | None)]
            + [2**31, -(2**63), 2**63 - 1, b"", b"\xff\xfe", "[]", "{}", "[1,2,3]"]
        )
        if isinstance(row[at], str) and row[at][:1] in "[{" and chance.random() < 0.8:
            value = damaged_json(row[at].encode(), chance).decode("utf-8", "replace")
        elif isinstance(row[at], bytes) and chance.random() < 0.8:
            value = damaged(row[at], chance)
        where = " AND ".join(f"{name} IS ?" for name in columns)
        with suppress(sqlite3.Error):  # what the tables themselves refuse
            connection.execute(f"UPDATE {table} SET {columns[at]} = ? WHERE {where}", (value, *row))


def _put_back(home: Path, kept: Path, name: Path) -> None:
    """Undo the damage, and what reading it wrote beside."""
    if name.parts[0] == "w":
        shutil.rmtree(home / "w")
        shutil.copytree(kept / "w", home / "w")
        return
    with suppress(FileNotFoundError):
        (home / name).unlink()
    shutil.copy2(kept / name, home / name)


STATE = Target(
    "state files",
    partial(
        _attempts,
        _readers,
        "models/*.json models/*/*.json jobs/*/* studies/*/*.json* studies/*/*.csv settings.json "
        "split.json nnunet/*.json export/*/* w/*.lock",
    ),
    share=700,
    tried=30,
)
WORKSPACES = Target(
    "workspaces",
    partial(_attempts, _workspace_readers, "w/*.sqlite w/corrections/*/* w/predictions/*/*"),
    share=500,
    tried=25,
)
