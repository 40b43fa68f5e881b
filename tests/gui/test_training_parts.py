"""Training from the window without a process: jobs as read from disk, choices, what is drawn."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPushButton,
    QTreeWidget,
)
from pytestqt.qtbot import QtBot

from core.domain.errors import DataError
from core.domain.model_output import ModelOutput
from core.io.cases.case import Case, SliceFiles
from core.io.datasets.dataset import scan
from core.jobs.job_events import Paused, Progressed
from core.jobs.job_folder import HEARTBEAT_FILE, JobFolder, JobWriter, create_job
from core.jobs.job_place import JobPlace, read_place
from core.jobs.train_preview import TrainPreview, seconds_needed
from core.models.gate import GateSpec, judge_candidate
from core.models.label_choice import LabelChoice
from core.models.registry import read_model
from core.models.train_spec import TrainSpec
from core.models.wanted_labels import WantedLabels
from core.workspace.chosen_labels import with_labels
from core.workspace.splits import SplitFile, freeze_split, frozen_split, read_split
from core.workspace.workspace_folder import open_workspace, workspace_folder
from gui.shell.job_record import JobRecord, JobTail
from gui.shell.tasks import Lanes
from gui.training.curve import CurvePlot
from gui.training.gate_dialog import GateDialog
from gui.training.gate_view import Choices, gate_view
from gui.training.ground import Ground, read_ground
from gui.training.job_descriptions import job_view, jobs_view, known_models
from gui.training.jobs_drawer import OPEN_HEIGHT, JobsDrawer
from gui.training.jobs_view import Curve, CurveLine
from gui.training.several_form import SeveralForm
from gui.training.train_dialog import TrainDialog
from gui.training.train_fields import TrainFields
from gui.training.train_form import TrainForm, TrainOffer, problems, replayed_cases
from gui.training.train_judges import check_split, propose_split, sites, unlocked
from gui.training.train_plan import (
    SPLIT_FILE,
    make_offer,
    prepare_training,
    time_needed,
    train_spec,
    training_split,
)
from gui.training.train_request import TrainRequest
from gui.widgets.labels import ElidedLabel, duration
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS
from gui.widgets.segments import Segments
from tests.core.test_model_output import TUMOUR
from tests.gui.finding import button, by_name, texts
from tests.gui.training_desk import BARE, CASES, CHAMPION, correct, make_champion, write_dataset
from tests.synthetic import publish_unet
from tests.training.label_making import write_labelled

NOBODY = known_models((), {})
TRAINING = TrainSpec(architecture="unet", data="d", split="s", title="T", epochs=4)


@pytest.fixture
def ground(home: Path, tmp_path: Path) -> Ground:
    """What can be trained on the tiny cases; one is corrected, one has no mask at all."""
    make_champion(home)
    dataset = scan(write_dataset(tmp_path / "data"))
    workspace = open_workspace(workspace_folder(home, dataset.root))
    correct(workspace, "A_2")
    return read_ground(home, dataset, workspace)


@pytest.fixture
def offer(ground: Ground) -> TrainOffer:
    return make_offer(ground, job_number=1, devices=("cpu",))


def form(offer: TrainOffer, **changes: object) -> TrainForm:
    settings = offer.settings["", "cpu"]
    chosen = TrainForm(
        base="",
        architecture="unet",
        arguments="init_features=2",
        preset="cpu",
        title="New",
        cases=tuple(case.case_id for case in offer.cases),
        replay=0.5,
        loss=settings.loss,
        epochs=3,
        minutes=None,
        learning_rate=1e-3,
        batch_size=4,
        size=32,
        judges=offer.split.val,
    )
    return replace(chosen, **changes)  # type: ignore[arg-type]


def written(
    folder: Path, *, beats: bool = True, spec: TrainSpec | GateSpec = TRAINING
) -> JobWriter:
    """Return the writer of a job that has begun."""
    writer = JobWriter(create_job(folder / "0007-train", spec))
    writer.start(resumed=False)
    if not beats:
        long_ago = time.time() - 3600
        os.utime(writer.folder.path / HEARTBEAT_FILE, (long_ago, long_ago))
    return writer


def learning(step: int, seconds_left: float) -> Progressed:
    return Progressed(
        time=0.0, fraction=0.5, stage="learning", seconds_left=seconds_left, step=step
    )


def read(writer: JobWriter) -> JobRecord:
    return JobTail(JobFolder(writer.folder.path)).read()


def test_a_job_is_followed_line_by_line(tmp_path: Path) -> None:
    writer = written(tmp_path)
    tail = JobTail(writer.folder)
    assert tail.read().state == "running"
    writer.metric(10, {"loss": 0.5})
    writer.write(learning(10, 90.0))
    writer.metric(20, {"loss": 0.4})
    record = tail.read()
    assert record.curves["loss"] == ((10.0, 0.5), (20.0, 0.4))
    view = job_view(record, NOBODY)
    assert (view.name, view.at, view.left) == ("Job 7", "Epoch 3 / 4", "2 min left")
    assert [action.text for action in view.actions] == ["Pause", "Stop"]
    writer.folder.request("pause")
    assert [a.text for a in job_view(tail.read(), NOBODY).actions] == ["Pausing…", "Stop"]
    writer.close()


def test_what_is_said_of_a_job_fits_beside_its_buttons(qtbot: QtBot, tmp_path: Path) -> None:
    writer = written(tmp_path)
    writer.metric(10, {"loss": 0.5})
    writer.write(learning(10, 7300.0))
    running = read(writer)
    writer.close()
    other = replace(running, folder=JobFolder(tmp_path / "0012-train"), state="interrupted")
    drawer = JobsDrawer()
    qtbot.addWidget(drawer)
    drawer.resize(980, OPEN_HEIGHT)
    drawer.set_expanded(True)
    drawer.show()
    short = replace(running, state="done", result="lite0-u-net-job-7")
    asked = replace(running, requested="stop")
    broken = replace(running, state="interrupted")
    queued = Progressed(time=0.0, fraction=0.5, stage="queued", about="cuda:0")
    waiting = replace(running, progress=queued)
    for record in (short, running, asked, broken, waiting):
        drawer.show_jobs(jobs_view([other, record], record.id, NOBODY))
        QApplication.processEvents()
        chooser = by_name(drawer, QComboBox, "Job shown")
        assert chooser.currentText().startswith("Job 7 · ")
        words = chooser.fontMetrics().horizontalAdvance(chooser.currentText())
        assert chooser.width() > words + 20
        cut = [each.text() for each in drawer.findChildren(ElidedLabel) if _is_cut(each)]
        assert cut == []
    assert "lite0-u-net-job-7" not in texts(drawer)


def _is_cut(label: ElidedLabel) -> bool:
    wide = label.fontMetrics().horizontalAdvance(label.text())
    return label.isVisible() and wide > label.width()


def test_where_minutes_may_end_it_no_epoch_is_told(tmp_path: Path) -> None:
    spec = msgspec.structs.replace(TRAINING, minutes=2.0, cases=("A",))
    writer = written(tmp_path, spec=spec)
    writer.metric(10, {"loss": 0.5})
    writer.write(learning(10, 60.0))
    view = job_view(read(writer), NOBODY)
    assert (view.at, view.detail.partition(" · ")[0]) == ("50%", "1 case")
    writer.close()


def test_a_comparison_tells_its_share_and_its_cases(tmp_path: Path) -> None:
    spec = GateSpec(champion="m/old", candidate="m/new", data="d", cases=("A", "B"))
    writer = written(tmp_path, spec=spec)
    writer.progress(0.25, "comparing", "Old model: A")
    view = job_view(read(writer), NOBODY)
    assert (view.at, view.detail) == ("25%", "2 frozen cases, new to the candidate")
    assert [action.text for action in view.actions] == ["Stop"]
    writer.close()


def test_what_a_model_is_called_says_nothing_of_how_its_job_stands(tmp_path: Path) -> None:
    spec = GateSpec(champion="m/old", candidate="m/new", data="d", cases=("A", "B"))
    writer = written(tmp_path, spec=spec)
    writer.progress(0.25, "comparing", "waiting for another job: A")
    assert job_view(read(writer), NOBODY).at == "25%"
    writer.progress(0.25, "queued", "cpu")
    assert job_view(read(writer), NOBODY).at == "Queued"
    writer.close()


def test_what_a_broken_run_had_told_is_told_anew(tmp_path: Path) -> None:
    writer = written(tmp_path)
    for step, loss in ((10, 0.5), (20, 0.4), (10, 0.45)):
        writer.metric(step, {"loss": loss})
    assert read(writer).curves["loss"] == ((10.0, 0.45),)
    writer.close()


def test_a_killed_job_offers_to_go_on(tmp_path: Path) -> None:
    writer = written(tmp_path, beats=False)
    view = job_view(read(writer), NOBODY)
    assert view.bar == "failed"
    assert "checkpoint" in view.trouble
    assert [action.text for action in view.actions] == ["Resume"]
    assert jobs_view([read(writer)], "", NOBODY).counts == "1 broken off"
    writer.close()


def test_a_job_that_stands_still_can_be_ended_once_it_has_weights(tmp_path: Path) -> None:
    writer = written(tmp_path)
    writer.write(Paused(0.0, 0))
    assert [a.text for a in job_view(read(writer), NOBODY).actions] == ["Resume"]
    writer.metric(4, {"loss": 0.5})
    paused = read(writer)
    assert [a.text for a in job_view(paused, NOBODY).actions] == ["Resume", "Stop"]
    ending = job_view(replace(paused, requested="stop"), NOBODY).actions
    assert [(a.text, a.enabled) for a in ending] == [("Resume", False), ("Stopping…", False)]
    assert jobs_view([paused], "", NOBODY).counts == "1 paused"
    writer.close()


def test_a_job_that_never_began_shows_its_log(tmp_path: Path) -> None:
    job = create_job(tmp_path / "0001-train", TrainSpec(architecture="u", data="d", split="s"))
    assert JobTail(job).read().state == "new"
    job.log_path.write_text("Traceback\nImportError: no torch\n")
    long_ago = time.time() - 3600
    os.utime(job.path / "job.json", (long_ago, long_ago))
    record = JobTail(job).read()
    assert (record.state, record.failure) == ("interrupted", "ImportError: no torch")


def test_the_running_job_is_shown_before_the_newest(tmp_path: Path) -> None:
    writer = written(tmp_path)
    running = read(writer)
    writer.close()
    done = replace(running, folder=JobFolder(tmp_path / "0008-train"), state="done")
    view = jobs_view([running, done], "", NOBODY)
    assert view.counts == "1 running · 1 finished"
    assert view.shown is not None
    assert view.shown.id == "0007-train"
    assert jobs_view([running, done], "0008-train", NOBODY).shown != view.shown


def test_judges_are_drawn_from_cases_no_model_has_seen(ground: Ground) -> None:
    model = read_model(publish_unet(ground.workspace.models, "m", trained_on=CASES[:6]).folder)
    drawn = propose_split(ground.dataset.cases, [model])
    assert len(drawn.val) == 3
    assert set(drawn.val) <= set(CASES[6:])
    assert set(drawn.train) | set(drawn.val) == set(CASES)
    assert propose_split(ground.dataset.cases, [model]) == drawn
    spared = propose_split(ground.dataset.cases, [model], corrected=drawn.val[:1])
    assert not set(spared.val) & set(drawn.val[:1])
    assert len(propose_split(ground.dataset.cases, [], corrected=CASES).val) == 3


@pytest.mark.parametrize(("cases", "judges"), [(2, 1), (4, 1), (5, 2), (9, 3), (18, 6), (85, 17)])
def test_one_case_alone_judges_only_where_there_are_four_at_most(cases: int, judges: int) -> None:
    known = [
        Case(f"C_{n}", Path(f"C_{n}"), slices=(SliceFiles(1, Path("i.tif"), Path("m.tif")),))
        for n in range(cases)
    ]
    assert len(propose_split(known, []).val) == judges


def test_every_case_that_no_model_has_seen_may_judge(ground: Ground) -> None:
    cases = ground.dataset.cases
    for seen in (8, 7):
        learnt = CASES[:seen]
        model = read_model(
            publish_unet(ground.workspace.models, f"m{seen}", trained_on=learnt).folder
        )
        drawn = propose_split(cases, [model])
        assert len(drawn.val) == min(3, len(CASES) - seen)
        assert set(drawn.val) <= set(CASES[seen:])
        assert set(learnt) <= set(drawn.train)
    # The case that is left over is spared only where there would be nothing to learn from.
    pair = [case for case in cases if case.id in CASES[:2]]
    assert len(propose_split(pair, []).val) == 1
    assert propose_split(pair[:1], []).val == ()


def test_an_ensemble_is_nothing_to_start_from(ground: Ground, offer: TrainOffer) -> None:
    ensembles = {model.spec.id for model in ground.models if model.members}
    alone = {model.spec.id for model in ground.models if not model.members}
    assert ensembles
    assert {base.id for base in offer.bases} == {"", *alone}


def test_a_fine_tuning_ticks_no_case_that_judges(ground: Ground, qtbot: QtBot) -> None:
    publish_unet(ground.workspace.models, "knows", trained_on=CASES[:8], title="Knows")
    place = replace(
        ground,
        models=(read_model(ground.workspace.models / "knows"),),
        versions={},
        split=SplitFile(CASES[:8], CASES[8:]),
    )
    offered = make_offer(place, job_number=1, devices=("cpu",))
    dialog = TrainDialog()
    qtbot.addWidget(dialog)
    dialog.set_offer(offered, "knows")
    assert dialog.form.cases == ()
    assert "No case chosen" in texts(dialog)
    assert "none of 8 cases" in texts(dialog)
    box = next(b for b in dialog.findChildren(QCheckBox) if b.text() == "Ground truth")
    box.click()
    assert set(dialog.form.cases) == set(CASES[:8])
    assert "8 cases, 32 slices" in texts(dialog)
    tree = by_name(dialog, QTreeWidget, "Cases to learn from")
    item = tree.topLevelItem(0)
    assert item is not None
    item.setCheckState(0, Qt.CheckState.Unchecked)
    assert "7 of 8 cases, 28 slices" in texts(dialog)


def test_cases_that_judge_or_have_no_mask_are_locked(offer: TrainOffer, ground: Ground) -> None:
    shown = unlocked(offer.cases, offer.split.val)
    locked = {case.case_id: case.locked for case in shown if case.locked}
    assert set(locked) == {*ground.split.val, BARE}
    assert locked[BARE] == "no ground truth, no correction"
    notes = {case.case_id: case.note for case in offer.cases if case.kind == "corrected"}
    assert notes == {"A_2": "version 1 by reader"}
    chosen = training_split(form(offer), offer)
    assert not set(chosen.train) & {*ground.split.val, BARE}


def test_a_correction_far_smaller_than_the_truth_is_not_ticked(
    qtbot: QtBot, ground: Ground
) -> None:
    few = msgspec.structs.replace(ground.versions["A_2"], voxels=180, truth_voxels=7112)
    offered = make_offer(replace(ground, versions={"A_2": few}), job_number=1, devices=("cpu",))
    dialog = TrainDialog()
    qtbot.addWidget(dialog)
    for base in ("", CHAMPION):
        dialog.set_offer(offered, base)
        assert "A_2" not in dialog.form.cases
        assert "A_2" not in replayed_cases(dialog.form, offered)
    box = next(b for b in dialog.findChildren(QCheckBox) if b.text() == "Corrected")
    box.click()
    assert "A_2" not in dialog.form.cases
    tree = dialog.findChild(QTreeWidget)
    assert tree is not None
    rows = [tree.topLevelItem(index) for index in range(tree.topLevelItemCount())]
    row = next(row for row in rows if row is not None and row.toolTip(0) == "A_2")
    assert "180 voxels, the ground truth has 7,112" in row.text(1)
    row.setCheckState(0, Qt.CheckState.Checked)
    assert "A_2" in dialog.form.cases


def test_the_split_is_frozen_by_the_first_training(
    ground: Ground, offer: TrainOffer, tmp_path: Path
) -> None:
    prepare_training(tmp_path / "one", form(offer), offer, ground)
    again = read_ground(ground.home, ground.dataset, ground.workspace)
    assert again.frozen == again.split == ground.split
    leaky = replace(ground, split=SplitFile(ground.split.val, ()))
    with pytest.raises(DataError, match=ground.split.val[0]):
        freeze_split(ground.workspace.store, leaky.split)


def test_a_training_for_a_cluster_says_so_in_its_folder(
    qtbot: QtBot, ground: Ground, offer: TrainOffer, tmp_path: Path
) -> None:
    dialog = TrainDialog()
    qtbot.addWidget(dialog)
    dialog.set_offer(replace(offer, cluster=False), "")
    assert by_name(dialog, QComboBox, "Device").findText("Cluster") == -1
    dialog.set_offer(replace(offer, cluster=True), "")
    device, address = (
        by_name(dialog, QComboBox, "Device"),
        by_name(dialog, QLineEdit, "Address of a cluster for one training"),
    )
    assert dialog.form.cluster is None
    assert not address.isVisibleTo(dialog)
    device.setCurrentIndex(device.findText("Cluster"))
    assert address.isVisibleTo(dialog)
    assert dialog.form.cluster == ""
    address.setText("10.0.0.5")
    assert "HOST:PORT of the cluster" in " ".join(texts(dialog))
    address.setText(" 10.0.0.5:6379 ")
    assert problems(dialog.form, offer) == {}
    assert (dialog.form.cluster, dialog.form.device) == ("10.0.0.5:6379", "auto")
    there, _ = prepare_training(
        tmp_path / "there", form(offer, cluster=dialog.form.cluster), offer, ground
    )
    assert read_place(there.path) == JobPlace("10.0.0.5:6379")
    again = read_ground(ground.home, ground.dataset, ground.workspace)
    here, _ = prepare_training(tmp_path / "here", form(offer), offer, again)
    assert read_place(here.path) is None


def test_a_training_on_few_cases_freezes_the_split_of_all(
    ground: Ground, offer: TrainOffer, tmp_path: Path
) -> None:
    few = ground.split.train[:2]
    job, _ = prepare_training(tmp_path / "one", form(offer, cases=few), offer, ground)
    assert frozen_split(ground.workspace.store) == ground.split
    assert read_split(job.path / SPLIT_FILE) == SplitFile(few, ground.split.val)


def test_fine_tuning_learns_the_chosen_and_replays_the_rest(
    offer: TrainOffer, ground: Ground
) -> None:
    asked = form(offer, base=CHAMPION, cases=("A_2",), replay=0.25)
    split = training_split(asked, offer)
    assert split.train[0] == "A_2"
    assert set(split.train) == set(CASES) - set(ground.split.val)
    spec = train_spec(asked, offer, ground, Path(SPLIT_FILE))
    assert (spec.cases, spec.replay, spec.freeze_norms) == (("A_2",), 0.25, True)
    assert Path(spec.corrections) == ground.workspace.folder
    alone = training_split(replace(asked, replay=0.0), offer)
    assert alone.train == ("A_2",)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": CHAMPION}, "title"),
        ({"arguments": "init_features=many"}, "arguments"),
        ({"arguments": "size"}, "arguments"),
        ({"cases": ()}, "cases"),
        ({"cases": ("A_2",)}, "cases"),
        ({"epochs": None}, "limits"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"cluster": "somewhere"}, "cluster"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(
    offer: TrainOffer, changes: dict[str, object], field: str
) -> None:
    assert problems(form(offer), offer) == {}
    assert list(problems(form(offer, **changes), offer)) == [field]


def test_the_first_limit_gives_the_time_and_selections_take_theirs(
    offer: TrainOffer, ground: Ground
) -> None:
    timed = TrainPreview(
        seconds_a_step=0.5, images_a_second=8, seconds_a_selection=2, cases=6, slices=21
    )
    spec = msgspec.structs.replace(TRAINING, batch_size=4, epochs=10, selections=5)
    assert seconds_needed(spec, timed) == 10 * 6 * 0.5 + 5 * 2
    assert seconds_needed(msgspec.structs.replace(spec, max_steps=8), timed) == 8 * 0.5 + 5 * 2
    assert seconds_needed(msgspec.structs.replace(spec, minutes=0.25), timed) == 15
    ten = form(offer, epochs=10)
    chosen = train_spec(ten, offer, ground, Path(SPLIT_FILE))
    assert time_needed(ten, offer, ground, timed) == seconds_needed(chosen, timed) > 10 * 6 * 0.5
    folds = replace(ten, several=SeveralForm(kind="folds", folds=2))
    assert time_needed(folds, offer, ground, timed) == 2 * seconds_needed(chosen, timed)
    assert time_needed(form(offer, epochs=None), offer, ground, timed) is None
    told = [duration(seconds) for seconds in (5, 89, 600, 5400, 7200)]
    assert told == ["5 s", "89 s", "10 min", "1 h 30 min", "2 h"]


def test_sites_are_told_only_where_names_have_them() -> None:
    assert sites(["HT_1", "HT_2", "DU_3", "HT_4"]) == (("HT", 3), ("DU", 1))
    assert sites(["HT_1", "HT_2"]) == ()
    assert sites(["A", "B", "C"]) == ()


def test_the_dialog_ticks_what_a_base_has_not_learnt(qtbot: QtBot, offer: TrainOffer) -> None:
    dialog = TrainDialog()
    qtbot.addWidget(dialog)
    dialog.set_offer(offer, CHAMPION)
    assert dialog.form.cases == ("A_2",)
    dialog.set_offer(offer, "")
    shown_cases = unlocked(offer.cases, offer.split.val)
    open_cases = {case.case_id for case in shown_cases if not case.locked}
    assert set(dialog.form.cases) == open_cases
    tree = by_name(dialog, QTreeWidget, "Cases to learn from")
    rows = [tree.topLevelItem(index) for index in range(tree.topLevelItemCount())]
    shown = {row.toolTip(0): row.text(1) for row in rows if row is not None and row.isDisabled()}
    assert shown[BARE] == "no ground truth, no correction"
    assert f"{len(open_cases)} cases in training" in texts(dialog)


def test_the_reader_chooses_who_judges_until_a_training_freezes_them(
    qtbot: QtBot, offer: TrainOffer, ground: Ground, tmp_path: Path
) -> None:
    dialog = TrainDialog()
    qtbot.addWidget(dialog)
    dialog.set_offer(offer, "")
    before = set(offer.split.val)
    judges = by_name(dialog, QTreeWidget, "Cases that judge")
    for index in range(judges.topLevelItemCount()):
        item = judges.topLevelItem(index)
        assert item is not None
        item.setCheckState(0, Qt.CheckState.Checked if index < 6 else Qt.CheckState.Unchecked)
    form_ = dialog.form
    assert form_.judges == CASES[:6]
    assert set(form_.cases) == set(CASES[6:]) >= before & set(CASES[6:])
    asked = replace(form(offer), cases=form_.cases, judges=form_.judges)
    prepare_training(tmp_path / "one", asked, offer, ground)
    assert frozen_split(ground.workspace.store) == SplitFile(CASES[6:], CASES[:6])
    again = make_offer(
        read_ground(ground.home, ground.dataset, ground.workspace), job_number=2, devices=()
    )
    dialog.set_offer(again, "")
    assert dialog.form.judges == CASES[:6]
    assert not button(dialog, "Choose judges…").isVisibleTo(dialog)
    assert "Frozen split, 6 cases" in texts(dialog)


def test_a_split_file_says_who_learns_and_who_judges(
    qtbot: QtBot, offer: TrainOffer, ground: Ground, tmp_path: Path
) -> None:
    dialog, lanes = TrainDialog(), Lanes()
    qtbot.addWidget(dialog)
    dialog.set_offer(offer, "")
    asking = TrainRequest(dialog, ground, offer, lanes)
    file = tmp_path / "split.json"
    file.write_bytes(msgspec.json.encode(SplitFile(CASES[:3], CASES[3:9])))
    asking.take_split(file)
    qtbot.waitUntil(lambda: dialog.form.judges == CASES[3:9])
    assert dialog.form.cases == CASES[:3]
    file.write_bytes(msgspec.json.encode(SplitFile(("Z_1", "Z_2"), CASES[3:9])))
    asking.take_split(file)
    said = "split.json: expected cases of this dataset, found Z_1 and 1 more."
    qtbot.waitUntil(lambda: any(said in text for text in texts(dialog)))
    assert dialog.form.cases == CASES[:3]
    lanes.close()


def test_a_split_file_cannot_change_frozen_judges(offer: TrainOffer) -> None:
    frozen = replace(offer, split=replace(offer.split, val=CASES[:2], frozen=True))
    check_split("s", SplitFile(CASES[2:]), frozen)
    check_split("s", SplitFile(CASES[2:], CASES[:1]), frozen)
    with pytest.raises(DataError, match="no frozen judge"):
        check_split("s", SplitFile(CASES[1:]), frozen)
    with pytest.raises(DataError, match="judges that are frozen"):
        check_split("s", SplitFile(CASES[3:], CASES[1:3]), frozen)
    with pytest.raises(DataError, match="ground truth"):
        check_split("s", SplitFile(CASES, (BARE,)), offer)


def test_the_gate_names_regressions_one_click_away(qtbot: QtBot) -> None:
    before = {f"CASE_{n}": 0.8 + n / 100 for n in range(8)}
    after = {name: score + 0.01 for name, score in before.items()} | {"CASE_3": 0.7}
    report = judge_candidate(("old", before), ("new", after))
    seen = {"new": frozenset({"CASE_1"})}
    choices = Choices("old", {"old": "Old", "new": "New"}, seen, frozenset({"new"}))
    dialog = GateDialog()
    qtbot.addWidget(dialog)
    dialog.set_look(DARK, DEFAULT_OVERLAYS)
    dialog.show_gate(gate_view(report, choices, {}))
    assert "New has learnt from 1 of these cases, which flatters it." in texts(dialog)
    with qtbot.waitSignal(dialog.case_asked) as asked:
        button(dialog, "CASE_3 −0.130").click()
    assert asked.args == ["CASE_3"]
    assert button(dialog, "Promote").isEnabled()
    assert not button(dialog, "Roll back").isEnabled()
    promoted = replace(choices, champion="new", deletable=frozenset())
    dialog.show_gate(gate_view(report, promoted, {}))
    names = {b.text(): b.isEnabled() for b in dialog.findChildren(QPushButton)}
    assert (names["Promoted"], names["Delete"]) == (False, False)


def test_a_gate_of_several_labels_shows_each_beside_their_mean(qtbot: QtBot) -> None:
    dialog = GateDialog()
    qtbot.addWidget(dialog)
    report = judge_candidate(("old", {"A": 0.6, "B": 0.5}), ("new", {"A": 0.7, "B": 0.5}))
    choices = Choices("old", {"old": "Old", "new": "New"})
    dialog.show_gate(gate_view(report, choices, {}))
    dialog.show()
    assert "Mean DSC" in texts(dialog)
    assert "champion → candidate" not in texts(dialog)
    several = msgspec.structs.replace(report, labels={"Oedema": (0.5, 0.625), "Core": (0.6, 0.575)})
    dialog.show_gate(gate_view(several, choices, {}))
    for said in (
        "Mean DSC of 2 labels",
        "Oedema",
        "0.500 → 0.625  +0.125",
        "0.600 → 0.575  −0.025",
    ):
        qtbot.waitUntil(lambda said=said: said in texts(dialog))


def test_the_gate_names_five_regressions_and_counts_the_rest(qtbot: QtBot) -> None:
    before = {f"CASE_{n}": 0.9 for n in range(9)}
    after = {name: 0.6 + n / 100 for n, name in enumerate(before)}
    after["CASE_7"] = after["CASE_8"] = 0.95
    dialog = GateDialog()
    qtbot.addWidget(dialog)
    report = judge_candidate(("old", before), ("new", after))
    dialog.show_gate(gate_view(report, Choices("old", {"old": "Old", "new": "New"}), {}))
    named = [b.text() for b in dialog.findChildren(QPushButton) if b.text().startswith("CASE")]
    assert len(named) == 5
    assert len(report.regressions) == 7
    assert "and 2 more" in texts(dialog)


def test_a_curve_is_drawn_in_its_colour_up_to_its_share_of_the_budget(qtbot: QtBot) -> None:
    plot = CurvePlot()
    qtbot.addWidget(plot)
    plot.resize(200, 100)
    plot.set_look(DARK, DEFAULT_OVERLAYS)
    line = CurveLine("train", tuple((float(x), 0.5) for x in range(1, 51)), dots=False)
    plot.set_curve(Curve("Loss", (line,), last_x=100))
    image = plot.grab().toImage()
    drawn = [x for x in range(200) if _has(image.pixelColor(x, y) for y in range(24, 82))]
    assert drawn
    assert 90 < max(drawn) < 110


def test_training_brings_no_torch_into_the_window() -> None:
    code = "import sys, gui.training.training_presenter; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _has(colours: Iterable[QColor]) -> bool:
    wanted = QColor(DARK.acc)
    return any(abs(c.red() - wanted.red()) + abs(c.blue() - wanted.blue()) < 60 for c in colours)


@pytest.fixture
def labelled(home: Path, tmp_path: Path) -> Ground:
    """The same of cases that hold three labels."""
    dataset = scan(write_labelled(tmp_path / "three"))
    workspace = open_workspace(workspace_folder(home, dataset.root))
    return read_ground(home, dataset, workspace)


@pytest.mark.parametrize("kind", ["classes", "regions"])
def test_labels_of_the_data_can_be_learnt(labelled: Ground, tmp_path: Path, kind: str) -> None:
    offer = make_offer(labelled, job_number=1, devices=("cpu",))
    assert offer.labels == ("Necrosis", "Oedema", "Enhancing")
    assert offer.regions[0] == "Whole tumour"
    spec = train_spec(form(offer, learn=kind), offer, labelled, tmp_path / "split.json")
    assert spec.wanted_labels == WantedLabels(kind=kind)  # type: ignore[arg-type]
    plain = train_spec(form(offer), offer, labelled, tmp_path / "split.json")
    assert plain.wanted_labels is None


def test_the_region_that_is_looked_at_goes_into_the_job(labelled: Ground, tmp_path: Path) -> None:
    looked_at = with_labels(labelled.dataset, None, "Tumour core")
    there = replace(labelled, dataset=looked_at)
    offer = make_offer(there, job_number=1, devices=("cpu",))
    assert offer.region == "Tumour core"
    chosen = train_spec(form(offer), offer, there, tmp_path / "split.json").chosen
    assert chosen == LabelChoice(labels=looked_at.labels, region="Tumour core")


def test_a_base_of_labels_goes_on_with_its_own_or_another_kind(
    home: Path, labelled: Ground, tmp_path: Path
) -> None:
    publish_unet(home / "models", "three", output=ModelOutput(kind="classes", labels=TUMOUR))
    again = read_ground(home, labelled.dataset, labelled.workspace)
    offer = make_offer(again, job_number=1, devices=("cpu",))
    assert offer.base("three").gives == "classes"
    assert "learn" in problems(form(offer, base="three"), offer)
    same = form(offer, base="three", learn="classes")
    assert "learn" not in problems(same, offer)
    assert train_spec(same, offer, again, tmp_path / "s.json").wanted_labels is None
    other = form(offer, base="three", learn="regions")
    assert train_spec(other, offer, again, tmp_path / "s.json").wanted_labels is not None


def test_the_dialog_asks_what_to_learn_where_there_are_labels(
    qtbot: QtBot, labelled: Ground, offer: TrainOffer
) -> None:
    fields = TrainFields()
    qtbot.addWidget(fields)
    fields.set_offer(offer, "")
    learn = by_name(fields, Segments, "Learn")
    assert learn.isHidden() or not learn.isVisibleTo(fields)
    assert fields.form.learn is None
    fields.set_offer(make_offer(labelled, job_number=1, devices=("cpu",)), "")
    assert learn.isVisibleTo(fields)
    assert any("Lesion or none: all labels together." in text for text in texts(fields))
    learn.set_index(1)
    learn.chosen.emit(1)
    assert fields.form.learn == "classes"
    assert any("Necrosis, Oedema, Enhancing" in text for text in texts(fields))
