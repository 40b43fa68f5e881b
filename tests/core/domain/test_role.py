import pytest

from core.domain.role import role_of


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("t1n", "T1"),
        ("BraTS-GLI-00001-000-t1n", "T1"),
        ("t1c", "T1c"),
        ("t2f", "FLAIR"),
        ("t2w", "T2"),
        ("BraTS19_X_1_t1ce", "T1c"),
        ("BraTS19_X_1_flair", "FLAIR"),
        ("x_t1", "T1"),
        ("x_t2", "T2"),
        ("FLAIR", "FLAIR"),
        ("T1w", "T1"),
        ("T1gd", "T1c"),
        ("sub-01_ce-gadolinium_T1w", "T1c"),
        ("sub-01_T2w", "T2"),
        ("sub-01_FLAIR", "FLAIR"),
        ("t1_mprage_sag post Gd", "T1c"),
        ("AX T1 +C", "T1c"),
        ("t2_tse_tra", "T2"),
        ("T2 dark-fluid", "FLAIR"),
        ("3D MPRAGE", "T1"),
        ("localizer", "other"),
        ("adc", "other"),
        ("ep2d_diff", "other"),
        ("Pre", "T1"),
        ("Post", "T1c"),
        ("T1-weighted", "T1"),
        ("preview", "other"),
        ("t10", "other"),
        ("MRI_T1C", "T1c"),
    ],
)
def test_role_is_told_by_the_name(name, role):
    assert role_of(name) == role
