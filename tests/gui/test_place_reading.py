"""Who may write to a workspace when a dataset is opened, and opened again."""

import shutil
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from core.domain.counted_mask import count_mask
from core.domain.prediction import Postprocessing
from core.domain.worklist_state import Listing
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import Dataset, scan
from core.models.registry import MODEL_SPEC, read_model
from core.workspace.workspace_folder import open_workspace
from gui.app.program import Program
from gui.shell.place_reader import take_workspace
from gui.shell.session_parts import Place
from tests.gui.conftest import Start, shut
from tests.gui.tiny import SLICES, choose, keep_predictions, probability, settle
from tests.synthetic import publish_unet


def test_opening_again_keeps_the_lock(tmp_path: Path) -> None:
    lock, held = take_workspace(tmp_path, "tiny", None, user="Ann")
    assert lock is not None
    with closing(open_workspace(tmp_path)) as workspace:
        place = Place(Dataset(tmp_path, ()), workspace, lock=lock, held=held)
        assert take_workspace(tmp_path, "tiny", place, user="Ann") == (lock, "")
    lock.release()


def test_a_second_window_only_reads_until_the_first_has_gone(tmp_path: Path) -> None:
    first, _ = take_workspace(tmp_path, "tiny", None, user="Ann")
    assert first is not None
    lock, held = take_workspace(tmp_path, "tiny", None, user="Ann")
    assert lock is None
    assert "opened read-only" in held
    with closing(open_workspace(tmp_path)) as workspace:
        place = Place(Dataset(tmp_path, ()), workspace, lock=lock, held=held)
        assert "opened read-only" in take_workspace(tmp_path, "tiny", place, user="Ann")[1]
        first.release()
        again, held = take_workspace(tmp_path, "tiny", place, user="Ann")
    assert again is not None
    assert held == ""
    again.release()


def test_order_filter_and_search_survive_a_restart(
    program: Program, start: Start, predicted: Path, qtbot: QtBot
) -> None:
    asked = Listing("HD95", "UNREVIEWED", "dsc:0-1 model:lite")
    program.window.worklist.set_listing(asked)
    listed = program.window.worklist.order()
    assert listed
    choose(qtbot, program, listed[-1])
    settle(qtbot, program)
    shut(program)
    other = start(predicted)
    assert other.session.listing == asked
    assert other.window.worklist.order() == listed


@pytest.mark.parametrize("changed", ["postprocessing", "weights"])
def test_a_dsc_that_the_model_would_not_have_today_is_not_listed(
    changed: str, start: Start, home: Path, tiny: str, dataset: Path, qtbot: QtBot
) -> None:
    keep_predictions(home, dataset, "A_1", "B_2")
    program = start(dataset)
    before = program.session.case_states["B_2"].dsc
    assert before is not None
    shut(program)

    folder = home / "models" / tiny
    if changed == "weights":
        other = publish_unet(home / "others", tiny, seed=1)
        shutil.copy(other.weights, folder)
    else:
        spec = msgspec.structs.replace(
            read_model(folder).spec, postprocessing=Postprocessing(threshold=0.3)
        )
        MODEL_SPEC.write(folder, spec)
    again = start(dataset)
    states = again.session.case_states
    if changed == "weights":
        assert states["B_2"].dsc is None
    else:  # what can be counted anew without a run is
        truth = read_case(scan(dataset).case("B_2")).ground_truth
        cut = count_mask(probability(SLICES["B_2"]), truth, Postprocessing(threshold=0.3))
        assert states["B_2"].dsc == pytest.approx(cut.counts.pooled().dsc)
        assert states["B_2"].dsc != before
    choose(qtbot, again, "B_2")
    assert (states["B_2"].dsc is None) == (changed == "weights")
