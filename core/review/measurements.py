"""What readers measured on cases: rulers, diameters, regions; kept beside the reviews.

A measurement keeps its places and how long steps on its slice were, so that its figures can be told
without the images. Where no file tells the spacing, they follow the one that is given now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from core.domain.figure_text import MISSING
from core.domain.grid import Grid, LengthUnit, Spacing
from core.domain.plane import PLANES, PlaneName
from core.domain.plane_metric import PlaneMetric, PlanePlace, plane_metric
from core.domain.region_values import RegionValues
from core.io.cases.case import Case
from core.io.csv_file import write_csv
from core.review.subject import Subject
from core.workspace.store import Store

MEASUREMENTS_FILE = "measurements.csv"

Kind: TypeAlias = Literal["ruler", "diameters", "ellipse", "rectangle"]
MeasuredMask: TypeAlias = Literal["", "truth", "prediction", "correction"]

PLACES: Mapping[Kind, int] = {"ruler": 2, "diameters": 4, "ellipse": 2, "rectangle": 2}
"""How many places a measurement has; those of diameters are the ends of both lines."""


class Values(msgspec.Struct, frozen=True, kw_only=True):
    """What `channel` holds in a region of `pixels` pixels; None without a pixel."""

    channel: str
    pixels: int
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """How long steps on the slice are, as `PlaneMetric` has it."""

    rows: float
    mixed: float
    columns: float
    unit: LengthUnit


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement on slice `index` of a plane; `slice_number` is what readers call it.

    `points` are (row, column) along the edges of pixels of that slice. `mask` and `region` say what
    it was found on, empty for what a hand drew; `subject` which prediction and which correction
    were there. `time` is ISO 8601 in UTC. `id` is 0 until it is kept.
    """

    id: int = 0
    case_id: str
    kind: Kind
    plane: PlaneName
    index: int
    slice_number: int
    points: tuple[PlanePlace, ...]
    steps: Steps
    mask: MeasuredMask = ""
    region: str = ""
    subject: Subject | None = None
    values: Values | None = None
    reader: str = ""
    time: str = ""

    def __post_init__(self) -> None:
        """Refuse a record without its places, as a damaged file may hold one."""
        if len(self.points) != PLACES[self.kind]:
            raise ValueError(f"expected {PLACES[self.kind]} places, found {len(self.points)}")

    @property
    def metric(self) -> PlaneMetric:
        """How long steps on its slice are."""
        steps = self.steps
        return PlaneMetric(steps.rows, steps.mixed, steps.columns, steps.unit)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The pixels around its places: (y0, y1, x0, x1), the ends beyond the last."""
        rows, columns = zip(*self.points, strict=True)
        ends = (min(rows), max(rows), min(columns), max(columns))
        y0, y1, x0, x1 = (round(end) for end in ends)
        return y0, max(y1, y0 + 1), x0, max(x1, x0 + 1)

    @property
    def lengths(self) -> tuple[float, ...]:
        """The lengths of its lines: of a ruler one, of diameters two, of a region none."""
        if self.values is not None or self.kind in ("ellipse", "rectangle"):
            return ()
        pairs = zip(self.points[::2], self.points[1::2], strict=True)
        return tuple(self.metric.length(one, other) for one, other in pairs)

    @property
    def area(self) -> float | None:
        """The area of the pixels of a region, in the square of its unit."""
        return None if self.values is None else self.values.pixels * self.metric.pixel_area

    @property
    def of(self) -> str:
        """What it was found on in words, such as `Tumour core, prediction`; empty for a hand's."""
        return ", ".join(part for part in (self.region, self.mask) if part)


def steps_of(metric: PlaneMetric) -> Steps:
    """Return how long steps on a slice are, to be kept."""
    return Steps(rows=metric.rows, mixed=metric.mixed, columns=metric.columns, unit=metric.unit)


def values_of(found: RegionValues, channel: str) -> Values:
    """Return what a channel holds in a region, to be kept."""
    return Values(
        channel=channel,
        pixels=found.pixels,
        mean=found.mean,
        sd=found.sd,
        low=found.low,
        high=found.high,
    )


def measured_by(found: Measurement, given: Spacing | None) -> Measurement:
    """Return it as the spacing that is given now has it; what files told stays."""
    if found.steps.unit == "mm":
        return found
    grid = Grid((1, 1, 1)).with_given(given)
    steps = steps_of(plane_metric(grid, PLANES[found.plane]))
    return found if steps == found.steps else msgspec.structs.replace(found, steps=steps)


def put_measurement(store: Store, found: Measurement) -> Measurement:
    """Keep a measurement, in the place of that of its id; a new one gets an id."""
    content = msgspec.json.encode(found).decode()
    with store.transaction() as connection:
        if found.id:
            connection.execute(
                "INSERT OR REPLACE INTO measurements (id, case_id, content) VALUES (?, ?, ?)",
                (found.id, found.case_id, content),
            )
            return found
        cursor = connection.execute(
            "INSERT INTO measurements (case_id, content) VALUES (?, ?)", (found.case_id, content)
        )
        return msgspec.structs.replace(found, id=int(cursor.lastrowid or 0))


def drop_measurement(store: Store, measurement_id: int) -> None:
    """Forget a measurement; one that is put again with its id is as it was."""
    with store.transaction() as connection:
        connection.execute("DELETE FROM measurements WHERE id = ?", (measurement_id,))


def measurements_of(store: Store, case_id: str, given: Spacing | None = None) -> list[Measurement]:
    """Return what was measured on a case, oldest first, by the spacing that is given now."""
    rows = store.read_as(
        tuple[int, str],
        "SELECT id, content FROM measurements WHERE case_id = ? ORDER BY id",
        case_id,
    )
    return [measured_by(_read(store, row), given) for row in rows]


def all_measurements(store: Store, cases: Iterable[Case]) -> list[Measurement]:
    """Return what was measured on `cases`, in their order, each by the spacing given for it now."""
    rows = store.read_as(
        tuple[int, str, str], "SELECT id, content, case_id FROM measurements ORDER BY id"
    )
    found: dict[str, list[Measurement]] = {}
    for number, content, case_id in rows:
        found.setdefault(case_id, []).append(_read(store, (number, content)))
    return [
        measured_by(each, case.given_spacing_mm)
        for case in cases
        for each in found.get(case.id, ())
    ]


def _read(store: Store, row: tuple[int, str]) -> Measurement:
    return msgspec.structs.replace(store.decoded(row[1], Measurement), id=row[0])


@dataclass(frozen=True)
class MeasurementText:
    """A measurement in words: what it is, and its figures with their units."""

    title: str
    figures: tuple[tuple[str, str], ...]


def measurement_text(found: Measurement) -> MeasurementText:
    """Return a measurement in words, such as `Tumour core, longest` and `35.0 mm`."""
    unit = found.steps.unit
    lengths = [f"{length:.1f} {unit}" for length in found.lengths]
    if found.kind == "ruler":
        return MeasurementText("Ruler", (("Length", lengths[0]),))
    if found.kind == "diameters":
        return MeasurementText(
            found.region or "Lesion",
            (("Longest", lengths[0]), ("Perpendicular", lengths[1])),
        )
    values, title = found.values, found.kind.capitalize()
    if values is None:
        return MeasurementText(title, ())
    mean = MISSING if values.mean is None else f"{values.mean:.1f} ± {values.sd:.1f}"
    spread = MISSING if values.low is None else f"{values.low:g} to {values.high:g}"
    area = f"{found.area or 0.0:.0f} {_squared(unit)}"
    return MeasurementText(
        title, ((f"{values.channel}, mean ± SD", mean), ("Range", spread), ("Area", area))
    )


def _squared(unit: LengthUnit) -> str:
    return {"voxels": "pixels", "mm": "mm²", "mm given": "mm² given"}[unit]


_COLUMNS = (
    "case",
    "kind",
    "plane",
    "slice",
    "region",
    "mask",
    "of",
    "correction_version",
    "length",
    "perpendicular",
    "area",
    "unit",
    "channel",
    "pixels",
    "mean",
    "sd",
    "low",
    "high",
    "points",
    "reader",
    "time",
)


def measurements_csv(path: Path, found: Iterable[Measurement]) -> None:
    """Write a row a measurement (UTF-8, a comma between); what it has not is empty.

    `length` is that of a ruler or the longest diameter, in `unit`; `area` is in its square.
    `slice` is what readers call it, `points` are rows and columns along the edges of its pixels.
    """
    write_csv(path, _COLUMNS, map(_row, found))


def _row(found: Measurement) -> Sequence[object]:
    values, lengths = found.values, found.lengths
    subject = found.subject
    shown = values or Values(channel="", pixels=0)
    return (
        found.case_id,
        found.kind,
        found.plane,
        found.slice_number,
        found.region,
        found.mask,
        "" if subject is None else subject.said(),
        None if subject is None or not subject.version else subject.version,
        lengths[0] if lengths else None,
        lengths[1] if len(lengths) > 1 else None,
        found.area,
        found.steps.unit,
        shown.channel,
        None if values is None else values.pixels,
        shown.mean,
        shown.sd,
        shown.low,
        shown.high,
        " ".join(f"{row:g},{column:g}" for row, column in found.points),
        found.reader,
        found.time,
    )
