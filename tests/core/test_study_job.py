"""A comparison as a job: run in a process of its own, paused, failed, and its files read back."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from core.domain.errors import FileError, WorkspaceError
from core.jobs.job_events import Done, Failed, Paused, Progressed
from core.jobs.job_folder import JobFolder, JobRequest, create_job
from core.models.certificates import engine_for
from core.studies.comparison.study_job import StudyJob, main, read_study_job, run_study_job
from core.studies.comparison.study_report import read_figures
from core.studies.scores.case_figures import figures_of, widest_disagreements
from core.workspace.score_keys import figures_now, predicted_as
from core.workspace.workspace_folder import open_workspace, registry
from tests.synthetic import publish_unet, write_case

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def spec(tmp_path: Path, home: Path) -> StudyJob:
    for number in range(2):
        write_case(tmp_path / "data", f"C_{number}", slices=3, seed=number)
    for seed, model in enumerate(("one", "two")):
        publish_unet(home / "models", model, seed=seed)
    return StudyJob(
        data=str(tmp_path / "data"),
        workspace=str(tmp_path / "workspace"),
        models=("one", "two"),
        device="cpu",
    )


def test_a_job_in_its_own_process_tells_its_progress_and_leaves_its_files(
    spec: StudyJob, tmp_path: Path
) -> None:
    job = create_job(tmp_path / "job", spec)
    done = subprocess.run(
        [sys.executable, "-m", "core.studies.comparison.study_job", str(job.path)],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    events, _ = job.events()
    fractions = [event.fraction for event in events if isinstance(event, Progressed)]
    assert fractions == sorted(fractions)
    assert (job.state(), fractions[0], fractions[-1]) == ("done", 0.0, 0.95)
    rows = read_figures(job.path / "comparison.csv")
    assert [(row.case, row.model) for row in rows] == [
        (case, model) for case in ("C_0", "C_1") for model in ("one", "two")
    ]
    last = events[-1]
    assert isinstance(last, Done)
    dsc = [row.dsc for row in rows if row.model == "two" and row.dsc is not None]
    assert last.values["two"] == pytest.approx(sum(dsc) / 2)
    assert "2 models on data" in (job.path / "report.html").read_text(encoding="utf-8")
    workspace = open_workspace(tmp_path / "workspace")
    one = figures_now(registry(tmp_path / "home").find("one"))
    assert figures_of(workspace.store, "one", one) == {r.case: r for r in rows if r.model == "one"}
    assert set(widest_disagreements(workspace.store)) == {"C_0", "C_1"}
    workspace.close()


def test_models_are_compared_as_whoever_asks_sees_them(spec: StudyJob, tmp_path: Path) -> None:
    """By the engine that is named, averaged with the mirrored slice."""
    asked = msgspec.structs.replace(spec, engine="torch", flips=True)
    run_study_job(asked, create_job(tmp_path / "job", asked))
    plain = registry(tmp_path / "home").find("one")
    shown = plain.with_engine(engine_for("cpu", "torch", "auto")).with_flips(True)
    with closing(open_workspace(tmp_path / "workspace")) as workspace:
        keys = [score.key for score in workspace.scores("one").values()]
    assert len(keys) == 2
    assert all(map(predicted_as(shown), keys))
    assert not any(map(predicted_as(plain), keys))


class _Asked(JobFolder):
    """A job folder whose reader has already asked for a pause."""

    def requested(self) -> JobRequest | None:
        return "pause"


def test_a_pause_ends_it_and_the_next_start_goes_on(spec: StudyJob, tmp_path: Path) -> None:
    job = create_job(tmp_path / "job", spec)
    run_study_job(spec, _Asked(job.path))
    assert isinstance(job.events()[0][-1], Paused)
    assert not (job.path / "comparison.csv").exists()
    run_study_job(spec, job)
    assert job.state() == "done"


def test_a_failure_is_told_in_the_events(
    spec: StudyJob, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = StudyJob(data=str(tmp_path / "none"), workspace=spec.workspace, models=("one",))
    job = create_job(tmp_path / "job", wrong)
    assert main([str(job.path)]) == 1
    last = job.events()[0][-1]
    assert isinstance(last, Failed)
    assert last.reason in capsys.readouterr().err


def test_a_folder_of_another_job_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="expected the file of a comparison"):
        read_study_job(tmp_path)
    (tmp_path / "job.json").write_text('{"models": 3}')
    with pytest.raises(WorkspaceError, match="expected a comparison of models"):
        read_study_job(tmp_path)


def test_rows_of_another_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("case,model\nC_0,\n")
    with pytest.raises(FileError, match="expected the rows of a comparison"):
        read_figures(tmp_path / "other.csv")
