"""The cases of the demo dataset: what each head and its lesions are like."""

from core.demo.spec import HeadShape, Lesion, PhantomSpec

GALLERY = {
    "SYNTHETIC_01_frontal": PhantomSpec(
        seed=6,
        slices=24,
        lesions=(Lesion((-31, -38, 24), 28, flair=54, margin_mm=1.5),),
        shape=HeadShape(ventricles=0.9, turn_deg=2),
    ),
    "SYNTHETIC_02_temporal": PhantomSpec(
        seed=4,
        slices=22,
        lesions=(Lesion((44, -6, -13), 18, flair=37, lobes=6, soft_mm=6),),
        shape=HeadShape(width=0.97, length=0.99, atrophy=0.15, ventricles=0.8, turn_deg=-3),
        gains=(1.05, 1.05, 0.95),
    ),
    "SYNTHETIC_03_parietal": PhantomSpec(
        seed=5,
        slices=26,
        lesions=(
            Lesion((34, 32, 34), 24, flair=46, t1=18, soft_mm=6, core=0.5, rim=95, margin_mm=-2),
        ),
        shape=HeadShape(width=1.03, atrophy=0.5, ventricles=1.2, turn_deg=1),
        gains=(0.95, 1.0, 1.05),
    ),
    "SYNTHETIC_04_two_lesions": PhantomSpec(
        seed=7,
        slices=24,
        lesions=(
            Lesion((-36, 36, 16), 15, flair=46),
            Lesion((30, -38, 32), 11, flair=26, lobes=3, soft_mm=5),
        ),
        shape=HeadShape(width=0.98, length=1.02, atrophy=0.4, turn_deg=-1.5),
    ),
    "SYNTHETIC_05_faint": PhantomSpec(
        seed=1,
        slices=28,
        lesions=(Lesion((34, 6, 12), 18, flair=19, t1=8, lobes=7, ragged=1.2, soft_mm=8),),
        shape=HeadShape(length=1.03, atrophy=0.8, ventricles=1.5, turn_deg=2.5),
        spots=18,
        noise=1.9,
    ),
    "SYNTHETIC_06_no_lesion": PhantomSpec(
        seed=3,
        slices=20,
        shape=HeadShape(width=1.02, length=0.97, atrophy=0.2, ventricles=0.9, turn_deg=-2),
    ),
}
"""Specs by case id; the same spec gives the same voxels."""
