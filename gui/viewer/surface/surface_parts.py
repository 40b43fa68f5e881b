"""Which surfaces a case has, and their making: masks in, triangles with colours out; no OpenGL."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.domain.components import plain_errors
from core.domain.grid import Grid
from core.domain.head import above_background
from core.domain.label_set import LabelMap, LabelSet
from core.domain.mask import Mask
from core.domain.progress import Progress
from core.domain.surface_mesh import Mesh, mask_mesh
from core.domain.volume import Pixels
from gui.viewer.surface.surface_frame import FloatColour, ScenePart, SurfaceLook
from gui.widgets.palette import OverlayColours

SurfaceSource: TypeAlias = Literal["truth", "prediction", "correction"]
SHELL, FALSE_POSITIVE, FALSE_NEGATIVE = "head", "false_positive", "false_negative"

_SHELL_MM, _SHELL_COLOUR = 4.0, (0.62, 0.70, 0.82)
_MOST_TRIANGLES = 120_000
_EMPTY = 0.3  # share of a case that is exactly nothing, where the skull was taken away
_NOISE = 0.25  # of that share: with more of what is hardly above nothing, it is air
_BRIGHT = 99.0  # percentile that counts as the highest value of a channel


@dataclass(frozen=True, eq=False)
class Surfaced:
    """What surfaces are made of: masks (Z, Y, X) on `grid`, of which `source` is looked at.

    `labels` are its label map and what it means, where there is one; `hidden` are values left out.
    `structure` is the channel that shows the head. `errors` are the kinds of errors shown.
    """

    grid: Grid
    structure: Pixels
    source: SurfaceSource
    mask: Mask | None
    truth: Mask | None
    labels: tuple[LabelMap, LabelSet] | None = None
    hidden: frozenset[int] = frozenset()
    errors: frozenset[str] = frozenset({FALSE_POSITIVE, FALSE_NEGATIVE})


@dataclass
class MeshCache:
    """Meshes by what they are of, while the arrays they were made from are the same."""

    _kept: dict[str, tuple[tuple[object, ...], "_Made"]] = field(default_factory=dict)

    def get(self, key: str, of: tuple[object, ...]) -> "_Made | None":
        """Return the mesh made of these very arrays."""
        found = self._kept.get(key)
        same = found is not None and len(found[0]) == len(of)
        if found is None or not same or any(a is not b for a, b in zip(found[0], of, strict=True)):
            return None
        return found[1]

    def put(self, key: str, of: tuple[object, ...], made: "_Made") -> None:
        """Keep a mesh."""
        self._kept[key] = of, made

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()


@dataclass(frozen=True, eq=False)
class _Made:
    """A mesh and its normals, None for a mask without a surface."""

    surface: tuple[Mesh, NDArray[np.float32]] | None


def surface_parts(
    asked: Surfaced, colours: OverlayColours, cache: MeshCache, progress: Progress
) -> tuple[ScenePart, ...]:
    """Return the surfaces of a case; `progress` raises when nobody waits for them any more."""
    found: list[ScenePart] = []
    for key, of, colour, look in _wanted(asked, colours):
        progress(len(found) / 8, key)
        made = cache.get(key, of)
        if made is None:
            made = _Made(_mesh(key, asked))
            cache.put(key, of, made)
        if made.surface is not None:
            found.append(ScenePart(key, *made.surface, colour, look))
    return tuple(found)


def _wanted(
    asked: Surfaced, colours: OverlayColours
) -> Iterator[tuple[str, tuple[object, ...], FloatColour, SurfaceLook]]:
    """Yield key, arrays, colour and look of each part."""
    yield SHELL, (asked.structure,), _SHELL_COLOUR, "shell"
    if asked.labels is not None:
        label_map, labels = asked.labels
        counts = np.bincount(label_map.ravel(), minlength=256)
        largest = max(labels.values, key=lambda value: int(counts[value]))
        for label in labels.labels:
            if label.value not in asked.hidden and counts[label.value]:
                red, green, blue = (part / 255 for part in label.colour)
                look: SurfaceLook = (
                    "clear" if label.value == largest and len(labels.labels) > 1 else "solid"
                )
                yield f"{asked.source} {label.value}", (label_map,), (red, green, blue), look
    elif asked.mask is not None:
        yield asked.source, (asked.mask,), rgb(getattr(colours, asked.source)), "clear"
    if asked.truth is not None and asked.mask is not None and asked.source != "truth":
        for kind in sorted(asked.errors):
            yield kind, (asked.mask, asked.truth), rgb(getattr(colours, kind)), "solid"


def _mesh(key: str, asked: Surfaced) -> tuple[Mesh, NDArray[np.float32]] | None:
    if key == SHELL:
        return _finished(_shell(asked))
    if asked.labels is not None and key.startswith(f"{asked.source} "):
        mask = asked.labels[0] == int(key.rpartition(" ")[2])
    elif key in (FALSE_POSITIVE, FALSE_NEGATIVE):
        assert asked.mask is not None
        assert asked.truth is not None
        one, other = asked.mask > 0, asked.truth > 0
        mask = plain_errors(one, other) if key == FALSE_POSITIVE else plain_errors(other, one)
    else:
        assert asked.mask is not None
        mask = asked.mask > 0
    return _finished(mask_mesh(mask, asked.grid, most=_MOST_TRIANGLES))


def _shell(asked: Surfaced) -> Mesh | None:
    """Return the skin of the head on a coarser grid, of blocks about as wide as `_SHELL_MM`."""
    pixels = asked.structure
    some = pixels[::4, ::4, ::4]
    low, high = float(some.min()), float(np.percentile(some, _BRIGHT))
    # A skull-stripped head ends where the values do, any other where they rise from the noise.
    nothing, bright = float((some == low).mean()), float(above_background(some, high).mean())
    noise = 1 - nothing - bright
    stripped = nothing > _EMPTY and noise < _NOISE * nothing
    head = pixels > low if stripped else above_background(pixels, high)
    spacing = asked.grid.spacing_mm or (1.0, 1.0, 1.0)
    step = max(round(_SHELL_MM / min(spacing)), 1)
    return mask_mesh(head, asked.grid, step=step, rounds=15)


def _finished(mesh: Mesh | None) -> tuple[Mesh, NDArray[np.float32]] | None:
    return None if mesh is None else (mesh, mesh.normals())


def rgb(colour: str) -> FloatColour:
    """Return `#RRGGBB` as three shares of 1."""
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return red, green, blue
