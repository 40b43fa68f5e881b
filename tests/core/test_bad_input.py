"""The bad inputs of a dataset: each is told in one sentence, and the other cases still open.

A sentence names the file, says what was expected and what was found, and what to do.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.domain.errors import AppError, DataError
from core.domain.prediction import Prediction
from core.domain.progress import Progress
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import Dataset, scan
from core.models.registry import Model, ModelSpec
from core.studies.export.mask_files import predict_masks
from core.studies.scores.case_score import EvaluationRow
from core.studies.scores.evaluation import evaluate_cases
from tests.core.faults import COPY, FAULTS, Fault
from tests.synthetic import digest, head, lesion, write_case

BAD, GOOD, CHINESE = "Bad", "Good", "病例 一 (FLAIR)"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "数据 with spaces"
    for index, case_id in enumerate((BAD, GOOD, CHINESE)):
        write_case(place, case_id, seed=index)
    return place


def said_of(dataset: Dataset, case_id: str = BAD) -> list[str]:
    """Return the sentences a reader gets who opens the folder and then the case."""
    try:
        return [*dataset.notices, *read_case(dataset.case(case_id)).notices]
    except DataError as error:
        return [*dataset.notices, str(error)]


def assert_others_open(dataset: Dataset) -> None:
    for seed, case_id in ((1, GOOD), (2, CHINESE)):
        loaded = read_case(dataset.case(case_id))
        assert np.array_equal(loaded.volume.pixels, head(seed=seed))
        assert np.array_equal(loaded.ground_truth, lesion())  # type: ignore[arg-type]
        assert loaded.notices == ()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_bad_input_is_told_once_and_harms_nothing_else(root: Path, fault: Fault) -> None:
    fault.damage(root / BAD)
    before = digest(root)
    dataset = scan(root)
    sentences = said_of(dataset)
    (sentence,) = sentences
    assert sentence.startswith(f"{fault.file}")
    assert f"expected {fault.expected}" in sentence or (
        "expected" in sentence and fault.expected in sentence.split(", found")[0]
    )
    assert fault.found in sentence.split("found", 1)[1]
    assert fault.action in sentence
    assert_others_open(dataset)
    loaded = read_case(dataset.case(BAD))
    assert tuple(loaded.volume.unreadable) == fault.slices_lost
    readable = [z for z in range(loaded.volume.slices) if z not in fault.slices_lost]
    assert all(loaded.volume.pixels[:, z].any() for z in readable)
    assert digest(root) == before


MODEL = Model(ModelSpec(id="rule", title="Rule", architecture="unet"), Path("nowhere"))


def bright(loaded: LoadedCase, progress: Progress) -> Prediction:
    """A model that needs no network: what is brightest in the second channel is lesion."""
    probability = (loaded.volume.pixels[1] > 180).astype(np.uint8) * np.uint8(255)
    return Prediction(probability, "rule", "key", "cpu", 0.5)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_cases_that_fail_are_listed_and_the_others_done(
    root: Path, fault: Fault, tmp_path: Path
) -> None:
    fault.damage(root / BAD)
    before = digest(root)
    cases = scan(root).cases
    outcome = evaluate_cases(cases, MODEL, bright)
    written = predict_masks(cases, MODEL, bright, out=tmp_path / "out")
    assert list(outcome.failed) == ([] if fault.evaluates else [BAD])
    assert list(written.failed) == ([] if fault.predicts else [BAD])
    for done in (outcome, written):
        said = " ".join((*done.failed.values(), *done.notices))
        assert fault.file in said
        assert fault.action in said
    assert {GOOD, CHINESE} <= {row.case for row in outcome.rows}
    for case_id in (GOOD, CHINESE):
        names = sorted(path.name for path in (tmp_path / "out" / case_id).iterdir())
        assert names == [f"{case_id}_{n}_pred.tif" for n in (1, 2, 3, 4)]
    assert digest(root) == before


def test_a_case_that_cannot_be_scored_is_not_predicted(root: Path, tmp_path: Path) -> None:
    (root / BAD / "Bad_2.tif").write_bytes(b"")
    shutil.rmtree(root / GOOD)
    write_case(root, GOOD, masks=False)
    asked: list[str] = []

    def counted(loaded: LoadedCase, progress: Progress) -> Prediction:
        asked.append(loaded.case.id)
        return bright(loaded, progress)

    outcome = evaluate_cases(scan(root).cases, MODEL, counted)
    assert asked == [CHINESE]
    assert list(outcome.failed) == [BAD, GOOD]
    assert "Good: expected ground truth" in outcome.failed[GOOD]
    assert isinstance(outcome.rows[0], EvaluationRow)


def make_empty(root: Path) -> None:
    root.mkdir()


def make_nothing_useful(root: Path) -> None:
    (root / "notes").mkdir(parents=True)
    (root / "notes" / "letter.docx").touch()
    (root / "a_1.png").touch()


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (make_empty, "found an empty folder"),
        (make_nothing_useful, "found 2 files (1 × .png, 1 × .docx)"),
        (lambda root: root.write_text("a file"), "found another kind of file"),
        (lambda root: None, "found: no such file or directory"),
    ],
    ids=["empty", "nothing useful", "a file", "missing"],
)
def test_folder_without_cases_is_told(
    tmp_path: Path, make: Callable[[Path], object], found: str
) -> None:
    root = tmp_path / "空 folder"
    make(root)
    with pytest.raises(DataError) as error:
        scan(root)
    sentence = str(error.value)
    assert sentence.startswith(str(root))
    assert "expected" in sentence
    assert found in sentence
    assert sentence.endswith(("above or below.", "open it."))


@pytest.mark.parametrize("what", ["case", "file", "mask", "dataset"])
def test_what_vanishes_after_the_scan_is_told(root: Path, what: str) -> None:
    dataset = scan(root)
    if what == "case":
        shutil.rmtree(root / BAD)
    elif what == "dataset":
        shutil.rmtree(root)
    else:
        (root / BAD / ("Bad_2.tif" if what == "file" else "Bad_2_mask.tif")).unlink()
    (sentence,) = said_of(dataset)
    assert "Bad_2" in sentence if what in ("file", "mask") else "none of its 4 slices" in sentence
    assert "expected" in sentence
    assert "it has gone since the folder was opened" in sentence
    if what != "dataset":
        assert_others_open(dataset)


def test_no_readable_slice_at_all_is_one_sentence(root: Path) -> None:
    for path in (root / BAD).glob("Bad_?.tif"):
        path.write_bytes(b"")
    dataset = scan(root)
    (sentence,) = said_of(dataset)
    assert sentence.startswith("Bad: none of its 4 slices can be read. Bad_1.tif: expected")
    assert_others_open(dataset)


def test_two_folders_of_one_case_are_told(root: Path) -> None:
    before_copy = digest(root / BAD)
    shutil.copytree(root / BAD, root / "Copy of Bad")
    dataset = scan(root)
    (notice,) = dataset.notices
    assert "expected one folder for Bad" in notice
    assert str(root / BAD) in notice
    assert "rename or remove" in notice
    assert_others_open(dataset)
    assert digest(root / BAD) == before_copy


def test_whole_case_of_another_depth_is_read(root: Path) -> None:
    shutil.rmtree(root / BAD)
    write_case(root, BAD, dtype=np.uint16)
    dataset = scan(root)
    (sentence,) = said_of(dataset)
    assert "Bad: 16-bit images" in sentence
    assert_others_open(dataset)


_UNPRIVILEGED = """
import os, sys
from pathlib import Path
from core.io.datasets.dataset import scan
from core.domain.errors import AppError
from core.io.atomic import write_bytes
from core.io.cases.case_reader import read_case
root = Path(sys.argv[1])
read_case(scan(root).case("Good"))
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
for name in ("File", "Mask", "Good"):
    loaded = read_case(scan(root).case(name))
    print(name, tuple(loaded.volume.unreadable), *loaded.notices)
dataset = scan(root)
print(*[case.id for case in dataset.cases], "|", *dataset.notices)
for folder in (root / "Closed", root / "Unwritable"):
    try:
        scan(folder) if folder.name == "Closed" else write_bytes(folder / "kept.txt", b"new")
    except AppError as error:
        print(error)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are other on this system")
def test_files_and_folders_one_may_not_read() -> None:
    # Below a folder of its own: pytest's are closed to the user that the child becomes.
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        root.chmod(0o755)
        for case_id in ("Closed", "File", "Good", "Mask"):
            write_case(root, case_id)
        (root / "Unwritable").mkdir(mode=0o555)
        (root / "Unwritable" / "kept.txt").write_text("old")
        (root / "File" / "File_2.tif").chmod(0)
        (root / "Mask" / "Mask_2_mask.tif").chmod(0)
        (root / "Closed").chmod(0)
        try:
            told = subprocess.run(
                [sys.executable, "-c", _UNPRIVILEGED, place],
                cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
                env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        finally:
            (root / "Closed").chmod(0o755)
        assert told.returncode == 0, told.stderr
        file, mask_, good, dataset, closed, unwritable = told.stdout.splitlines()
        assert file.startswith("File (1,) File_2.tif: expected")
        assert mask_.startswith("Mask () Mask_2_mask.tif: expected")
        assert all("found a file you may not read (permission denied)" in s for s in (file, mask_))
        assert all(COPY in sentence for sentence in (file, mask_))
        assert good == "Good ()"
        cases, notice = dataset.split(" | ")
        assert cases == "File Good Mask"
        assert notice.startswith("Closed: expected a case folder that can be read")
        assert "found: permission denied" in notice
        assert "check its permissions" in notice
        assert f"{root / 'Closed'}: expected a folder that can be read, found: permission" in closed
        assert "kept.txt: could not be written (permission denied)" in unwritable
        assert (root / "Unwritable" / "kept.txt").read_text() == "old"


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may read everything")
def test_file_one_may_not_read_without_a_child(root: Path) -> None:
    (root / BAD / "Bad_2.tif").chmod(0)
    (sentence,) = said_of(scan(root))
    assert "permission denied" in sentence
    assert_others_open(scan(root))


def test_every_sentence_is_an_error_for_the_reader() -> None:
    assert issubclass(DataError, AppError)
