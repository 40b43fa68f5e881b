"""The process that runs models: real children that answer, stop, are killed and go away."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.domain.errors import ModelError
from core.domain.progress import Cancelled
from core.domain.volume import Volume
from core.inference.engine import Engine
from core.inference.torch_device import torch_devices
from core.inference.volume_inference import RunOptions, predict
from core.models.certificates import EngineChoice
from core.models.registry import Model
from tests import patience
from tests.core.conftest import Graphed
from tests.synthetic import head, publish_unet, volume_of

ROOT = Path(__file__).resolve().parents[2]
_TOO_MANY = 200
"""Slices that do not fit into the pipe: until somebody reads them, the process cannot end."""
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="children are found here")


@pytest.fixture
def own() -> Iterator[Engine]:
    """An engine of whose process the test is the only user."""
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return publish_unet(tmp_path_factory.mktemp("models"))


def volume(slices: int = 6, seed: int = 0, dtype: type[np.unsignedinteger] = np.uint8) -> Volume:
    return volume_of(head(slices, dtype=dtype, seed=seed))


def children() -> list[int]:
    """Return the processes of this one that run models, zombies among them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            status, name = path.read_text(), (path.parent / "cmdline").read_bytes()
        except OSError:  # ended meanwhile
            continue
        state, parent = status.rsplit(")", 1)[1].split()[:2]
        if int(parent) == os.getpid() and (
            b"core.inference.engine_process" in name or state == "Z"
        ):
            found.append(int(path.parent.name))
    return found


def test_prediction_equals_that_of_this_process(lender: Engine, model: Model) -> None:
    for given in (volume(), volume(3, dtype=np.uint16), volume(1)):
        found = lender.predict(given, model, device="cpu")
        expected = predict(given, model, RunOptions("cpu"))
        assert np.array_equal(found.probability, expected.probability)
        assert (found.model_id, found.key, found.device) == (
            expected.model_id, expected.key, expected.device,
        )  # fmt: skip


def test_slices_arrive_in_order_on_the_calling_thread(lender: Engine, model: Model) -> None:
    arrived: list[int] = []
    fractions: list[float] = []

    def on_slices(indices: Sequence[int], probability: NDArray[np.uint8]) -> None:
        arrived.extend(indices)
        assert probability.shape == (len(indices), 40, 32)

    lender.predict(
        volume(9), model, device="cpu", first=4, on_slices=on_slices,
        progress=lambda fraction, message: fractions.append(fraction),
    )  # fmt: skip
    assert arrived == [4, 3, 5, 2, 6, 1, 7, 0, 8]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_flips_reach_the_process(lender: Engine, model: Model) -> None:
    flipping = model.with_flips(True)
    found = lender.predict(volume(), flipping, device="cpu")
    expected = predict(volume(), flipping, RunOptions("cpu"))
    assert np.array_equal(found.probability, expected.probability)
    assert found.key == expected.key != predict(volume(), model, RunOptions("cpu")).key


def test_devices_and_cost_are_told(lender: Engine, model: Model) -> None:
    assert lender.devices() == torch_devices()
    measured = lender.complexity(model)
    assert measured.parameters > 1000
    assert measured.gmac > 0
    assert measured.batch_megabytes > 0


def test_cancel_stops_the_run_and_the_next_is_right(lender: Engine, model: Model) -> None:
    arrived: list[int] = []

    def stop(fraction: float, message: str) -> None:
        if arrived:
            raise Cancelled

    with pytest.raises(Cancelled):
        lender.predict(
            volume(40), model, device="cpu",
            on_slices=lambda indices, _: arrived.extend(indices), progress=stop,
        )  # fmt: skip
    assert len(arrived) < 40
    found = lender.predict(volume(seed=1), model, device="cpu")
    expected = predict(volume(seed=1), model, RunOptions("cpu"))
    assert np.array_equal(found.probability, expected.probability)


def test_a_fault_of_the_caller_spoils_no_later_run(lender: Engine, model: Model) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a fault of the window")

    with pytest.raises(KeyError):
        lender.predict(volume(30), model, device="cpu", on_slices=fail)
    found = lender.predict(volume(3, seed=1), model, device="cpu")
    expected = predict(volume(3, seed=1), model, RunOptions("cpu"))
    assert np.array_equal(found.probability, expected.probability)
    assert found.key == expected.key


def test_bad_weights_are_a_sentence_and_the_process_goes_on(
    lender: Engine, model: Model, tmp_path: Path
) -> None:
    torn = publish_unet(tmp_path, "torn")
    torn.weights.write_bytes(torn.weights.read_bytes()[:500])
    other = publish_unet(tmp_path, "other", arguments={"init_features": 4})
    other.weights.write_bytes(model.weights.read_bytes())
    before = children()
    for bad in (torn, other):
        with pytest.raises(ModelError, match=r"weights\.safetensors.*expected"):
            lender.predict(volume(), bad, device="cpu")
    with pytest.raises(ModelError, match="Expected a device among"):
        lender.predict(volume(), model, device="abacus")
    with pytest.raises(ModelError, match="expected 3 channels"):
        lender.predict(volume_of(head(channels=1)), model)
    assert lender.predict(volume(), model, device="cpu").probability.any()
    assert children() == before


@linux
def test_a_killed_process_is_a_sentence_and_the_next_run_works(
    home: Path, own: Engine, graphed: Graphed
) -> None:
    # By its graph: how the process ends is no matter of torch, which each would have to load.
    model = graphed("one").with_engine(EngineChoice("openvino", "float32"))
    before = set(children())  # other tests may have a process of their own here

    def child() -> int:
        (found,) = set(children()) - before
        return found

    def kill(*_: object) -> None:
        number = child()
        os.kill(number, signal.SIGKILL)
        wait_for_end(number)

    own.devices()
    idle = child()
    kill()
    assert own.predict(volume(), model, device="cpu").probability.any()
    running = child()
    assert running != idle
    with pytest.raises(ModelError, match="found that it has ended"):
        own.predict(volume(_TOO_MANY), model, device="cpu", on_slices=kill)
    assert set(children()) == before
    assert own.predict(volume(), model, device="cpu").probability.any()
    assert not {idle, running} & set(children())


@linux
def test_closing_ends_the_process_and_leaves_no_zombie(own: Engine) -> None:
    before = children()
    own.close()
    own.devices()
    assert len(children()) == len(before) + 1
    own.close()
    own.close()
    assert children() == before


_FORGETFUL = """
import os
from core.inference.engine import Engine
from tests.processes import children
engine = Engine()
engine.devices()
print(*children(), flush=True)
input()
os._exit(1)
"""


@linux
def test_a_window_that_dies_leaves_no_process_behind() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _FORGETFUL], cwd=ROOT, encoding="utf-8",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as window:  # fmt: skip
        assert window.stdout is not None
        assert window.stdin is not None
        child = int(window.stdout.readline())
        handle = os.pidfd_open(child)
        window.stdin.write("\n")
        window.stdin.flush()
        window.wait(patience.SECONDS)
    assert has_ended(handle)


def wait_for_end(pid: int) -> None:
    assert has_ended(os.pidfd_open(pid))


def has_ended(handle: int) -> bool:
    """Return whether the process of a handle ends within half a minute; closes the handle."""
    try:
        return bool(select.select([handle], [], [], 30)[0])
    finally:
        os.close(handle)
