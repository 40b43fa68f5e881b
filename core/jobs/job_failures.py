"""What goes wrong in a job is told in its events, so that who watches it knows."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.domain.errors import AppError
from core.jobs.job_folder import Failed, JobWriter


@contextmanager
def told_failures(writer: JobWriter) -> Iterator[None]:
    """Write what went wrong to the job's events before it goes on up."""
    try:
        yield
    except AppError as error:
        writer.write(Failed(time.time(), str(error)))
        raise
    except Exception as error:
        told = f"A fault of Overread, please report it: {type(error).__name__}: {error}"
        writer.write(Failed(time.time(), told))
        raise
