"""Files of weights, checkpoints and pictures to learn from, damaged."""

import json
import random
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import safetensors.torch
import torch
from PIL import Image

from core.domain.errors import AppError
from core.inference.inference_ensemble import open_runner
from core.inference.model_export import export_model
from core.io.volumes.picture_file import picture_pixels
from core.models.model_import import SaidOfModel, import_foreign
from core.models.networks.weights import load_weights, read_state_dict
from core.models.registry import ModelSpec, Registry
from core.models.train_spec import TrainSpec
from tests.fuzz.mutations import damaged
from tests.fuzz.target import Target
from tests.synthetic import publish_unet
from training.learning.optimise import make_optimiser
from training.run.checkpoint import Position, load_checkpoint, save_checkpoint

_FOREIGN = Path(__file__).parents[1] / "core" / "foreign"
_BUNDLE = {
    "network_def": {
        "_target_": "UNet",
        "spatial_dims": 2,
        "in_channels": 3,
        "out_channels": 1,
        "channels": [2, 4],
        "strides": [2],
    },
    "preprocessing": {"transforms": [{"_target_": "NormalizeIntensityd"}]},
}
_PICTURES = ("png", "jpeg", "bmp", "tiff")


def _saved(content: object, **options: bool) -> bytes:
    stream = BytesIO()
    torch.save(content, stream, **options)
    return stream.getvalue()


def _packed(content: bytes) -> bytes:
    """Return an archive of torch, packed anew with compression, as some tools leave it."""
    stream = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(stream, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return stream.getvalue()


def _prepare(folder: Path) -> Callable[[random.Random], bool]:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    state = module.state_dict()
    model = publish_unet(folder / "models")
    whole = model.weights.read_bytes()
    checkpoint = folder / "made.pt"
    spec = TrainSpec(architecture="", data="", split="")
    optimiser = make_optimiser(module, spec).state_dict()
    save_checkpoint(checkpoint, Position(step=3), {"network": state, "optimizer": optimiser})

    def read(path: Path) -> None:
        load_weights(module, read_state_dict(path), source=path.name)

    def run(path: Path) -> None:
        model.weights.write_bytes(path.read_bytes())
        open_runner(Registry((folder / "models",)).find("tiny"))

    def take(path: Path) -> None:
        spec = ModelSpec(id="theirs", title="Theirs", architecture="")
        place = folder / "taken"
        try:
            import_foreign(path, spec, SaidOfModel(), Registry((place,)))
        finally:
            shutil.rmtree(place, ignore_errors=True)

    exported = export_model(model, folder / "bundle", "bundle")
    (exported / "overread.json").unlink()

    def take_bundle(path: Path) -> None:
        (exported / "configs" / "inference.json").write_bytes(path.read_bytes())
        take(exported)

    plain = _saved(state)
    kinds: list[tuple[str, bytes, Callable[[Path], object]]] = [
        ("input.pt", plain, read),
        ("input.pt", _packed(plain), read),
        ("input.pt", _saved({"state_dict": state, "best": np.float64(0.5)}), read),
        ("input.pth", _saved(state, _use_new_zipfile_serialization=False), read),
        ("input.safetensors", safetensors.torch.save(state), read),
        ("weights.safetensors", whole, run),
        ("theirs.pth", (_FOREIGN / "plain.pth").read_bytes(), take),
        ("inference.json", json.dumps(_BUNDLE).encode(), take_bundle),
        ("checkpoint.pt", checkpoint.read_bytes(), load_checkpoint),
        *((f"input.{kind}", _picture(kind), _look) for kind in _PICTURES),
    ]

    def attempt(chance: random.Random) -> bool:
        name, content, reader = chance.choice(kinds)
        path = folder / name
        path.write_bytes(damaged(content, chance))
        try:
            reader(path)
        except AppError:
            return False
        return True

    return attempt


def _picture(kind: str) -> bytes:
    stream = BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (24, 20, 3), np.uint8)
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


def _look(path: Path) -> None:
    picture_pixels(path, channels=3)
    picture_pixels(path, channels=1)


WEIGHTS = Target("weights, checkpoints and pictures", _prepare, share=500, tried=40)
