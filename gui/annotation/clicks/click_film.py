"""The slices that carried clicks would change: which were looked at, and which are left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Signal

from core.domain.plane import PLANES, Cut, PlaneName
from gui.annotation.clicks.guided_clicks import GuidedClicks
from gui.annotation.correction.shown_grey import ShownGrey

Looked = Literal["open", "ticked", "left"]
"""To be looked at still, ticked by the reader, or left out."""

_NEXT: Mapping[Looked, Looked] = {"open": "ticked", "ticked": "left", "left": "open"}


@dataclass(frozen=True)
class FilmSlice:
    """A slice at `index` of the plane, its number, what clicks add and take away there."""

    index: int
    number: int
    added: int
    taken: int
    looked: Looked = "open"


@dataclass(frozen=True)
class Film:
    """The slices that clicks reach in a plane, in order; `current` is the index on screen."""

    plane: PlaneName
    slices: tuple[FilmSlice, ...]
    current: int

    def count(self, looked: Looked) -> int:
        """Return how many slices are in a state."""
        return sum(each.looked == looked for each in self.slices)

    @property
    def kept(self) -> tuple[int, int] | None:
        """The first and the last slice that is not left out; None where all are."""
        found = [each.index for each in self.slices if each.looked != "left"]
        return (found[0], found[-1]) if found else None

    def at(self, index: int) -> FilmSlice | None:
        """Return the slice at an index; None where clicks do not reach it."""
        return next((each for each in self.slices if each.index == index), None)


class ClickFilm(QObject):
    """What the reader said of each slice; a slice that changes again is to be looked at again."""

    changed = Signal()

    def __init__(self, guided: GuidedClicks, grey: ShownGrey) -> None:
        super().__init__()
        self._guided, self._grey = guided, grey
        self._ticked: dict[tuple[PlaneName, int], tuple[int, int]] = {}
        guided.changed.connect(self._on_changed)

    def film(self) -> Film | None:
        """Return the film of the clicks in hand, in the plane of the newest; None without any."""
        state, clicks = self._guided.state, self._guided.clicks
        if state is None or not clicks:
            return None
        name = clicks[-1].plane
        plane, out = PLANES[name], self._guided.left_out(name)
        slices = tuple(
            FilmSlice(
                z, self._grey.slice_number(Cut(plane, z)), *pair, self._looked(name, z, pair, out)
            )
            for z, pair in state.reached[name].items()
        )
        current = self._grey.session.view.cut_in(plane).index
        return Film(name, slices, current) if slices else None

    def turn(self, index: int) -> None:
        """Bring a slice to the next state: to look at, ticked, left out."""
        film = self.film()
        found = None if film is None else film.at(index)
        if found is not None:
            self.mark(index, _NEXT[found.looked])

    def mark(self, index: int, looked: Looked) -> None:
        """Say of a slice that it was looked at, or is to be left out."""
        film = self.film()
        found = None if film is None else film.at(index)
        if film is None or found is None or found.looked == looked:
            return
        self._ticked.pop((film.plane, index), None)
        if looked == "ticked":
            self._ticked[film.plane, index] = (found.added, found.taken)
        out = self._guided.left_out(film.plane)
        self._guided.leave_out(film.plane, out | {index} if looked == "left" else out - {index})
        self.changed.emit()

    def mark_current(self, looked: Looked) -> None:
        """Say it of the slice on screen; of one that is so already, that it is to be looked at."""
        film = self.film()
        found = None if film is None else film.at(film.current)
        if found is not None:
            self.mark(found.index, "open" if found.looked == looked else looked)

    def limit(self, first: int, last: int) -> None:
        """Carry the clicks from one slice to another: those that this takes off are left out.

        What lies between is taken in where the range had ended before it.
        """
        film = self.film()
        if film is None or first > last:
            return
        out, reached = self._guided.left_out(film.plane), {each.index for each in film.slices}
        before = film.kept or (first, last)
        beyond = {z for z in reached if not first <= z <= last}
        again = {z for z in reached if first <= z <= last and not before[0] <= z <= before[1]}
        self._guided.leave_out(film.plane, (out | beyond) - again)

    def beside(self, step: int) -> Cut | None:
        """Return the next slice that clicks reach before or behind the one on screen."""
        film = self.film()
        if film is None:
            return None
        found = [z for z in (each.index for each in film.slices) if (z - film.current) * step > 0]
        return Cut(PLANES[film.plane], found[0 if step > 0 else -1]) if found else None

    def _looked(
        self, plane: PlaneName, index: int, pair: tuple[int, int], out: frozenset[int]
    ) -> Looked:
        if index in out:
            return "left"
        # One click more changes these counts wherever it changes a voxel.
        return "ticked" if self._ticked.get((plane, index)) == pair else "open"

    def _on_changed(self) -> None:
        if not self._guided.clicks:
            self._ticked.clear()
        self.changed.emit()
