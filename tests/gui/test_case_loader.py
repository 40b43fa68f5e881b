"""Cases come on screen: the last one asked for, whole or with a sentence, never another one."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.workspace.settings import Settings, save_settings, settings_path
from gui.app.program import Program
from gui.data.organise_dialog import OrganiseDialog
from gui.shell.case_loader import first_slice
from tests.gui.conftest import Start
from tests.gui.resting import is_at_rest
from tests.gui.showing import pixels_of
from tests.gui.tiny import SIDE, choose, settle, shown_case, toasts
from tests.synthetic import write_case

COUNT, SLICES = 8, 4
GIB = 1 << 30


def name(number: int) -> str:
    return f"N_{number}"


@pytest.fixture
def folder(tmp_path: Path, home: Path) -> Path:
    """Eight cases without a prediction, every one another image."""
    place = tmp_path / "eight"
    for number in range(1, COUNT + 1):
        write_case(place, name(number), SLICES, (SIDE, SIDE), seed=number)
    return place


def break_image(folder: Path, case_id: str, number: int) -> None:
    path = folder / case_id / f"{case_id}_{number}.tif"
    path.write_bytes(path.read_bytes()[:100])


def break_case(folder: Path, case_id: str) -> None:
    for number in range(1, SLICES + 1):
        break_image(folder, case_id, number)


def asked(program: Program) -> list[str]:
    """Return a list that grows with every case that comes on screen, empty for none."""
    seen: list[str] = []
    program.session.case_changed.connect(lambda: seen.append(shown_case(program)))
    return seen


def brightness(program: Program) -> float:
    """Return how bright the slice view is where a head would be, away from any sentence."""
    pixels = pixels_of(program.window.view)
    height, width = pixels.shape[:2]
    above, middle = height // 5, width // 2
    return float(pixels[above - 10 : above + 10, middle - 10 : middle + 10].mean())


def wait_for_failure(qtbot: QtBot, program: Program) -> None:
    qtbot.waitUntil(lambda: bool(program.session.problem))
    qtbot.waitUntil(lambda: is_at_rest(program.lanes))


def shows_nothing_but(program: Program, *words: str) -> bool:
    said = program.window.empty.text
    panels = (program.window.view.hud_text("top_left"), program.window.view.hud_text("top_right"))
    dark = brightness(program) < 20
    return dark and panels == ("", "") and all(word in said for word in words)


def set_memory(cases: float, folder: Path) -> int:
    """Let windows keep that many cases in memory; returns the budget in bytes."""
    one = read_case(scan(folder).cases[0]).nbytes
    save_settings(settings_path(), Settings(memory_gib=cases * one / GIB))
    return int(cases * one)


def test_turning_pages_fast_shows_only_the_last(start: Start, folder: Path, qtbot: QtBot) -> None:
    program = start(folder)
    assert shown_case(program) == name(1)
    seen = asked(program)
    for _ in range(COUNT - 2):
        program.operations.step_case(1)
    program.operations.step_case(-1)
    assert program.session.wanted == name(COUNT - 2)
    settle(qtbot, program)

    assert seen == [name(COUNT - 2)]
    shown = program.session.open_case
    assert shown is not None
    truth = read_case(scan(folder).case(name(COUNT - 2)))
    np.testing.assert_array_equal(shown.loaded.volume.pixels, truth.volume.pixels)
    assert name(COUNT - 2) in program.window.view.hud_text("top_right") + str(
        program.window.view.hud_text("top_left")
    )


def test_next_and_previous_follow_the_worklist_as_it_is_shown(
    start: Start, folder: Path, qtbot: QtBot
) -> None:
    program = start(folder)
    settle(qtbot, program)
    first, second, third = name(4), name(1), name(2)
    program.operations.follow_order(lambda: [first, second, third])  # sorted, and filtered
    program.operations.step_case(1)
    assert program.session.wanted == third
    program.operations.step_case(1)
    assert program.session.wanted == third, "it is the last"
    for wanted in (second, first, first):
        program.operations.step_case(-1)
        assert program.session.wanted == wanted


def test_the_same_case_is_not_read_again(start: Start, folder: Path, qtbot: QtBot) -> None:
    program = start(folder)
    seen = asked(program)
    choose(qtbot, program, name(1))
    assert seen == []


def test_the_first_slice_has_the_most_lesion(start: Start, folder: Path) -> None:
    program = start(folder)
    opened = program.session.open_case
    assert opened is not None
    assert opened.loaded.ground_truth is not None
    areas = opened.loaded.ground_truth.sum(axis=(1, 2))
    assert areas[program.session.view.slice_index] == areas.max() > 0


def test_without_a_lesion_the_slice_in_the_middle_is_the_first(tmp_path: Path) -> None:
    write_case(tmp_path, "BARE", 7, (SIDE, SIDE), masks=False)
    assert first_slice(read_case(scan(tmp_path).case("BARE"))) == 3


def test_neighbours_are_there_before_they_are_asked_for(
    start: Start, folder: Path, qtbot: QtBot
) -> None:
    program = start(folder)
    choose(qtbot, program, name(4))
    near = [read_case(scan(folder).case(name(n))).volume.pixels for n in (3, 5)]
    shutil.rmtree(folder / name(3))
    shutil.rmtree(folder / name(5))
    for number, pixels in zip((3, 5), near, strict=True):
        choose(qtbot, program, name(number))
        opened = program.session.open_case
        assert opened is not None
        np.testing.assert_array_equal(opened.loaded.volume.pixels, pixels)


def test_memory_stays_within_its_budget(start: Start, folder: Path, qtbot: QtBot) -> None:
    budget = set_memory(2.5, folder)
    program = start(folder)
    held: list[int] = []
    program.session.case_changed.connect(lambda: held.append(program.operations.cache.nbytes))
    for number in (*range(2, COUNT + 1), *range(COUNT, 0, -1)):
        choose(qtbot, program, name(number))
        held.append(program.operations.cache.nbytes)
        assert shown_case(program) == name(number)
    assert 0 < max(held) <= budget


def test_a_case_larger_than_the_budget_opens_all_the_same(
    start: Start, folder: Path, qtbot: QtBot
) -> None:
    set_memory(0.5, folder)
    program = start(folder)
    choose(qtbot, program, name(5))
    assert shown_case(program) == name(5)
    assert program.operations.cache.nbytes == 0


def test_a_case_without_a_readable_slice_is_a_sentence_and_no_image(
    start: Start, folder: Path, qtbot: QtBot
) -> None:
    break_case(folder, name(2))
    program = start(folder)
    assert brightness(program) > 50
    seen = asked(program)
    program.operations.choose_case(name(2))
    wait_for_failure(qtbot, program)

    assert seen == [""]
    assert shows_nothing_but(program, f"{name(2)} cannot be opened", f"{name(2)}_1.tif")
    assert program.session.case_states[name(2)].run == "failed"
    assert program.window.worklist.order() == [name(n) for n in range(1, COUNT + 1)]
    program.viewer.verbs.step_slice(1)
    program.viewer.verbs.toggle_layer("truth")
    assert shows_nothing_but(program, f"{name(2)} cannot be opened")

    program.operations.step_case(1)
    settle(qtbot, program)
    assert shown_case(program) == name(3)
    assert brightness(program) > 50
    assert program.window.empty.text == ""


def test_a_first_case_that_is_bad_is_told_and_the_others_open(
    start: Start, folder: Path, qtbot: QtBot
) -> None:
    break_case(folder, name(1))
    break_image(folder, name(2), 2)
    program = start(folder, wait=False)
    wait_for_failure(qtbot, program)
    assert shown_case(program) == ""
    assert shows_nothing_but(program, f"{name(1)} cannot be opened", f"{name(1)}_1.tif")
    states = program.session.case_states
    failed = {case_id: state.run for case_id, state in states.items() if state.run}
    assert failed == {name(1): "failed"}

    program.operations.step_case(1)
    settle(qtbot, program)
    assert shown_case(program) == name(2)
    assert any(f"{name(2)}_2.tif" in said for said in notices(program))
    assert states[name(2)].run == ""


def test_a_bad_case_left_before_it_was_read_says_nothing(
    start: Start, folder: Path, qtbot: QtBot
) -> None:
    break_case(folder, name(5))
    program = start(folder)
    seen = asked(program)
    program.operations.choose_case(name(5))
    program.operations.choose_case(name(6))
    settle(qtbot, program)
    assert seen == [name(6)]
    assert program.session.problem == ""
    assert program.session.case_states[name(5)].run == ""
    assert toasts(program) == []


def test_an_unreadable_slice_is_a_sentence_and_the_others_show(
    start: Start, folder: Path, qtbot: QtBot
) -> None:
    break_image(folder, name(1), 3)
    program = start(folder)
    assert any(f"{name(1)}_3.tif" in said for said in notices(program))
    for index in range(SLICES):
        program.viewer.verbs.go_to_slice(index)
        if index == 2:
            said = program.window.empty.text
            assert "Slice 3 cannot be read" in said
            assert f"{name(1)}_3.tif" in said
            assert brightness(program) < 20
        else:
            assert program.window.empty.text == ""
            assert brightness(program) > 50


def notices(program: Program) -> tuple[str, ...]:
    opened = program.session.open_case
    return () if opened is None else opened.loaded.notices


def test_a_case_that_vanishes_while_it_is_open_stays_on_screen(
    start: Start, folder: Path, qtbot: QtBot
) -> None:
    program = start(folder)
    shutil.rmtree(folder / name(1))
    for index in range(SLICES):
        program.viewer.verbs.go_to_slice(index)
        assert brightness(program) > 50
    assert program.window.empty.text == ""


def test_a_vanished_case_is_a_sentence_until_it_is_back(
    start: Start, folder: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    set_memory(0.5, folder)
    program = start(folder)
    (folder / name(4)).rename(tmp_path / "away")
    program.operations.choose_case(name(4))
    wait_for_failure(qtbot, program)
    assert shows_nothing_but(program, f"{name(4)} cannot be opened", f"{name(4)}_1.tif")

    (tmp_path / "away").rename(folder / name(4))
    choose(qtbot, program, name(6))
    assert program.session.case_states[name(4)].run == "failed"
    choose(qtbot, program, name(4))
    assert shown_case(program) == name(4)
    state = program.session.case_states[name(4)]
    assert (state.run, state.problem) == ("", "")


def test_a_case_of_the_same_name_in_another_folder_is_another_case(
    start: Start, folder: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    for number in (1, 2):
        write_case(other, name(number), SLICES, (SIDE, SIDE), seed=100 + number)
    program = start(folder)
    late = read_case(scan(folder).case(name(2)))
    program.operations.open_dataset(other)
    qtbot.waitUntil(lambda: place_name(program) == "other")
    # A read for the folder left behind ends only now.
    program.operations.cache.put(late)
    settle(qtbot, program)
    for number in (1, 2):
        choose(qtbot, program, name(number))
        opened = program.session.open_case
        assert opened is not None
        wanted = read_case(scan(other).case(name(number))).volume.pixels
        np.testing.assert_array_equal(opened.loaded.volume.pixels, wanted)


def test_a_case_comes_back_at_the_slice_it_was_left_at(
    start: Start, folder: Path, dataset: Path, qtbot: QtBot
) -> None:
    program = start(folder)
    first = program.session.view.slice_index
    other = (first + 2) % SLICES
    program.viewer.verbs.go_to_slice(other)
    choose(qtbot, program, name(2))
    assert program.session.view.slice_index == first_slice(shown(program))
    choose(qtbot, program, name(1))
    assert program.session.view.slice_index == other
    program.operations.open_dataset(dataset)  # where cases of these names would be others
    qtbot.waitUntil(lambda: place_name(program) == dataset.name)
    settle(qtbot, program)
    assert program.session.view.slice_index == first_slice(shown(program))


def shown(program: Program) -> LoadedCase:
    opened = program.session.open_case
    assert opened is not None
    return opened.loaded


def place_name(program: Program) -> str:
    place = program.session.place
    return "" if place is None else place.dataset.name


def test_a_folder_without_cases_leaves_the_open_one(
    start: Start, folder: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    program = start(folder)
    empty = tmp_path / "nothing here"
    empty.mkdir()
    program.operations.open_dataset(empty)
    qtbot.waitUntil(lambda: program.window.findChildren(OrganiseDialog) != [])
    (asked_how,) = program.window.findChildren(OrganiseDialog)
    assert toasts(program) == []
    asked_how.reject()  # no answer: what was open stays, and the reader is told
    (said,) = toasts(program)
    assert "nothing here" in said
    assert place_name(program) == "eight"
    assert shown_case(program) == name(1)
    assert brightness(program) > 50


def test_the_last_of_two_folders_opened_at_once_is_shown(
    start: Start, folder: Path, dataset: Path, qtbot: QtBot
) -> None:
    program = start(folder)
    program.operations.open_dataset(dataset)
    program.operations.open_dataset(folder)
    program.operations.open_dataset(dataset)
    qtbot.waitUntil(lambda: place_name(program) == dataset.name)
    settle(qtbot, program)
    assert sorted(program.session.case_states) == ["A_1", "B_2", "C_10"]
    assert shown_case(program) in program.session.case_states
