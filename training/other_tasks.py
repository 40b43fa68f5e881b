"""The jobs of trainings that are none of a segmentation, taken up by the module of their task."""

from pathlib import Path

from core.jobs.job_folder import Echo, JobFolder


def take_up_other(task: str, folder: Path, *, resume: bool, echo: Echo | None) -> None:
    """Run the job in a folder; raises `AppError` when it cannot go on."""
    # Each is imported by its own jobs alone: a segmentation does not wait for the other two.
    if task == "guide":
        from training.guide import train as guide

        guide.run(guide.read_guide_job(folder), JobFolder(folder), resume=resume, echo=echo)
        return
    from training.triage import train as classify

    classify.run(classify.read_classify_job(folder), JobFolder(folder), resume=resume, echo=echo)
