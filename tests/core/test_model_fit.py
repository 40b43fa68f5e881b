"""What a model was made for, and what of a case differs from it, said before it is run."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.domain.errors import ModelError
from core.domain.grid import Grid
from core.domain.role import Role
from core.domain.volume import Volume
from core.io.datasets.dataset import scan
from core.io.resource_paths import resource
from core.models.acquisition import Acquisition, acquisition_of, acquisition_words, joined
from core.models.classifiers import Classifiers
from core.models.model_fit import fit_of, fit_of_classifier, lacking, lacking_said
from core.models.preprocessing import Preprocessing
from core.models.registry import ModelSpec, Registry
from tests.core.trees import make_tree
from tests.synthetic import head, volume_of, write_case

LEARNT = Acquisition(
    planes=("axial",), lowest_mm=(3, 0.8, 0.8), highest_mm=(6, 1, 1), intensities=("8-bit",)
)
PLANES = {"axial": (1, 1, 5), "sagittal": (5, 1, 1), "coronal": (1, 5, 1)}


def spec(**fields: object) -> ModelSpec:
    return ModelSpec(id="m", title="M", architecture="unet", **fields)  # type: ignore[arg-type]


def volume(
    spacing: tuple[float, float, float] = (1, 1, 5), values: np.ndarray | None = None
) -> Volume:
    """Return a volume in canonical order, `spacing` x, y, z in mm."""
    made = volume_of(head() if values is None else values)
    affine = np.diag([-spacing[0], -spacing[1], spacing[2], 1.0])
    return replace(made, geometry=Grid(made.geometry.shape, affine))


def test_what_it_was_made_for_raises_no_doubt() -> None:
    fit = fit_of(spec(acquisition=LEARNT), volume())
    assert fit.doubts == ()
    assert fit.doubt == ""
    assert fit.said == "M is given Pre ← Pre, FLAIR ← FLAIR, Post ← Post."


@pytest.mark.parametrize("plane", ["sagittal", "coronal"])
def test_another_plane_is_told(plane: str) -> None:
    fit = fit_of(
        spec(acquisition=msgspec.structs.replace(LEARNT, lowest_mm=None)), volume(PLANES[plane])
    )
    assert fit.doubts == (f"its slices were axial, these are {plane}",)
    assert fit.doubt.startswith("M learnt from other images: its slices were axial")
    assert "look its masks over" in fit.doubt


def test_a_classifier_tells_its_doubts_too() -> None:
    bundled = Classifiers((resource("models"),)).find()
    assert bundled.spec.acquisition is not None
    sixteen = volume(values=head(dtype=np.uint16))
    fit = fit_of_classifier(bundled, sixteen)
    assert fit.doubts == ("it had 8-bit values, this has values of more than 8 bits",)
    assert "look at the slices it leaves out" in fit.doubt
    assert fit_of_classifier(bundled, volume()).doubt == ""
    older = msgspec.structs.replace(bundled.spec, acquisition=None)
    assert fit_of_classifier(replace(bundled, spec=older), sixteen).doubt == ""


def test_cases_that_lack_a_channel_are_told_by_their_names_alone(tmp_path: Path) -> None:
    root = make_tree("brats", tmp_path)
    (root / "P2" / "P2-t1c.nii.gz").unlink()
    cases = scan(root).cases
    model = Registry((resource("models"),)).find("lite0")
    assert list(lacking(model.spec, cases)) == ["P2"]
    (told,) = lacking_said((model,), cases)
    assert told.startswith("1 of 2 cases cannot be run (P2). Lite0 U-Net: expected Pre (T1), FLAIR")
    assert "found no Post (T1c) among T1, T2, FLAIR" in told
    assert lacking_said((model,), cases[:1]) == ()
    for nameless in (write_case(tmp_path / "s", "A").parent, make_tree("pattern", tmp_path / "p")):
        assert lacking(model.spec, scan(nameless).cases) == {}


def test_another_spacing_is_told_and_a_little_beyond_is_not() -> None:
    fit = fit_of(spec(acquisition=LEARNT), volume((0.5, 0.5, 7)))
    assert fit.doubts == (
        "its voxels were 3 to 6×0.8 to 1×0.8 to 1 mm (z, y, x), these are 7×0.5×0.5 mm",
    )
    assert fit_of(spec(acquisition=LEARNT), volume((0.7, 0.7, 7))).doubts == ()


def test_a_model_that_resamples_takes_any_known_spacing() -> None:
    resampling = spec(acquisition=LEARNT, preprocessing=Preprocessing(spacing_mm=(3, 1, 1)))
    assert fit_of(resampling, volume((0.5, 0.5, 9))).doubts == ()
    unknown = volume_of(head())
    with pytest.raises(ModelError, match=r"resamples to 3×1×1 mm, found a case whose files tell"):
        fit_of(resampling, unknown)


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        (head(), "8-bit", ""),
        (head(dtype=np.uint16), "real", "values of more than 8 bits"),
        (head().astype(np.float32) * 3.7, "real", "values of more than 8 bits"),
        (head().astype(np.int16) - 100, "signed", "values below zero"),
        (head().astype(np.float32) - 0.5, "real", "values of more than 8 bits"),
        ((head().astype(np.float32) - 40) / 30, "signed", "values below zero"),
    ],
)  # fmt: skip
def test_another_kind_of_values_is_told(values: np.ndarray, kind: str, words: str) -> None:
    given = volume(values=values)
    assert acquisition_of(given).intensities == (kind,)
    doubts = fit_of(spec(acquisition=LEARNT), given).doubts
    assert doubts == ((f"it had 8-bit values, this has {words}",) if words else ())


def test_what_no_file_tells_is_not_doubted() -> None:
    given = volume_of(head())
    assert acquisition_of(given) == Acquisition(intensities=("8-bit",))
    assert fit_of(spec(acquisition=LEARNT), given).doubts == ()
    assert fit_of(spec(acquisition=Acquisition()), volume((9, 9, 9))).doubts == ()
    assert fit_of(spec(), volume((9, 9, 9))).doubts == ()


def test_roles_say_which_channels_it_is_given_and_what_is_missing() -> None:
    named = replace(volume(), channels=("t1c", "t1n", "t2f"), roles=())
    roles = replace(named, roles=(Role.T1C, Role.T1, Role.FLAIR))
    assert fit_of(spec(), roles).said == "M is given Pre ← t1n, FLAIR ← t2f, Post ← t1c."
    with pytest.raises(ModelError, match=r"found no FLAIR among t1c, t1n, t2w.*correct its role"):
        fit_of(
            spec(),
            replace(named, channels=("t1c", "t1n", "t2w"), roles=(Role.T1C, Role.T1, Role.T2)),
        )
    order = replace(named, channels=("a", "b", "c"), roles=(Role.OTHER,) * 3)
    assert "by their order alone" in fit_of(spec(), order).said


def test_several_together_hold_every_plane_and_the_widest_range() -> None:
    several = [acquisition_of(volume()), acquisition_of(volume((0.5, 2, 3))), Acquisition()]
    assert joined(several) == Acquisition(
        planes=("axial",), lowest_mm=(3, 1, 0.5), highest_mm=(5, 2, 1), intensities=("8-bit",)
    )
    assert acquisition_words(joined(several)) == ("axial, 3 to 5×1 to 2×0.5 to 1 mm, 8-bit values")
    assert joined([]) == Acquisition()
    assert acquisition_words(Acquisition()) == "spacing unknown"


def test_the_bundled_models_say_what_they_were_made_for() -> None:
    models, problems = Registry((resource("models"),)).models()
    assert problems == []
    for model in models:
        assert model.spec.acquisition == Acquisition(planes=("axial",), intensities=("8-bit",))
