"""The voxel grid of a volume: its place in the patient, and the turn to canonical order and back.

An affine maps the voxel index (x, y, z, 1) to patient millimetres in RAS+ (x to the patient's
right, y to anterior, z to superior). Arrays are (…, Z, Y, X): the index of an array read backwards.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

T = TypeVar("T", bound=np.generic)

LengthUnit: TypeAlias = Literal["voxels", "mm", "mm given"]
"""What distances are in: voxels where the spacing is unknown, `given` where a reader entered it."""

VolumeUnit: TypeAlias = Literal["voxels", "mL", "mL given"]
"""What volumes are in, as `LengthUnit`."""

Spacing: TypeAlias = tuple[float, float, float]
"""Distance of neighbouring voxels (z, y, x) in millimetres."""

Affine = NDArray[np.float64]
"""4×4, voxel index (x, y, z, 1) → patient millimetres RAS+."""

SAME_VOXELS = 0.01
"""Two grids are one when no corner lies further apart than this part of the smallest voxel side."""

SQUARE_DEGREES = 0.05
"""Axes this close to right angles count as square: single precision strays less."""

THICKER = 1.2
"""A side of voxels is clearly the longest when it is more than so many times the next one."""

_CANONICAL_SIGNS = (-1.0, -1.0, 1.0)  # x to the left, y to posterior, z to superior, in RAS
_CODES = (("L", "R"), ("P", "A"), ("I", "S"))
_PLANES = ("sagittal", "coronal", "axial")  # by the patient axis their normal is closest to


@dataclass(frozen=True)
class Turn:
    """How stored arrays become canonical ones: axes permuted, then flipped; nothing resampled.

    `axes` are the stored array axes (0 = Z, 1 = Y, 2 = X) in canonical order, `flips` the canonical
    axes that run backwards.
    """

    axes: tuple[int, int, int] = (0, 1, 2)
    flips: tuple[int, ...] = ()

    def apply(self, stored: NDArray[T]) -> NDArray[T]:
        """Return `stored` (…, Z, Y, X) in canonical order, as a view."""
        return np.flip(_moved(stored, self.axes), _last(self.flips))

    def undo(self, canonical: NDArray[T]) -> NDArray[T]:
        """Return `canonical` (…, Z, Y, X) in stored order, as a view: the inverse of `apply`."""
        back = tuple(self.axes.index(axis) for axis in range(3))
        return _moved(np.flip(canonical, _last(self.flips)), back)


AS_STORED = Turn()
"""Nothing permuted, nothing flipped."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Shape (Z, Y, X) in voxels, and affine or None where place and orientation are unknown.

    `known_spacing_mm` (z, y, x) is for files that tell the size of a voxel but not how it lies in
    the patient, `given_spacing_mm` (z, y, x) for those that tell nothing and a reader who knows: by
    it figures are measured, but no file is compared or written. Raises `ValueError` for an affine
    that is not finite or has no inverse.
    """

    shape: tuple[int, int, int]
    affine: Affine | None = None
    known_spacing_mm: Spacing | None = None
    given_spacing_mm: Spacing | None = None

    def __post_init__(self) -> None:
        """Keep a copy of the affine that nobody can write to, after checking it."""
        if self.affine is None:
            return
        affine = np.array(self.affine, np.float64)
        if not is_affine(affine):
            raise ValueError(f"expected an invertible 4×4 affine, found {affine.tolist()}")
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)

    def __eq__(self, other: object) -> bool:
        """Compare exactly; `same_grid` is the comparison with tolerance."""
        if not isinstance(other, Grid):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        numbers = None if self.affine is None else tuple((self.affine + 0.0).ravel().tolist())
        return (self.shape, numbers, self.known_spacing_mm, self.given_spacing_mm)

    @property
    def is_known(self) -> bool:
        """True when place and orientation in the patient are known."""
        return self.affine is not None

    @cached_property
    def spacing_mm(self) -> Spacing | None:
        """Distance of neighbouring voxels (z, y, x) in millimetres, or None when unknown."""
        return self.filed_spacing_mm or self.given_spacing_mm

    @cached_property
    def filed_spacing_mm(self) -> Spacing | None:
        """The spacing that files tell, whatever a reader gave, or None."""
        if self.affine is None:
            return self.known_spacing_mm
        x, y, z = np.linalg.norm(self.affine[:3, :3], axis=0).tolist()
        return (z, y, x)

    @property
    def is_given(self) -> bool:
        """True when the spacing is one that a reader gave, as no file tells it."""
        return self.filed_spacing_mm is None and self.given_spacing_mm is not None

    def with_given(self, spacing_mm: Spacing | None) -> "Grid":
        """Return the grid with a spacing (z, y, x) that a reader gave; what files tell stays."""
        if self.filed_spacing_mm is not None or spacing_mm == self.given_spacing_mm:
            return self
        return Grid(self.shape, given_spacing_mm=spacing_mm)

    @property
    def as_filed(self) -> "Grid":
        """The grid as its files tell it, for what is written."""
        return self.with_given(None)

    @property
    def voxel_ml(self) -> float | None:
        """Volume of one voxel in millilitres, or None when unknown; right for sheared grids too."""
        if self.affine is not None:
            return abs(float(np.linalg.det(self.affine[:3, :3]))) / 1000.0
        return None if self.spacing_mm is None else math.prod(self.spacing_mm) / 1000.0

    @property
    def length_unit(self) -> LengthUnit:
        """The unit of distances on this grid: `voxels` when the spacing is unknown."""
        if self.spacing_mm is None:
            return "voxels"
        return "mm given" if self.is_given else "mm"

    @property
    def volume_unit(self) -> VolumeUnit:
        """The unit of volumes on this grid: `voxels` when the spacing is unknown."""
        if self.spacing_mm is None:
            return "voxels"
        return "mL given" if self.is_given else "mL"

    @cached_property
    def orientation(self) -> str | None:
        """Where x, y and z grow to, as three of R L A P S I, or None when unknown."""
        if self.affine is None:
            return None
        return "".join(
            _CODES[axis][sign > 0] for axis, sign in zip(*closest_axes(self.affine), strict=True)
        )

    @property
    def plane(self) -> str | None:
        """The plane it was acquired in: `axial`, `coronal`, `sagittal`, or None when unknown.

        Slices are stacked along the axis whose voxels are clearly longest, or along z.
        """
        if self.affine is None or self.spacing_mm is None:
            return None
        spacing = self.spacing_mm[::-1]
        thickest = int(np.argmax(spacing))
        others = [length for axis, length in enumerate(spacing) if axis != thickest]
        normal = thickest if spacing[thickest] > THICKER * max(others) else 2
        return _PLANES[closest_axes(self.affine)[0][normal]]

    @property
    def obliquity_degrees(self) -> float:
        """The greatest angle between an axis of the grid and the patient axis closest to it."""
        if self.affine is None:
            return 0.0
        axes, _ = closest_axes(self.affine)
        unit = _unit_columns(self.affine)
        cosines = [abs(float(unit[patient, axis])) for axis, patient in enumerate(axes)]
        return math.degrees(math.acos(min(1.0, *cosines)))

    @property
    def shear_degrees(self) -> float:
        """How far the axes are from right angles at worst, in degrees; 0 for a box."""
        if self.affine is None:
            return 0.0
        unit = _unit_columns(self.affine)
        cosines = np.abs((unit.T @ unit)[np.triu_indices(3, 1)])
        return math.degrees(math.asin(min(1.0, float(cosines.max()))))

    def canonical(self) -> tuple["Grid", Turn]:
        """Return the grid in canonical order, and the turn that takes stored arrays there.

        Canonical: x grows closest to the patient's left, y to posterior, z to superior. A grid of
        unknown orientation stays as it is.
        """
        if self.affine is None:
            return self, Turn()
        patient_axes, signs = closest_axes(self.affine)
        voxel_axes = [patient_axes.index(patient) for patient in range(3)]  # for new x, y, z
        flipped = [signs[axis] != _CANONICAL_SIGNS[new] for new, axis in enumerate(voxel_axes)]
        sizes = [self.shape[2 - axis] for axis in voxel_axes]
        step = np.zeros((4, 4))
        step[3, 3] = 1.0
        for new, (axis, flip, size) in enumerate(zip(voxel_axes, flipped, sizes, strict=True)):
            step[axis, new] = -1.0 if flip else 1.0
            step[axis, 3] = size - 1 if flip else 0.0
        axes = (2 - voxel_axes[2], 2 - voxel_axes[1], 2 - voxel_axes[0])
        flips = tuple(sorted(2 - new for new, flip in enumerate(flipped) if flip))
        return Grid((sizes[2], sizes[1], sizes[0]), self.affine @ step), Turn(axes, flips)

    def to_patient(self, index: ArrayLike) -> NDArray[np.float64]:
        """Return RAS+ millimetres (…, 3) (x, y, z) of array positions `index` (…, 3) (z, y, x).

        Raises `ValueError` when the orientation is unknown.
        """
        if self.affine is None:
            raise ValueError("expected a grid of known orientation, found an unknown one")
        voxel = np.asarray(index, np.float64)[..., ::-1]
        return np.asarray(voxel @ self.affine[:3, :3].T + self.affine[:3, 3])

    def same_grid(self, other: "Grid", *, tolerance: float = SAME_VOXELS) -> bool:
        """Tell whether both hold the same voxels in the same places; see `difference`."""
        return self.difference(other, tolerance=tolerance) is None

    def difference(self, other: "Grid", *, tolerance: float = SAME_VOXELS) -> str | None:
        """Return how `other` differs from this grid in words, or None when they are one grid.

        `tolerance` is in parts of the smallest voxel side, at the corner that is furthest off.
        """
        if self.shape != other.shape:
            return f"{_sizes(other.shape)} voxels (z, y, x) instead of {_sizes(self.shape)}"
        if self.affine is None or other.affine is None:
            return self._difference_of_unknown(other, tolerance)
        ends = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape])).reshape(3, -1).T
        apart = np.linalg.norm(self.to_patient(ends) - other.to_patient(ends), axis=1).max()
        smallest = float(np.linalg.norm(self.affine[:3, :3], axis=0).min())
        if apart <= tolerance * smallest:
            return None
        return _what_differs(self, other, float(apart))

    def _difference_of_unknown(self, other: "Grid", tolerance: float) -> str | None:
        if self.is_known != other.is_known:
            return (
                "an orientation, found where none is known"
                if other.is_known
                else ("no orientation where one is known")
            )
        mine, its = self.filed_spacing_mm, other.filed_spacing_mm
        if mine is None or its is None:
            return None if mine == its else "a spacing on one side alone"
        if np.allclose(mine, its, rtol=tolerance, atol=0):
            return None
        return f"a spacing of {_lengths(its)} instead of {_lengths(mine)}"


def is_affine(matrix: NDArray[Any]) -> bool:
    """Tell whether `matrix` is 4×4, finite and takes no two voxels to one place."""
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        return False
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    if lengths.min() < 1e-9:
        return False
    return abs(float(np.linalg.det(matrix[:3, :3] / lengths))) > 1e-4


def closest_axes(affine: Affine) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return for voxel axes x, y, z the closest patient axis (0 = R/L, 1 = A/P, 2 = S/I) and sign.

    Each patient axis is given once, the clearest first, on the rotation closest to the affine.
    """
    left, _, right = np.linalg.svd(_unit_columns(affine))
    rotation = left @ right
    axes, signs = [0, 0, 0], [1.0, 1.0, 1.0]
    for axis in np.argsort(-np.abs(rotation).max(axis=0), kind="stable"):
        patient = int(np.argmax(np.abs(rotation[:, axis])))
        axes[axis] = patient
        signs[axis] = -1.0 if rotation[patient, axis] < 0 else 1.0
        rotation[patient, :] = 0.0
    return tuple(axes), tuple(signs)


def _unit_columns(affine: Affine) -> Affine:
    matrix = affine[:3, :3]
    return np.asarray(matrix / np.linalg.norm(matrix, axis=0))


def _moved(array: NDArray[T], axes: tuple[int, ...]) -> NDArray[T]:
    before = array.ndim - 3
    return array.transpose(*range(before), *(before + axis for axis in axes))


def _last(flips: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(axis - 3 for axis in flips)


def _what_differs(one: Grid, other: Grid, apart_mm: float) -> str:
    assert one.affine is not None
    assert other.affine is not None
    assert one.spacing_mm is not None
    assert other.spacing_mm is not None
    if not np.allclose(one.spacing_mm, other.spacing_mm, rtol=1e-3):
        return f"a spacing of {_lengths(other.spacing_mm)} instead of {_lengths(one.spacing_mm)}"
    turned = one.orientation != other.orientation
    if turned:
        return f"an orientation of {other.orientation} instead of {one.orientation}"
    if not np.allclose(_unit_columns(one.affine), _unit_columns(other.affine), atol=1e-4):
        return f"axes turned against it (a corner lies {apart_mm:.3g} mm off)"
    return f"an origin {apart_mm:.3g} mm away"


def _sizes(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _lengths(spacing: tuple[float, ...]) -> str:
    return "×".join(f"{length:.4g}" for length in spacing) + " mm"
