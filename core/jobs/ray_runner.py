"""Units on a cluster of Ray; Ray is imported only when some are run. Never used in the window."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain.errors import AppError
from core.jobs.ray_cluster import ClusterHead, connected, first_line
from core.jobs.unit_inputs import Inputs, do_staged, inputs_of, pack
from core.jobs.units import Unit, UnitOutcome, do_unit

_MOST_LOSSES = 5
_LOOK_S = 1.0
_AHEAD, _AHEAD_STAGED = 1000, 16
"""How many units are handed over at once. Each waits in our process, not in the head, until a core
is free; one that is sent with its files takes room in the shared memory of this machine."""


@dataclass(frozen=True)
class RayRunner:
    """Does units as tasks of the cluster at `address`.

    Without one it starts a cluster of this computer with `workers` cores (1: all there are), bound
    to loopback, which ends with the units. `staged` sends along what each unit reads, for machines
    that do not see the folders of this one. `gpus` is the share of a card that each takes, by
    default a whole one where it computes on one.
    """

    address: str = ""
    workers: int = 1
    staged: bool = False
    gpus: float | None = None
    one_at_a_time: bool = False

    def outcomes(self, units: Sequence[Unit]) -> Iterator[tuple[Unit, UnitOutcome]]:
        """Yield each unit with its outcome, as they end.

        One whose process or machine is lost is done again elsewhere, five times at most. Raises
        `AppError` when the cluster cannot be reached, or is lost as a whole, and for units that
        cannot be sent with what they read.
        """
        for unit in units if self.staged else ():
            inputs_of(unit)
        with connected(self.address, self.workers, staged=self.staged) as ray:
            yield from _Rounds(ray, list(units), self).outcomes()


class _Rounds:
    """The units that wait, those that are at work, and how often each was lost."""

    def __init__(self, ray: Any, units: list[Unit], how: RayRunner) -> None:
        self._ray = ray
        self._waiting = units[::-1]
        self._lost: Counter[str] = Counter()
        self._running: dict[Any, Unit] = {}
        self._how, self._shared = how, dict[Inputs, Any]()
        self._ahead = _AHEAD_STAGED if how.staged else _AHEAD
        self._head = ClusterHead(ray.get_runtime_context().gcs_address)
        # Asked once, while the head answers: everything that asks a lost head hangs.
        machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        self._cores, self._cards = (
            max((machine.get(name, 0.0) for machine in machines), default=0.0)
            for name in ("CPU", "GPU")
        )
        # Ray's own retries come first: they know of a lost process before anyone.
        self._do = ray.remote(max_retries=_MOST_LOSSES)(do_staged if how.staged else do_unit)

    def outcomes(self) -> Iterator[tuple[Unit, UnitOutcome]]:
        errors = self._ray.exceptions
        while self._waiting or self._running:
            self._head.wait_for()
            self._submit()
            done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=_LOOK_S)
            if not done:
                continue
            try:
                found = self._ray.get(done[0], timeout=_LOOK_S)
            except errors.GetTimeoutError:
                continue
            except errors.RayTaskError:
                raise
            except errors.RayError as error:
                unit = self._running.pop(done[0])
                self._lost[unit.key] += 1
                if self._lost[unit.key] < _MOST_LOSSES:
                    self._waiting.append(unit)
                else:
                    yield unit, UnitOutcome(failed=_given_up(unit, error))
            else:
                yield self._running.pop(done[0]), found

    def _submit(self) -> None:
        """Hand over units; nothing here waits for an answer of the head."""
        while self._waiting and len(self._running) < self._ahead:
            unit = self._waiting.pop()
            options = self._do.options(
                # More than any machine has would wait for ever; so many share what there is.
                num_cpus=min(unit.cpus, self._cores or unit.cpus),
                num_gpus=self._cards_of(unit),
                name=unit.name,
            )
            sent = self._sent(unit) if self._how.staged else (unit,)
            self._running[options.remote(*sent)] = unit

    def _cards_of(self, unit: Unit) -> float:
        usual = min(self._cards, 1.0) if unit.gpus is None else unit.gpus
        wanted = usual if self._how.gpus is None else self._how.gpus
        if wanted > self._cards:
            raise AppError(
                f"{unit.name}: expected a machine of {wanted:g} graphics cards in the cluster, "
                f"found {self._cards:g} at most. Take fewer --gpus, or --device cpu."
            )
        return wanted

    def _sent(self, unit: Unit) -> tuple[Unit, Any, Any]:
        inputs = inputs_of(unit)
        shared = Inputs((), inputs.folders)
        if shared not in self._shared:
            self._shared[shared] = self._ray.put(pack(inputs.folders))
        return unit, self._ray.put(pack(inputs.files).content), self._shared[shared]


def _given_up(unit: Unit, error: Exception) -> str:
    return (
        f"{unit.name}: expected its process to end well, found it lost {_MOST_LOSSES} times: "
        f"{first_line(error)} Run it again without --runner: what it says last is seen there."
    )
