"""What a phantom case is made of."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class HeadShape:
    """What differs from head to head: scales, how much fluid there is, and the turn in plane."""

    width: float = 1.0
    length: float = 1.0
    atrophy: float = 0.3
    ventricles: float = 1.0
    turn_deg: float = 0.0


@dataclass(frozen=True)
class Lesion:
    """What a lesion is like: place and size in mm, change in grey levels, and its shape.

    `flair` is added in FLAIR, `t1` taken off the other two channels. `ragged` scales how uneven
    the outline is, `soft_mm` how slowly it fades. `core` is the share of the radius that is cyst,
    `rim` the enhancement around it; `push_mm` is the mass effect. The ground truth is drawn
    `margin_mm` outside the line where the brightness has halved, give or take a reader's hand.
    """

    centre_mm: tuple[float, float, float]
    radius_mm: float
    flair: float = 50.0
    t1: float = 16.0
    lobes: int = 5
    ragged: float = 1.0
    soft_mm: float = 4.0
    core: float = 0.0
    rim: float = 0.0
    push_mm: float = 3.0
    margin_mm: float = 0.8


@dataclass(frozen=True)
class PhantomSpec:
    """A phantom case: the same spec gives the same voxels.

    `spots` is the number of small bright foci in the white matter that are no lesion, `noise` the
    standard deviation in grey levels, `gains` the brightness of the three channels.
    """

    seed: int
    slices: int
    lesions: tuple[Lesion, ...] = ()
    shape: HeadShape = field(default_factory=HeadShape)
    spots: int = 0
    noise: float = 1.3
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
