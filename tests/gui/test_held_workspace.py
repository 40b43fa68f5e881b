"""A workspace that another window holds: what is kept in it stays, until it can be taken over."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import create_autospec

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.domain.triage import Triage
from core.inference.engine import Engine
from core.review.measurements import Measurement, Steps, measurements_of, put_measurement
from gui.measurement.measure_desk import MeasureDesk
from gui.measurement.measurement_panel import MeasurementPanel
from gui.measurement.measurement_presenter import MeasurementPresenter, MeasurementViews
from gui.review.contradiction_queue import ContradictionQueue
from gui.shell.in_hand import InHand
from gui.shell.label_desk import LabelDesk
from gui.shell.lock_takeover import LockTakeover
from gui.shell.messages import Toasts
from gui.shell.operations import Operations
from gui.shell.place_reader import plain_states
from gui.viewer.slice.slice_view import SliceView
from tests.gui.drawing_desk import DrawingDesk
from tests.gui.test_label_drawing import LABELS, STATE

CASE = "A_1"
HOLDER = "Bo corrects here in another window."
RULER = Measurement(
    id=7,
    case_id=CASE,
    kind="ruler",
    plane="axial",
    index=1,
    slice_number=1,
    points=((1.0, 1.0), (1.0, 5.0)),
    steps=Steps(rows=1.0, mixed=0.0, columns=1.0, unit="mm"),
)


@pytest.fixture
def held(qtbot: QtBot, home: Path, dataset: Path, slice_view: SliceView) -> Iterator[DrawingDesk]:
    """A desk over a workspace that another window holds."""
    desk = DrawingDesk(qtbot, home, dataset, slice_view)
    put_measurement(desk.place.workspace.store, RULER)
    place = replace(desk.place, held=HOLDER)
    desk.session.set_place(place, plain_states(place.dataset))
    yield desk
    desk.close()


def refusals(refused: object) -> list[bool]:
    told: list[bool] = []
    refused.connect(lambda: told.append(True))  # type: ignore[attr-defined]
    return told


def test_a_workspace_that_could_not_be_opened_again_is_taken_over_later(
    held: DrawingDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    operations = Operations(held.session, held.lanes, Engine())
    toasts = create_autospec(Toasts, instance=True)
    takeover = LockTakeover(held.session, held.lanes, operations, toasts)
    root = held.place.dataset.root
    away = root.rename(tmp_path / "on a drive that is not there now")
    for _ in range(2):
        held.until(lambda: not held.lanes.busy)
        with qtbot.waitSignal(operations.not_opened):
            takeover.ask()
    held.until(lambda: not held.lanes.busy)
    away.rename(root)


def test_the_list_of_measurements_comes_with_the_tool(held: DrawingDesk, qtbot: QtBot) -> None:
    panel, window = MeasurementPanel(), QWidget()
    qtbot.addWidget(window)
    panel.setParent(window)
    viewer = SimpleNamespace(views=SimpleNamespace(view=held.view))
    context = SimpleNamespace(
        session=held.session,
        say_failed=lambda *_: None,
        takeover=create_autospec(LockTakeover, instance=True),
        trigger=lambda _: None,
    )
    desk = MeasureDesk(held.session, held.lanes, InHand())
    views = MeasurementViews(viewer, panel)  # type: ignore[arg-type]
    presenter = MeasurementPresenter(context, views, desk)  # type: ignore[arg-type]
    held.open("B_2")
    presenter.show()
    assert panel.isHidden()
    held.view.set_tool("ruler")
    assert not panel.isHidden()
    held.view.set_tool("pan")
    assert panel.isHidden()


def test_a_measurement_is_not_deleted(held: DrawingDesk) -> None:
    desk = MeasureDesk(held.session, held.lanes, InHand())
    told = refusals(desk.refused)
    held.open(CASE)
    held.until(lambda: desk.measurements == (RULER,))
    desk.choose(RULER.id)
    assert desk.delete()
    held.settle()
    assert told == [True]
    assert desk.measurements == (RULER,)
    assert not desk.can_undo
    assert measurements_of(held.place.workspace.store, CASE, None) == [RULER]


def test_a_slice_is_not_ticked(held: DrawingDesk) -> None:
    queue = ContradictionQueue(held.session, held.lanes)
    told = refusals(queue.refused)
    held.open(CASE)
    opened = held.session.open_case
    assert opened is not None
    held.predict(np.full(opened.loaded.volume.geometry.shape, 200, np.uint8))
    numbers = opened.loaded.volume.slice_numbers
    chances = np.zeros(len(numbers))
    held.session.set_triage(Triage(chances, numbers, "classifier", "cpu", 0.1))
    held.until(lambda: bool(queue.queue.found))
    queue.choose(0)
    assert not queue.tick()
    held.settle()
    assert told == [True]
    assert not queue.queue.is_seen(0)
    assert held.place.workspace.store.read("SELECT * FROM decisions") == []


@pytest.mark.parametrize(
    "change",
    [
        lambda desk: desk.rename(1, "Middle"),
        lambda desk: desk.recolour(1, (1, 2, 3)),
        lambda desk: desk.add(),
        lambda desk: desk.fill("Rim"),
        lambda desk: desk.put_region("Both", (1, 2)),
        lambda desk: desk.remove_region("Tumour"),
    ],
    ids=["rename", "recolour", "add", "fill", "region", "no region"],
)
def test_labels_stay_as_they_are(held: DrawingDesk, change: Callable[[LabelDesk], object]) -> None:
    context = SimpleNamespace(
        session=held.session,
        lanes=held.lanes,
        operations=create_autospec(Operations, instance=True),
        in_hand=InHand(),
    )
    desk = LabelDesk(context)  # type: ignore[arg-type]
    told = refusals(desk.refused)
    held.open(CASE)
    held.session.set_labels(STATE)
    before = held.place.workspace.labels()
    assert change(desk) in (None, HOLDER)
    held.settle()
    assert told == [True]
    assert held.session.labels.labels == LABELS
    assert held.place.workspace.labels() == before
    assert not desk.can_undo
