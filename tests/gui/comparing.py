"""Two tiny models compared over the tiny cases, as a job of the window leaves it."""

from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget

from core.jobs.job_folder import JobFolder, create_job
from core.studies.study_job import StudyJob, run_study_job
from core.workspace.workspace_folder import workspace_folder
from gui.studies.study_reader import STUDIES_FOLDER
from tests.synthetic import publish_unet

FIRST, SECOND = "first-net", "second-net"
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
    job: JobFolder = create_job(workspace / STUDIES_FOLDER / "0001-compare", spec)
    run_study_job(spec, job)
    return job.path


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
