"""Files of weights that cannot be used are told in a sentence and run no code."""

import pickle
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from core.domain.errors import ModelError
from core.models.networks.weights import load_weights, read_state_dict


class Payload:
    """An object whose unpickling would write a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.target,)


def test_safetensors_and_state_dicts_are_read_alike(tmp_path: Path) -> None:
    state = nn.Conv2d(3, 4, 1).state_dict()
    safetensors.torch.save_file(state, tmp_path / "a.safetensors")
    torch.save(state, tmp_path / "a.pt")
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "b.pth")
    torch.save({f"module.{name}": tensor for name, tensor in state.items()}, tmp_path / "c.pt")
    for path in sorted(tmp_path.iterdir()):
        found = read_state_dict(path)
        assert found.keys() == state.keys(), path.name
        assert all(torch.equal(found[name], state[name]) for name in state), path.name


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "w.safetensors"])
@pytest.mark.parametrize("content", [b"", b"plain text, no weights", b"PK\x03\x04 cut off"])
def test_file_of_another_kind_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"{name}: expected a PyTorch state dict"):
        read_state_dict(path)


@pytest.mark.parametrize("legacy", [False, True])
def test_code_in_a_file_is_refused_and_not_run(tmp_path: Path, legacy: bool) -> None:
    path, target = tmp_path / "evil.pt", tmp_path / "written"
    if legacy:
        path.write_bytes(pickle.dumps(Payload(target), protocol=2))
    else:
        torch.save({"weight": Payload(target)}, path)
    with pytest.raises(ModelError, match="needs code to be read"):
        read_state_dict(path)
    assert not target.exists()


def test_whole_model_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Conv2d(3, 4, 1), tmp_path / "whole.pt")
    with pytest.raises(ModelError, match=r"Save the model's state_dict"):
        read_state_dict(tmp_path / "whole.pt")


def test_truncated_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "cut.pt"
    torch.save(nn.Conv2d(30, 40, 3).state_dict(), path)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(ModelError, match=r"cut\.pt: expected"):
        read_state_dict(path)


@pytest.mark.parametrize("content", [torch.zeros(3), {}, {"weight": 3}, [torch.zeros(1)]])
def test_tensors_without_names_are_told(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(ModelError, match="expected a state dict of named tensors"):
        read_state_dict(tmp_path / "other.pt")


def test_missing_file_and_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.pt", tmp_path / "gone.safetensors", tmp_path):
        with pytest.raises(ModelError, match="found that it cannot be read"):
            read_state_dict(path)


def test_wrong_weights_are_told_by_name() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1))
    state = module.state_dict()
    del state["2.bias"]
    state["0.weight"] = torch.zeros(4, 9, 1, 1)
    state["head.weight"] = torch.zeros(1)
    with pytest.raises(ModelError) as raised:
        load_weights(module, state, source="w.pt")
    message = str(raised.value)
    assert message.startswith("w.pt: expected")
    assert "no 2.bias" in message
    assert "unknown head.weight" in message
    assert "0.weight of shape (4, 9, 1, 1) instead of (4, 3, 1, 1)" in message


def test_long_lists_of_names_are_cut() -> None:
    module = nn.Sequential(*(nn.Conv2d(1, 1, 1) for _ in range(4)))
    with pytest.raises(ModelError, match=r"1\.bias and 4 more"):
        load_weights(module, {}, source="w.pt")


def test_half_precision_and_old_files_without_batch_counts_load() -> None:
    module, other = (nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)) for _ in range(2))
    state = {
        name: tensor.half()
        for name, tensor in other.state_dict().items()
        if "num_batches" not in name
    }
    load_weights(module, state, source="w.pt")
    assert torch.equal(module.state_dict()["0.weight"], state["0.weight"].float())


@pytest.mark.parametrize("prefix", ["module._orig_mod.", "_orig_mod.module.", "model.", "net."])
@pytest.mark.parametrize("wrapper", ["model", "net", "network_weights", "state_dict"])
def test_weights_are_found_in_what_trainers_put_around_them(
    tmp_path: Path, prefix: str, wrapper: str
) -> None:
    state = {f"{prefix}{n}": torch.full((2,), float(n)) for n in range(3)}
    beside = {"criterion.weight": torch.ones(1)}
    path = tmp_path / "wrapped.pt"
    torch.save({wrapper: {**state, **beside}, "best": np.float64(0.5)}, path)
    assert sorted(read_state_dict(path)) == ["0", "1", "2"]
    torch.save({"n_averaged": torch.tensor(1), "ema": {"shadow": state}}, path)
    assert sorted(read_state_dict(path)) == ["0", "1", "2"]


@pytest.mark.parametrize(
    "tensor",
    [
        torch.eye(3).to_sparse(),
        torch.ones(3, dtype=torch.complex64),
        torch.empty(3, device="meta"),
    ],
)
def test_tensors_without_plain_numbers_are_refused(tmp_path: Path, tensor: torch.Tensor) -> None:
    torch.save({"a": tensor, "b": torch.ones(1)}, tmp_path / "odd.pt")
    with pytest.raises(ModelError, match="expected"):
        read_state_dict(tmp_path / "odd.pt")


_CHILD = """
import sys
from pathlib import Path
from core.domain.errors import ModelError
from core.models.networks.weights import read_state_dict
from tests.memory import peak_mib
before = peak_mib()
try:
    read_state_dict(Path(sys.argv[1]))
except ModelError as error:
    print(error)
print(peak_mib() - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="peaks are not told there")
def test_an_archive_that_unpacks_to_much_more_is_refused_in_little_memory(tmp_path: Path) -> None:
    """What torch writes is never compressed: 600 MB of zeros in half a megabyte."""
    torch.save({"w": torch.zeros(10)}, tmp_path / "small.pt")
    with (
        zipfile.ZipFile(tmp_path / "small.pt") as small,
        zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bomb,
    ):
        for name in small.namelist():
            if name.endswith("/data/0"):
                with bomb.open(name, "w", force_zip64=True) as entry:
                    for _ in range(600):
                        entry.write(bytes(1 << 20))
            else:
                bomb.writestr(name, small.read(name))
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(tmp_path / "bomb.pt")],
        cwd=Path(__file__).resolve().parents[3], capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    said, peak = child.stdout.splitlines()
    assert "expected a PyTorch state dict" in said
    assert int(peak) < 200


@pytest.mark.filterwarnings("ignore")
def test_damaged_legacy_files_are_told(tmp_path: Path) -> None:
    """Each byte of the pickles in turn; none may end as anything but weights or a sentence."""
    path = tmp_path / "legacy.pt"
    torch.save({"w": torch.ones(2, 2)}, path, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    for at in range(0, len(content), 2):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x41]) + content[at + 1 :])
        with suppress(ModelError):
            read_state_dict(path)
