"""Cases made by code for the benchmark: heads with a textured brain and irregular lesions."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.domain.mask import Mask
from core.domain.volume import Pixels
from tests.synthetic import write_slice

_LESIONS = ((0.0, -0.12, 0.22, 0.26), (-0.3, 0.25, -0.2, 0.14), (0.35, 0.3, 0.3, 0.1))
"""(z, y, x, radius), half the volume being 1 along each axis."""

_Float = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Example:
    """Pixels (3, Z, Y, X) uint8, the truth and a prediction that is shifted and partly wrong."""

    pixels: Pixels
    truth: Mask
    prediction: Mask


def example(slices: int, size: int, *, seed: int = 1) -> Example:
    """Return a case of `slices` planes of `size` × `size`; lesion on most of them."""
    random = np.random.default_rng(seed)
    shape = (slices, size, size)
    rough = _smooth_noise(random, shape, size // 24)
    field = _lesion_field(shape) + 0.3 * rough
    truth = (field > 0).astype(np.uint8)
    shift = max(size // 100, 1)
    moved = np.roll(field, (shift, shift), axis=(1, 2)) + 0.12 * _smooth_noise(
        random, shape, size // 40
    )
    prediction = (moved > 0.02).astype(np.uint8)
    return Example(_pixels(random, truth), truth, prediction)


def small_lesion(slices: int, size: int) -> tuple[Mask, Mask]:
    """Return a truth of one ellipsoid a tenth of the volume wide, and a prediction beside it."""
    z, y, x = _axes((slices, size, size))
    lesion, found = (
        (((z - at) / 0.1) ** 2 + ((y + 0.2) / 0.12) ** 2 + ((x - at) / 0.1) ** 2 < 1)
        for at in (0.2, 0.22)
    )
    return lesion.astype(np.uint8), found.astype(np.uint8)


def write_example(folder: Path, case_id: str, made: Example) -> Path:
    """Write a case in the LGG layout, uncompressed as the public files are; returns its folder."""
    place = folder / case_id
    place.mkdir(parents=True)
    for index in range(len(made.truth)):
        write_slice(place / f"{case_id}_{index + 1}.tif", made.pixels[:, index])
        mask = made.truth[index : index + 1] * np.uint8(255)
        write_slice(place / f"{case_id}_{index + 1}_mask.tif", mask)
    return place


def link_case(source: Path, folder: Path, case_id: str) -> None:
    """Make a case of the same files as the case folder `source`, without copying a byte."""
    place = folder / case_id
    place.mkdir(parents=True)
    for file in source.iterdir():
        os.link(file, place / file.name.replace(source.name, case_id))


def _pixels(random: np.random.Generator, truth: Mask) -> Pixels:
    slices, size, _ = truth.shape
    z, y, x = _axes(truth.shape)
    radius = np.sqrt((x / 0.74) ** 2 + (y / 0.9) ** 2 + (z / 1.4) ** 2)
    brain, skull = radius < 0.88, (radius > 0.94) & (radius < 1.0)
    ventricle = ((np.abs(x) - 0.1) / 0.07) ** 2 + (y / 0.3) ** 2 + (z / 0.6) ** 2 < 1
    tissue = 105 + 28 * _smooth_noise(random, truth.shape, size // 16)
    tissue += 18 * _smooth_noise(random, truth.shape, size // 64)
    channels = np.empty((3, slices, size, size), np.uint8)
    for number, (bright, dark) in enumerate(((1.0, 0.5), (1.8, 0.3), (1.3, 0.4))):
        plane = np.where(brain, tissue, 0) + np.where(skull, 150, 0).astype(np.float32)
        plane *= np.where(ventricle & brain, dark, 1.0) * np.where(truth & brain, bright, 1.0)
        plane += random.normal(0, 6, truth.shape).astype(np.float32) * (radius < 1)
        channels[number] = np.clip(plane, 0, 255)
    return channels


def _lesion_field(shape: tuple[int, int, int]) -> _Float:
    """Return a field above zero inside the lesions, falling off around them."""
    z, y, x = _axes(shape)
    fields = [
        1 - np.sqrt(((z - at_z) / (3 * r)) ** 2 + ((y - at_y) / r) ** 2 + ((x - at_x) / r) ** 2)
        for at_z, at_y, at_x, r in _LESIONS
    ]
    return np.asarray(np.max(fields, axis=0), np.float32)


def _axes(shape: tuple[int, ...]) -> tuple[_Float, _Float, _Float]:
    z, y, x = np.meshgrid(
        *(np.linspace(-1, 1, n, dtype=np.float32) for n in shape), indexing="ij", sparse=True
    )
    return z, y, x


def _smooth_noise(
    random: np.random.Generator, shape: tuple[int, ...], cells: int
) -> NDArray[np.float32]:
    """Return noise of deviation near one that varies over `cells` cells along y and x."""
    depth, height, width = shape
    coarse = random.standard_normal((max(depth // 5, 2), cells + 2, cells + 2)).astype(np.float32)
    factors = (depth / coarse.shape[0], height / (cells + 2), width / (cells + 2))
    fine: NDArray[np.float32] = ndimage.zoom(coarse, factors, order=1)
    return fine[:depth, :height, :width]
