"""Pictures of one patient are in one part, whoever says who is who."""

from pathlib import Path

import pytest

from core.domain.errors import DataError
from training.triage.picture_parts import draw_part, patients_of


def _classes(*names: str) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for name in names:
        path = Path("data") / name
        found.setdefault(path.parent.name, []).append(path)
    return found


def test_the_name_before_the_last_number_is_the_patient() -> None:
    names = [f"{c}/P{p}_slice_{s}.png" for c in "ab" for p in range(4) for s in range(3)]
    classes = _classes(*names)
    patients = patients_of(classes, "")
    assert set(patients.values()) == {"P0", "P1", "P2", "P3"}
    held = draw_part(classes, patients, 0.25, seed=1)
    inside = {patients[path] for path in held}
    outside = {patients[p] for paths in classes.values() for p in paths if p not in held}
    assert not inside & outside
    assert len(held) == 6


def test_where_names_tell_no_patients_every_picture_is_one() -> None:
    classes = _classes(*(f"{c}/picture_{n}.png" for c in "ab" for n in range(10)))
    patients = patients_of(classes, "")
    assert len(set(patients.values())) == 20
    held = draw_part(classes, patients, 0.2, seed=1)
    assert [sum(p in held for p in paths) for paths in classes.values()] == [2, 2]


def test_a_pattern_says_who_is_who_and_a_bad_one_is_told() -> None:
    classes = _classes(*(f"a/{n}-of-{p}.png" for p in ("X", "Y", "Z") for n in range(2)))
    assert set(patients_of(classes, r"of-(\w)").values()) == {"X", "Y", "Z"}
    with pytest.raises(DataError, match="finds the patient"):
        patients_of(classes, r"subject(\d+)")
    with pytest.raises(DataError, match="regular expression"):
        patients_of(classes, "(")
