"""The work of a job in the process that takes it up: begun, told, and left off when asked."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from core.domain.progress import Cancelled
from core.jobs.job_failures import told_failures
from core.jobs.job_folder import Echo, JobFolder, JobWriter


@contextmanager
def work_on(
    job: JobFolder, echo: Echo | None = None, *, resumed: bool = False
) -> Iterator[JobWriter]:
    """Take a job up, and yield what tells of its work; one that is cancelled is paused.

    Raises `WorkspaceError` when another process is at work on it, and `AppError`, after writing it
    to the events, when the work cannot go on.
    """
    writer = JobWriter(job, echo)
    job.take_up()
    writer.start(resumed=resumed)
    with closing(writer), told_failures(writer):
        try:
            yield writer
        except Cancelled:
            writer.pause()


def heed(job: JobFolder) -> None:
    """Raise `Cancelled` once something was asked of the job: it pauses or stops."""
    if job.requested() is not None:
        raise Cancelled
