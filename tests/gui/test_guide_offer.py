"""What the window offers to teach guided clicks by, and what it says of such a training."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.annotation.bump import Bump
from core.annotation.correction import Correction
from core.annotation.draft import Origin, new_draft
from core.annotation.journal import Journal
from core.annotation.live_figures import References
from core.annotation.regions import replace as replace_mask
from core.annotation.versions import save_version
from core.domain.errors import AppError
from core.domain.grid import Grid
from core.domain.guide import Click, PairedGuide
from core.domain.volume import Volume
from core.io.datasets.dataset import scan
from core.jobs.job_folder import JobFolder
from core.models.guide_choice import answering_guide, use_guide
from core.models.guides import GUIDE_SPEC, Guides, GuideSpec
from core.workspace.splits import SplitFile
from core.workspace.workspace_folder import Workspace, open_workspace, workspace_folder
from gui.annotation.clicks.taught_guide import TaughtGuide
from gui.shell.job_record import JobHead, JobRecord
from gui.shell.tasks import Lanes
from gui.training.ground import Ground, read_ground
from gui.training.guide_offer import prepare_teaching, read_guide_offer, taught_words
from gui.training.job_actions import job_actions
from gui.training.job_descriptions import KnownModels, job_view
from tests.gui.tiny import write_dataset
from training.guide.train import read_guide_job


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("offer") / "tiny cases")


@pytest.fixture
def workspace(home: Path, folder: Path) -> Iterator[Workspace]:
    with closing(open_workspace(workspace_folder(home, folder))) as opened:
        yield opened


def _ground(home: Path, folder: Path, workspace: Workspace) -> Ground:
    return read_ground(home, scan(folder), workspace)


def _correct(workspace: Workspace, case_id: str, *, save: bool = True) -> None:
    found = np.zeros((6, 48, 48), np.uint8)
    truth = found.copy()
    truth[2, 10:20, 10:20] = 1
    draft = new_draft(case_id, found, Origin("empty"), author="Ann")
    correction, journal = Correction(draft, References()), Journal(workspace.store, draft)
    clicks = (Click(2, ((15, 15),)), Click(2, ((30, 30),), False))
    step = correction.apply("guided click", 2, replace_mask(found, truth), clicks=clicks)
    assert step is not None
    journal.record(step)
    if save:
        save_version(workspace, correction.snapshot(), author="Ann")


def test_what_readers_saved_is_offered_and_becomes_a_training(
    home: Path, folder: Path, workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(AppError, match="save a version"):
        read_guide_offer(_ground(home, folder, workspace))
    _correct(workspace, "B_2", save=False)
    with pytest.raises(AppError, match="save a version"):
        read_guide_offer(_ground(home, folder, workspace))
    _correct(workspace, "A_1")
    ground = _ground(home, folder, workspace)
    ground = replace(ground, split=SplitFile(("A_1", "B_2"), ()))
    offer = read_guide_offer(ground)
    assert (offer.clicks, offer.corrected) == (2, 1)
    said = "2 clicks kept with 1 correction, and simulated readers on 1 other case teach"
    assert offer.said.startswith(said)
    with pytest.raises(AppError, match="found 1 case"):
        read_guide_offer(replace(ground, split=SplitFile(("A_1",), ("B_2",))))
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"none")
    spec = GuideSpec(id="taught-clicks-1", title="Earlier", architecture="unet", window=64)
    guide = Guides((workspace.models,)).publish(spec, weights)
    offered = read_guide_offer(ground).guide
    assert offered != guide  # which was not judged
    use_guide(ground.registry.roots, spec.id)
    offer = read_guide_offer(ground)
    assert offer.guide == guide
    assert "teach Earlier, in a job" in offer.said
    job, program = prepare_teaching(tmp_path / "1-train", offer)
    made = read_guide_job(job.path)
    assert program == "train"
    assert (made.model_id, made.earlier) == ("taught-clicks-2", str(guide.folder))
    assert made.starts == str(offer.champion.folder)
    assert made.corrections == str(workspace.folder.absolute())


def test_a_training_of_clicks_is_told_by_what_five_clicks_bring() -> None:
    head = JobHead(title="Taught clicks 1", task="guide", minutes=30.0)
    curve = {"selection_dsc_5": ((0, 0.8), (10, 0.86), (20, 0.84))}
    record = JobRecord(JobFolder(Path("1-train")), head, "done", result="x", curves=curve)
    said = "DSC 0.860 on the slices that chose its weights, 0.800 at its beginning"
    assert said in taught_words(record)
    (action,) = job_actions(record, judged=False, judging=False)
    assert action.text == "Judge against champion"
    view = job_view(record, KnownModels())
    assert view.title == "Teach Taught clicks 1"
    assert view.dsc is not None
    assert view.dsc.title == "DSC after five clicks"
    assert [row.value for row in view.verdicts] == ["0.860", "+0.060"]


def test_the_guide_that_was_written_last_answers(tmp_path: Path) -> None:
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"none")
    spec = GuideSpec(id="b", title="B", architecture="unet")
    for name, seconds in (("a", 3), ("b", 9), ("c", 5)):
        made = Guides((tmp_path,)).publish(msgspec.structs.replace(spec, id=name), weights)
        os.utime(made.folder / "guide.json", (seconds, seconds))
    found = answering_guide([tmp_path])
    assert found is not None
    assert found.spec.id == "b"
    assert [each.spec.id for each in Guides((tmp_path,)).all()[0]] == ["b", "c", "a"]
    GUIDE_SPEC.write(tmp_path / "a", msgspec.structs.replace(spec, id="a"))
    newest = answering_guide([tmp_path])
    assert newest is not None
    assert newest.spec.id == "a"


def test_a_guide_that_is_new_answers_once_the_models_are_read_anew(
    qapp: object, tmp_path: Path
) -> None:
    guide = TaughtGuide(lambda: (tmp_path,), Lanes())
    volume = Volume(np.zeros((1, 2, 8, 8), np.uint8), ("FLAIR",), (1, 2), Grid((2, 8, 8)))
    assert isinstance(guide.over(volume), Bump)
    assert guide.note("coronal") == ""
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"none")
    Guides((tmp_path,)).publish(GuideSpec(id="a", title="A", architecture="unet"), weights)
    assert isinstance(guide.over(volume), Bump)
    guide.forget()
    made = guide.over(volume)
    assert isinstance(made, PairedGuide)
    assert made.planes == ("axial",)
    assert "learnt axial slices" in guide.note("coronal")
    assert guide.note("axial") == ""
    guide.close()
