"""What goes wrong in a job is told in its events, so that who watches it knows."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.domain.errors import AppError, WorkspaceError, reason
from core.domain.libraries import missing_library
from core.jobs.job_events import Failed
from core.jobs.job_folder import JobWriter


@contextmanager
def told_failures(writer: JobWriter) -> Iterator[None]:
    """Write what went wrong to the job's events before it goes on up."""
    try:
        yield
    except AppError as error:
        writer.write(Failed(time.time(), str(error)))
        raise
    except OSError as error:  # a disk that is full or gone is no fault of ours
        full = WorkspaceError(
            f"{writer.folder.path}: could not be written ({reason(error)}). Free some space or "
            "check the disk, then go on with it."
        )
        writer.write(Failed(time.time(), str(full)))
        raise full from error
    except Exception as error:
        missing = missing_library(error) if isinstance(error, ImportError) else None
        if missing is not None:
            writer.write(Failed(time.time(), str(missing)))
            raise missing from error
        told = f"A fault of Overread, please report it: {type(error).__name__}: {error}"
        writer.write(Failed(time.time(), told))
        raise
