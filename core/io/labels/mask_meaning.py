"""What is lesion in the masks of a case, whatever program drew them.

All masks of a case are looked at together: an empty slice alone cannot tell its background. Two
values are two classes; a few small integers are labels; anything between, as of JPEG, of smooth
edges and of probabilities, is cut at half of its range, and said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.io.tiff.tiff_samples import Samples, TiffPicture, invert

_MOST_LABELS = 64
_SMALL = 20
_NEAR = 48
_MOSTLY = 0.5
_LOW, _HIGH = 0.1, 0.9
_FAINT = 32  # of 255: less is lost in what a lossy file changes
_PLATEAU = 0.25
_ALMOST = 192


@dataclass(frozen=True, eq=False)
class Meaning:
    """`masks` (Y, X) of 0 and 1, `labels` (Y, X) of the classes; one of each for every picture.

    `cut` are the indices of pictures whose values were cut or joined, and `said` how, in words
    that follow "found more …"; `odd` tells pictures that mean lesion in another way than most.
    `refused` is what was found, where no meaning is sure.
    """

    masks: tuple[NDArray[np.uint8], ...]
    labels: tuple[NDArray[np.uint8], ...]
    cut: tuple[int, ...] = ()
    said: str = ""
    refused: str = ""


def meaning_of_masks(pictures: Sequence[TiffPicture], known: Sequence[int] = ()) -> Meaning:
    """Return what is lesion in pictures of one kind, as `kind_of` says; (Y, X) may differ.

    `known` are the label values that the masks of the folder hold: pictures of whole numbers up to
    the highest that is taken for a label, or of these alone, are such labels then, and nothing has
    to be said.
    """
    if known and all(holds_labels(picture, known) for picture in pictures):
        labels = tuple(np.asarray(picture.planes[0], np.uint8) for picture in pictures)
        return Meaning(tuple((each > 0).view(np.uint8) for each in labels), labels)
    planes, words = _single(pictures)
    if planes is None:
        return Meaning((), (), refused=words)
    if any(_has_gaps(picture.planes) for picture in pictures):
        words += "; what is no number (NaN) is taken as background"
    meaning = _classes(planes, pictures[0])
    if not words or meaning.refused:
        return meaning
    cut = tuple(range(len(pictures)))
    return Meaning(meaning.masks, meaning.labels, meaning.cut or cut, words + meaning.said)


def holds_labels(picture: TiffPicture, known: Sequence[int] = ()) -> bool:
    """Tell a picture of a few small whole numbers, which stand for themselves, or `known` ones."""
    planes = picture.planes
    plain = len(planes) == 1 and picture.alpha is None and picture.indices is None
    if not plain or planes.dtype.kind not in "ui" or picture.inverted or picture.lossy:
        return False
    if not planes.size or bool(planes.min() >= 0 and planes.max() <= _SMALL):
        return True
    return bool(known) and set(np.unique(planes).tolist()) <= {0, *known}


def said_of_values(meaning: Meaning) -> str:
    """Return what is to be said of masks whose values were cut or joined, without their name."""
    many = len(meaning.cut)
    return (
        "expected a mask of two values, found more"
        f"{f', as in {many} masks of this case' if many > 1 else ''}{meaning.said}. "
        "Look at it; export a binary mask to be sure."
    )


def kind_of(picture: TiffPicture) -> tuple[object, ...]:
    """Return what masks must share to be understood together."""
    return (
        len(picture.planes),
        picture.alpha is not None,
        picture.planes.dtype.kind,
        picture.planes.dtype.itemsize,
        picture.lossy,
        picture.inverted,
        picture.colour,
        picture.palette,
        picture.bits,
    )


def _single(pictures: Sequence[TiffPicture]) -> tuple[list[Samples] | None, str]:
    """Return one plane (Y, X) for each picture, and what must be said of how it was made."""
    planes = [_finite(picture.planes) for picture in pictures]
    alphas = [picture.alpha for picture in pictures if picture.alpha is not None]
    opaque = [np.concatenate([p, a[np.newaxis]]) for p, a in zip(planes, alphas, strict=False)]
    if opaque and _is_one_hot(opaque):
        return _not_background(opaque), ""
    if pictures[0].inverted:
        stored = [_as_stored(p, picture) for p, picture in zip(planes, pictures, strict=True)]
        # Black on white by a table that only shows it: where the stored zeros surround the rest.
        planes = stored if _common_on_border([p[0] for p in stored]) == 0 else planes
    if alphas and _all_one_colour(planes):
        if _varies(alphas):
            return list(alphas), "; its transparency was read, all colours being one"
        if not np.any(alphas[0]):
            return [np.zeros(p.shape[1:], np.uint8) for p in planes], ""
    indices = [picture.indices for picture in pictures if picture.indices is not None]
    if indices and _all_one_colour(planes) and _varies(indices):
        return indices, "; its palette shows one colour, so its numbers were read"
    grey, words = _grey(planes, pictures[0])
    if grey is not None and alphas and _varies(alphas):
        grey = [np.where(a > 0, g, np.zeros_like(g)) for g, a in zip(grey, alphas, strict=True)]
    return grey, words


def _grey(planes: list[Samples], first: TiffPicture) -> tuple[list[Samples] | None, str]:
    if len(planes[0]) == 1:
        return [p[0] for p in planes], ""
    if all(_is_grey(p, first.lossy) for p in planes):
        return [p[0] if not first.lossy else p.max(axis=0) for p in planes], ""
    if _is_one_hot(planes):
        return _not_background(planes), ""
    if _is_softmax(planes):
        behind = int(np.argmax(sum(_edge(p).sum(axis=1, dtype=float) for p in planes)))
        found: list[Samples] = [np.asarray(p.argmax(axis=0) != behind, np.uint8) for p in planes]
        return found, "; the likeliest class was taken"
    return _away_from_background(planes, first)


def _away_from_background(
    planes: list[Samples], first: TiffPicture
) -> tuple[list[Samples] | None, str]:
    """Return how far each pixel is from the colour that most of the border has."""
    behind, share = _border_colour(planes)
    top = _top(planes)
    black = behind.max() <= (top * 0.2 if first.lossy else 0)
    white = first.colour and behind.min() >= (top * 0.8 if first.lossy else top)
    if share < _MOSTLY or not (black or white or _colours(planes, 3) <= 2):
        return None, (
            "colours or planes of which none is surely the background (neither black nor white "
            "nor one of two)"
        )
    if black:
        far = [p.max(axis=0) for p in planes]
    elif white:
        far = [(top - p.astype(np.float32).min(axis=0)).astype(p.dtype) for p in planes]
    else:
        far = [(p != behind[:, None, None].astype(p.dtype)).any(axis=0) for p in planes]
    values = _values(far)
    smooth = first.lossy or (len(values) > 2 and not _are_labels(far, values, first))
    return (far if smooth else [np.asarray(f > 0, np.uint8) for f in far]), ""


def _classes(planes: list[Samples], first: TiffPicture) -> Meaning:
    """Return classes of single planes by their values, all slices together."""
    values = _values(planes)
    if len(values) <= 2:
        return _two(planes, values)
    whole = planes[0].dtype.kind in "bui" or bool(np.equal(np.mod(values, 1), 0).all())
    if whole and not first.lossy and _are_labels(planes, values, first):
        return _labelled(planes, values)
    if first.lossy and values.max() < _FAINT and planes[0].dtype == np.uint8:
        return Meaning(
            (),
            (),
            refused=f"values of {values.min()} to {values.max()} alone in a compression that "
            "changes values: what is lesion is lost in it",
        )
    return _halved(planes, values, lossy=first.lossy)


def _two(planes: list[Samples], values: Samples) -> Meaning:
    if 0 in values or (len(values) == 1 and planes[0].dtype.kind != "f"):
        return _plain([np.asarray(p != 0, np.uint8) for p in planes])
    if planes[0].dtype.kind == "f":
        return _halved(planes, values)
    return _labelled(planes, values)


def _plain(masks: list[NDArray[np.uint8]]) -> Meaning:
    return Meaning(tuple(masks), tuple(masks))


def _labelled(planes: list[Samples], values: Samples) -> Meaning:
    """Keep each value as a class; the background is zero, or what the border has without one."""
    behind = 0 if 0 in values else _common_on_border(planes)
    masks = tuple(np.asarray(p != behind, np.uint8) for p in planes)
    order = np.array([v for v in values if v != behind])
    exact = bool(len(order) and order.min() > 0 and order.max() <= 255)
    labels = tuple(
        np.where(p == behind, 0, p if exact else np.searchsorted(order, p) + 1).astype(np.uint8)
        for p in planes
    )
    words = "" if behind == 0 else f"; {behind:g}, which surrounds the rest, is the background"
    odd = [n for n, p in enumerate(planes) if len(np.unique(p)) > 2 or behind != 0]
    kept = "; each value is kept as a label" if exact else "; every other value is taken as lesion"
    return Meaning(masks, labels, tuple(odd), f"{words}{kept}")


def _halved(planes: list[Samples], values: Samples, *, lossy: bool = False) -> Meaning:
    level = _half(planes, float(values.min()), float(values.max()), lossy=lossy)
    masks = tuple(np.asarray(p > level, np.uint8) for p in planes)
    odd = tuple(n for n, p in enumerate(planes) if len(np.unique(p)) > 2 or p.dtype.kind == "f")
    return Meaning(masks, masks, odd, f"; values above {level:g}, half of the range, are lesion")


def _half(planes: list[Samples], low: float, high: float, *, lossy: bool) -> float:
    """Return half of the range of values: of what fills the lesion, of the type, or of all."""
    dtype = planes[0].dtype
    if low < 0:
        return 0.0  # scores before a sigmoid
    if dtype.kind == "f" and high <= 1:
        return 0.5
    top = _filling(planes, high, lossy=lossy)
    if dtype == np.uint8 and high > 127 and (not top or top > _ALMOST):
        top = 255.0
    top = top or high
    return top // 2 if dtype.kind in "ui" else top / 2


def _filling(planes: list[Samples], high: float, *, lossy: bool) -> float:
    """Return the value that fills the bright areas; 0 where there is none so common."""
    bright = np.concatenate([p[p > high / 2] for p in planes])
    if lossy:
        return float(np.median(bright))
    found, counts = np.unique(bright, return_counts=True)
    most = int(np.argmax(counts))
    return float(found[most]) if counts[most] > _PLATEAU * len(bright) else 0.0


def _are_labels(planes: list[Samples], values: Samples, first: TiffPicture) -> bool:
    """Tell a few classes from smooth edges: small integers, or values that fill areas."""
    if len(values) > _MOST_LABELS or values.min() < 0:
        return False
    if values.max() <= _SMALL and first.bits >= 8:
        return True
    if _is_noise(planes, values):
        return False
    between = values[(values > 0) & (values < values.max())]
    inner = outer = 0
    for plane in planes:
        for value in between:
            same = plane == value
            if same.any():
                outer += int(same.sum())
                inner += int(_inside(same).sum())
    return outer > 0 and inner > 0.1 * outer


def _is_noise(planes: list[Samples], values: Samples) -> bool:
    """Tell probabilities that are low or high alone, the low ones all around, from labels."""
    low, high = _LOW * values.max(), _HIGH * values.max()
    if bool(((values > low) & (values < high)).any()):
        return False
    border = np.concatenate([_edge(p[np.newaxis])[0] for p in planes])
    return len(np.unique(border[border <= low])) > 1


def _inside(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of an area whose eight neighbours are in it too."""
    found = np.zeros_like(area)
    if min(area.shape) < 3:
        return found
    core = np.ones((area.shape[0] - 2, area.shape[1] - 2), bool)
    for dy in range(3):
        for dx in range(3):
            core &= area[dy : dy + core.shape[0], dx : dx + core.shape[1]]
    found[1:-1, 1:-1] = core
    return found


def _as_stored(planes: Samples, picture: TiffPicture) -> Samples:
    """Take back the inversion that ImageJ's look-up table only shows: its binaries hold 255."""
    return invert(planes, 8 if picture.palette else picture.bits)


def _is_one_hot(planes: list[Samples]) -> bool:
    """Tell planes of classes, background included: one is set in each pixel, by one value."""
    if len(planes[0]) < 2 or len(set(map(len, planes))) > 1:
        return False
    tops = {float(p.max(initial=0)) for p in planes}
    return len(tops) == 1 and all(
        bool((np.count_nonzero(p, axis=0) == 1).all() and (p.sum(axis=0) == p.max()).all())
        for p in planes
    )


def _not_background(planes: list[Samples]) -> list[Samples]:
    held = sum(np.count_nonzero(_edge(p), axis=1) for p in planes)
    behind = int(np.argmax(held))
    return [_numbered(p, behind) for p in planes]


def _numbered(planes: Samples, behind: int) -> Samples:
    labels = [0 if n == behind else n + (n < behind) for n in range(len(planes))]
    return np.asarray(np.array(labels, np.uint8)[np.argmax(planes != 0, axis=0)])


def _is_softmax(planes: list[Samples]) -> bool:
    """Tell planes of probabilities: in each pixel they sum to one, or to the highest of a type."""
    kind = planes[0].dtype.kind
    if kind not in "uf":
        return False
    whole = 1.0 if kind == "f" else _top(planes)
    near = 0.01 if kind == "f" else float(len(planes[0]))  # each may be rounded
    sums = [p.sum(axis=0, dtype=np.float64) for p in planes]
    return all(bool(np.allclose(found, whole, rtol=0, atol=near)) for found in sums)


def _is_grey(planes: Samples, lossy: bool) -> bool:
    if planes.dtype.kind == "b":
        return bool((planes == planes[:1]).all())
    spread = planes.max(axis=0).astype(np.float64) - planes.min(axis=0)
    return bool(spread.max(initial=0) <= (_NEAR if lossy else 0))


def _border_colour(planes: list[Samples]) -> tuple[NDArray[np.float64], float]:
    border = np.concatenate([_edge(p) for p in planes], axis=1)
    colours, counts = np.unique(border.T, axis=0, return_counts=True)
    best = int(np.argmax(counts))
    near = np.abs(border.T.astype(np.float64) - colours[best]).max(axis=1) <= _NEAR
    return colours[best].astype(np.float64), float(near.mean())


def _common_on_border(planes: list[Samples]) -> float:
    values, counts = np.unique(
        np.concatenate([_edge(p[np.newaxis])[0] for p in planes]), return_counts=True
    )
    return float(values[int(np.argmax(counts))])


def _edge(planes: Samples) -> Samples:
    """Return the outermost pixels of (C, Y, X) as (C, N)."""
    sides = (planes[:, 0], planes[:, -1], planes[:, :, 0], planes[:, :, -1])
    return np.concatenate(sides, axis=1)


def _top(planes: list[Samples]) -> float:
    if planes[0].dtype.kind == "u":
        return float((1 << (8 * planes[0].dtype.itemsize)) - 1)
    return max(float(p.max(initial=0)) for p in planes)


def _colours(planes: list[Samples], most: int) -> int:
    """Return how many colours there are, counted up to `most`."""
    found: set[tuple[float, ...]] = set()
    for p in planes:
        found.update(map(tuple, np.unique(p.reshape(len(p), -1).T, axis=0)[:most].tolist()))
    return len(found)


def _values(planes: list[Samples]) -> Samples:
    return np.unique(np.concatenate([_distinct(p) for p in planes]))


def _distinct(planes: Samples) -> Samples:
    """Return the values that there are, ascending."""
    if planes.dtype != np.uint8 or not planes.size:
        return np.unique(planes)
    ends = np.unique([planes.min(), planes.max()])
    if ((planes == ends[0]) | (planes == ends[-1])).all():
        return ends  # most masks: ten times as fast as sorting or counting
    return np.asarray(np.flatnonzero(np.bincount(planes.ravel())), np.uint8)


def _all_one_colour(planes: list[Samples]) -> bool:
    first = planes[0][:, 0, 0][:, None, None]
    same: Callable[[Samples], bool] = lambda p: bool((p == first).all())  # noqa: E731
    return all(same(p) for p in planes)


def _varies(planes: Sequence[Samples]) -> bool:
    return len(_values(list(planes))) > 1


def _has_gaps(planes: Samples) -> bool:
    return planes.dtype.kind == "f" and bool(np.isnan(planes).any())


def _finite(planes: Samples) -> Samples:
    return np.nan_to_num(planes, nan=0.0) if planes.dtype.kind == "f" else planes
