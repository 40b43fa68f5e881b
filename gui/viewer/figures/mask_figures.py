"""What is counted and measured of each mask of the case on screen, off the GUI thread."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, Signal

from core.domain.mask import Mask
from core.domain.metrics import Hd95, Overlap, SliceCounts, hd95, slice_counts
from core.domain.plane import Cut
from core.io.cases.case_reader import LoadedCase
from gui.shell.mask_finder import MaskFinder, SourceMask
from gui.shell.mask_source import MaskSource
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Lanes
from gui.viewer.drawn.shown_case import slice_overlap
from gui.widgets.labels import number
from gui.widgets.metrics_view import PendingFigure


@dataclass(frozen=True, eq=False)
class MaskFigures:
    """A mask and its figures; `hd95` in mm where the spacing is known, else in voxels.

    `regions` has the counts of each region and label by name, where there are several.
    """

    found: SourceMask
    hd95: float | PendingFigure | None = None
    regions: Mapping[str, SliceCounts] = field(default_factory=dict)

    def counts(self, cut: Cut | None = None, truth: Mask | None = None) -> Overlap | None:
        """Return the counts of the volume, or of one slice against `truth`; None without a mask."""
        counted = self.found.counted
        if counted is None:
            return None
        return counted.counts.pooled() if cut is None else slice_overlap(counted, truth, cut)

    @property
    def dsc(self) -> float | None:
        """The DSC of the volume; None without a mask or ground truth."""
        counted, counts = self.found.counted, self.counts()
        return counts.dsc if counts is not None and counted and counted.has_truth else None


class MaskMeasures(QObject):
    """Keeps the figures of the masks that were wanted or shown; `changed` names whose."""

    changed = Signal(object)

    def __init__(self, session: Session, lanes: Lanes, finder: MaskFinder) -> None:
        super().__init__()
        self._session, self._lanes, self._finder = session, lanes, finder
        self._known: dict[MaskSource, MaskFigures] = {}
        self._asked: set[MaskSource] = set()
        session.case_changed.connect(self._forget)
        session.models_changed.connect(self._forget)
        finder.changed.connect(self._forget)

    def of(self, source: MaskSource) -> MaskFigures | None:
        """Return what is known of a mask."""
        return self._known.get(source)

    def want(self, sources: Iterable[MaskSource]) -> None:
        """Find the masks that are in the workspace, and count and measure them."""
        for source in sources:
            if source not in self._known and source not in self._asked:
                self._asked.add(source)
                self._finder.find(source, self.note)

    def note(self, found: SourceMask) -> None:
        """A mask was found or made."""
        before = self._known.get(found.source)
        if before is not None and before.found.counted is found.counted:
            return
        opened, counted = self._session.open_case, found.counted
        measured = counted is not None and counted.has_truth and opened is not None
        self._known[found.source] = MaskFigures(found, "pending" if measured else None)
        self.changed.emit(found.source)
        if measured and opened is not None:
            self._measure(opened, found)

    def _measure(self, opened: OpenCase, found: SourceMask) -> None:
        truth, spacing = opened.loaded.ground_truth, opened.loaded.volume.geometry.spacing_mm
        counted = found.counted
        if truth is None or counted is None:
            return
        self._lanes.run(
            "idle",
            lambda _: _pooled(hd95(truth, counted.mask, spacing_mm=spacing)),
            lambda value: self._keep(found, lambda now: replace(now, hd95=value)),
        )
        if found.prediction is not None:
            loaded = opened.loaded
            self._lanes.run(
                "idle",
                lambda _: count_regions(found, loaded),
                lambda regions: self._keep(found, lambda now: replace(now, regions=regions)),
            )

    def _keep(self, found: SourceMask, fill: Callable[[MaskFigures], MaskFigures]) -> None:
        now = self._known.get(found.source)
        if now is not None and now.found is found:
            self._known[found.source] = fill(now)
            self.changed.emit(found.source)

    def _forget(self) -> None:
        self._known.clear()
        self._asked.clear()


def count_regions(found: SourceMask, loaded: LoadedCase) -> dict[str, SliceCounts]:
    """Count each region and label of a source against the truth, as its figures are made."""
    meaning, truth, prediction = loaded.meaning, loaded.labels, found.prediction
    if meaning is None or truth is None or prediction is None or found.cut is None:
        return {}
    return {
        region.name: slice_counts(
            meaning.mask(truth, region), prediction.mask_of(region, found.cut)
        )
        for region in meaning.scored
    }


def figure_words(figures: MaskFigures | None, opened: OpenCase) -> tuple[str, ...]:
    """Say HD95 and volume of a mask beside those of the truth; nothing without a mask."""
    counts = None if figures is None else figures.counts()
    if figures is None or counts is None:
        return ()
    geometry = opened.loaded.volume.geometry
    ml = geometry.voxel_ml
    decimals, scale = (0, 1.0) if ml is None else (1, ml)
    unit = geometry.volume_unit
    volume = f"Volume {number(counts.predicted_voxels * scale, decimals)} {unit}"
    if opened.loaded.ground_truth is None:
        return (volume,)
    apart = "…" if figures.hd95 == "pending" else number(_plain(figures.hd95), 1)
    truth = number(counts.truth_voxels * scale, decimals)
    return f"HD95 {apart} {geometry.length_unit}", f"{volume}, truth {truth}"


def _pooled(found: Hd95 | None) -> float | None:
    return None if found is None else found.pooled


def _plain(value: float | PendingFigure | None) -> float | None:
    return value if isinstance(value, float) else None
