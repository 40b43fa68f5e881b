"""Units on a cluster of Ray; imports Ray only when it runs some. Never used in the window."""

import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from core.domain.errors import AppError
from core.inference.child_environment import child_environment
from core.jobs.units import Unit, UnitOutcome, do_unit

_LOOPBACK = "127.0.0.1"
_MOST_LOSSES = 5
_AHEAD = 4
_LOOK_S = 1.0
_HEAD_AWAY_S = 15.0
"""A head that answers nobody for so long is lost. Ray itself, after 60 s, ends our process without
a word that Python could catch: we have to be before it."""
_OFF = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Nothing is reported to anybody, and a unit without a card leaves the cards as they are."""


@dataclass(frozen=True)
class RayRunner:
    """Does units as tasks of the cluster at `address`.

    Without one it starts a cluster of this computer with `workers` cores (1: all there are), bound
    to loopback, which ends with the units.
    """

    address: str = ""
    workers: int = 1
    one_at_a_time: bool = False

    def outcomes(self, units: Sequence[Unit]) -> Iterator[tuple[Unit, UnitOutcome]]:
        """Yield each unit with its outcome, as they end.

        One whose process or machine is lost is done again elsewhere, five times at most. Raises
        `AppError` when the cluster cannot be reached, or is lost as a whole.
        """
        with _connected(self.address, self.workers) as ray:
            yield from _Rounds(ray, list(units)).outcomes()


def require_ray() -> None:
    """Raise `AppError` where Ray is not installed."""
    if find_spec("ray") is None:
        raise AppError(
            "--runner ray: expected Ray, found none. Install it with pip install "
            "'overread[cluster]', or leave the option out: --workers uses this computer."
        )


class _HeadLostError(Exception):
    """The head of the cluster answers no more."""


class _Head:
    """Where the head of the cluster listens, and whether it answers."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = address
        self._place = (host.strip("[]"), int(port))

    def wait_for(self) -> None:
        """Return as soon as the head answers; raise `_HeadLostError` where it does not."""
        begun = time.monotonic()
        while not self._answers():
            if time.monotonic() - begun > _HEAD_AWAY_S:
                raise _HeadLostError(f"its head, {self._address}, does not answer.")
            time.sleep(_LOOK_S)

    def _answers(self) -> bool:
        try:
            socket.create_connection(self._place, timeout=_LOOK_S).close()
        except OSError:
            return False
        return True


class _Rounds:
    """The units that wait, those that are at work, and how often each was lost."""

    def __init__(self, ray: Any, units: list[Unit]) -> None:
        self._ray = ray
        self._waiting = units[::-1]
        self._lost: Counter[str] = Counter()
        self._running: dict[Any, Unit] = {}
        self._head = _Head(ray.get_runtime_context().gcs_address)
        # Ray's own retries come first: they know of a lost process before anyone.
        self._do = ray.remote(max_retries=_MOST_LOSSES)(do_unit)

    def outcomes(self) -> Iterator[tuple[Unit, UnitOutcome]]:
        errors = self._ray.exceptions
        while self._waiting or self._running:
            # Everything that asks a lost head hangs: it is looked at before.
            self._head.wait_for()
            self._submit()
            done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=_LOOK_S)
            if not done:
                continue
            unit = self._running.pop(done[0])
            try:
                yield unit, self._ray.get(done[0])
            except errors.RayTaskError:
                raise
            except errors.RayError as error:
                self._lost[unit.key] += 1
                if self._lost[unit.key] < _MOST_LOSSES:
                    self._waiting.append(unit)
                else:
                    yield unit, UnitOutcome(failed=_given_up(unit, error))

    def _submit(self) -> None:
        """Hand over a few units more than there are cores: thousands at once fill the head."""
        if not self._waiting:
            return
        cores = int(self._ray.cluster_resources().get("CPU", 1))
        while self._waiting and len(self._running) < _AHEAD * max(cores, 1):
            unit = self._waiting.pop()
            options = self._do.options(num_cpus=unit.cpus, num_gpus=unit.gpus, name=unit.name)
            self._running[options.remote(unit)] = unit


@contextmanager
def _connected(address: str, workers: int) -> Iterator[Any]:
    """Yield Ray, connected; what was connected before stays so."""
    os.environ.update(_OFF)
    import ray

    if ray.is_initialized():
        yield ray
        return
    try:
        with _own_signals():
            ray.init(**(_joined(address) if address else _alone(workers)))
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise AppError(
            f"--runner ray: expected a cluster at {address or 'this computer'}, found: "
            f"{str(error).splitlines()[0]} Check the address and that the cluster runs."
        ) from error
    try:
        yield ray
    except (_HeadLostError, ray.exceptions.RaySystemError) as error:
        raise AppError(
            f"The cluster was lost: {str(error).splitlines()[0]} What is done is kept: give the "
            "same command again when it runs."
        ) from error
    finally:
        ray.shutdown()


def _joined(address: str) -> dict[str, Any]:
    return {"address": address, "log_to_driver": False, "runtime_env": _environment()}


def _alone(workers: int) -> dict[str, Any]:
    return {
        "address": "local",
        "num_cpus": workers if workers > 1 else None,
        "include_dashboard": False,
        "log_to_driver": False,
        "_node_ip_address": _LOOPBACK,
        "runtime_env": _environment(),
    }


def _environment() -> dict[str, Any]:
    """Return what processes of the cluster need to find our modules and our folder."""
    names = ("PYTHONPATH", "OVERREAD_HOME")
    given = child_environment()
    return {"env_vars": {name: given[name] for name in names if name in given}}


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


def _given_up(unit: Unit, error: Exception) -> str:
    return (
        f"{unit.name}: expected its process to end well, found it lost {_MOST_LOSSES} times "
        f"({type(error).__name__}). Look at the memory of the machines."
    )
