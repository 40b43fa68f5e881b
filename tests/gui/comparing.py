"""Two tiny models compared over the tiny cases, as a job of the window leaves it."""

import shutil
from pathlib import Path

import msgspec
from PySide6.QtWidgets import QApplication, QWidget

from core.jobs.job_folder import JOB_FILE, JobFolder, create_job
from core.studies.comparison.study_job import StudyJob, run_study_job
from core.workspace.workspace_folder import workspace_folder
from gui.studies.study_reader import STUDIES_FOLDER
from tests.synthetic import publish_unet

FIRST, SECOND = "first-net", "second-net"
JOB = "0001-compare"
TITLES = {name: f"Tiny {name}" for name in (FIRST, SECOND)}


def publish_both(home: Path) -> None:
    """Make two models of a few parameters."""
    publish_unet(home / "models", FIRST)
    publish_unet(home / "models", SECOND, seed=3)


def compare_both(home: Path, dataset: Path) -> Path:
    """Run both over all cases as a job does, in this process; returns the job's folder."""
    workspace = workspace_folder(home, dataset)
    spec = StudyJob(
        data=str(dataset), workspace=str(workspace), models=(FIRST, SECOND), device="cpu"
    )
    job: JobFolder = create_job(workspace / STUDIES_FOLDER / JOB, spec)
    run_study_job(spec, job)
    return job.path


def copy_compared(made: Path, home: Path, dataset: Path) -> None:
    """Take over what was made of `dataset` and `home` in the folder `made`, as if made here."""
    shutil.copytree(made / "home" / "models", home / "models")
    workspace = workspace_folder(home, dataset)
    there = workspace_folder(made / "home", made / "dataset")
    shutil.copytree(there, workspace)
    path = workspace / STUDIES_FOLDER / JOB / JOB_FILE
    spec = msgspec.json.decode(path.read_bytes(), type=StudyJob)
    here = msgspec.structs.replace(spec, data=str(dataset), workspace=str(workspace))
    path.write_bytes(msgspec.json.encode(here))


def said_on_screen() -> str:
    """Return every word that any window shows, hints at, or tells a screen reader."""
    shown = [w for top in QApplication.topLevelWidgets() if top.isVisible() for w in _within(top)]
    words: list[str] = []
    for widget in shown:
        words += [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
        words += [widget.windowTitle(), widget.statusTip(), widget.whatsThis()]
        for name in ("text", "currentText", "toPlainText"):
            text = getattr(widget, name, "")
            words.append(str(text() if callable(text) else text))
    return "\n".join(words)


def _within(top: QWidget) -> list[QWidget]:
    return [top, *(w for w in top.findChildren(QWidget) if w.isVisibleTo(top))]
