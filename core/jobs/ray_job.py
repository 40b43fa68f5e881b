"""A command of ours as a job of a cluster of Ray: it runs there, and is followed from here."""

import logging
import os
import shlex
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from core.domain.errors import AppError
from core.inference.child_environment import child_command
from core.jobs.ray_cluster import (
    advice,
    code_environment,
    first_line,
    lost_cluster,
    prepare_environment,
)
from core.workspace.settings import HOME_VARIABLE

_LOOK_S = 1.0
_AWAY_S = 15.0
_WAITING = ("PENDING", "RUNNING")


def is_job_address(address: str) -> bool:
    """Whether an address is that of the Jobs API, which runs the command itself on the cluster."""
    return address.startswith(("http://", "https://"))


def run_on_cluster(
    address: str,
    module: str,
    arguments: Sequence[str],
    tell: Callable[[str], None],
    *,
    staged: bool = False,
) -> int:
    """Run a module of ours as a job of the cluster at `address` and return its exit status.

    It works in the same folder as this process, under the same path; its lines go to `tell`.
    `staged` sends our code along. The job outlives this process: the same command again follows
    it on. Interrupted from the keyboard the job is stopped too. Raises `AppError` where there is no
    cluster, or it is lost.
    """
    prepare_environment(address.partition("://")[2])
    from ray.exceptions import RayError
    from ray.job_submission import JobSubmissionClient

    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        client = JobSubmissionClient(address)
        job = _submitted(client, module, arguments, staged=staged)
    except (ConnectionError, RuntimeError, ValueError, RayError) as error:
        raise AppError(
            f"--address {address}: expected the Jobs API of a cluster of Ray, found: "
            f"{first_line(error)} {advice(error)}"
        ) from error
    try:
        return _followed(client, job, tell)
    except KeyboardInterrupt:
        client.stop_job(job)
        raise


def _submitted(client: Any, module: str, arguments: Sequence[str], *, staged: bool) -> str:
    """Return the id of the job that is at work on this command, or of a new one."""
    said = "\0".join((module, *arguments, str(Path.cwd())))
    name = f"overread-{blake2b(said.encode(), digest_size=8).hexdigest()}"
    known = {job.submission_id: str(job.status) for job in client.list_jobs()}
    tries = [job for job in known if job is not None and job.rpartition("-")[0] == name]
    for job in tries:
        if known[job] in _WAITING:
            return str(job)
    environment = code_environment(staged=staged)
    if HOME_VARIABLE in os.environ:  # what is run reads and writes the folders of the cluster
        environment.setdefault("env_vars", {})[HOME_VARIABLE] = os.environ[HOME_VARIABLE]
    found = client.submit_job(
        entrypoint=_entry(module, arguments, staged=staged),
        submission_id=f"{name}-{len(tries) + 1}",
        runtime_env=environment,
    )
    return str(found)


def _entry(module: str, arguments: Sequence[str], *, staged: bool) -> str:
    """Return the line for a shell: it goes to our working folder, and runs what we are run by."""
    python, *rest = child_command(module, *arguments)
    folder = shlex.quote(os.getcwd())  # noqa: PTH109 - as the shell sees it
    lacking = shlex.quote(f"overread: expected the folder {Path.cwd()} on the cluster, found none.")
    code = 'export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"; ' if staged else ""
    return (
        f"{code}cd {folder} || {{ echo {lacking}; exit 1; }}; "
        f"P={shlex.quote(python)}; command -v $P >/dev/null || P=python3; "
        f'exec "$P" {shlex.join(rest)}'
    )


def _followed(client: Any, job: str, tell: Callable[[str], None]) -> int:
    said, heard = 0, time.monotonic()
    while True:
        try:
            status = str(client.get_job_status(job))
            text: str = client.get_job_logs(job)
        except (ConnectionError, RuntimeError, OSError) as error:
            if time.monotonic() - heard > _AWAY_S:
                raise lost_cluster(error) from error
            time.sleep(_LOOK_S)
            continue
        heard = time.monotonic()
        whole = len(text) if status not in _WAITING else text.rfind("\n") + 1
        for line in text[said:whole].splitlines():
            tell(line)
        said = max(whole, said)
        if status not in _WAITING:
            return _status_of(client.get_job_info(job))
        time.sleep(_LOOK_S)


def _status_of(info: Any) -> int:
    if str(info.status) == "SUCCEEDED":
        return 0
    return int(info.driver_exit_code or 1)
