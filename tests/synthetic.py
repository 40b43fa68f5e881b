"""Tiny cases, volumes and models made by code, for the tests of every room."""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tifffile import imwrite

from core.domain.grid import Grid
from core.domain.mask import Mask
from core.domain.volume import Pixels, Volume, channel_names
from core.models.registry import Model, ModelSpec, Registry

SHAPE = (40, 32)


def head(
    slices: int = 4,
    shape: tuple[int, int] = SHAPE,
    *,
    channels: int = 3,
    dtype: type[np.unsignedinteger] = np.uint8,
    seed: int = 0,
) -> Pixels:
    """Return a noisy disc with a lesion, brightest in the second channel: (C, Z, Y, X)."""
    random = np.random.default_rng(seed)
    top = float(np.iinfo(dtype).max)
    y, x = np.mgrid[: shape[0], : shape[1]]
    radius = np.hypot((y - shape[0] / 2) / shape[0], (x - shape[1] / 2) / shape[1])
    pixels = np.zeros((channels, slices, *shape))
    pixels[:, :, radius < 0.45] = 0.45 * top
    pixels += random.normal(0, 0.02 * top, pixels.shape) * (pixels > 0)
    bright = lesion(slices, shape) > 0
    pixels[min(1, channels - 1)][bright] *= 1.9
    return np.clip(pixels, 0, top).astype(dtype)


def lesion(slices: int = 4, shape: tuple[int, int] = SHAPE) -> Mask:
    """Return the truth of `head`: a disc off the centre on all slices but the first."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    disc = np.hypot(y - shape[0] * 0.4, x - shape[1] * 0.6) < min(shape) * 0.18
    mask = np.repeat(disc[np.newaxis], slices, axis=0).astype(np.uint8)
    mask[0] = 0
    return mask


def write_case(
    folder: Path,
    case_id: str,
    slices: int = 4,
    shape: tuple[int, int] = SHAPE,
    *,
    channels: int = 3,
    dtype: type[np.unsignedinteger] = np.uint8,
    masks: bool = True,
    numbers: Iterable[int] | None = None,
    seed: int = 0,
) -> Path:
    """Write a case of `head` and `lesion` into `folder` in the LGG layout; returns its folder."""
    place = folder / case_id
    place.mkdir(parents=True)
    pixels = head(slices, shape, channels=channels, dtype=dtype, seed=seed)
    truth = lesion(slices, shape)
    for index, number in enumerate(numbers or range(1, slices + 1)):
        write_slice(place / f"{case_id}_{number}.tif", pixels[:, index])
        if masks:
            write_slice(place / f"{case_id}_{number}_mask.tif", truth[index : index + 1] * 255)
    return place


def write_slice(path: Path, pixels: NDArray[np.generic], compression: str | None = None) -> None:
    """Write (C, Y, X) as H×W×3, or as H×W when there is one channel."""
    values = np.ascontiguousarray(pixels)
    path.write_bytes(_tiff(values.tobytes(), values.shape, values.dtype.str, compression))


@lru_cache(maxsize=512)
def _tiff(values: bytes, shape: tuple[int, ...], kind: str, compression: str | None) -> bytes:
    """Return the file of (C, Y, X); the same few slices are written by hundreds of tests."""
    pixels = np.frombuffer(values, kind).reshape(shape)
    written = BytesIO()
    if len(pixels) == 1:
        imwrite(written, pixels[0], photometric="minisblack", compression=compression)
    else:
        photometric = "rgb" if len(pixels) == 3 else "minisblack"
        planes = np.ascontiguousarray(np.moveaxis(pixels, 0, -1))
        imwrite(
            written, planes, photometric=photometric, planarconfig="contig", compression=compression
        )
    return written.getvalue()


def volume_of(pixels: Pixels) -> Volume:
    """Return pixels (C, Z, Y, X) as a volume."""
    channels, depth, height, width = pixels.shape
    return Volume(
        pixels,
        channel_names(channels),
        tuple(range(1, depth + 1)),
        Grid((depth, height, width)),
    )


def digest(folder: Path) -> dict[str, str]:
    """Return names, times and a hash of the content of everything below `folder`."""
    return {
        str(path.relative_to(folder)): _mark(path)
        for path in sorted(folder.rglob("*"))
        if not path.is_dir()
    }


def _mark(path: Path) -> str:
    return f"{path.stat().st_mtime_ns} {sha256(path.read_bytes()).hexdigest()}"


def publish_unet(root: Path, model_id: str = "tiny", *, seed: int = 0, **fields: object) -> Model:
    """Publish a U-Net with a random but repeatable start in the registry at `root`."""
    import torch
    from safetensors.torch import save_file

    from core.models.networks.builder import build_network

    given = {"title": f"Tiny {model_id}", "arguments": {"init_features": 2}, **fields}
    spec = ModelSpec(id=model_id, architecture="unet", **given)  # type: ignore[arg-type]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        state = build_network(spec.network, spec.logits).state_dict()
    # A trained network is not sure of nothing: sharpen the logits and move them off the middle.
    state["conv.weight"] *= 8.0
    root.mkdir(parents=True, exist_ok=True)
    weights = root / f".{model_id}.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, weights)
    try:
        return Registry((root,)).publish(spec, weights)
    finally:
        weights.unlink()
