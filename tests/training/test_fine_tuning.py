"""Fine-tuning: what it learns from, what it replays, and what it leaves alone."""

from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from torch import Tensor

from core.annotation.draft import Origin
from core.annotation.export import Provenance, export_correction
from core.domain.errors import DataError
from core.domain.mask import Mask
from core.domain.prediction import SMALL_SHARE, Postprocessing
from core.io.cases.case import Case
from core.io.datasets.dataset import Dataset, scan
from core.io.tiff.tiff import write_mask_slice
from core.jobs.job_folder import JobFolder
from core.models.lineage import Lineage
from core.models.networks.weights import read_state_dict
from core.models.registry import MODEL_SPEC, Model, ModelSpec
from core.models.train_spec import TrainSpec
from core.workspace.splits import SplitFile
from tests.synthetic import lesion, write_case
from tests.training.making import TRAIN, VAL, make_job, write_split
from training.cases.corrections import PLAIN, Corrections
from training.cases.split import make_split
from training.run.checkpoint import load_checkpoint
from training.run.plan import make_plan
from training.train import run

SPEC = TrainSpec(architecture="unet", data="d", split="s", selection_cases=2, max_steps=1)


def _dataset(count: int) -> Dataset:
    slices = ()
    cases = [Case(f"C{n:02}", Path(f"C{n:02}"), slices) for n in range(count)]
    return Dataset(Path("data"), tuple(cases))


def _parent(cases: int, chose: tuple[str, ...] = ()) -> ModelSpec:
    names = tuple(f"C{n:02}" for n in range(cases))
    lineage = Lineage(selection=chose) if chose else None
    return ModelSpec(id="p", title="p", architecture="unet", trained_on=names, lineage=lineage)


def _split(
    spec: TrainSpec, parent: ModelSpec, count: int = 20
) -> tuple[set[str], set[str], set[str]]:
    dataset = _dataset(count)
    names = tuple(case.id for case in dataset.cases)
    found = make_split(SplitFile(names), dataset, spec, parent=parent, corrected=names)
    return (
        {case.id for case in found.fit},
        {case.id for case in found.selection},
        set(found.fresh),
    )


def test_what_the_parent_has_not_seen_is_new_and_its_judges_go_on_judging() -> None:
    fit, selection, fresh = _split(SPEC, _parent(10, ("C03", "C07")))
    assert fresh == {f"C{n}" for n in range(10, 20)}
    assert {"C03", "C07"} < selection
    assert len(selection & fresh) == 2
    assert not fit & selection
    assert fit | selection == {f"C{n:02}" for n in range(20)}


def test_named_cases_are_new_even_if_the_parent_has_seen_them() -> None:
    spec = msgspec.structs.replace(SPEC, cases=("C01", "C02"))
    fit, selection, fresh = _split(spec, _parent(10))
    assert fresh == {"C01", "C02"}
    assert fresh < fit
    assert fit | selection == {f"C{n:02}" for n in range(10)}


def test_where_the_parent_knows_all_of_them_few_choose() -> None:
    spec = msgspec.structs.replace(SPEC, selection_cases=2)
    fit, selection, _ = _split(spec, _parent(20))
    assert len(selection) == 2
    assert fit | selection == {f"C{n:02}" for n in range(20)}
    assert _split(spec, _parent(20, ("C03",)))[1] == {"C03"}


def test_without_replay_only_new_cases_teach() -> None:
    fit, selection, fresh = _split(msgspec.structs.replace(SPEC, replay=0.0), _parent(10))
    assert fit == fresh - selection
    assert selection - fresh


def test_a_case_of_val_is_no_case_to_learn_from() -> None:
    spec = msgspec.structs.replace(SPEC, cases=("C05",))
    with pytest.raises(DataError, match="C05, which is in val and only judges"):
        make_split(SplitFile(("C01", "C02"), ("C05",)), _dataset(9), spec, corrected=("C05",))


def _correct(case: Case, mask: Mask, folder: Path, dataset: Path) -> None:
    provenance = Provenance(
        author="reader", made_at="2026-01-01T10:00:00", origin=Origin("ground_truth"), version=3
    )
    export_correction(case, mask, folder, dataset_root=dataset, provenance=provenance)


def _publish_parent(tmp_path: Path) -> Model:
    spec, job = make_job(tmp_path, "parent", max_steps=4)
    write_split(Path(spec.split), TRAIN[:3], VAL)
    parent = run(spec, job)
    assert parent is not None
    write_split(Path(spec.split))
    return parent


def _weights(job: JobFolder) -> dict[str, Tensor]:
    network: dict[str, Tensor] = load_checkpoint(job.checkpoint)[1]["network"]
    return network


def test_a_candidate_tells_its_parent_its_cases_with_versions_and_its_settings(
    tmp_path: Path,
) -> None:
    parent = _publish_parent(tmp_path)
    data = tmp_path / "data"
    exported = tmp_path / "exported"
    _correct(scan(data).case(TRAIN[3]), lesion(), exported, data)
    spec, job = make_job(
        tmp_path,
        "child",
        parent=str(parent.folder),
        model_id="child",
        corrections=str(exported),
        freeze_norms=True,
    )
    child = run(spec, job)
    assert child is not None
    lineage = child.spec.lineage
    assert lineage is not None
    assert (lineage.parent, lineage.parent_fingerprint) == ("small", parent.fingerprint)
    assert lineage.learnt[TRAIN[3]] == "version 3 by reader, 2026-01-01T10:00:00"
    assert {lineage.learnt[c] for c in lineage.learnt if c != TRAIN[3]} == {"ground truth"}
    assert set(lineage.learnt) | set(lineage.selection) == set(TRAIN)
    assert lineage.seed == spec.seed
    assert lineage.steps == 8
    assert lineage.settings == spec.portable()
    assert str(tmp_path) not in (child.folder / "model.json").read_text()
    assert str(tmp_path) not in (child.folder / "MODEL_CARD.md").read_text()
    assert set(child.spec.trained_on) == set(TRAIN)
    before, after = (read_state_dict(m.weights) for m in (parent, child))
    statistics = [name for name in before if "running_" in name]
    assert statistics
    assert all(torch.equal(before[name], after[name]) for name in statistics)
    assert any(not torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(("own", "expected"), [(None, 0.4), (0.0, 0.0)])
def test_the_offset_of_the_logits_is_the_parent_s_unless_another_is_given(
    own: float | None, expected: float, tmp_path: Path
) -> None:
    spec, job = make_job(tmp_path, "parent", max_steps=2, logit_offset=0.4)
    parent = run(spec, job)
    assert parent is not None
    assert parent.spec.logit_offset == 0.4
    spec, job = make_job(
        tmp_path,
        "child",
        model_id="child",
        parent=str(parent.folder),
        max_steps=2,
        logit_offset=own,
    )
    child = run(spec, job)
    assert child is not None
    assert child.spec.logit_offset == expected


def test_components_are_kept_as_the_parent_does_where_nothing_tells_otherwise(
    tmp_path: Path,
) -> None:
    parent = _publish_parent(tmp_path)
    assert parent.spec.postprocessing == Postprocessing()
    dropping = Postprocessing(smallest_share=SMALL_SHARE)
    MODEL_SPEC.write(parent.folder, msgspec.structs.replace(parent.spec, postprocessing=dropping))
    # Logits so low that nothing is found: all components and the large ones score alike.
    spec, job = make_job(
        tmp_path, "child", model_id="child", parent=str(parent.folder), logit_offset=-50.0
    )
    child = run(spec, job)
    assert child is not None
    assert child.spec.postprocessing == dropping


def test_a_correction_teaches_and_a_correction_of_a_validation_case_does_not(
    tmp_path: Path,
) -> None:
    spec, plain = make_job(tmp_path, "plain")
    first = run(spec, plain)
    data = tmp_path / "data"
    everywhere = np.ones_like(lesion())
    for case_id in VAL:
        _correct(scan(data).case(case_id), everywhere, tmp_path / "val", data)
        _correct(scan(data).case(case_id), everywhere, tmp_path / "all", data)
    for case_id in TRAIN:
        _correct(scan(data).case(case_id), everywhere, tmp_path / "all", data)
    spec, judged = make_job(tmp_path, "judged", corrections=str(tmp_path / "val"))
    second = run(spec, judged)
    spec, taught = make_job(tmp_path, "taught", corrections=str(tmp_path / "all"))
    run(spec, taught)
    assert first is not None
    assert second is not None
    one, two, three = (_weights(job) for job in (plain, judged, taught))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert first.spec.metrics == second.spec.metrics
    assert any(not torch.equal(one[name], three[name]) for name in one)


def test_a_case_without_ground_truth_can_be_learnt_from_its_correction(tmp_path: Path) -> None:
    spec, _ = make_job(tmp_path, corrections=str(tmp_path / "exported"))
    data = Path(spec.data)
    write_case(data, "BARE", masks=False)
    write_split(Path(spec.split), (*TRAIN, "BARE"), VAL)
    _correct(scan(data).case("BARE"), lesion(), tmp_path / "exported", data)
    plan = make_plan(spec)
    assert "BARE" in {case.id for case in (*plan.split.fit, *plan.split.selection)}


def test_plain_masks_count_slice_by_slice(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_case(data, "CASE_1")
    case = scan(data).case("CASE_1")
    ones = np.ones(lesion().shape[1:], np.uint8)
    write_mask_slice(tmp_path / "plain" / "CASE_1_2_mask.tif", ones)
    corrections = Corrections(tmp_path / "plain", frozenset({"CASE_1"}))
    assert corrections.ids() == {"CASE_1"}
    shape = (4, *ones.shape)
    found = corrections.read(case, lesion(), shape)
    assert found is not None
    assert found.named == PLAIN
    mask = found.mask("")
    np.testing.assert_array_equal(mask[1], ones)
    np.testing.assert_array_equal(mask[[0, 2, 3]], lesion()[[0, 2, 3]])
    with pytest.raises(DataError, match="for every slice of a case without ground truth"):
        corrections.read(case, None, shape)
    with pytest.raises(DataError, match=r"CASE_1_2_mask\.tif: expected a mask of 9×9"):
        corrections.read(case, None or lesion()[:, :9, :9], (4, 9, 9))


def test_a_folder_without_corrections_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    spec, _ = make_job(tmp_path, corrections=str(tmp_path / "empty"))
    with pytest.raises(DataError, match="expected corrected masks"):
        make_plan(spec)


def test_replayed_cases_get_their_share_of_the_slices() -> None:
    from tests.training.test_sampling import _case
    from training.learning.sampler import Sampler

    cases = [_case(name, (0, 4)) for name in ("a", "b", "c", "new")]
    for replay in (0.25, 0.5):
        spec = msgspec.structs.replace(SPEC, replay=replay, batch_size=50)
        generator = torch.Generator().manual_seed(1)
        sampler = Sampler(cases, spec, generator, fresh=frozenset({"new"}))
        drawn = Counter(source[0] for _ in range(60) for source in sampler.draw().sources)
        assert drawn["new"] / drawn.total() == pytest.approx(1 - replay, abs=0.04)
        assert drawn["a"] / drawn.total() == pytest.approx(replay / 3, abs=0.03)
