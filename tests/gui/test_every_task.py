"""An unforeseen error in any work off the GUI thread reaches the dialog, and nothing waits on."""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QListWidget
from pytestqt.qtbot import QtBot

from core.domain.plane import AXIAL, CORONAL, Voxel
from core.domain.plane_metric import PlanePlace
from core.domain.progress import Progress
from core.domain.triage import Triage
from core.io.datasets.organisation import Organisation
from core.jobs.job_folder import create_job
from core.models.guides import GuideModel, GuideSpec
from core.models.train_spec import TrainSpec
from core.review.measurements import Measurement, Steps
from gui.app.program import Program
from gui.blinded.blinded_dialog import BlindedForm
from gui.data.folder_question import FolderQuestion
from gui.review.time_dialog import TimeDialog
from gui.shell.mask_source import MaskSource
from gui.shell.messages import FaultDialog
from gui.shell.tasks import FAULT, Lane, Lanes, Task
from gui.studies.export_dialog import ExportWanted
from gui.viewer.figures.plane_counts import CountsWanted
from gui.viewer.slice.touch import Touch
from tests.core.trees import make_tree
from tests.gui import training_desk
from tests.gui.comparing import TITLES
from tests.gui.conftest import Start
from tests.gui.finding import button, by_name
from tests.gui.resting import is_at_rest
from tests.gui.tiny import SLICES, choose, keep_triages, predicted_mask, settle, shown_case

GUI = Path(__file__).resolve().parents[2] / "gui"
DOOR = GUI / "shell" / "tasks.py"


class Unforeseen(Exception):
    """What nobody has thought of."""


@dataclass
class Breaking:
    """Lets every work start as it does, but that of one place in the code, which goes wrong."""

    place: str = ""
    broken: list[str] = field(default_factory=list)

    def work(self, caller: str, work: Callable[..., object]) -> Callable[..., object]:
        if caller != self.place:
            return work
        self.broken.append(caller)

        def go_wrong(*_: object) -> object:
            raise Unforeseen(caller)

        return go_wrong


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Breaking:
    found = Breaking()
    run, run_in_parts = Lanes.run, Lanes.run_in_parts

    def caller() -> str:
        frame = sys._getframe(2)
        within = frame.f_code.co_qualname.replace("<locals>.", "")
        return f"{frame.f_globals['__name__']}.{within}"

    def through(
        self: Lanes, lane: Lane, work: Callable[[Progress], object], *rest: object, **heard: object
    ) -> Task[object]:
        return run(self, lane, found.work(caller(), work), *rest, **heard)  # type: ignore[arg-type]

    def through_in_parts(
        self: Lanes, lane: Lane, work: Callable[..., object], *rest: object, **heard: object
    ) -> Task[object]:
        made = found.work(caller(), work)
        return run_in_parts(self, lane, made, *rest, **heard)  # type: ignore[arg-type]

    monkeypatch.setattr(Lanes, "run", through)
    monkeypatch.setattr(Lanes, "run_in_parts", through_in_parts)
    return found


def places() -> Iterator[str]:
    """Return every place in the window's code that starts work, as module and function."""
    for path in sorted(GUI.rglob("*.py")):
        if path != DOOR:
            module = ".".join(path.relative_to(GUI.parent).with_suffix("").parts)
            tree = ast.parse(path.read_text(encoding="utf-8"))
            yield from (f"{module}.{name}" for name in _starting(tree, ()))


def _starting(node: ast.AST, within: tuple[str, ...]) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef):
            yield from _starting(child, (*within, child.name))
        else:
            if _is_start(child):
                yield ".".join(within)
            yield from _starting(child, within)


def _is_start(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    return node.func.attr in ("run", "run_in_parts") and ast.unparse(node.func.value).endswith(
        "lanes"
    )


def test_work_is_started_by_one_door() -> None:
    for path in GUI.rglob("*.py"):
        if path == DOOR:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("Task", "tasks.Task"), f"{path}:{node.lineno}"
                assert not called.endswith("lanes.start"), f"{path}:{node.lineno}"


def other(program: Program) -> None:
    """Ask for another case than the one on screen."""
    here = program.session.current
    program.operations.choose_case("B_2" if here == "A_1" else "A_1")


def triage_anew(program: Program) -> None:
    """Open a case of a folder of which nothing was said yet."""
    program.prediction.case_triage._told.clear()
    other(program)


def read_from_disk(program: Program) -> None:
    program.operations.cache.clear()
    other(program)


def paint(program: Program) -> None:
    program.context.trigger("grow")


def paint_first_label(program: Program) -> None:
    program.viewer.labels.desk.hold(1)
    paint(program)


def take_brush(program: Program) -> None:
    """Have what the first stroke would begin made ready, with nothing drawn on as yet."""
    program.annotation.desk.expect_drawing(False)
    program.annotation.desk.expect_drawing(True)


def lesion_at(program: Program) -> Voxel:
    z, y, x = np.argwhere(predicted_mask(program))[0]
    return int(z), int(y), int(x)


def mark_lesion(program: Program) -> None:
    program.annotation.paint_tools.lesions.act("delete component", lesion_at(program), here=False)


def rest_on_slice(program: Program) -> None:
    program.annotation.set_tool("fill")
    program.window.view.hovered.emit(QPointF(4.0, 4.0))


def click_guided(program: Program) -> None:
    program.annotation.set_tool("guided")
    for kind in ("press", "release"):
        program.window.view.touched.emit(Touch(kind, 6.0, 6.0))


def resample(program: Program) -> None:
    assert program.session.place is not None
    question = FolderQuestion(program.context, "mask-grid")
    question.keep(program.session.place.dataset.root, resample=True)


def time_dialog() -> TimeDialog:
    there = [w for w in QApplication.topLevelWidgets() if isinstance(w, TimeDialog)]
    return next(dialog for dialog in there if dialog.isVisible())


def tell_time(program: Program) -> None:
    program.context.trigger("time_spent")


def write_time(_: Program) -> None:
    time_dialog().export_asked.emit()


def answer(program: Program) -> None:
    program.review.desks.disagreement_queue.choose(0)
    program.window.view.viewport().repaint()
    program.context.trigger("no")


def tick(program: Program) -> None:
    program.review.desks.contradiction_queue.choose(0)
    program.review.desks.contradiction_queue.tick()


def another_classifier(program: Program) -> None:
    opened = program.session.open_case
    assert opened is not None
    mask = predicted_mask(program)
    chances = np.where(mask.any(axis=(1, 2)), 0.01, 0.99)
    numbers = opened.loaded.volume.slice_numbers
    program.session.set_triage(Triage(chances, numbers, "another", "cpu", 0.1))


def warm_engine(program: Program) -> None:
    program.session.set_devices((), "")
    other(program)


def side_by_side(program: Program) -> None:
    model = program.session.models.available[0]
    program.context.masks.find_slice((model, model), lambda _: None)


def another_source(program: Program) -> None:
    model = program.session.models.available[0]
    program.context.masks.find(MaskSource("model", model.spec.id), lambda _: None)


def sign(program: Program) -> None:
    program.studies.study.side.signed.emit("")
    program.studies.compare.leave()


def begin_job(program: Program) -> None:
    def prepare(_: Path) -> object:
        raise AssertionError("goes wrong before")

    program.training.presenter.watch.begin("train", prepare)  # type: ignore[arg-type]


def stop_job(program: Program) -> None:
    program.training.presenter.watch.stop("0001-train")


def export(program: Program) -> None:
    wanted = ExportWanted(frozenset({"csv"}), program.session.home / "report")
    program.studies.export.report.asked.emit(wanted)


def read_blinded(program: Program) -> None:
    models = tuple(model.spec.id for model in program.session.models.available[:2])
    form = BlindedForm(models, "prefer", 0, 1)
    program.blinded.presenter.dialog.begin_asked.emit(form)


def organise(program: Program) -> None:
    program.context.trigger("organise")


def close_organise(program: Program) -> None:
    dialog = program.data.presenter.organise.dialog
    assert dialog is not None
    dialog.close()


def show_passport(program: Program) -> None:
    dialog = program.data.presenter.organise.dialog
    assert dialog is not None
    dialog.case_chosen.emit("C_10")


def open_again(program: Program) -> None:
    program.operations.open_again()


def ask_holder(program: Program) -> None:
    place = program.session.place
    assert place is not None
    program.session.set_place(replace(place, held="Another."), program.session.case_states)
    program.context.takeover.ask()


def measure(program: Program) -> None:
    lines: tuple[PlanePlace, ...] = ((1.0, 1.0), (4.0, 5.0))
    steps = Steps(rows=1.0, mixed=0.0, columns=1.0, unit="voxels")
    program.measurement.desk.keep(
        Measurement(
            case_id=program.session.current,
            kind="ruler",
            plane="axial",
            index=0,
            slice_number=1,
            points=lines,
            steps=steps,
        )
    )


def warm_guide(program: Program) -> None:
    """Take the clicks in hand where a trained guide lies among the models."""
    taught = program.annotation.paint_tools.guided._taught
    folder = program.session.home / "guide"
    taught._looked, taught._model = (
        True,
        GuideModel(GuideSpec(id="g", title="G", architecture="unet"), folder),
    )
    taught.warm()
    taught._model = None


def count_plane(program: Program) -> None:
    opened = program.session.open_case
    assert opened is not None
    wanted = CountsWanted(opened.loaded.ground_truth, None)
    program.viewer.panels.strip._counts.of(CORONAL, wanted)


def open_surfaces(program: Program) -> None:
    program.viewer.surfaces.set_on(False)
    program.viewer.surfaces.set_on(True)


@dataclass(frozen=True)
class NoCut:
    """What a frame says of itself where there is no OpenGL to draw it."""

    cut: None = None

    def draw(self, _: object) -> None:
        """Draw nothing."""

    def close(self) -> None:
        """Hold nothing."""


def draw_surfaces(program: Program) -> None:
    surfaces = program.viewer.surfaces
    surfaces._scene = NoCut()  # type: ignore[assignment]
    surfaces._frame = NoCut  # type: ignore[assignment, method-assign]
    surfaces.draw()


def click_surface(program: Program) -> None:
    surfaces = program.viewer.surfaces
    surfaces._frame = NoCut  # type: ignore[assignment, method-assign]
    surfaces._on_clicked(QPointF(1.0, 1.0))


ACTS: dict[str, Callable[[Program], object]] = {
    "gui.prediction.case_confidence.CaseConfidence._start": (
        lambda program: program.operations.choose_case("C_10")
    ),
    "gui.annotation.correction.correction_begin.Beginning.prepare": take_brush,
    "gui.annotation.correction.correction_desk.CorrectionDesk._read": other,
    "gui.measurement.measure_desk.MeasureDesk._on_case_changed": other,
    "gui.measurement.measure_desk.MeasureDesk._apply": measure,
    "gui.measurement.diameter_finder.DiameterFinder.find": (
        lambda program: program.measurement.finder.find(AXIAL, None)
    ),
    "gui.measurement.voxel_size_choice.SpacingChoice.give": (
        lambda program: program.measurement.spacing.give((1.0, 1.0, 1.0))
    ),
    "gui.measurement.voxel_size_choice.SpacingChoice._restore": (
        lambda program: program.measurement.spacing._restore(Organisation())
    ),
    "gui.viewer.figures.plane_counts.PlaneCounts._ask": count_plane,
    "gui.viewer.surface.surface_presenter.SurfacePresenter.set_on": open_surfaces,
    "gui.viewer.surface.surface_presenter.SurfacePresenter.build": open_surfaces,
    "gui.viewer.surface.surface_presenter.SurfacePresenter.draw": draw_surfaces,
    "gui.viewer.surface.surface_presenter.SurfacePresenter._on_clicked": click_surface,
    "gui.annotation.clicks.taught_guide.TaughtGuide.warm": warm_guide,
    "gui.prediction.case_triage.CaseTriage._on_case_changed": other,
    "gui.prediction.case_triage.CaseTriage._show": triage_anew,
    "gui.prediction.model_runs.ModelRuns.show": other,
    "gui.prediction.result_scores.ResultScores.update": other,
    "gui.prediction.result_scores.ResultScores._measure": other,
    "gui.prediction.list_scores.ListScores.start": (
        lambda program: program.prediction.desk.list_scores.start()
    ),
    "gui.review.contradiction_queue.ContradictionQueue._look": another_classifier,
    "gui.review.disagreement_queue.DisagreementQueue._find": other,
    "gui.viewer.slice.pictures_ahead.PicturesAhead.prepare": other,
    "gui.shell.case_loader.CaseLoader.open": read_from_disk,
    "gui.shell.case_loader.CaseLoader._read_into_cache": read_from_disk,
    "gui.prediction.prediction_desk.PredictionDesk._warm_engine": warm_engine,
    "gui.prediction.prediction_desk.PredictionDesk.measure_model": (
        lambda program: program.prediction.desk.measure_model()
    ),
    "gui.prediction.prediction_desk.PredictionDesk.run_all": (
        lambda program: program.prediction.desk.run_all()
    ),
    "gui.review.contradiction_queue.ContradictionQueue.tick": tick,
    "gui.review.disagreement_queue.DisagreementQueue._put": answer,
    "gui.review.review_desk.ReviewDesk._run": lambda program: program.context.trigger("rate_3"),
    "gui.annotation.correction.rested_question.RestedQuestion._look": rest_on_slice,
    "gui.annotation.correction.correction_keeper.Keeping._write": paint,
    "gui.annotation.tools.lesion_marker.Lesions._find": mark_lesion,
    "gui.annotation.clicks.guided_clicks.GuidedClicks._go_on": click_guided,
    "gui.annotation.clicks.film_pictures.FilmPictures._go_on": click_guided,
    "gui.annotation.correction_presenter.CorrectionPresenter._measure": paint,
    "gui.annotation.correction.correction_later.LaterEdit.start": (
        lambda program: program.annotation.desk.apply_later("smooth", lambda _: None)
    ),
    "gui.annotation.correction.version_reader.VersionReader._write": (
        lambda program: program.annotation.desk.versions.list_versions(lambda _: None)
    ),
    "gui.annotation.correction.correction_desk.CorrectionDesk._forget_book": (
        lambda program: program.annotation.desk.discard()
    ),
    "gui.shell.mask_finder.MaskFinder._start": another_source,
    "gui.shell.mask_finder.MaskFinder.find_slice": side_by_side,
    "gui.worklist.worklist_presenter.WorklistPresenter._on_thumbnails_wanted": (
        lambda program: program.window.worklist.thumbnails_wanted.emit(["A_1"])
    ),
    "gui.blinded.blinded_presenter.BlindedPresenter._start": (
        lambda program: program.context.trigger("blinded")
    ),
    "gui.studies.study_presenter.StudyPresenter._start": lambda program: program.studies.study,
    "gui.studies.compare_mode.CompareMode._on_place_changed": (
        lambda program: program.studies.compare
    ),
    "gui.viewer.figures.mask_figures.MaskMeasures._measure": lambda program: (
        program.studies.compare.enter()
    ),
    "gui.studies.compare_mode.CompareMode._sign.keep": sign,
    "gui.studies.export_presenter.ExportPresenter._start": export,
    "gui.training.training_presenter.TrainingPresenter.new_job": (
        lambda program: program.context.trigger("train")
    ),
    "gui.training.training_presenter.TrainingPresenter.teach_clicks": (
        lambda program: program.context.trigger("teach_clicks")
    ),
    "gui.training.gate_desk.GateDesk._start": (
        lambda program: program.training.presenter.gate.desk.reload()
    ),
    "gui.shell.job_watch.JobWatch.refresh": (
        lambda program: program.training.presenter.watch.refresh()
    ),
    "gui.shell.job_watch.JobWatch.begin": begin_job,
    "gui.shell.job_watch.JobWatch._do": stop_job,
    "gui.prediction.model_runs.ModelRuns._start_next": (
        lambda program: program.prediction.desk.run_case()
    ),
    "gui.shell.operations.Operations._write_quietly": (
        lambda program: program.operations.change_settings(flips=False)
    ),
    "gui.shell.operations.Operations.read_scores": (
        lambda program: program.operations.read_scores()
    ),
    "gui.review.truth_verbs.TruthDesk.count": lambda program: program.review.truth.count(),
    "gui.review.truth_verbs.TruthDesk._write": (
        lambda program: program.review.truth._write(program.session.home / "parcel")
    ),
    "gui.prediction.case_fit.CaseFit._look": other,
    "gui.review.time_verbs.TimeDesk._show": tell_time,
    "gui.review.time_verbs.TimeDesk._ask_file": write_time,
    "gui.data.folder_question.FolderQuestion.keep": resample,
    "gui.data.channel_choice.ChannelChoice.ask": (
        lambda program: program.context.trigger("choose_channels")
    ),
    "gui.data.organise_presenter.OrganisePresenter._start": organise,
    "gui.data.organise_presenter.OrganisePresenter._count": organise,
    "gui.data.organise_survey.OrganiseSurvey.start": organise,
    "gui.data.organise_presenter.OrganisePresenter._show_passport": show_passport,
    "gui.data.time_point.TimePoint.ask": lambda program: program.data.time_point.ask(),
    "gui.shell.operations.Operations._start_opening": open_again,
    "gui.shell.lock_takeover.LockTakeover.ask": ask_holder,
    # Last: another model than the one that predicted is in use after it.
    "gui.prediction.prediction_desk.PredictionDesk._choose": (
        lambda program: program.prediction.desk.choose_model("lite1")
    ),
}
"""What starts each kind of work in a window that shows a case; it is done in this order."""

BEFORE: dict[str, Callable[[Program], object]] = {
    "gui.review.contradiction_queue.ContradictionQueue.tick": another_classifier,
    "gui.data.folder_question.FolderQuestion.keep": lambda _: time_dialog().close(),
    "gui.data.organise_presenter.OrganisePresenter._show_passport": organise,
    "gui.data.time_point.TimePoint.ask": close_organise,
}
"""What must have been done for it, and go well."""

IN_THE_TRAIN_DIALOG = (
    "gui.training.train_request.TrainRequest.preview",
    "gui.training.train_request.TrainRequest._poll",
)
TAKING_A_SPLIT = "gui.training.train_request.TrainRequest.take_split"

IN_A_BLINDED_READING = "gui.blinded.blinded_presenter.BlindedPresenter._prepare"


WITH_LABELS: dict[str, Callable[[Program], object]] = {
    "gui.shell.label_desk.LabelDesk._put": (
        lambda program: program.viewer.labels.desk.rename(2, "Swelling")
    ),
    "gui.shell.label_desk.LabelDesk._retell": (
        lambda program: program.viewer.labels.desk.focus_on("Tumour core")
    ),
    "gui.viewer.labels.label_painter.LabelPainter._prepare": (
        lambda program: program.operations.choose_case(
            "P2" if program.session.current == "P1" else "P1"
        )
    ),
    "gui.viewer.labels.labels_presenter.LabelsPresenter._count": (
        lambda program: program.viewer.labels.desk.add()
    ),
    "gui.viewer.figures.correction_counts.CorrectionCounts._start": paint_first_label,
    "gui.annotation.correction.correction_desk.CorrectionDesk._see_hand": (
        lambda program: program.viewer.labels.desk.hold(2)
    ),
    "gui.annotation.correction.correction_desk.CorrectionDesk._look_otherwise": (
        lambda program: program.viewer.labels.desk.focus_on("Whole tumour")
    ),
}
"""What starts work in a window that shows a case with several labels, in this order."""


def test_every_kind_of_work_is_listed_here() -> None:
    listed = {*ACTS, *WITH_LABELS, *IN_THE_TRAIN_DIALOG, TAKING_A_SPLIT, IN_A_BLINDED_READING}
    assert sorted(listed) == sorted(set(places()))


def dialogs() -> list[FaultDialog]:
    there = [w for w in QApplication.topLevelWidgets() if isinstance(w, FaultDialog)]
    return [dialog for dialog in there if dialog.isVisible()]


def break_one(
    qtbot: QtBot, program: Program, breaking: Breaking, act: Callable[[], object], place: str
) -> None:
    """Do what starts work that goes wrong, and wait until the dialog says so."""
    breaking.place = place
    act()
    qtbot.waitUntil(lambda: any(place in dialog.details() for dialog in dialogs()))
    breaking.place = ""
    qtbot.waitUntil(lambda: is_at_rest(program.lanes))
    assert set(breaking.broken) == {place}
    breaking.broken.clear()
    for dialog in dialogs():
        assert "Unforeseen" in dialog.details()
        dialog.close()


def only_the_dialog(program: Program) -> None:
    """Faults are expected: only the window hears of them."""
    program.lanes.reports.faulted.disconnect()
    program.lanes.reports.faulted.connect(program.context.on_fault)


@pytest.fixture
def triaged(home: Path, predicted: Path) -> Path:
    keep_triages(home, predicted, dict.fromkeys(SLICES, ()), rest=0.5)
    return predicted


def test_every_kind_of_work_tells_its_fault(
    start: Start,
    triaged: Path,
    breaking: Breaking,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = (str(triaged.parent / "time.csv"), "")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: chosen)
    program = start(triaged)
    place = program.session.place
    assert place is not None
    job = TrainSpec(architecture="u", data="d", split="s")
    create_job(place.workspace.jobs / "0001-train", job)
    program.training.presenter.watch.refresh()
    settle(qtbot, program)
    only_the_dialog(program)
    for name, act in ACTS.items():
        if name in BEFORE:
            BEFORE[name](program)
            settle(qtbot, program)
        break_one(qtbot, program, breaking, lambda act=act: act(program), name)
        program.annotation.paint_tools.drop()
        assert program.session.pending == "", name
        assert program.annotation.desk.writing == 0, name
        assert not program.session.queue.active, name
        assert program.annotation.desk.later.tool == "", name
        if shown_case(program) not in ("A_1", "B_2") or not _can_correct(program):
            other(program)
            settle(qtbot, program)
    program.window.toasts.withdraw("lock")


def test_every_kind_of_work_with_labels_tells_its_fault(
    start: Start, tmp_path: Path, breaking: Breaking, qtbot: QtBot
) -> None:
    program = start(make_tree("brats", tmp_path / "in"))
    only_the_dialog(program)
    for name, act in WITH_LABELS.items():
        break_one(qtbot, program, breaking, lambda act=act: act(program), name)
        settle(qtbot, program)


def _can_correct(program: Program) -> bool:
    return not program.annotation.desk.problem


def test_an_edit_that_could_not_be_written_for_a_fault_counts_as_not_saved(
    start: Start, triaged: Path, breaking: Breaking, qtbot: QtBot
) -> None:
    program = start(triaged)
    only_the_dialog(program)
    said: list[str] = []
    program.annotation.desk.save_failed.connect(said.append)
    journal = "gui.annotation.correction.correction_keeper.Keeping._write"
    break_one(qtbot, program, breaking, lambda: paint(program), journal)
    assert said == [FAULT]
    assert len(program.annotation.desk.unsaved) == 1
    paint(program)
    settle(qtbot, program)
    assert program.annotation.desk.unsaved == []


def test_a_preview_that_goes_wrong_can_be_asked_for_again(
    start: Start, home: Path, tmp_path: Path, breaking: Breaking, qtbot: QtBot
) -> None:
    training_desk.make_champion(home)
    program = start(training_desk.write_dataset(tmp_path / "many"))
    only_the_dialog(program)
    program.context.trigger("train")
    qtbot.waitUntil(lambda: program.training.presenter.dialog is not None)
    dialog, asking = program.training.presenter.dialog, program.training.presenter.asking
    assert dialog is not None
    assert asking is not None
    for place in IN_THE_TRAIN_DIALOG:
        break_one(qtbot, program, breaking, lambda: asking.preview(dialog.form), place)
    split = Path("split.json")
    break_one(qtbot, program, breaking, lambda: asking.take_split(split), TAKING_A_SPLIT)
    dialog.reject()
    choose(qtbot, program, "A_2")


def test_a_reading_that_cannot_be_prepared_ends(
    start: Start, compared: Path, breaking: Breaking, qtbot: QtBot
) -> None:
    program = start(compared)
    only_the_dialog(program)
    program.context.trigger("blinded")
    dialog = program.blinded.presenter.dialog
    qtbot.waitUntil(dialog.isVisible)
    settle(qtbot, program)
    models = by_name(dialog, QListWidget, "Models to read blinded")
    for row in range(models.count()):
        wanted = models.item(row).text() in TITLES.values()
        state = Qt.CheckState.Checked if wanted else Qt.CheckState.Unchecked
        models.item(row).setCheckState(state)
    begin = button(dialog, "Begin reading")
    break_one(qtbot, program, breaking, begin.click, IN_A_BLINDED_READING)
    assert program.blinded.presenter.reading is None
    assert program.window.isVisible()
