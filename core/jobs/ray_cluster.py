"""A connection to a cluster of Ray, or to one of this computer that ends with it."""

import atexit
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any

from core.domain.errors import AppError
from core.inference.child_environment import child_environment, code_folder
from core.workspace.settings import HOME_VARIABLE, home

_LOOPBACK = "127.0.0.1"
_LOOK_S = 1.0
_HEAD_AWAY_S = 15.0
"""A head that answers nobody for so long is lost. Ray itself, after 60 s, ends our process without
a word that Python could catch: we have to be before it."""
_LEAVE_S = 10.0
_EMPTY_FOLDER = "empty"
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
"""How a conversation of HTTP/2 begins (RFC 9113, 3.4), which a server answers at once."""
_OFF = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Nothing is reported to anybody, and a unit without a card leaves the cards as they are."""
_STAY = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray turns the address of loopback into that of the network card, and listens everywhere, unless
it is told that this computer is in no cluster: it has no other switch for that."""
_NOT_STAGED = [
    ".git",
    ".ci",
    ".venv",
    ".[!.]*_cache",
    "build",
    "tests",
    "gui",
    "shared",
    "__pycache__",
]


class HeadLostError(Exception):
    """The head of the cluster answers no more."""


class ClusterHead:
    """Where the head of the cluster listens, and whether it answers."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = address
        self._place = (host.strip("[]"), int(port))

    def wait_for(self, seconds: float = _HEAD_AWAY_S) -> None:
        """Return as soon as the head answers; raise `HeadLostError` where it does not."""
        begun = time.monotonic()
        while not self._answers():
            if time.monotonic() - begun > seconds:
                raise HeadLostError(f"its head, {self._address}, does not answer.")
            time.sleep(_LOOK_S)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(self._place, timeout=_LOOK_S) as connection:
                # A process that hangs still gets connections: the system takes them for it.
                connection.sendall(_GREETING)
                connection.recv(1)
        except OSError:
            return False
        return True


def require_ray() -> None:
    """Raise `AppError` where Ray is not installed."""
    if find_spec("ray") is None:
        raise AppError(
            "--runner ray: expected Ray, found none. Install it with pip install "
            "'overread[cluster]', or leave the option out: --workers uses this computer."
        )


@contextmanager
def connected(address: str, workers: int, *, staged: bool = False) -> Iterator[Any]:
    """Yield Ray, connected to the head at `address`; what was connected before stays so.

    Without an address it starts a cluster of `workers` cores (1: all there are) whose processes
    listen on loopback alone. `staged` sends our code along, for machines that do not have it.
    Raises `AppError` when the cluster cannot be reached, or is lost as a whole.
    """
    prepare_environment(address)
    import ray

    if ray.is_initialized():
        yield ray
        return
    try:
        with _own_signals():
            ray.init(**(_joined(address, staged) if address else _alone(workers)))
    except (ConnectionError, RuntimeError, ValueError, HeadLostError) as error:
        raise AppError(
            f"--runner ray: expected a cluster at {address or 'this computer'}, found: "
            f"{first_line(error)} {advice(error)}"
        ) from error
    lost = False
    try:
        yield ray
    except (HeadLostError, ray.exceptions.RaySystemError) as error:
        lost = True
        _leave(ray)
        raise lost_cluster(error) from error
    finally:
        if not lost:
            ray.shutdown()


def _leave(ray: Any) -> None:
    """Leave a lost cluster; where Ray waits for a head that hangs, this process ends without it."""
    leaving = threading.Thread(target=ray.shutdown, name="leave", daemon=True)
    leaving.start()
    leaving.join(_LEAVE_S)
    if leaving.is_alive():
        atexit.register(_end)  # runs before Ray's own, which would wait for ever


def _end() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


def prepare_environment(address: str) -> None:
    """Set what Ray reads when it is imported: no reports to anybody, loopback stays loopback."""
    os.environ.update(_OFF)
    if not address or _is_loopback(address.rpartition(":")[0]):
        os.environ.update(_STAY)


def code_environment(*, staged: bool) -> dict[str, Any]:
    """Return what processes of a cluster need to find our modules and our folder.

    Where they are `staged`, the cluster gets a copy of our code and resources. Ray lets processes
    import from the folder we work in, unless they are given another to work in: an empty one.
    """
    if staged:
        folder = code_folder()
        if (folder / "main.py").is_file():
            return {"working_dir": str(folder), "excludes": _NOT_STAGED}
        package = folder / __name__.partition(".")[0]
        return {"py_modules": [str(package)], "working_dir": _empty_folder()}
    variables = {"PYTHONPATH": child_environment()["PYTHONPATH"]}
    if HOME_VARIABLE in os.environ:
        variables[HOME_VARIABLE] = str(home().absolute())
    return {"env_vars": variables, "working_dir": _empty_folder()}


def _empty_folder() -> str:
    folder = home().absolute() / _EMPTY_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def _joined(address: str, staged: bool) -> dict[str, Any]:
    if address != "auto":
        ClusterHead(address).wait_for(_LOOK_S)  # Ray itself would wait for most of a minute
    # What a job of the cluster runs has been given its environment with the job.
    inside = "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ
    environment = {} if inside else {"runtime_env": code_environment(staged=staged)}
    return {
        "address": address,
        "log_to_driver": False,
        "logging_level": logging.ERROR,
        **environment,
    }


def _alone(workers: int) -> dict[str, Any]:
    return {
        "address": "local",
        "num_cpus": workers if workers > 1 else None,
        "include_dashboard": False,
        "log_to_driver": False,
        "logging_level": logging.ERROR,
        "_node_ip_address": _LOOPBACK,
        "runtime_env": code_environment(staged=False),
    }


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def lost_cluster(error: BaseException) -> AppError:
    """Return what is said where a cluster is lost as a whole."""
    return AppError(
        f"The cluster was lost: {first_line(error)} What is done is kept: give the same command "
        "again when it runs."
    )


def first_line(error: BaseException) -> str:
    """Return the first line of an error of Ray as a sentence."""
    return f"{str(error).partition(chr(10))[0].rstrip('.')}."


def advice(error: BaseException) -> str:
    """Return what to do about an error of Ray: it may ask for its token."""
    causes = [error]
    while (cause := causes[-1].__cause__) is not None:
        causes.append(cause)
    if any("AuthenticationError" in f"{type(each).__name__} {each}" for each in causes):
        return "The cluster asks for Ray's token: set RAY_AUTH_MODE=token and try again."
    return "Check the address and that the cluster runs."


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep our own answer to SIGTERM, which Ray takes over when it starts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
